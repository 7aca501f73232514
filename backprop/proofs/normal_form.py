"""From SymPy expressions to polynomials over canonical atoms, generic in every dimension.

Rules used, and nothing else: the axioms of commutative rings, renaming of dummies,
sum_i delta(i, j) f(i) = f(j), sum_i 1 = dim, constants leave sums, the functional
equations of `calls`, and sums over ZZ may be re-parametrised.  No dimension gets a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from backprop.proofs import affine, polynomials
from backprop.proofs.affine import Var
from backprop.proofs.calls import call
from backprop.proofs.derivative import Opener, name_of, open_none
from backprop.proofs.indices import Expr, Index, bound
from backprop.proofs.polynomials import Entry, Poly, Scalar, product, total
from backprop.proofs.sums import sum_over

Names = Mapping[Index, Var]


@dataclass(frozen=True)
class NormalForm:
    """What a translation needs to know about names: which are positive, which to open."""

    positive: frozenset[str] = frozenset()
    opened: Opener = open_none
    mode: str = ""  # see `calls.call`

    def of(self, e: Expr, names: Names | None = None) -> Poly:
        """Return the normal form; equal normal forms are equal for all sizes."""
        e, names = sp.sympify(e), names or {}
        if e.is_Rational:
            return Poly.constant(Fraction(int(e.p), int(e.q)))
        if isinstance(e, sp.Add):
            return total(self.of(a, names) for a in e.args)
        if isinstance(e, sp.Mul):
            return product(self.of(a, names) for a in e.args)
        if isinstance(e, sp.Indexed) or e.is_Symbol:
            return self._of_name(e, names)
        if isinstance(e, sp.Sum):
            return self._of_sum(e, names)
        if isinstance(e, sp.KroneckerDelta):
            i, j = (affine.of_expression(a, names) for a in e.args)
            return polynomials.delta(affine.subtract(i, j))
        if e is sp.E:
            return call("exp", Poly.constant(1))
        if isinstance(e, sp.exp):
            return call("exp", self.of(e.args[0], names))
        if isinstance(e, sp.Pow) and e.exp.is_Rational:
            return self.of(e.base, names) ** Fraction(int(e.exp.p), int(e.exp.q))
        if isinstance(e, sp.Function) and len(e.args) == 1:
            return call(type(e).__name__, self.of(e.args[0], names), self.mode)
        raise ValueError(f"no normal form for {type(e).__name__}: {e}")

    def _of_name(self, e: Expr, names: Names) -> Poly:
        if isinstance(e, Index):
            raise ValueError(f"the index {e} is used as a value")
        definition = self.opened(e)
        if definition is not None:
            return self.of(definition, names)
        name = name_of(e)
        if e.is_Symbol:
            return Poly.atom(Scalar(name, bool(e.is_positive)))
        slots = tuple(affine.of_expression(i, names) for i in e.indices)
        return Poly.atom(Entry(name, slots, name in self.positive))

    def _of_sum(self, e: Expr, names: Names) -> Poly:
        new = {i: affine.fresh(str(i.dim)) for i in bound(e)}
        out = self.of(e.function, {**names, **new})
        for v in new.values():
            out = sum_over(out, v)
        return out
