"""The chain rule, and every function's derivative against the exact engine."""

import pytest

from backprop.proofs import (
    Derivation,
    Sum,
    absolute,
    dims,
    exp,
    function,
    index,
    log,
    relu,
    sigmoid,
    sign,
    sqrt,
    step,
    tanh,
)
from backprop.proofs.derivative import differentiate
from backprop.proofs.prover import NormalForm

N = dims("N")
i, j, k = index("i j k", N)


@pytest.mark.parametrize(
    "f",
    [exp, log, sqrt, tanh, sigmoid, relu, absolute, function("f"), function("f'"), lambda u: u**-3],
)
def test_derivatives_of_functions(f):
    p = Derivation("function")
    x, u = p.tensor("x", N), p.positive(p.tensor("u", N))
    y = f(u[i] * x[i] ** 2)
    slope = differentiate(y, x[k])
    assert p.claim("dx", of=y, wrt=x[k], equals=slope).prove(mutants=4).ok


@pytest.mark.parametrize("f", [step, sign])
def test_indicators_are_constant(f):
    p = Derivation("indicator")
    x = p.tensor("x", N)
    assert differentiate(f(x[i]), x[k]) == 0
    p.claim("dx", of=f(x[i]), wrt=x[k], equals=0, zero=True).prove()


def test_a_bound_index_does_not_capture():
    x = Derivation("capture").tensor("x", N)
    form = NormalForm()
    assert form.of(differentiate(Sum(x[j], j), x[j])).text == form.of(1).text


def test_definitions_are_differentiated_through_their_output():
    p = Derivation("output")
    x = p.tensor("x", N)
    for f, slope in ((exp, lambda y: y), (tanh, lambda y: 1 - y**2), (sigmoid, lambda y: y - y**2)):
        y = p.let(f.__name__, i, f(x[i]))
        found = differentiate(y[j], x[k], p.opener())
        assert not found.has(f)
        form = NormalForm()
        expected = differentiate(x[j], x[k]) * slope(y[j])
        assert form.of(found).text == form.of(expected).text


def test_constants_have_no_derivative():
    x = Derivation("constants").tensor("x", N)
    assert differentiate(x[i] * exp(1) + tanh(1), x[i]) == exp(1)
