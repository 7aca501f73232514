"""Ye17, batch normalisation with momentum: the claims of rows BN-1 to BN-8.

The batch size b, the momentum m and epsilon are symbols; the statistics of the step before
do not depend on the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backprop.ledger.case import Case, row
from backprop.proofs import Derivation, Sum, delta, dims, index, sqrt

B = dims("b")
i, j, k = index("i j k", B)


@dataclass
class Layer:
    """The layer for one feature, and what its gradients are made of."""

    momentum: Any = None

    def __post_init__(self) -> None:
        """State the forward equations."""
        p = self.p = Derivation("batch normalisation")
        self.m = p.scalar("m") if self.momentum is None else self.momentum
        x = self.x = p.tensor("x", B)
        self.gamma, self.beta = p.scalar("gamma", latex=r"\gamma"), p.scalar("beta", latex=r"\beta")
        before, variance = (
            p.scalar("mu_before", latex=r"\mu_{t-1}"),
            p.scalar("v_before", positive=True, latex=r"\sigma^2_{t-1}"),
        )
        self.eps = p.scalar("epsilon", positive=True, latex=r"\epsilon")
        self.before = before
        self.mean = p.let("mean", (), Sum(x[k], k) / B, latex=r"\bar x")
        self.mu = p.let("mu", (), Sum(x[k], k) / B * (1 - self.m) + self.m * before)
        spread = Sum((x[k] - self.mu) ** 2, k) / B
        self.v = p.let("v", (), spread * (1 - self.m) + self.m * variance, latex=r"\sigma^2")
        self.s = sqrt(self.v + self.eps)
        self.hat = p.let("hat", i, (x[i] - self.mu) / self.s, latex=r"\hat x")
        self.y = p.let("y", i, self.gamma * self.hat[i] + self.beta)
        self.g, self.z = p.upstream(self.y, "g", "z")
        self.dgamma = Sum(self.g[k] * self.hat[k], k)
        self.dbeta = Sum(self.g[k], k)

    def jacobian(self) -> Any:
        """Return dy_j/dx_i as it is printed."""
        x, mu, s = self.x, self.mu, self.s
        straight = self.gamma / s * (delta(i, j) - (1 - self.m) / B)
        return straight - self.gamma / B * (x[j] - mu) / s**3 * (x[i] - mu)

    def jacobian_corrected(self) -> Any:
        """Return dy_j/dx_i for every momentum."""
        x, mu, s, rest = self.x, self.mu, self.s, 1 - self.m
        straight = self.gamma / s * (delta(i, j) - rest / B)
        centred = x[i] - mu - rest * (self.mean - mu)
        return straight - self.gamma * rest / B * (x[j] - mu) / s**3 * centred

    def gradient(self, root: Any, centred: Any) -> Any:
        """Return dz/dx_i with the first square root and what dz/dgamma is multiplied by."""
        rest = (1 - self.m) / B
        return self.gamma / root * (self.g[i] - rest * self.dbeta - rest * self.dgamma * centred)

    def gradient_printed(self, root: Any = None) -> Any:
        """Return dz/dx_i as it is printed."""
        return self.gradient(root or self.s, (self.x[i] - self.mu) / self.s)

    def gradient_corrected(self) -> Any:
        """Return dz/dx_i for every momentum."""
        centred = self.x[i] - self.mu - (1 - self.m) * (self.mean - self.mu)
        return self.gradient(self.s, centred / self.s)


@row("Ye17-BN-5")
def _() -> Case:
    bn = Layer()
    return Case(printed=[bn.p.claim("dz/dgamma", of=bn.z, wrt=bn.gamma, equals=bn.dgamma)])


@row("Ye17-BN-6")
def _() -> Case:
    bn = Layer()
    return Case(printed=[bn.p.claim("dz/dbeta", of=bn.z, wrt=bn.beta, equals=bn.dbeta)])


@row("Ye17-BN-7")
def _() -> Case:
    bn, plain = Layer(), Layer(momentum=0)
    gap = bn.x[i] - bn.mu + (1 - bn.m) ** 2 * (bn.mean - bn.before)
    gap = -bn.gamma * bn.m / B * (bn.x[j] - bn.mu) / bn.s**3 * gap
    return Case(
        printed=[bn.p.claim("dy/dx", of=bn.y[j], wrt=bn.x[i], equals=bn.jacobian())],
        corrected=[
            bn.p.claim("dy/dx, corrected", of=bn.y[j], wrt=bn.x[i], equals=bn.jacobian_corrected()),
            bn.p.claim(
                "mean and mu",
                lhs=bn.mean - bn.mu,
                equals=bn.m * (bn.mean - bn.before),
            ),
        ],
        pieces=[
            bn.p.claim("error", lhs=bn.jacobian() - bn.jacobian_corrected(), equals=gap),
        ],
        special=[
            plain.p.claim("no momentum", of=plain.y[j], wrt=plain.x[i], equals=plain.jacobian())
        ],
    )


@row("Ye17-BN-8")
def _() -> Case:
    bn, plain, frozen = Layer(), Layer(momentum=0), Layer(momentum=1)
    unknown = bn.p.scalar("w", positive=True, latex=r"\sigma^p")
    damaged = bn.gradient_printed(sqrt(unknown + bn.eps))
    gap = -bn.gamma * bn.m * (1 - bn.m) ** 2 / B * bn.dgamma * (bn.mean - bn.before) / bn.s**2
    error = bn.gradient_printed() - bn.gradient_corrected()
    chain = Sum(bn.g[j] * bn.jacobian_corrected(), j)
    return Case(
        printed=[
            bn.p.claim("dz/dx", of=bn.z, wrt=bn.x[i], equals=bn.gradient_printed()),
        ],
        corrected=[
            bn.p.claim("dz/dx, chain", of=bn.z, wrt=bn.x[i], equals=chain),
            bn.p.claim("dz/dx, corrected", of=bn.z, wrt=bn.x[i], equals=bn.gradient_corrected()),
        ],
        scanned=[bn.p.claim("dz/dx with sigma^p", of=bn.z, wrt=bn.x[i], equals=damaged)],
        pieces=[bn.p.claim("error", lhs=error, equals=gap)],
        special=[
            q.p.claim(f"m = {q.m}", of=q.z, wrt=q.x[i], equals=q.gradient_printed())
            for q in (plain, frozen)
        ],
    )
