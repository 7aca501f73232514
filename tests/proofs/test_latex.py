"""Formulas print as a book prints them."""

from backprop.proofs import Derivation, Sum, diag, dims, hadamard, index, sqrt, tanh
from backprop.proofs.latex import claim_latex, latex

LY = r"\frac{\partial L}{\partial y_{nm}}"


def test_upstream_gradients_print_as_derivatives(linear):
    assert claim_latex(linear.claims["dx"]) == (
        rf"\frac{{\partial L}}{{\partial x_{{nd}}}} = \sum_{{m}} {LY} W_{{md}}"
    )
    assert rf"L &= \sum_{{n,m}} {LY} y_{{nm}} \\" in linear.claims["dx"].steps()


def test_an_upstream_gradient_takes_the_names_of_its_loss_and_output():
    N = dims("N")
    n = index("n", N)
    p = Derivation("names")
    x = p.tensor("x", N)
    a = p.let("a", n, tanh(x[n]), latex=r"\hat{a}")
    b = p.let("b", (), Sum(a[n], n))
    g, h, loss = p.upstream(a, b, "g", "h", "J")
    assert latex(p, h) == r"\frac{\partial J}{\partial b}"
    assert latex(p, h**2) == r"\left(\frac{\partial J}{\partial b}\right)^{2}"
    # b is computed from a: the gradient on a is the one with b held fixed
    assert latex(p, g[n]) == r"\left.\frac{\partial J}{\partial \hat{a}_{n}}\right|_{b}"
    assert latex(p, g[n] ** 2).startswith(r"\left(\left.\frac")
    assert latex(p, loss) == "J"


def test_fresh_indices_take_the_letters_of_their_dimensions():
    N, D, M, H = dims("N D M H")
    p = Derivation("letters")
    A, B, C, h = p.tensor("A", N, D), p.tensor("B", N, N), p.tensor("C", M, M), p.tensor("h", H)
    assert claim_latex(p.claim("1", lhs=B * A, equals=B * A)).startswith(r"\sum_{k} A_{kd} B_{nk}")
    assert claim_latex(p.claim("2", lhs=C, equals=C)) == "C_{mk} = C_{mk}"  # n belongs to N
    assert claim_latex(p.claim("3", lhs=h, equals=h)) == "h_{i} = h_{i}"  # h is a tensor
    p.claim("4", of=A[index("n", N), index("d", D)], wrt=A, equals=0)
    assert str(p.claims["4"].wrt) == "A[k, e]"  # n and d are taken


def test_a_jacobian_has_two_different_indices_and_no_delta():
    M, N = dims("M N")
    m, n = index("m", M), index("n", N)
    p = Derivation("Jacobian")
    A, s, x = p.tensor("A", M, N), p.tensor("s", M), p.tensor("x", N)
    u = p.let("u", m, s[m] * Sum(A[m, n] * x[n], n))
    claim = p.claim("J", of=u, wrt=x, equals=diag(s) * A, layout="jacobian")
    assert claim.prove().latex == r"\frac{\partial u_{m}}{\partial x_{n}} = A_{mn} s_{m}"


def test_factors_stand_in_a_fixed_order():
    N = dims("N")
    n, k = index("n k", N)
    p = Derivation("factors")
    b, a, c = p.tensor("b", N), p.tensor("a", N), p.scalar("c", positive=True)
    y = p.let("y", n, a[n])
    dy, _ = p.upstream(y)
    up = r"\frac{\partial L}{\partial y_{n}}"
    assert latex(p, 2 * a[n] * b[n] * dy[n] * c) == rf"2 c {up} b_{{n}} a_{{n}}"
    assert latex(p, -dy[n] * tanh(a[n]) * (1 - a[n])) == (
        rf"- {up} \tanh\left(a_{{n}}\right) \left(1 - a_{{n}}\right)"
    )
    assert latex(p, Sum(a[k], k) * b[n] / N) == r"\frac{b_{n}}{N} \sum_{k} a_{k}"
    assert latex(p, (a[n] - b[n]) / sqrt(c)) == r"\frac{a_{n} - b_{n}}{\sqrt{c}}"
    assert latex(p, dy[n] / N) == rf"\frac{{1}}{{N}} {up}"
    assert latex(p, Sum(a[k], k) * Sum(b[k] ** 2, k)) == (
        r"\left(\sum_{k} a_{k}\right) \sum_{k} b_{k}^{2}"
    )
    assert latex(p, -2 * dy[n] * (b[n] - a[n])).count("-") == 2


def test_terms_with_an_open_sum_stand_last(linear):
    _, body = linear.definitions["y"]
    assert latex(linear, body) == r"b_{m} + \sum_{d} x_{nd} W_{md}"
    n = index("n", linear.dimensions()[2])
    assert latex(linear, Sum(-linear.tensors["b"][index("m", dims("M"))], n)) == (
        r"\sum_{n} \left(- b_{m}\right)"
    )


def test_a_hadamard_product_prints_its_factors_once():
    N = dims("N")
    p = Derivation("product")
    u, v = p.tensor("u", N), p.tensor("v", N)
    assert claim_latex(p.claim("uv", lhs=hadamard(v, u), equals=hadamard(u, v))) == (
        "u_{n} v_{n} = u_{n} v_{n}"
    )
