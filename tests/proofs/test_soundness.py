"""Nothing false is ever proved: mutants put to the prover, random trees, engine on engine."""

import random

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop.proofs import (
    Derivation,
    Sum,
    absolute,
    dims,
    exact,
    exp,
    function,
    index,
    log,
    prover,
    relu,
    sigmoid,
    sign,
    step,
    tanh,
)
from backprop.proofs.indices import substitute
from backprop.proofs.mutants import refuted

LAYERS = ["linear", "cross_entropy", "batch_norm", "convolution"]
CELLS = ["rnn", "gru", "lstm"]


def derivation(name, request):
    made = request.getfixturevalue(name)
    return getattr(made, "p", made)


def ask_about_wrong_formulas(p, count, claims=100):
    """Put refuted mutants to the prover; return how many were asked."""
    asked = 0
    for claim in list(p.claims.values())[:claims]:
        holds, tests = exact.trials(claim)
        every = [e for _, e in claim.mutants()]
        for altered in random.Random(1).sample(every, min(count, len(every))):
            if holds and refuted(altered.equals, tests):
                asked += 1
                assert prover.equal(p, claim.left, altered.equals) is None, altered.id
    return asked


@pytest.mark.parametrize("name", [*LAYERS, "rnn"])
def test_the_prover_never_proves_a_mutant(name, request):
    assert ask_about_wrong_formulas(derivation(name, request), 5, claims=2) > 4


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS + CELLS)
def test_the_prover_never_proves_any_mutant(name, request):
    count = 10_000 if name in LAYERS else 25
    asked = ask_about_wrong_formulas(derivation(name, request), count)
    print(f"{name}: {asked} wrong formulas, none proved")
    assert asked > 10


N = dims("N")
i, j, k = index("i j k", N)
p = Derivation("random trees")
x, u, A, c = p.tensor("x", N), p.tensor("u", N), p.tensor("A", N, N), p.scalar("c")
SMOOTH = [exp, tanh, sigmoid, function("f"), lambda e: log(exp(e) + 2), lambda e: 1 / (3 + e**2)]
KINKED = [relu, absolute, step, sign]


def trees(functions, leaves):
    """Return small expressions with the free index i."""

    def grow(inner):
        return st.one_of(
            st.tuples(inner, inner).map(lambda ab: ab[0] + ab[1]),
            st.tuples(inner, inner).map(lambda ab: ab[0] * ab[1]),
            st.tuples(inner, st.sampled_from([-2, -1, 2, sp.Rational(1, 2)])).map(sp.prod),
            st.tuples(st.sampled_from(functions), inner).map(lambda fe: fe[0](fe[1])),
            inner.map(lambda e: Sum(A[i, j] * substitute(e, {i: j}), j)),
            inner.map(lambda e: Sum(e, i) * x[i]),
        )

    return st.recursive(st.sampled_from(leaves), grow, max_leaves=4)


LEAVES = [x[i], u[i], c * x[i], A[i, i], sp.Integer(1), x[i] * u[i]]
smooth = trees(SMOOTH, LEAVES)
kinked = trees(SMOOTH[:3] + KINKED, LEAVES)
quick = settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
thorough = settings(quick, max_examples=1000)


def agree(claim):
    return exact.trials(claim)[0]


def check_derivative(e):
    """Compare the symbolic derivative with dual numbers over the prime field."""
    claim = p.claim("d", of=e, wrt=x[k], equals=0)
    assert agree(claim.altered(claim.gradient))


def check_at_size_one(e):
    """Compare the symbolic derivative with SymPy's, where every sum has one term."""
    claim = p.claim("d", of=e, wrt=x[k], equals=0)
    X, U, B, C = point = sp.symbols("X U B C")

    def at_one(e):
        e = e.replace(sp.Sum, lambda body, *_: body)
        e = e.replace(sp.KroneckerDelta, lambda *_: sp.S.One)
        names = {x.base: X, u.base: U, A.base: B}
        e = e.replace(lambda a: isinstance(a, sp.Indexed), lambda a: names[a.base])
        return e.subs(c, C)

    def number(e):
        values = dict(zip(point, (0.7, -0.4, 1.3, 0.6), strict=True))
        e = e.replace(tanh, sp.tanh).replace(log, sp.log)
        e = e.replace(sigmoid, lambda a: 1 / (1 + sp.exp(-a)))
        e = e.replace(function("f'"), sp.cos).replace(function("f"), sp.sin)
        return complex(e.doit().subs(values).evalf())

    ours = number(at_one(claim.gradient))
    theirs = sp.diff(number_free(at_one(e)), X)
    assert np.isclose(ours, number(theirs), rtol=1e-9, atol=1e-9)


def number_free(e):
    """Return an expression in SymPy's own functions, for SymPy to differentiate."""
    e = e.replace(tanh, sp.tanh).replace(log, sp.log)
    return e.replace(sigmoid, lambda a: 1 / (1 + sp.exp(-a))).replace(function("f"), sp.sin)


def check_equality(a, b):
    """Let neither engine contradict the other."""
    claim = p.claim("e", lhs=a, equals=b)
    proved = prover.equal(p, a, b) is not None
    assert not proved or agree(claim)


def check_rewriting(e):
    """Prove an expression equal to its expansion, and not to itself plus a little."""
    assert prover.equal(p, e, sp.expand(e, power_exp=False)) is not None
    assert prover.equal(p, e, e + x[i] / 7) is None


@quick
@given(st.one_of(smooth, kinked))
def test_the_derivative_agrees_with_the_exact_engine(e):
    check_derivative(e)


@quick
@given(smooth)
def test_the_derivative_agrees_with_sympy_at_size_one(e):
    check_at_size_one(e)


@quick
@given(smooth, smooth)
def test_the_engines_do_not_contradict_each_other(a, b):
    check_equality(a, b)


@quick
@given(st.one_of(smooth, kinked))
def test_rewritten_expressions_are_proved_equal_and_others_are_not(e):
    check_rewriting(e)


@pytest.mark.slow
@thorough
@given(st.one_of(smooth, kinked), smooth)
def test_many_random_trees(e, s):
    check_derivative(e)
    check_at_size_one(s)
    check_equality(e, s)
    check_rewriting(e)
