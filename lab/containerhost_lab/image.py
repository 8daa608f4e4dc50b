# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root image of a release: a Debian system with storage tools and Docker, never booted."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from . import paths, qemu, recipe, room, shell, store
from .progress import Step


def ssh_key() -> Path:
    """Return the private key that every guest lets in, made on first use."""
    private = paths.cache() / "id_ed25519"
    with store.locked(paths.cache() / "key.lock", waiting_for="the lab's key"):
        if not private.exists():
            draft = private.with_suffix(".new")
            draft.unlink(missing_ok=True)
            shell.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(draft)],
                doing="making the lab's key",
            )
            # The private half last: with it in place, both are.
            draft.with_suffix(".new.pub").rename(private.with_suffix(".pub"))
            draft.rename(private)
    return private


def obtain(release: str, extra: str = "") -> Path:
    """Return the folder with root.qcow2, vmlinuz and initrd.img of ``release``, built if needed.

    ``extra`` is one of recipe.EXTRAS that the image is to have, or nothing.
    """
    public_key = ssh_key().with_suffix(".pub").read_text()
    wanted = recipe.image_recipe(release, paths.GUEST, public_key, extra, paths.EXTRAS)
    return store.obtain(
        paths.cache() / "images",
        recipe.key(wanted),
        wanted,
        build=lambda place: build(wanted, place),
        discard=discard,
    )


def build(wanted: dict, place: Path) -> None:
    """Make the image of the recipe ``wanted`` in the folder ``place``."""
    room.make()
    release, tree, raw = wanted["release"], place / "tree", place / "root.raw"
    log = str(paths.cache() / f"build-{release}.log")
    Path(log).write_text("")
    what = f"building the {release} image"
    if "extra" in wanted:
        what += f" with {wanted['extra']['name']}"
    with Step(f"{what}: installing Debian into a folder"):
        install = shell.isolated(debootstrap(wanted, tree, place))
        shell.run(install, doing=what, log=log, patience=0)
    with Step(f"{what}: writing the disk"):
        mke2fs = shell.find("mke2fs") or "mke2fs"
        fill = [mke2fs, "-q", "-t", "ext4", "-L", "root", "-d", str(tree), str(raw)]
        shell.run(shell.as_root([*fill, wanted["root_size"]]), doing=what, log=log)
        convert = ["qemu-img", "convert", "-O", "qcow2", str(raw), str(place / qemu.ROOT)]
        shell.run(shell.as_root(convert), doing=what, log=log)
    discard(tree)
    discard(raw)
    arguments = wanted.get("extra", {}).get("kernel_arguments")
    if arguments:
        (place / qemu.ARGUMENTS).write_text(arguments)
    if os.geteuid():
        files = [str(path) for path in place.iterdir()]
        owner = f"{os.geteuid()}:{os.getegid()}"
        shell.run(shell.as_root(["chown", owner, *files]), doing=what)


def discard(path: Path) -> None:
    """Remove a file or folder; root does it, since the tree of a system is root's."""
    if path.exists():
        # One filesystem: if anything were still mounted in there, it would be this machine's.
        remove = ["rm", "-rf", "--one-file-system", str(path)]
        shell.run(shell.as_root(remove), doing=f"clearing away {path}")


def debootstrap(wanted: dict, tree: Path, boot: Path) -> list[str]:
    """Return the command that fills ``tree`` with the system and ``boot`` with its kernel."""
    prepare = [str(paths.GUEST / "prepare.sh"), str(paths.GUEST / "files")]
    finish = [str(paths.GUEST / "finish.sh"), str(boot)]
    extra = wanted.get("extra")
    # Before finish.sh, which takes away the archive that packages come from.
    extras = ["--customize-hook=" + hook(*put_in(extra))] if extra else []
    last = []
    if extra and "last" in extra:
        script = str(paths.EXTRAS / f"{extra['name']}-last.sh")
        # mmdebstrap would make some files anew after it, the machine's id among them.
        last = ["--customize-hook=" + hook(script), "--skip=cleanup/reproducible"]
    # mmdebstrap picks the archive by itself.
    return [
        "mmdebstrap", "--mode=root", "--variant=apt", "--components=main,contrib",
        # Debian testing's lists run out a week after a mirror was last refreshed.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        "--skip=cleanup/apt", "--include=" + ",".join(wanted["packages"]),
        "--essential-hook=" + hook(*prepare, wanted["authorized_key"]),
        *extras,
        "--customize-hook=" + hook(*finish, *wanted["offline_packages"]),
        *last,
        wanted["release"], str(tree),
    ]  # fmt: skip


def put_in(extra: dict) -> list[str]:
    """Return the command that puts an extra into the tree that comes next after its name."""
    return [str(paths.EXTRAS / f"{extra['name']}.sh"), *extra["packages"]]


def hook(script: str, *arguments: str) -> str:
    """Return a script and its arguments as mmdebstrap's shell text; the tree comes first."""
    return f'{shlex.quote(script)} "$1" {shlex.join(arguments)}'
