"""Formulas in NumPy notation: read, never run.

A formula is one expression.  It is parsed, and only what stands in the tables below has a
meaning; names are looked up among the letters of a derivation and nowhere else.  One walk
over the tree gives the formula in the language of the engine (`symbolic`), the same walk with
NumPy's functions gives numbers.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from backprop.proofs import symbolic
from backprop.proofs.symbolic import NotUnderstood, array

LONGEST = 500  # characters
DEEPEST = 40
SMALLEST, LARGEST = 1e-20, 1e12  # numbers
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.MatMult: "matmul",
    ast.Pow: "power",
    ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
    ast.USub: "negative",
    ast.UAdd: "positive",
    ast.Invert: "logical_not",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
METHODS = {"sum", "mean", "var", "std", "dot", "transpose", "swapaxes", "trace", "diagonal"}
ATTRIBUTES = {"T": "transpose", "shape": "shape", "size": "size"}
BARE = {"abs", "len", "sigmoid", "relu", "step"}  # functions that stand without `np.`


def parse(text: str) -> ast.expr:
    """Return the tree of a formula; raise NotUnderstood if there is none, or a huge one.

    Examples
    --------
    >>> ast.unparse(parse("dy.T@x"))
    'dy.T @ x'
    """
    if len(text) > LONGEST:
        raise NotUnderstood(f"a formula of more than {LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise NotUnderstood(f"not one expression of Python: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError):
        raise NotUnderstood("not one expression of Python") from None
    if depth(tree) > DEEPEST:
        raise NotUnderstood(f"more than {DEEPEST} things within each other")
    return tree


def depth(tree: ast.AST) -> int:
    """Return how deep a tree is."""
    level, n = [tree], 0
    while level:
        level, n = [child for node in level for child in ast.iter_child_nodes(node)], n + 1
    return n


class Reader:
    """Read a tree: every kind of node that has a meaning has a method here.

    Parameters
    ----------
    letters : mapping
        What each letter stands for.
    functions : mapping
        What each function of NumPy stands for.
    number : callable
        What makes a number of a literal.
    """

    def __init__(
        self,
        letters: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        number: Callable[[int | float], Any],
    ) -> None:
        self.letters, self.functions, self.number = letters, functions, number

    def read(self, node: ast.AST) -> Any:
        """Return what a node means."""
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            raise NotUnderstood(f"{ast.unparse(node)}: no part of a formula")
        return method(node)

    def _Name(self, node: ast.Name) -> Any:
        if node.id not in self.letters:
            raise NotUnderstood(f"{node.id}: no letter of this question")
        value = self.letters[node.id]
        if callable(value):
            raise NotUnderstood(f"{node.id}: a function without its argument")
        return value

    def _Constant(self, node: ast.Constant) -> Any:
        value = node.value
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and (value == 0 or SMALLEST <= abs(value) <= LARGEST):
            return self.number(value)
        raise NotUnderstood(f"{ast.unparse(node)[:20]}: no number that fits")

    def _BinOp(self, node: ast.BinOp) -> Any:
        return self._operator(node.op)(self.read(node.left), self.read(node.right))

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        return self._operator(node.op)(self.read(node.operand))

    def _Compare(self, node: ast.Compare) -> Any:
        if len(node.ops) > 1:
            raise NotUnderstood(f"{ast.unparse(node)}: two comparisons at once")
        return self._operator(node.ops[0])(self.read(node.left), self.read(node.comparators[0]))

    def _operator(self, op: ast.AST) -> Callable[..., Any]:
        name = OPERATORS.get(type(op))
        if name is None:
            raise NotUnderstood(f"{type(op).__name__}: no operator of a formula")
        return self.functions[name]

    def _Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == "np":
            if node.attr == "newaxis":
                return None
            raise NotUnderstood(f"np.{node.attr}: not known here, or without its argument")
        if node.attr not in ATTRIBUTES:
            raise NotUnderstood(f".{node.attr}: no attribute of a formula")
        return self.functions[ATTRIBUTES[node.attr]](self._whole(node.value))

    def _Call(self, node: ast.Call) -> Any:
        function, first = self._called(node.func)
        if any(isinstance(a, ast.Starred) for a in node.args):
            raise NotUnderstood(f"{ast.unparse(node)}: a star")
        args = [*first, *map(self.read, node.args)]
        named = {k.arg: self.read(k.value) for k in node.keywords if k.arg is not None}
        if len(named) < len(node.keywords):
            raise NotUnderstood(f"{ast.unparse(node)}: a star")
        try:
            return function(*args, **named)
        except TypeError:
            raise NotUnderstood(f"{ast.unparse(node)}: not with these arguments") from None

    def _called(self, node: ast.expr) -> tuple[Callable[..., Any], list[Any]]:
        """Return the function that a call means, and the array before its dot."""
        if isinstance(node, ast.Name):
            if callable(self.letters.get(node.id)):
                return self.letters[node.id], []
            if node.id in BARE and node.id not in self.letters:
                return self.functions[node.id], []
            hint = f"; write np.{node.id}" if node.id in self._known() else ""
            raise NotUnderstood(f"{node.id}: no function here{hint}")
        if isinstance(node, ast.Attribute):
            of_numpy = isinstance(node.value, ast.Name) and node.value.id == "np"
            if of_numpy and node.attr in self._known():
                return self.functions[node.attr], []
            if not of_numpy and node.attr in METHODS:
                return self.functions[node.attr], [self._whole(node.value)]
        raise NotUnderstood(f"{ast.unparse(node)}: no function here")

    def _whole(self, node: ast.expr) -> Any:
        """Return what stands before a dot; a single number has no attributes."""
        value = self.read(node)
        if isinstance(value, sp.Expr) or (isinstance(value, symbolic.Array) and not value.rank):
            raise NotUnderstood(f"{ast.unparse(node)}: a single number, followed by a dot")
        return value

    def _known(self) -> set[str]:
        """Return the functions that may stand behind `np.`."""
        return set(self.functions) - {"getitem", "len", "sigmoid", "relu", "step"}

    def _Subscript(self, node: ast.Subscript) -> Any:
        key = node.slice
        parts = [self._key(k) for k in (key.elts if isinstance(key, ast.Tuple) else [key])]
        return self.functions["getitem"](
            self.read(node.value), tuple(parts) if isinstance(key, ast.Tuple) else parts[0]
        )

    def _key(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            if node.lower or node.upper or node.step:
                raise NotUnderstood(f"{ast.unparse(node)}: a part of an axis")
            return slice(None)
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return Ellipsis
        return self.read(node)

    def _Tuple(self, node: ast.Tuple) -> Any:
        return tuple(map(self.read, node.elts))


def exactly(value: int | float) -> symbolic.Array:
    """Return a literal as the fraction that is written."""
    return array(sp.Rational(repr(value)))


def formula(tree: ast.expr, letters: Mapping[str, Any]) -> symbolic.Array:
    """Return what a tree says about letters that stand for formulas."""
    means = {name: called(v) if isinstance(v, type) else v for name, v in letters.items()}
    return array(Reader(means, symbolic.FUNCTIONS, exactly).read(tree))


def called(function: Any) -> Callable[[Any], symbolic.Array]:
    """Return an opaque function as one of arrays."""
    return symbolic.calls(function.__name__, function)


def values(tree: ast.expr, letters: Mapping[str, Any]) -> Any:
    """Return what a tree says about arrays of numbers, computed by NumPy."""
    return Reader(letters, NUMPY, lambda value: value).read(tree)


def sigmoid(u: Any) -> Any:
    """Return the logistic function."""
    return 0.5 + 0.5 * np.tanh(0.5 * u)


NUMPY: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in symbolic.FUNCTIONS if hasattr(np, name)},
    "power": operator.pow,
    "getitem": operator.getitem,
    "len": len,
    "sigmoid": sigmoid,
    "relu": lambda u: np.maximum(u, 0),
    "step": lambda u: np.heaviside(u, 0),
}
assert NUMPY.keys() == symbolic.FUNCTIONS.keys()
