"""Mutants: every kind is made, wrong ones are refuted, equal ones are recognised."""

import pytest

from backprop.proofs import ZZ, Derivation, ProofError, Sum, dims, exact, index, mutants, tanh

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


def test_a_shifted_kernel_is_caught():
    p = Derivation("shift")
    a, b, c = index("a b c", ZZ)
    x, w, g = (p.tensor(name, ZZ) for name in "xwg")
    L = p.let("L", (), Sum(g[b] * w[a] * x[b - a], a, b))
    for formula in (w[b - c + 1], w[c - b], w[b - c - 1]):
        p.claim(str(formula), of=L, wrt=x[c], equals=Sum(g[b] * formula, b)).refute()
