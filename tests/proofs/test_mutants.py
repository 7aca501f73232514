"""Mutants: every kind is made, wrong ones are refuted, equal ones are recognised."""

from functools import partial

import pytest

from backprop.proofs import (
    ZZ,
    Derivation,
    ProofError,
    Sum,
    dims,
    elementwise,
    exact,
    exp,
    function,
    hadamard,
    index,
    log,
    mutants,
    prover,
    relu,
    step,
    tanh,
)

N, M = dims("N M")
i, j, k = index("i j k", N)


def test_kinds_of_mutants(linear, convolution, batch_norm):
    kinds = {
        kind
        for p in (linear, convolution, batch_norm)
        for claim in p.claims.values()
        for kind, _ in claim.mutants()
    }
    assert kinds >= {
        "sign", "doubled", "plus one", "zero", "mean for sum", "sign of a term", "term dropped",
        "term doubled", "factor dropped", "factor squared",
        "exponent changed", "wrong index", "shifted", "flipped", "transposed", "another tensor",
        "another scalar",
    }  # fmt: skip


def test_a_wrong_size_is_a_mutant():
    p = Derivation("mean")
    x = p.tensor("x", N, M)
    a, b = index("a", N), index("b", M)
    L = p.let("L", (), Sum(x[a, b] ** 2, a, b) / (2 * N))
    claim = p.claim("dx", of=L, wrt=x, equals=x / N)
    assert {"another size", "exponent changed"} <= {kind for kind, _ in claim.mutants()}
    assert claim.prove().ok
    half = claim.altered(claim.equals / 2)
    assert "coefficient changed" in {kind for kind, _ in half.mutants()}


def test_a_mutant_that_is_equal_is_counted_apart():
    p = Derivation("symmetric")
    x = p.tensor("x", N)
    L = p.let("L", (), Sum(x[i] * x[j], i, j))
    report = p.claim("dx", of=L, wrt=x[k], equals=Sum(x[i], i) + Sum(x[j], j)).prove()
    assert report.equal == 0
    A = p.tensor("A", N, N)
    q = p.let("q", (i, j), A[i, j] + A[j, i])
    report = p.claim("symmetric", lhs=q[i, j] * x[i], equals=q[j, i] * x[i]).prove()
    assert report.equal == 1  # q transposed
    assert "1 equal to the original" in str(report)


def test_a_survivor_fails_the_proof(linear, monkeypatch):
    monkeypatch.setattr(mutants, "refuted", lambda e, tests: False)
    with pytest.raises(ProofError, match="SURVIVED"):
        linear.claims["db"].prove()


def test_a_claim_without_a_refutable_mutant_fails(linear, monkeypatch):
    monkeypatch.setattr(mutants, "of", lambda claim: iter(()))
    with pytest.raises(ProofError, match="no altered formula could be refuted"):
        linear.claims["db"].prove()


def test_a_sample_of_mutants_is_the_same_each_time(batch_norm):
    claim = batch_norm.claims["dx"]
    report = claim.prove(mutants=7)
    assert report.mutants == 7 and report.ok
    assert claim.prove(mutants=False).mutants == 0
    tests = exact.trials(claim)[1]
    assert mutants.outcome(claim, tests, 7) == mutants.outcome(claim, tests, 7)


def test_mutants_of_functions():
    p = Derivation("tanh")
    x = p.tensor("x", N)
    claim = p.claim("odd", lhs=-tanh(-x[i]), equals=tanh(x[i]))
    kinds = {kind for kind, _ in claim.mutants()}
    assert kinds >= {"function dropped", "sign of the argument", "sigmoid for tanh"}
    assert claim.prove().ok


def test_a_mutant_that_a_few_tests_miss_is_refuted_by_more():
    p = Derivation("leaky ReLU")
    x, a = p.tensor("x", N), p.scalar("a")
    y = p.let("y", i, relu(x[i]) - a * relu(-x[i]))
    claim = p.claim("sign", lhs=step(x[i]), equals=step(x[i]))
    wrong = step(y[i])  # the same as long as a is positive
    tests = [t for t in map(partial(exact.trial, claim), range(40)) if t.agrees(wrong)]
    assert len(tests) > 10 and not mutants.refuted(wrong, tests)
    assert mutants.refuted_after_all(claim, wrong, [])


def test_another_size_is_refuted_among_many_dimensions():
    letters = dims("A B C D E F G H")
    p = Derivation("many dimensions")
    for size in letters:
        p.tensor(f"x{size}", size)
    for k, size in enumerate(letters):
        v, w = index("v w", size)
        x = p.tensors[f"x{size}"]
        loss = p.let(f"L{size}", (), Sum(x[v] ** 2, v) / (2 * size))
        claim = p.claim(f"mean over {size}", of=loss, wrt=x[w], equals=x[w] / size)
        holds, tests = exact.trials(claim)
        assert holds
        for other in letters[:k] + letters[k + 1 :]:
            assert mutants.refuted(x[w] / other, tests)


def test_equal_mutants_are_recognised_where_they_were_altered():
    f, g = function("f"), function("g")
    p = Derivation("deep")
    x, A = p.tensor("x", N), p.tensor("A", N, N)
    e = f(Sum(A[i, j] * tanh(x[j]) ** 2, j)) * g(x[i]) + x[i]
    mutant = e.xreplace({tanh(x[j]): tanh(-x[j])})
    pairs = list(mutants.differences(e, mutant))
    assert pairs[0] == (e, mutant) and pairs[-1] == (x[j], -x[j])
    assert (tanh(x[j]) ** 2, tanh(-x[j]) ** 2) in pairs
    claim = p.claim("e", lhs=e, equals=e)
    tests = [exact.trial(claim, 0)]
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        prove = prover.equal
        patch.setattr(prover, "equal", lambda p, a, b: asked.append(a) or prove(p, a, b))
        assert mutants.equal(claim, mutant, tests)
    assert asked == [tanh(x[j]) ** 2]


def test_a_network_is_proved_with_its_equal_mutants_in_short_time():
    D, C = dims("D C")
    n, d, e, m, o = index("n", N), *index("d e", D), *index("m o", M)
    c, k = index("c k", C)
    p = Derivation("residual network with softmax")
    x, y = p.tensor("x", N, D), p.distribution(p.tensor("y", N, C))
    W1, W2, W3, W4 = (
        p.tensor(f"W{i}", *shape) for i, shape in enumerate([(D, D), (M, D), (M, M), (C, M)])
    )
    s = p.let("s", (n, d), Sum(relu(x[n, e]) * W1[d, e], e) + x[n, d])
    t = p.let("t", (n, m), Sum(s[n, d] * W2[m, d], d))
    r = p.let("r", (n, m), Sum(relu(t[n, o]) * W3[m, o], o) + t[n, m])
    q = p.let("q", (n, c), Sum(r[n, m] * W4[c, m], m))
    q = p.let("p", (n, c), exp(q[n, c]) / Sum(exp(q[n, k]), k))
    loss = p.let("L", (), -Sum(y[n, c] * log(q[n, c]), n, c) / N)
    g = p.let("g", (n, c), (q[n, c] - y[n, c]) / N)
    dr = p.let("dr", (n, m), Sum(g[n, c] * W4[c, m], c))
    dt = p.let("dt", (n, m), Sum(dr[n, o] * W3[o, m], o) * step(t[n, m]) + dr[n, m])
    ds = p.let("ds", (n, d), Sum(dt[n, m] * W2[m, d], m))
    report = p.claim("dx", of=loss, wrt=x, equals=hadamard(ds * W1, elementwise(step, x)) + ds)
    report = report.prove()
    assert report.equal > 0 and report.seconds < 6


def test_what_is_no_number_is_no_mutant():
    p = Derivation("poles")
    y = p.tensor("y", N)
    L = p.let("L", (), Sum(log(y[i]) - log(1 - y[i]), i))
    report = p.claim("slope", of=L, wrt=y[k], equals=1 / (y[k] * (1 - y[k]))).prove()
    assert report.mutants > 10 and not report.reason


def test_a_shifted_kernel_is_caught():
    p = Derivation("shift")
    a, b, c = index("a b c", ZZ)
    x, w, g = (p.tensor(name, ZZ) for name in "xwg")
    L = p.let("L", (), Sum(g[b] * w[a] * x[b - a], a, b))
    for formula in (w[b - c + 1], w[c - b], w[b - c - 1]):
        p.claim(str(formula), of=L, wrt=x[c], equals=Sum(g[b] * formula, b)).refute()
