# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine's process, in namespaces that hold all that it starts and mounts, and end with it.

It has a process, a mount and a network namespace of its own. There its release's /usr stands in
place of this machine's, so that it runs with its own C library, and an empty /run: neither the
machine's engine nor its network, iptables or sysctls are in its reach.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from .api import Api

START_LIMIT = 60
STOP_LIMIT = 60

# $1 is the tree with the release's usr. This machine's mount is not there any more after the last
# mount, and a shell that runs already needs none of its files.
ENTER = """
set -e
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind -o ro "$1/usr" /usr
shift
exec "$@"
"""


class EngineError(Exception):
    """An engine did not come up or did not end; with the end of its log."""


class Engine:
    """One engine with a data root; started and stopped as often as a test likes.

    ``release``, ``driver``, ``root`` (Path) and ``api`` are for everybody. ``flags`` are further
    words of dockerd's command line.
    """

    def __init__(self, release, tree, driver, root, flags=()):
        """``tree`` is the folder that the release's packages are unpacked in."""
        self.release, self.driver, self.root, self.flags = release, driver, Path(root), flags
        self.tree = Path(tree)
        # A socket's path can't be long, and a test's own folder may be.
        self.folder = Path(tempfile.mkdtemp(prefix="engine-"))
        self.log = self.folder / "log"
        self.api = Api(self.folder / "socket")
        self.process = None
        self.cgroup = f"containerhost-{self.folder.name}"

    @property
    def running(self):
        """Tell whether its processes live."""
        return self.process is not None and self.process.poll() is None

    def start(self, driver=None):
        """Start it, on another driver if one is given, and wait until it answers; return it."""
        assert not self.running
        self.driver = driver or self.driver
        (self.folder / "daemon.json").write_text("{}\n")
        (self.folder / "socket").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd="/",
                # So that it takes no profile of AppArmor into this machine's kernel.
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "container": "containerhost"},
            )  # fmt: skip
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self.api.get("/info")
                return self
            if not self.running:
                break
            time.sleep(0.05)
        self.kill()
        raise EngineError(f"The {self.release} engine did not come up: {self.said()}")

    def command(self):
        """Return the words that start it."""
        tell = self.folder
        return [
            "setpriv", "--pdeathsig", "KILL",
            "unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child",
            "sh", "-c", ENTER, "sh", str(self.tree),
            # An init, which takes in the processes that the engine's own leave behind.
            "/usr/bin/docker-init", "--", "/usr/sbin/dockerd",
            "--config-file", str(tell / "daemon.json"),
            "--host", f"unix://{tell / 'socket'}",
            "--data-root", str(self.root),
            "--exec-root", "/run/engine", "--pidfile", "/run/engine.pid",
            "--storage-driver", self.driver,
            "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"/{self.cgroup}",
            "--bridge=none", "--iptables=false", "--ip6tables=false",
            "--ip-forward=false", "--ip-masq=false", *self.flags,
        ]  # fmt: skip

    def stop(self):
        """Have it end by itself, its containers first."""
        if self.running:
            os.kill(self.init(), signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.kill()
                raise EngineError(f"The {self.release} engine did not end: {self.said()}") from None

    def kill(self):
        """End it and all of its containers at once, as a power cut would; the disks stay."""
        if self.running:
            # With the first process of its namespace all others end, and only then its parent.
            os.kill(self.init() or self.process.pid, signal.SIGKILL)
            self.process.wait()

    def init(self):
        """Return the first process of its namespace, as this machine numbers it; None so far."""
        number = self.process.pid
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        return int(children[0]) if children else None

    def clean(self):
        """End it and take away all that it left outside of its data root."""
        self.kill()
        self.process = None
        for top, folders, _files in os.walk("/sys/fs/cgroup"):
            if self.cgroup in folders:
                remove_cgroup(os.path.join(top, self.cgroup))
                folders.remove(self.cgroup)
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self):
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-2000:]


def remove_cgroup(path):
    """Remove a control group and those below it, which hold no process any more."""
    for top, _folders, _files in os.walk(path, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(top)
