# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two operators that cosmic-ray lacks: what is done is not done, what is said is not said."""

from __future__ import annotations

import parso
from cosmic_ray.operators.operator import Example, Operator


class RemoveStatement(Operator):
    """Replace a statement that is a call or an augmented assignment by ``pass``."""

    def mutation_positions(self, node):
        """Yield where the statement is, if ``node`` is a line with one."""
        if node.type == "simple_stmt" and _acts(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node, index):
        """Return the line without its statement."""
        prefix = node.get_first_leaf().prefix
        node.children[0] = parso.parse(f"{prefix}pass")
        return node

    @classmethod
    def examples(cls):
        """Return what cosmic-ray would test the operator with."""
        return (Example("f(x)\n", "pass\n"), Example("x += 1\n", "pass\n"))


class RemoveArgument(Operator):
    """Leave out a keyword argument of a call."""

    def mutation_positions(self, node):
        """Yield where each of them is."""
        for argument in _keyword_arguments(node):
            yield argument.start_pos, argument.end_pos

    def mutate(self, node, index):
        """Return the arguments without the one that is meant, and without its comma."""
        at = node.children.index(list(_keyword_arguments(node))[index])
        following = node.children[at + 1 : at + 2]
        end = (
            at + 2
            if following and following[0].type == "operator" and "," in following[0].value
            else at + 1
        )
        del node.children[at:end]
        return node

    @classmethod
    def examples(cls):
        """Return what cosmic-ray would test the operator with."""
        return (Example("f(a, b=1)", "f(a,)"), Example("f(b=1)", "f()"))


def _acts(statement):
    if statement.type in ("atom_expr", "power"):
        last = statement.children[-1]
        return last.type == "trailer" and last.children[0].value == "("
    return statement.type == "expr_stmt" and getattr(
        statement.children[1], "value", statement.children[1].type
    ) in ("+=", "-=", "*=", "|=", "augassign")


def _keyword_arguments(node):
    if node.type not in ("arglist", "trailer"):
        return
    for child in node.children:
        if child.type == "argument" and getattr(child.children[1], "value", "") == "=":
            yield child


OPERATORS = {"RemoveStatement": RemoveStatement, "RemoveArgument": RemoveArgument}
