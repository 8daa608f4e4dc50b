# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What shows, by other means than a module's own words, that it wrote nothing."""

from __future__ import annotations


def traces(host):
    """Return the sectors written to each disk, what the configuration is, and how old it is."""
    return host.check_output(
        "for disk in /dev/disk/by-id/virtio-disk*[0-9]; do"
        " awk '{print $7}' /sys/class/block/$(basename $(realpath $disk))/stat; done;"
        " find /etc/lvm /etc/docker /etc/systemd -exec stat --format '%n %Y %s' {} + | sort;"
        " systemctl show --property InvocationID docker"
    )
