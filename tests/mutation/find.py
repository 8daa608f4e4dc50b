# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mutants a file has."""

from __future__ import annotations

import ast
import difflib
import re
from pathlib import Path
from typing import NamedTuple

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from .operators import OPERATORS


class Mutant(NamedTuple):
    """One change of one file."""

    path: Path
    operator: str
    occurrence: int  # which of those that the operator would make in the file
    line: int

    def source(self):
        """Return the text of the file with the change; None if it changes nothing."""
        text = self.path.read_text()
        changed = mutate_code(text, operators([self.operator])[self.operator](), self.occurrence)
        return None if changed == text else changed


class Change(NamedTuple):
    """What a mutant looks like, by which a person knows it again: lines without indentation."""

    file: str  # below plugins/module_utils
    was: str
    becomes: str

    def __str__(self):
        """Say it in one line."""
        return f"{self.file}: `{self.was}` -> `{self.becomes}`"


def change(mutant, source, below):
    """Return the ``Change`` that a mutant's source makes to its file."""
    old, new = mutant.path.read_text().splitlines(), source.splitlines()
    was, becomes = [], []
    for line in difflib.ndiff(old, new):
        if line.startswith("- "):
            was.append(line[2:].strip())
        elif line.startswith("+ "):
            becomes.append(line[2:].strip())
    return Change(str(mutant.path.relative_to(below)), " ".join(was), " ".join(becomes))


def operators(patterns):
    """Return the operators whose name one of the patterns matches whole, by name."""
    known = dict(OPERATORS)
    for name in cosmic_ray.plugins.operator_names():
        operator = cosmic_ray.plugins.get_operator(name)
        if not operator.arguments():
            known[name.partition("/")[2]] = operator
    return {
        name: operator
        for name, operator in sorted(known.items())
        if any(re.fullmatch(pattern, name) for pattern in patterns)
    }


def mutants(path, settings):
    """Return every ``Mutant`` of a file, without what ``settings`` leaves out.

    :param settings: the table ``mutants`` of mutants.toml.
    """
    text = path.read_text()
    nodes = list(ast_nodes(get_ast(text)))
    left_out = list(spans_left_out(ast.parse(text), settings))
    found = []
    for name, operator in operators(settings["operators"]).items():
        positions = [position for node in nodes for position in operator().mutation_positions(node)]
        found += [
            Mutant(path, name, occurrence, start[0])
            for occurrence, (start, end) in enumerate(positions)
            if not any(first <= start and end <= last for first, last in left_out)
        ]
    return found


def spans_left_out(tree, settings):
    """Yield where annotations, words for people, and what else is left out begin and end."""
    for node in ast.walk(tree):
        annotations = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        yield from (_span(each) for each in annotations if each is not None)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in settings["names"]:
            yield _span(node.value)
        if isinstance(node, ast.keyword) and node.arg in settings["arguments"]:
            yield _span(node)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            yield _span(node)  # what only the checker of types imports
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        which = settings["messages"].get(node.func.id)
        if which == "all":
            yield _span(node)
        elif which is not None and len(node.args) > which:
            yield _span(node.args[which])


def _span(node):
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
