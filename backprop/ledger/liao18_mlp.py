"""Liao18, the perceptron with one hidden layer: the claims of rows MLP-1 to MLP-15.

Inputs n are N, hidden units k are M, outputs j are C, examples e are E (the document's N').
A formula with an index of the wrong kind is stated twice: literally, where its shapes do
not fit, and for layers of equal width, where they fit and the values are wrong.
"""

from __future__ import annotations

from typing import Any

from backprop.ledger.case import Case, Evidence, ill_typed, row
from backprop.proofs import Derivation, Sum, Tensor, diag, dims, elementwise, function, index, log
from backprop.proofs.tensors import Matrix

N, M, C, E = dims("N M C E")
f1, df1 = function("f_1"), function("f_1'")
f2, df2 = function("f_2"), function("f_2'")


class Perceptron:
    """The network of rows 3 to 5 with the indices set right, for one example.

    Parameters
    ----------
    N, M, C : dimension
        The widths; equal ones may be asked for.
    shared : bool
        Put the bias of row 4 inside the sum over the hidden units.
    linear : bool
        Take the identity for f_2.
    """

    def __init__(
        self, N: Any = N, M: Any = M, C: Any = C, shared: bool = False, linear: bool = False
    ) -> None:
        self.n: Any = index("n", N)
        k, self.r = index("k r", M)
        j, self.s = index("j s", C)
        self.k, self.j = k, j
        p = self.p = Derivation("perceptron with one hidden layer")
        self.x, self.t = p.tensor("x", N), p.tensor("t", C)
        self.W1, self.b1 = p.tensor("W1", M, N), p.tensor("b1", M)
        self.W2, self.b2 = p.tensor("W2", C, M), p.tensor("b2", M if shared else C)
        self.a1 = p.let("a1", k, self.in1(k) + self.b1[k])
        self.z = p.let("z", k, f1(self.a1[k]))
        weighted = self.W2[j, k] * self.z[k]
        outside = Sum(weighted, k) + (0 if shared else self.b2[j])
        self.a2 = p.let("a2", j, Sum(weighted + self.b2[k], k) if shared else outside)
        self.y = p.let("y", j, self.a2[j] if linear else f2(self.a2[j]))

    def in1(self, k: Any) -> Any:
        """Return what reaches hidden unit k before its bias."""
        return Sum(self.W1[k, self.n] * self.x[self.n], self.n)

    def in2(self, j: Any) -> Any:
        """Return what reaches output j before its bias."""
        return Sum(self.W2[j, self.r] * self.z[self.r], self.r)

    def cross_entropy(self) -> Any:
        """Define the loss of row 5."""
        return self.p.let("L", (), -Sum(self.t[self.j] * log(self.y[self.j]), self.j))


def examples() -> tuple[Derivation, Tensor, Tensor]:
    """Return targets and outputs of E examples."""
    p = Derivation("loss of E examples")
    return p, p.tensor("t", E, C), p.tensor("yhat", E, C)


@row("Liao18-MLP-1")
def _() -> Case:
    p, t, y = examples()
    i, e = index("i", N), index("e", E)
    j, s = index("j s", C)
    L = p.let("L", e, -Sum(t[e, j] * log(y[e, j]), j))
    total = p.let("J", (), Sum(L[e], e))
    return Case(
        printed=[ill_typed(lambda: p.let("L_N", e, -Sum(t[e, i] * log(y[e, i]), i)))],
        corrected=[p.claim("dL/dy", of=total, wrt=y[e, s], equals=-t[e, s] / y[e, s])],
    )


def squared(W: Tensor) -> Matrix:
    """Return W^T W."""
    return W.T * W


def trace(A: Matrix) -> Any:
    """Return the trace."""
    d = index("d", A.entries[0])
    return Sum(A.entry(d, d), d)


@row("Liao18-MLP-2")
def _() -> Case:
    p, q = Derivation("weight decay"), Derivation("weight decay, N = M")
    decay = p.scalar("lambda")
    W1, W2 = p.tensor("W1", M, N), p.tensor("W2", C, M)
    R = p.let("R", (), decay / 2 * (trace(squared(W1)) + trace(squared(W2))))
    V1, V2 = q.tensor("W1", M, M), q.tensor("W2", C, M)
    together, apart = trace(squared(V1) + squared(V2)), trace(squared(V1)) + trace(squared(V2))
    return Case(
        printed=[
            ill_typed(lambda: squared(W1) + squared(W2)),
            ill_typed(lambda: W2.T * (W2 * W2)),
        ],
        corrected=[
            p.claim("decay of W1", of=R, wrt=W1, equals=decay * W1),
            p.claim("decay of W2", of=R, wrt=W2, equals=decay * W2),
        ],
        special=[q.claim("N = M", lhs=together, equals=apart)],
    )


@row("Liao18-MLP-4")
def _() -> Case:
    c = Perceptron()
    b = c.p.tensor("b_M", M)
    i = index("i", N)
    return Case(
        printed=[
            ill_typed(lambda: c.p.let("y_i", i, f2(c.in2(c.j) + c.b2[c.j]))),
            ill_typed(lambda: c.p.let("y_k", c.j, f2(c.in2(c.j) + c.b2[c.k]))),
            ill_typed(lambda: c.p.let("y_b", c.j, f2(c.in2(c.j) + b[c.k]))),
        ],
        corrected=[
            c.p.claim(
                "each bias moves its own output",
                of=c.y,
                wrt=c.b2,
                equals=diag(elementwise(df2, c.a2)),
                layout="jacobian",
            )
        ],
    )


@row("Liao18-MLP-5")
def _() -> Case:
    c = Perceptron()
    i = index("i", N)
    L = c.cross_entropy()
    return Case(
        printed=[ill_typed(lambda: c.p.let("L_i", (), -Sum(c.t[c.j] * log(c.y[c.j]), i)))],
        corrected=[c.p.claim("dL/dy", of=L, wrt=c.y[c.s], equals=-c.t[c.s] / c.y[c.s])],
    )


def step(rows: Any, columns: Any, decayed: bool) -> Case:
    """Compare the printed change of a parameter with -eta times the gradient of the loss."""
    p = Derivation("a step of gradient descent")
    eta, decay = p.scalar("eta lambda", positive=True)
    shape = (rows, columns) if decayed else (rows,)
    w, G = p.tensor("w", *shape), p.tensor("G", *shape)
    at = tuple(index(name, dim) for name, dim in zip("kn", shape, strict=False))
    norm = decay / 2 * Sum(w[at] ** 2, *at) if decayed else 0
    down = p.let("S", (), -eta * (Sum(G[at] * w[at], *at) + norm))
    if not decayed:
        return Case(
            printed=[p.claim("step", of=down, wrt=w, equals=eta * G)],
            corrected=[p.claim("down", of=down, wrt=w, equals=-eta * G)],
        )
    return Case(
        printed=[
            p.claim("dL of the data", of=down, wrt=w, equals=eta * G + decay * w),
            p.claim("dL of all", of=down, wrt=w, equals=eta * (G + decay * w) + decay * w),
        ],
        corrected=[p.claim("down", of=down, wrt=w, equals=-eta * (G + decay * w))],
    )


@row("Liao18-MLP-6")
def _() -> Case:
    return step(M, N, decayed=True)


@row("Liao18-MLP-7")
def _() -> Case:
    return step(C, M, decayed=True)


@row("Liao18-MLP-8")
def _() -> Case:
    return step(M, None, decayed=False)


@row("Liao18-MLP-9")
def _() -> Case:
    c = Perceptron()
    p = Derivation("bias step, M = C")
    j = index("j", C)
    eta = p.scalar("eta", positive=True)
    b1, b2, G1, G2 = (p.tensor(name, C) for name in ("b1", "b2", "G1", "G2"))
    return Case(
        printed=[
            p.claim("M = C", lhs=b2[j] - eta * G2[j], equals=b1[j] + eta * G1[j]),
            ill_typed(lambda: c.b1[c.j]),
        ],
        corrected=step(C, None, decayed=False).corrected,
    )


@row("Liao18-MLP-10")
def _() -> Case:
    c = Perceptron()
    L = c.cross_entropy()
    i, s = index("i", N), c.s
    minus = c.p.let("minus_L", (), -L)
    carried = c.p.let("dy", c.j, c.t[c.j] / c.y[c.j] * df2(c.a2[c.j]))
    dz = c.p.let("dz", c.k, Sum(carried[c.j] * c.W2[c.j, c.k], c.j))
    dW1 = dz[c.r] * df1(c.a1[c.r]) * c.x[c.n]
    return Case(
        printed=[
            c.p.claim("i read as j", of=L, wrt=c.y[s], equals=c.t[s] / c.y[s]),
            ill_typed(lambda: c.y[i]),
        ],
        corrected=[c.p.claim("minus", of=L, wrt=c.y[s], equals=-c.t[s] / c.y[s])],
        pieces=[
            c.p.claim(
                "what (10) makes of dL/dW2",
                of=minus,
                wrt=c.W2[s, c.k],
                equals=carried[s] * c.z[c.k],
            ),
            c.p.claim("what (10) makes of dL/dW1", of=minus, wrt=c.W1[c.r, c.n], equals=dW1),
        ],
    )


def upstream(c: Perceptron, at: Tensor) -> tuple[Any, Tensor]:
    """Return an opaque loss of y or of z, and its gradient there."""
    g, loss = c.p.upstream(at, "g", "loss")
    return loss, g


@row("Liao18-MLP-11")
def _() -> Case:
    c, shared = Perceptron(), Perceptron(shared=True)
    (L, g), (shared_L, shared_g) = upstream(c, c.y), upstream(shared, shared.y)
    j, s = c.j, c.s
    J = c.p.let("J", (j, s), diag(elementwise(df2, c.a2)).entry(j, s))
    summed = Sum(g[j] * df2(c.in2(j) + c.b2[s]), j)
    all_outputs = Sum(shared_g[shared.j] * df2(shared.a2[shared.j]), shared.j)
    return Case(
        printed=[
            c.p.claim("k read as an output", of=L, wrt=c.b2[s], equals=summed),
            ill_typed(lambda: c.b2[c.k]),
        ],
        corrected=[
            c.p.claim("own output", of=L, wrt=c.b2[s], equals=g[s] * df2(c.in2(s) + c.b2[s]))
        ],
        pieces=[c.p.claim("first equality", of=L, wrt=c.b2, equals=J.T * g)],
        special=[
            shared.p.claim(
                "one bias for all", of=shared_L, wrt=shared.b2[shared.k], equals=all_outputs
            )
        ],
    )


@row("Liao18-MLP-12")
def _() -> Case:
    c, square, shared = Perceptron(), Perceptron(M=C), Perceptron(shared=True)

    def claim(c: Perceptron, name: str, inside: Any) -> Any:
        L, g = upstream(c, c.y)
        equals = g[c.s] * df2(inside) * c.z[c.k]
        return c.p.claim(name, of=L, wrt=c.W2[c.s, c.k], equals=equals)

    return Case(
        printed=[
            claim(square, "M = C", square.in2(square.s) + square.b2[square.k]),
            ill_typed(lambda: c.b2[c.k]),
        ],
        corrected=[claim(c, "bias of output j", c.in2(c.s) + c.b2[c.s])],
        special=[claim(shared, "one bias for all", shared.a2[shared.s])],
    )


@row("Liao18-MLP-13")
def _() -> Case:
    c, linear = Perceptron(), Perceptron(linear=True)
    (L, g), (linear_L, linear_g) = upstream(c, c.y), upstream(linear, linear.y)
    J = c.p.let("J", (c.j, c.k), df2(c.a2[c.j]) * c.W2[c.j, c.k])
    right = Sum(g[c.j] * df2(c.a2[c.j]) * c.W2[c.j, c.k], c.j)
    return Case(
        printed=[
            c.p.claim("first equality", of=L, wrt=c.z, equals=J.T * g),
            c.p.claim("second equality", of=L, wrt=c.z, equals=c.W2.T * g),
        ],
        corrected=[c.p.claim("with f_2'", of=L, wrt=c.z[c.k], equals=right)],
        special=[
            linear.p.claim(
                "f_2 the identity", of=linear_L, wrt=linear.z, equals=linear.W2.T * linear_g
            )
        ],
    )


@row("Liao18-MLP-14")
def _() -> Case:
    c = Perceptron()
    L, g = upstream(c, c.z)
    i, k, r = index("i", N), c.k, c.r
    J = c.p.let("J", (k, r), diag(elementwise(df1, c.a1)).entry(k, r))
    summed = Sum(g[k] * df1(c.in1(k) + c.b1[r]), k)
    return Case(
        printed=[
            c.p.claim("i read as a hidden unit", of=L, wrt=c.b1[r], equals=summed),
            ill_typed(lambda: c.b1[i]),
        ],
        corrected=[c.p.claim("own unit", of=L, wrt=c.b1[r], equals=g[r] * df1(c.in1(r) + c.b1[r]))],
        pieces=[c.p.claim("first equality", of=L, wrt=c.b1, equals=J.T * g)],
    )


@row("Liao18-MLP-15")
def _() -> Case:
    c, square = Perceptron(), Perceptron(N=M)

    def claim(c: Perceptron, name: str, at: Any, m: Any) -> Evidence:
        L, g = upstream(c, c.z)
        inside = Sum(c.W1[c.r, m] * c.x[m], m) + at
        equals = g[c.r] * df1(inside) * c.x[c.n]
        made: Evidence = c.p.claim(name, of=L, wrt=c.W1[c.r, c.n], equals=equals)
        return made

    return Case(
        printed=[
            claim(square, "N = M", square.b1[square.n], index("m", M)),
            ill_typed(lambda: c.b1[c.n]),
        ],
        corrected=[claim(c, "bias of unit k", c.b1[c.r], index("m", N))],
    )
