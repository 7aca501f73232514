"""Affine forms are canonical, and are solved only for what can be solved for."""

import pytest

from backprop.proofs import ZZ, affine, index
from backprop.proofs.affine import of_expression, of_var, solve, substitute, subtract
from backprop.proofs.indices import dims

s = dims("s")
e, a = index("e a", ZZ)
E, A = affine.free(e), affine.free(a)


def form(expression):
    return of_expression(expression, {})


def test_equal_forms_are_equal():
    assert form(s * (e + 1) - a) == form(s - a + e * s)
    assert subtract(form(e + a), form(a)) == of_var(E)
    assert form(e - e) == ()


def test_substitution():
    assert substitute(form(2 * e + s * a), {E: form(a + 1), A: form(e)}) == form(2 * a + 2 + s * e)


def test_solving_needs_a_unit_coefficient():
    assert solve(form(e - s * a + 2), {E}) == (E, form(s * a - 2))
    assert solve(form(a - e), {E}) == (E, form(a))
    assert solve(form(s * e - a), {E}) is None
    assert solve(form(2 * e - a), {E}) is None
    assert solve(form(s * e + e - a), {E}) is None


def test_what_is_not_affine_raises():
    with pytest.raises(ValueError, match="not affine"):
        form(e * a)
