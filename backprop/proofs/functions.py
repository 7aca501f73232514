"""Elementwise functions with their derivatives and their conventions at kinks.

The step is 0 at 0, hence so is the derivative of ReLU; the sign of 0 is 0.
`log` and `tanh` are ours because SymPy's rewrite themselves on construction.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp

from backprop.proofs.indices import Expr

exp: Expr = sp.exp
sqrt: Expr = sp.sqrt


class Elementwise(sp.Function):  # type: ignore[misc]
    """A real function of one real variable, applied entry by entry."""

    nargs = 1
    symbol = ""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{self.symbol}{power}\left({printer._print(self.args[0])}\right)"


class log(Elementwise):
    """The natural logarithm."""

    symbol = r"\log"

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return 1/u."""
        return 1 / self.args[0]


class tanh(Elementwise):
    """The hyperbolic tangent."""

    symbol = r"\tanh"

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return 1 - tanh(u)**2."""
        return 1 - self**2


class sigmoid(Elementwise):
    """The logistic function 1/(1 + exp(-u))."""

    symbol = r"\sigma"

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return sigmoid(u) (1 - sigmoid(u))."""
        return self * (1 - self)


class step(Elementwise):
    """One where u > 0, else zero."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return 0."""
        return sp.S.Zero

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\left[{printer._print(self.args[0])} > 0\right]{power}"


class relu(Elementwise):
    """The larger of u and zero."""

    symbol = r"\operatorname{ReLU}"

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the step, which is 0 at 0."""
        return step(self.args[0])


class sign(Elementwise):
    """One where u > 0, minus one where u < 0, zero at zero."""

    symbol = r"\operatorname{sign}"

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return 0."""
        return sp.S.Zero


class absolute(Elementwise):
    """The absolute value."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the sign, which is 0 at 0."""
        return sign(self.args[0])

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\left|{printer._print(self.args[0])}\right|{power}"


class Opaque(Elementwise):
    """A smooth function of which nothing is known but the name of its derivative."""


@cache
def function(name: str) -> Any:
    """Make an opaque function: smooth, and otherwise unknown.

    A claim that is proved for it holds for every differentiable function.

    Parameters
    ----------
    name : str
        The name; "f'" is the derivative of "f", "f''" its second.

    Returns
    -------
    callable
        A function of one expression.  The same name gives the same function.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> function("f")(x).fdiff()
    f'(x)
    """

    def fdiff(self: Opaque, argindex: int = 1) -> Expr:
        return function(name + "'")(self.args[0])

    symbol = sp.latex(sp.Symbol(name.rstrip("'"))) + "'" * (len(name) - len(name.rstrip("'")))
    return type(name, (Opaque,), {"fdiff": fdiff, "symbol": symbol})


def through_output(call: Expr, y: Expr) -> Expr | None:
    """Return the derivative of a call in terms of its named output y, if it has that form.

    The derivative of y = tanh(u) on u is 1 - y**2: what a book prints and a layer computes.
    """
    forms = {sigmoid: y * (1 - y), tanh: 1 - y**2, sp.exp: y}
    return forms.get(type(call))
