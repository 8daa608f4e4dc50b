# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation: lint that of modules and roles, and build the reference from it."""

from __future__ import annotations

import shutil

from . import CACHE, COLLECTION

SITE = CACHE / "docs"

CONF = """\
project = "containerhost.storage"
extensions = ["sphinx_antsibull_ext"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px"}
html_copy_source = False
"""

# The labels are those of Ansible's own documentation that the generated pages refer to.
INDEX = """\
containerhost.storage
=====================

.. toctree::

   collections/containerhost/storage/index

.. _common_return_values:

Return values that all modules have
    https://docs.ansible.com/ansible/latest/reference_appendices/common_return_values.html

.. _action_plugins:

Action plugins
    https://docs.ansible.com/ansible/latest/plugins/action.html

.. _ansible_configuration_settings:

Settings of Ansible itself
    https://docs.ansible.com/ansible/latest/reference_appendices/config.html
"""


def run_part(new_row, options):
    """Lint, then write the reference as reStructuredText, then make HTML of it."""
    shutil.rmtree(SITE, ignore_errors=True)
    source, html = SITE / "source", SITE / "html"
    reference = source / "collections" / "containerhost" / "storage"
    reference.mkdir(parents=True, mode=0o755)
    (source / "conf.py").write_text(CONF)
    (source / "index.rst").write_text(INDEX)
    with new_row("docs") as row:
        row.command(
            "the documentation of modules and roles is sound",
            ["antsibull-docs", "lint-collection-docs", "--plugin-docs", COLLECTION],
        )
        row.command(
            "the reference is complete",
            [
                *("antsibull-docs", "collection", "--use-current", "--fail-on-error"),
                *("--dest-dir", reference),
                *("--squash-hierarchy", "containerhost.storage"),
            ],
        )
        row.command(
            "the reference becomes HTML without a warning",
            ["sphinx-build", "-q", "-W", "--keep-going", "-b", "html", source, html],
        )
        if not row.failures:
            print(f"The reference: {html / 'index.html'}")
