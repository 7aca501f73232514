"""Derivations that many tests use, built anew for each."""

import pytest

from backprop.proofs import (
    ZZ,
    Derivation,
    Recurrence,
    Sum,
    dims,
    exp,
    function,
    index,
    log,
    sigmoid,
    sqrt,
    tanh,
)


@pytest.fixture
def linear():
    N, D, M = dims("N D M")
    n, d = index("n", N), index("d", D)
    m, k = index("m k", M)
    p = Derivation("linear")
    x, W, b = p.tensor("x", N, D), p.tensor("W", M, D), p.tensor("b", M)
    y = p.let("y", (n, m), Sum(x[n, d] * W[m, d], d) + b[m])
    dy, L = p.upstream(y)
    p.claim("dx", of=L, wrt=x, equals=dy * W)
    p.claim("dW", of=L, wrt=W, equals=dy.T * x)
    p.claim("db", of=L, wrt=b[k], equals=Sum(dy[n, k], n))
    return p


@pytest.fixture
def cross_entropy():
    C = dims("C")
    i, j, k = index("i j k", C)
    p = Derivation("softmax and cross-entropy")
    s, t = p.tensor("s", C), p.distribution(p.tensor("t", C))
    y = p.let("y", i, exp(s[i]) / Sum(exp(s[j]), j))
    L = p.let("L", (), -Sum(t[i] * log(y[i]), i))
    p.claim("ds", of=L, wrt=s[k], equals=y[k] - t[k])
    return p


@pytest.fixture
def batch_norm():
    N, D = dims("N D")
    n, m, k = index("n m k", N)
    d, e = index("d e", D)
    p = Derivation("batch norm")
    x, gamma, beta = p.tensor("x", N, D), p.tensor("gamma", D), p.tensor("beta", D)
    epsilon = p.scalar("epsilon", positive=True)
    mu = p.let("mu", d, Sum(x[n, d], n) / N)
    v = p.let("v", d, Sum((x[n, d] - mu[d]) ** 2, n) / N)
    u = p.let("u", (n, d), (x[n, d] - mu[d]) / sqrt(v[d] + epsilon))
    y = p.let("y", (n, d), gamma[d] * u[n, d] + beta[d])
    dy, L = p.upstream(y)
    centred = dy[k, e] - Sum(dy[n, e], n) / N - u[k, e] * Sum(dy[m, e] * u[m, e], m) / N
    p.claim("dx", of=L, wrt=x[k, e], equals=gamma[e] / sqrt(v[e] + epsilon) * centred)
    p.claim("dgamma", of=L, wrt=gamma[e], equals=Sum(dy[n, e] * u[n, e], n))
    p.claim("dbeta", of=L, wrt=beta[e], equals=Sum(dy[n, e], n))
    return p


@pytest.fixture
def convolution():
    a, b, c, d, e, f = index("a b c d e f", ZZ)
    p = Derivation("convolution")
    x, w, g = (p.tensor(name, ZZ, ZZ) for name in "xwg")
    y = p.let("y", (e, f), Sum(x[a, b] * w[e - a, f - b], a, b))
    L = p.let("L", (), Sum(g[e, f] * y[e, f], e, f))
    p.claim("dx", of=L, wrt=x[c, d], equals=Sum(g[a, b] * w[a - c, b - d], a, b))
    p.claim("dw", of=L, wrt=w[c, d], equals=Sum(g[a, b] * x[a - c, b - d], a, b))
    return p


@pytest.fixture
def rnn():
    H, D = dims("H D")
    i, j, m = index("i j m", H)
    d = index("d", D)
    f, df = function("f"), function("f'")
    p = Derivation("RNN with a skip connection")
    h, x, skip = p.tensor("h", H), p.tensor("x", D), p.scalar("lambda")
    W, U, b = p.tensor("W", H, H), p.tensor("U", H, D), p.tensor("b", H)
    a = p.let("a", i, Sum(W[i, j] * h[j], j) + Sum(U[i, d] * x[d], d) + b[i])
    h1 = p.let("h1", i, skip * h[i] + f(a[i]))
    dh, L = p.upstream(h1, "dh1", "L")
    da = p.let("da", i, dh[i] * df(a[i]))
    p.claim("dh", of=L, wrt=h[m], equals=skip * dh[m] + Sum(da[j] * W[j, m], j))
    p.claim("dx", of=L, wrt=x, equals=U.T * da)
    p.claim("dW", of=L, wrt=W, equals=da * h.T)
    p.claim("dU", of=L, wrt=U, equals=da * x.T)
    p.claim("db", of=L, wrt=b, equals=da)
    p.claim("dlambda", of=L, wrt=skip, equals=Sum(dh[i] * h[i], i))
    return Recurrence(p, state={h: h1}, upstream={h1: dh}, parameters=[W, U, b, skip], inputs=[x])


def gates(p, names, H, D, h, x, i):
    """Return weights and pre-activations of gates that read the same state and input."""
    j, d = index("j", H), index("d", D)
    weights, a = {}, {}
    for g in names:
        W, U, b = p.tensor(f"W{g}", H, H), p.tensor(f"U{g}", H, D), p.tensor(f"b{g}", H)
        weights[g] = W, U, b
        a[g] = Sum(W[i, j] * h(j), j) + Sum(U[i, d] * x[d], d) + b[i]
    return weights, a


@pytest.fixture
def gru():
    H, D = dims("H D")
    i, m = index("i m", H)
    p = Derivation("GRU")
    h, x = p.tensor("h", H), p.tensor("x", D)
    w, a = gates(p, "rz", H, D, lambda j: h[j], x, i)
    r, z = (p.let(g, i, sigmoid(a[g])) for g in "rz")
    wc, ac = gates(p, "c", H, D, lambda j: r[j] * h[j], x, i)
    w |= wc
    c = p.let("c", i, tanh(ac["c"]))
    h1 = p.let("h1", i, (1 - z[i]) * h[i] + z[i] * c[i])
    dh, L = p.upstream(h1, "dh1", "L")
    da = {"c": p.let("dac", i, dh[i] * z[i] * (1 - c[i] ** 2))}
    da["z"] = p.let("daz", i, dh[i] * (c[i] - h[i]) * z[i] * (1 - z[i]))
    back = p.let("back", m, Sum(da["c"][i] * w["c"][0][i, m], i))  # the gradient on r * h
    da["r"] = p.let("dar", m, back[m] * h[m] * r[m] * (1 - r[m]))
    constant = dh[m] * (1 - z[m]) + back[m] * r[m] + Sum(da["z"][i] * w["z"][0][i, m], i)
    p.claim("dh", of=L, wrt=h[m], equals=constant + Sum(da["r"][i] * w["r"][0][i, m], i))
    p.claim(
        "dx",
        of=L,
        wrt=x,
        equals=w["r"][1].T * da["r"] + w["z"][1].T * da["z"] + w["c"][1].T * da["c"],
    )
    k, s = index("k s", H)
    for g, (W, U, b) in w.items():
        read = r[s] * h[s] if g == "c" else h[s]
        p.claim(f"dW{g}", of=L, wrt=W[k, s], equals=da[g][k] * read)
        p.claim(f"dU{g}", of=L, wrt=U, equals=da[g] * x.T)
        p.claim(f"db{g}", of=L, wrt=b, equals=da[g])
    p.claim("dh, reset gate constant", of=L, wrt=h[m], equals=constant)
    every = [t for gate in w.values() for t in gate]
    return Recurrence(p, state={h: h1}, upstream={h1: dh}, parameters=every, inputs=[x])


@pytest.fixture
def lstm():
    H, D = dims("H D")
    i, m = index("i m", H)
    p = Derivation("LSTM")
    h, c, x = p.tensor("h", H), p.tensor("c", H), p.tensor("x", D)
    w, a = gates(p, "ifog", H, D, lambda j: h[j], x, i)
    gi, gf, go = (p.let(f"g{g}", i, sigmoid(a[g])) for g in "ifo")
    gg = p.let("gg", i, tanh(a["g"]))
    c1 = p.let("c1", i, gf[i] * c[i] + gi[i] * gg[i])
    s = p.let("s", i, tanh(c1[i]))
    h1 = p.let("h1", i, go[i] * s[i])
    dh, dc, L = p.upstream(h1, c1, "dh1", "dc1", "L")
    dC = p.let("dC", i, dc[i] + dh[i] * go[i] * (1 - s[i] ** 2))
    da = {"i": p.let("dai", i, dC[i] * gg[i] * gi[i] * (1 - gi[i]))}
    da["f"] = p.let("daf", i, dC[i] * c[i] * gf[i] * (1 - gf[i]))
    da["o"] = p.let("dao", i, dh[i] * s[i] * go[i] * (1 - go[i]))
    da["g"] = p.let("dag", i, dC[i] * gi[i] * (1 - gg[i] ** 2))
    j = index("j", H)
    p.claim("dh", of=L, wrt=h[m], equals=sum(Sum(da[g][j] * w[g][0][j, m], j) for g in w))
    p.claim("dc", of=L, wrt=c[m], equals=dC[m] * gf[m])
    n = index("n", D)
    p.claim("dx", of=L, wrt=x[n], equals=sum(Sum(da[g][j] * w[g][1][j, n], j) for g in w))
    for g, (W, U, b) in w.items():
        p.claim(f"dW{g}", of=L, wrt=W, equals=da[g] * h.T)
        p.claim(f"dU{g}", of=L, wrt=U, equals=da[g] * x.T)
        p.claim(f"db{g}", of=L, wrt=b, equals=da[g])
    every = [t for gate in w.values() for t in gate]
    return Recurrence(
        p, state={h: h1, c: c1}, upstream={h1: dh, c1: dc}, parameters=every, inputs=[x]
    )
