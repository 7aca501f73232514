"""The chain rule as LaTeX: every line is a true formula, and names are never doubled."""

import re

import pytest
import sympy as sp

from backprop.proofs import ZZ, Derivation, Sum, dims, index
from backprop.proofs.derivative import contractions
from backprop.proofs.latex import latex


def test_steps_of_a_weight_gradient(linear):
    lines = linear.claims["dW"].steps().splitlines()
    assert lines[0] == r"\begin{aligned}" and lines[-1] == r"\end{aligned}"
    assert lines[1].startswith("y_{nm} &= b_{m} + ")
    assert any(r"\delta_" in line for line in lines)
    assert r"\delta_" not in lines[-2]
    assert lines[-2].strip().startswith("&= ")


@pytest.mark.parametrize("name", ["linear", "cross_entropy", "batch_norm", "convolution"])
def test_every_contraction_is_equal_to_the_derivative(name, request):
    for claim in request.getfixturevalue(name).claims.values():
        steps = list(contractions(claim.gradient))
        assert not steps[-1].has(sp.KroneckerDelta)
        for e in steps:
            assert claim.altered(e).verify().verdict == "proved"


def test_signs_stand_before_sums(cross_entropy):
    text = cross_entropy.claims["ds"].steps()
    assert not re.search(r"\\sum_\{\w+\} -", text)


def test_no_two_indices_in_scope_print_alike():
    N = dims("N")
    i = index("i", N)
    p = Derivation("names")
    A = p.tensor("A", N, N)
    k = index("k", N)
    product = (A * A * A).entry(i, k)  # its two inner indices are both called k
    bound = re.findall(r"\\sum_\{(\w)\}", latex(p, product))
    assert len(set(bound)) == 2 and "k" not in bound and "i" not in bound


def test_latex_of_names_and_slots():
    N = dims("N")
    i = index("i", N)
    e, a = index("e a", ZZ)
    p = Derivation("latex")
    dy, w, q = p.tensor("dy", N), p.tensor("w", ZZ), p.tensor("q", N, latex=r"\hat{q}")
    assert latex(p, dy[i]) == r"\mathit{dy}_{i}"
    assert latex(p, w[e - a]) == "w_{e - a}"
    assert latex(p, w[-a]) == "w_{-a}"
    assert latex(p, q[i] ** 2) == r"\hat{q}_{i}^{2}"
    assert latex(p, Sum(q[i] + dy[i], i)).startswith(r"\sum_{i} \left(")


def test_steps_display_in_a_notebook(linear):
    assert linear.claims["db"].steps()._repr_markdown_().startswith("$$\n\\begin{aligned}")
