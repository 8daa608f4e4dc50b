# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutation testing: break one thing in the code, and see whether a test notices.

cosmic-ray finds and makes the mutants. They are run here, not by cosmic-ray: a process in which
pytest is loaded already forks for each, which takes a fraction of the time that a command takes,
and the file itself is never touched.
"""
