"""Ye17, GRU: the claims of rows 47 and 48."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backprop.ledger.case import Case, row
from backprop.ledger.ye17_recurrent import (
    H,
    N,
    affine,
    df_h,
    f_h,
    i,
    j,
    losses,
    r,
)
from backprop.proofs import (
    Derivation,
    Sum,
    Tensor,
    delta,
    diag,
    ones,
    sigmoid,
)
from backprop.proofs.tensors import Matrix


@dataclass
class GRU:
    """One step of the GRU, and the Jacobians on h_{t-1}."""

    p: Derivation
    h: Tensor
    U: Tensor
    D: Tensor
    ht: Tensor
    dU: Tensor
    dD: Tensor


def gate(p: Derivation, name: str, h: Tensor, x: Tensor) -> tuple[Any, Tensor]:
    """Return entry i of W h + V x + b with parameters of their own, and W."""
    W, V = p.tensor(f"W_{name}h", H, H), p.tensor(f"W_{name}x", H, N)
    return affine(W, h, V, x, p.tensor(f"b_{name}", H)), W


def gru() -> GRU:
    """Write one step of the GRU."""
    p = Derivation("GRU")
    h, x = p.tensor("h", H), p.tensor("x", N)
    for_U, W_u = gate(p, "u", h, x)
    U = p.let("U", i, sigmoid(for_U))
    for_R, W_r = gate(p, "r", h, x)
    R = p.let("R", i, sigmoid(for_R))
    kept = p.let("k", i, R[i] * h[i])
    for_D, W_h = gate(p, "h", kept, x)
    a = p.let("a", i, for_D)
    D = p.let("D", i, f_h(a[i]))
    ht = p.let("ht", i, (1 - U[i]) * h[i] + U[i] * D[i])
    dU = p.let("dU", (i, j), U[i] * (1 - U[i]) * W_u[i, j])
    dR = p.let("dR", (i, j), R[i] * (1 - R[i]) * W_r[i, j])
    dk = p.let("dk", (i, j), delta(i, j) * R[i] + h[i] * dR[i, j])
    dD = p.let("dD", (i, j), df_h(a[i]) * Sum(W_h[i, r] * dk[r, j], r))
    return GRU(p, h, U, D, ht, dU, dD)


def jacobian(c: GRU) -> Matrix:
    """Return dh_t/dh_{t-1} as row 48 has it, vectors standing for diagonal matrices."""
    return diag(ones(H) - c.U) + diag(c.D - c.h) * c.dU + diag(c.U) * c.dD


@row("Ye17-47")
def _() -> Case:
    c = gru()
    e = losses(c.p, c.h, c.ht)
    equals = e.dh.T * jacobian(c) + e.d_before.T
    return Case(
        printed=[c.p.claim("recursion", of=e.z, wrt=c.h, equals=equals, layout="row")],
        pieces=[
            c.p.claim("after", of=e.z, wrt=c.ht, equals=e.dh),
            c.p.claim("step", of=c.ht, wrt=c.h, equals=jacobian(c), layout="jacobian"),
            c.p.claim("before", of=e.before, wrt=c.h, equals=e.d_before),
        ],
    )


@row("Ye17-48")
def _() -> Case:
    c = gru()
    by_row = (1 - c.U[i]) + (c.D[i] - c.h[i]) * c.dU[i, j] + c.U[i] * c.dD[i, j]
    return Case(
        printed=[c.p.claim("step", of=c.ht, wrt=c.h, equals=jacobian(c), layout="jacobian")],
        pieces=[
            c.p.claim("update gate", of=c.U, wrt=c.h, equals=c.dU, layout="jacobian"),
            c.p.claim("candidate", of=c.D, wrt=c.h, equals=c.dD, layout="jacobian"),
        ],
        without=[c.p.claim("1 - U to every column", of=c.ht[i], wrt=c.h[j], equals=by_row)],
    )
