"""Claims: verdicts, layouts, types, vacuity, and the formula as NumPy."""

import numpy as np
import pytest
import sympy as sp

from backprop.proofs import (
    ZZ,
    Derivation,
    DimensionError,
    ProofError,
    Sum,
    absolute,
    delta,
    diag,
    dims,
    elementwise,
    exp,
    function,
    hadamard,
    identity,
    index,
    log,
    ones,
    relu,
    sigmoid,
    sqrt,
    step,
    tanh,
)

N, D, M = dims("N D M")
n, k = index("n k", N)
d = index("d", D)
ALL = ["linear", "cross_entropy", "batch_norm", "convolution"]


@pytest.mark.parametrize("name", ALL)
def test_true_claims_are_proved_and_every_mutant_is_refuted(name, request):
    for report in request.getfixturevalue(name).prove():
        assert report.verdict == "proved" and report.general and report.ok
        assert report.mutants == report.refuted + report.equal > 4
        assert report.counterexample is None


@pytest.mark.parametrize("name", ALL)
def test_wrong_signs_are_refuted_with_a_counterexample(name, request):
    for claim in list(request.getfixturevalue(name).claims.values()):
        report = claim.altered(-claim.equals).refute()
        c = report.counterexample
        assert c["true"] == pytest.approx(-c["claimed"]) and c["true"] != 0
        assert not report.ok and not report.general


def test_prove_and_refute_raise_when_the_verdict_is_another(linear):
    claim = linear.claims["db"]
    with pytest.raises(ProofError, match="refuted"):
        claim.altered(2 * claim.equals).prove()
    with pytest.raises(ProofError, match="expected to be refuted"):
        claim.refute()


def test_shapes_are_checked_at_once(linear):
    t = linear.tensors
    x, W, dy = t["x"], t["W"], t["dy"]
    loss = t["L"].symbol
    x_at = (index("n", x.shape[0]), index("d", x.shape[1]))
    with pytest.raises(DimensionError, match=r"claimed shape \(D, M\), .* shape \(M, D\)"):
        linear.claim("T", of=loss, wrt=W, equals=x.T * dy)
    m, stray = index("m stray", t["b"].shape[0])
    with pytest.raises(DimensionError, match="occurs in the claimed formula only"):
        linear.claim("stray", of=loss, wrt=t["b"][m], equals=t["b"][stray])
    with pytest.raises(DimensionError, match="state the formula in matrix notation"):
        linear.claim("indices", of=loss, wrt=x, equals=x[x_at])
    with pytest.raises(DimensionError, match="not an entry"):
        linear.claim("what", of=loss, wrt=x[x_at] ** 2, equals=x[x_at])
    with pytest.raises(DimensionError, match="either of= and wrt=, or lhs="):
        linear.claim("what", of=loss, equals=x[x_at])


def test_indices_of_wrt_must_be_fresh():
    p = Derivation("fresh")
    x, A = p.tensor("x", N), p.tensor("A", N, N)
    y = p.let("y", n, x[n] ** 2)
    with pytest.raises(DimensionError, match="share n"):
        p.claim("dx", of=y[n], wrt=x[n], equals=2 * x[n])
    with pytest.raises(DimensionError, match="a different index in each slot"):
        p.claim("dA", of=y[n], wrt=A[k, k], equals=0)


def test_names_are_declared_once():
    p = Derivation("names")
    p.tensor("x", N)
    with pytest.raises(DimensionError, match="declared twice"):
        p.let("x", (), 1)
    with pytest.raises(DimensionError, match="n occurs in the body only"):
        p.let("y", (), p.tensors["x"][n])


def test_layouts():
    p = Derivation("layouts")
    x, W, g = p.tensor("x", D), p.tensor("W", N, D), p.tensor("g", N)
    y = p.let("y", n, Sum(W[n, d] * x[d], d))
    L = p.let("L", (), Sum(g[n] * y[n], n))
    p.claim("gradient", of=L, wrt=x, equals=W.T * g)
    p.claim("row", of=L, wrt=x, equals=g.T * W, layout="row")
    p.claim("transposed", of=L, wrt=W, equals=x * g.T, layout="transposed")
    p.claim("jacobian", of=y, wrt=x, equals=W, layout="jacobian")
    p.claim("entry", of=y[n], wrt=x[d], equals=W[n, d])
    assert all(r.ok for r in p.prove())
    with pytest.raises(DimensionError, match=r"claimed shape \(D, 1\)"):
        p.claim("column", of=L, wrt=x, equals=W.T * g, layout="row")
    with pytest.raises(ValueError, match="unknown layout"):
        p.claim("what", of=L, wrt=x, equals=W.T * g, layout="numerator")


def test_the_index_of_a_diagonal_entry_occurs_once():
    p = Derivation("diagonal")
    A = p.tensor("A", N, N)
    j, i, m = index("j i m", N)
    p.claim("dA", of=A[m, m], wrt=A[j, i], equals=delta(m, j) * delta(m, i)).prove()


def test_elementwise_functions_in_matrix_notation():
    p = Derivation("elementwise")
    f, df = function("f"), function("f'")
    a = p.tensor("a", N, D)
    y = p.let("y", (n, d), elementwise(f, a))
    dy, L = p.upstream(y)
    p.claim("da", of=L, wrt=a, equals=hadamard(dy, elementwise(df, a)))
    assert "f for f'" in {kind for kind, _ in p.claims["da"].mutants()}
    p.prove()


def test_the_jacobian_of_softmax_needs_its_off_diagonal(cross_entropy):
    p = cross_entropy
    y, s = p.tensors["p"] if "p" in p.tensors else p.tensors["y"], p.tensors["s"]
    p.claim("J", of=y, wrt=s, equals=diag(y) - y * y.T, layout="jacobian").prove()
    p.claim("J wrong", of=y, wrt=s, equals=diag(y), layout="jacobian").refute()


def test_a_distribution_sums_to_one_only_if_it_is_declared(cross_entropy):
    cross_entropy.distributions.clear()
    assert cross_entropy.claims["ds"].verify().verdict == "refuted"


def test_a_distribution_inside_a_larger_sum():
    p = Derivation("nested")
    s, t = p.tensor("s", N), p.distribution(p.tensor("t", N))
    mean = Sum(t[k] * s[k], k)
    p.claim("mean", lhs=Sum(t[n] * mean, n), equals=mean).prove(mutants=False)
    p.claim("variance", lhs=Sum(t[n] * (s[n] - mean), n), equals=0).prove()
    p.claim("wrong", lhs=mean, equals=1).refute()


def test_functional_relations_are_seen_through_definitions():
    p = Derivation("relations")
    x, y = p.tensor("x", N), p.tensor("y", N)
    u = p.let("u", n, x[n] + y[n])
    p.claim("exp", lhs=exp(u[n]), equals=exp(x[n]) * exp(y[n]))
    p.claim("sigmoid", lhs=sigmoid(-u[n]), equals=1 - sigmoid(x[n] + y[n]))
    p.claim("tanh", lhs=tanh(u[n]), equals=2 * sigmoid(2 * x[n] + 2 * y[n]) - 1)
    w = p.let("w", n, x[n] ** 2)
    L = p.let("L", (), Sum(w[n] * tanh(u[n]), n))
    p.claim("dw", of=L, wrt=w[k], equals=2 * sigmoid(2 * x[k] + 2 * y[k]) - 1)
    v = p.let("v", n, exp(u[n]))
    p.claim("log", lhs=log(v[n]), equals=x[n] + y[n])
    assert all(r.ok for r in p.prove())


def test_relations_between_functions_that_both_engines_know():
    p = Derivation("more relations")
    s, x, v = p.scalar("s"), p.tensor("x", N), p.positive(p.tensor("v", N))
    a, W, z = p.tensor("a", N, M), p.tensor("W", D, M), p.tensor("z", N)
    m, i, u = index("m", M), index("i", M), index("u", 2)
    q = p.let("q", (n, m), exp(a[n, m]) / Sum(exp(a[n, i]), i))
    shifted = a[n, m] - z[n] - log(Sum(exp(a[n, i] - z[n]), i))
    p.claim("log-sum-exp", lhs=log(q[n, m]), equals=shifted)
    p.claim("log of an inverse", lhs=log(1 / (1 + exp(s))), equals=-log(1 + exp(s)))
    p.claim("softplus", lhs=log(exp(s) / (1 + exp(s))), equals=s - log(1 + exp(s)))
    p.claim("log of sigmoid", lhs=log(sigmoid(s)), equals=-log(1 + exp(-s)))
    p.claim("odds", lhs=sigmoid(s) / (1 - sigmoid(s)), equals=exp(s))
    p.claim("log-odds", lhs=log(sigmoid(s) / (1 - sigmoid(s))), equals=s)
    p.claim("logit", lhs=sigmoid(log(v[n]) - log(1 - v[n])), equals=v[n])
    p.claim("a delta in exp", lhs=Sum(exp(x[n] * delta(u, 0)), u), equals=1 + exp(x[n]))
    stable = exp(-relu(-x[n])) / (1 + exp(-absolute(x[n])))
    p.claim("stable sigmoid", lhs=stable, equals=sigmoid(x[n]))
    half = Sum((1 + tanh(a[n, m])) * W[d, m] / 2, m)
    p.claim("under a sum", lhs=Sum(sigmoid(2 * a[n, m]) * W[d, m], m), equals=half)
    p.claim("not above zero", lhs=1 - step(-relu(x[n])), equals=1)
    assert all(r.ok for r in p.prove())


def test_two_deltas_in_one_sum():
    p = Derivation("two deltas")
    q, y = p.tensor("q", N), index("y", N)
    L = p.let("L", y, -Sum(delta(n, y) * log(q[n]), n))
    p.claim("by y", of=L[y], wrt=q[k], equals=-delta(k, y) / q[y]).prove()
    p.claim("by k", of=L[y], wrt=q[k], equals=-delta(k, y) / q[k]).prove()
    t = p.positive(p.tensor("t", N))
    gate = identity(N) * diag(elementwise(step, t))
    assert p.claim("gate", lhs=gate, equals=identity(N)).verify().verdict == "proved"


def test_the_order_of_summation_does_not_matter():
    p = Derivation("convolution theorem")
    w, e, x = (p.tensor(name, ZZ) for name in "wex")
    a, u, b = index("a u b", ZZ)
    body, product = w[a] * e[a] * x[u - a] * e[u - a], Sum(w[a] * e[a], a) * Sum(x[b] * e[b], b)
    p.claim("a first", lhs=Sum(body, a, u), equals=product).prove(mutants=5)
    p.claim("u first", lhs=Sum(body, u, a), equals=product).prove(mutants=5)


def test_names_must_be_declared():
    p, other = Derivation("one"), Derivation("other")
    x, y = p.tensor("x", N), other.tensor("y", N)
    for statement in (
        lambda: p.claim("of", of=sp.Symbol("S"), wrt=x, equals=x),
        lambda: p.claim("of", of=y[n], wrt=x[k], equals=0),
        lambda: p.claim("equals", of=x[n], wrt=x[k], equals=y[n] * delta(n, k)),
        lambda: p.let("z", n, y[n]),
        lambda: p.of("S"),
    ):
        with pytest.raises(DimensionError, match=r"one: [Sy] is not declared"):
            statement()
    assert p.claim("sizes are", lhs=Sum(x[n], k), equals=N * x[n]).prove().ok


def test_a_wider_window_is_tried_before_a_claim_over_the_integers_is_refuted():
    p = Derivation("three convolutions")
    x, w = p.tensor("x", ZZ), p.tensor("w", ZZ)
    a, e = index("a e", ZZ)
    y = x
    for name in ("y1", "y2", "y3"):
        y = p.let(name, e, Sum(w[a] * y[e - a], a))
    total = Sum(w[a], a) ** 3 * Sum(x[e], e)
    p.claim("total", lhs=Sum(y[e], e), equals=total).prove(mutants=5)


def test_a_zero_gradient_is_vacuous_unless_it_is_stated():
    p = Derivation("vacuous")
    s = p.tensor("s", N)
    y = p.let("y", n, exp(s[n]) / Sum(exp(s[k]), k))
    L = p.let("L", (), Sum(y[n], n))  # a loss of ones on softmax is constant
    with pytest.raises(ProofError, match="vacuous"):
        p.claim("ds", of=L, wrt=s[k], equals=0).prove()
    assert p.claim("meant", of=L, wrt=s[k], equals=0, zero=True).prove().ok


def test_wrt_may_be_defined():
    p = Derivation("intermediate")
    x = p.tensor("x", N)
    a = p.let("a", n, x[n] ** 2)
    y = p.let("y", n, tanh(a[n]))
    dy, L = p.upstream(y)
    p.claim("da", of=L, wrt=a[k], equals=dy[k] * (1 - y[k] ** 2))
    p.claim("dx", of=L, wrt=x[k], equals=dy[k] * (1 - y[k] ** 2) * 2 * x[k])
    p.prove()


def test_an_immediate_derivative_holds_other_names_fixed():
    p = Derivation("immediate")
    x = p.tensor("x", N)
    a = p.let("a", n, x[n] ** 2)
    L = p.let("L", (), Sum(a[n] * x[n], n))
    p.claim("immediate", of=L, wrt=x[k], equals=a[k], total=False).prove()
    p.claim("total", of=L, wrt=x[k], equals=3 * a[k]).prove()
    p.claim("confused", of=L, wrt=x[k], equals=a[k]).refute()


def test_a_gradient_at_a_defined_mean_may_use_its_definition():
    p = Derivation("mean")
    x = p.tensor("x", N)
    mu = p.let("mu", (), Sum(x[n], n) / N)
    v = p.let("v", (), Sum((x[n] - mu) ** 2, n) / N)
    p.claim("dmu", of=v, wrt=mu, equals=0, zero=True).prove()


def test_a_stride_is_symbolic():
    p = Derivation("stride")
    s = p.integer("s")
    a, e, c = index("a e c", ZZ)
    x, w, g = (p.tensor(name, ZZ) for name in "xwg")
    L = p.let("L", (), Sum(g[e] * w[a] * x[s * e + a], e, a))
    p.claim("dx", of=L, wrt=x[c], equals=Sum(g[e] * w[c - s * e], e)).prove()
    p.claim("dw", of=L, wrt=w[c], equals=Sum(g[e] * x[s * e + c], e)).prove()
    r = p.claim("stride forgotten", of=L, wrt=x[c], equals=Sum(g[e] * w[c - e], e)).refute()
    assert r.counterexample["sizes"]["s"] > 1


def test_channels_and_a_link_table():
    C, K = dims("C K")
    i, j, o = index("i", C), index("j", K), index("o", C)
    a, e, b = index("a e b", ZZ)
    p = Derivation("channels")
    x, w, g = p.tensor("x", C, ZZ), p.tensor("w", K, C, ZZ), p.tensor("g", K, ZZ)
    link = p.tensor("T", K, C)
    L = p.let("L", (), Sum(g[j, e] * link[j, i] * w[j, i, a] * x[i, e - a], j, i, e, a))
    p.claim("dx", of=L, wrt=x[o, b], equals=Sum(link[j, o] * w[j, o, e - b] * g[j, e], j, e))
    q = index("q", K)
    p.claim("dw", of=L, wrt=w[q, o, b], equals=link[q, o] * Sum(g[q, e] * x[o, e - b], e))
    assert all(r.ok for r in p.prove())


@pytest.mark.parametrize("left", [sqrt(4), 2])
def test_an_identity_between_index_expressions(left):
    p = Derivation("identity")
    x = p.tensor("x", N)
    p.claim("binomial", lhs=(x[n] + 1) ** 2, equals=x[n] ** 2 + left * x[n] + 1).prove()
    p.claim("wrong", lhs=(x[n] + 1) ** 2, equals=x[n] ** 2 + 1).refute()


def test_an_identity_between_matrices():
    p = Derivation("matrices")
    A, B = p.tensor("A", N, D), p.tensor("B", D, M)
    p.claim("transpose", lhs=(A * B).T, equals=B.T * A.T).prove()
    p.claim("ones", lhs=A * ones(D), equals=A @ ones(D)).prove()
    with pytest.raises(DimensionError, match=r"left side has shape \(M, N\), .* \(N, M\)"):
        p.claim("shape", lhs=(A * B).T, equals=A * B)


def test_a_formula_that_is_wrong_only_at_a_kink_is_refuted_there():
    p = Derivation("kink")
    x = p.tensor("x", N)
    report = p.claim("sum", lhs=step(x[n]) + step(-x[n]), equals=1).refute()
    assert report.reason == "the formulas differ at a kink"
    assert p.claim("abs", lhs=absolute(x[n]), equals=relu(x[n]) + relu(-x[n])).prove().ok


def test_what_the_proof_engine_cannot_do_is_checked_and_not_proved():
    p = Derivation("common denominator in a sum")
    x, c = p.tensor("x", N), p.scalar("c")
    claim = p.claim("N", lhs=Sum(x[n] / (x[n] + c) + c / (x[n] + c), n), equals=N)
    report = claim.verify()
    assert report.verdict == "checked" and not report.general and not report.ok
    with pytest.raises(ProofError, match="checked on random instances"):
        claim.prove()


def test_a_division_by_zero_is_undecided():
    p = Derivation("zero")
    x = p.tensor("x", N)
    zero = Sum(x[n], n) - Sum(x[k], k)
    assert p.claim("1/0", lhs=1 / zero, equals=x[k] / zero * 0).verify().verdict == "undecided"


def test_a_time_limit_gives_no_verdict(batch_norm):
    report = batch_norm.claims["dx"].verify(limit=0.0)
    assert report.verdict == "undecided" and "within 0 s" in report.reason


def test_verdicts_do_not_depend_on_the_run(linear):
    claim = linear.claims["dW"]
    first, again = claim.verify(mutants=True), claim.verify(mutants=True)
    first.seconds = again.seconds = 0.0
    assert first == again
    wrong = claim.altered(claim.equals * 2)
    assert wrong.verify().counterexample == wrong.verify().counterexample


@pytest.mark.parametrize("name", ALL)
def test_the_formula_on_arrays_agrees_with_central_differences(name, request):
    p = request.getfixturevalue(name)
    rng = np.random.default_rng(1)
    sizes = {"N": 3, "D": 4, "M": 2, "C": 5, "ZZ": 3}
    arrays = {t.name: rng.uniform(0.5, 1.5, [sizes[str(s)] for s in t.shape]) for t in p.given()}
    if "t" in arrays:
        arrays["t"] /= arrays["t"].sum()
    for claim in p.claims.values():
        w = claim.wrt_tensor.name
        formula = claim.numpy(**arrays)
        for at in np.ndindex(*arrays[w].shape):
            ends = []
            for h in (1e-6, -1e-6):
                moved = dict(arrays, **{w: arrays[w].copy()})
                moved[w][at] += h
                ends.append(p.numpy("L", **moved))
            assert formula[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


def test_sizes_that_contradict_each_other_raise(linear):
    with pytest.raises(ValueError, match="size 3 of D, but it is 4"):
        linear.numpy("y", x=np.ones((2, 4)), W=np.ones((5, 3)), b=np.ones(5))


def test_upstream_gradients_of_several_outputs_share_a_loss():
    p = Derivation("two outputs")
    x = p.tensor("x", N)
    y, z = p.let("y", n, x[n] ** 2), p.let("z", n, log(x[n]))
    dy, dz, L = p.upstream(y, z)
    p.claim("dx", of=L, wrt=x[k], equals=2 * dy[k] * x[k] + dz[k] / x[k]).prove()
    g, loss = p.upstream(y, "g", "z2")
    assert (g.name, str(loss)) == ("g", "z2")
