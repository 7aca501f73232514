"""Ye17, LSTM: the claims of rows 55n to 60.

The loss of all steps after s is a function of h_s and c_s, whose gradients are opaque.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backprop.ledger.case import Case, row
from backprop.ledger.ye17_gru import gate
from backprop.ledger.ye17_recurrent import H, N, df_h, f_h, head, i, j
from backprop.proofs import (
    Derivation,
    Sum,
    Tensor,
    diag,
    dims,
    hadamard,
    index,
    ones,
    sigmoid,
    tanh,
)
from backprop.proofs.claim import Claim
from backprop.proofs.tensors import Matrix

T = dims("T")
time = index("t", T)


def by_output(y: Tensor) -> Matrix:
    """Return the slope of a sigmoid by its output."""
    return hadamard(y, ones(H) - y)


def tanh_by_output(y: Tensor) -> Matrix:
    """Return the slope of a tanh by its output."""
    return ones(H) - hadamard(y, y)


class LSTM:
    """Step s of an LSTM, with h_{s-1} computed from c_{s-1}; some gates may be held fixed.

    A fixed gate does not see h_{s-1}.
    """

    def __init__(self, fixed: str = "") -> None:
        p = self.p = Derivation("LSTM")
        self.c0, self.o0, x = p.tensor("c0", H), p.tensor("o0", H), p.tensor("x", N)
        self.t0 = p.let("t0", i, tanh(self.c0[i]))
        self.h0 = p.let("h0", i, self.o0[i] * self.t0[i])
        self.W: dict[str, Tensor] = {}
        self.i, self.o, self.f = (self._gate(name, fixed, x, sigmoid) for name in "iof")
        self.g = self._gate("g", fixed, x, tanh)
        self.c = p.let("c", i, self.f[i] * self.c0[i] + self.i[i] * self.g[i])
        self.t = p.let("t", i, tanh(self.c[i]))
        self.h = p.let("h", i, self.o[i] * self.t[i])

    def _gate(self, name: str, fixed: str, x: Tensor, f: Any) -> Tensor:
        if name in fixed:
            return self.p.tensor(name, H)
        pre, self.W[name] = gate(self.p, name, self.h0, x)
        made: Tensor = self.p.let(name, i, f(pre))
        return made

    @property
    def h0_on_c0(self) -> Matrix:
        """Return the diagonal of dh_{s-1}/dc_{s-1}."""
        return hadamard(self.o0, tanh_by_output(self.t0))

    @property
    def c_on_pre(self) -> dict[str, Matrix]:
        """Return the diagonals of dc_s on what enters the three gates that it sees."""
        return {
            "i": hadamard(self.g, by_output(self.i)),
            "f": hadamard(self.c0, by_output(self.f)),
            "g": hadamard(self.i, tanh_by_output(self.g)),
        }

    @property
    def c_on_c0(self) -> Matrix:
        """Return dc_s/dc_{s-1}, through the gates as well."""
        out = diag(self.f)
        for name, slope in self.c_on_pre.items():
            if name in self.W:
                out = out + diag(slope) * self.W[name] * diag(self.h0_on_c0)
        return out

    @property
    def o_on_c0(self) -> Matrix:
        """Return do_s/dc_{s-1}."""
        return diag(by_output(self.o)) * self.W["o"] * diag(self.h0_on_c0)


@dataclass
class Losses:
    """The loss z, the loss z_{s-1}, and their gradients on c_s, h_s, h_{s-1} and c_{s-1}."""

    z: Any
    before: Any
    dc: Tensor
    dh: Tensor
    dh0: Tensor
    dc0: Matrix


def losses(c: LSTM, last: bool = False) -> Losses:
    """Let a loss act at h_{s-1}, and all later ones at h_s and c_s; at the last step at h_s."""
    p = c.p
    before, dh0 = head(p, c.h0, "before")
    direct: Any = 0
    if last:
        after, dh = head(p, c.h, "after")
    else:
        dh, dc_later = p.tensor("dh", H), p.tensor("dc_later", H)
        after, direct = Sum(dh[i] * c.h[i] + dc_later[i] * c.c[i], i), dc_later[i]
    dc = p.let("dc", i, direct + dh[i] * c.o[i] * (1 - c.t[i] ** 2))
    z = p.let("z", (), before + after)
    return Losses(z, before, dc, dh, dh0, hadamard(dh0, c.h0_on_c0))


@row("Ye17-55n")
def _() -> Case:
    p = Derivation("losses from step s on")  # m[time] is one from step s on, zero before
    c, e = p.tensor("c", H), p.tensor("e", T)
    m, G = p.tensor("m", T), p.tensor("G", T, H)
    zt = p.let("zt", time, m[time] * Sum(G[time, i] * f_h(c[i]), i) + (1 - m[time]) * e[time])
    z = p.let("z", (), Sum(zt[time], time))
    dz = p.let("dz", (time, j), G[time, j] * df_h(c[j]))
    return Case(
        printed=[p.claim("sum", of=z, wrt=c[j], equals=Sum(m[time] * dz[time, j], time))],
        pieces=[
            p.claim("one loss", of=zt[time], wrt=c[j], equals=m[time] * dz[time, j]),
            p.claim("an earlier loss", of=e[time], wrt=c[j], equals=0, zero=True),
        ],
    )


def as_printed(name: str, c: LSTM, last: bool = False, total: bool = True) -> Claim:
    """Claim row 56 with the total or the immediate dc_s/dc_{s-1}."""
    e = losses(c, last)
    J = c.p.let("J", (i, j), c.c_on_c0 if total else diag(c.f))
    return c.p.claim(name, of=e.z, wrt=c.c0, equals=e.dc.T * J + e.dc0.T, layout="row")


def as_corrected() -> tuple[list[Claim], list[Claim]]:
    """Claim row 56 with the missing path and by nodes, and all that enters."""
    c = LSTM()
    p, e = c.p, losses(c)
    do = p.let("do", i, e.dh[i] * c.t[i])
    J, J_o = p.let("J", (i, j), c.c_on_c0), p.let("J_o", (i, j), c.o_on_c0)
    on_h0 = e.dh0 + c.W["o"].T * hadamard(do, by_output(c.o))
    for name, slope in c.c_on_pre.items():
        on_h0 = on_h0 + c.W[name].T * hadamard(e.dc, slope)
    dh0 = p.let("dh0", i, on_h0)
    by_nodes = hadamard(e.dc, c.f) + hadamard(dh0, c.h0_on_c0)
    one_more = e.dc.T * J + e.dc0.T + do.T * J_o
    own = diag(hadamard(c.o, tanh_by_output(c.t)))
    corrected = [
        p.claim("one path more", of=e.z, wrt=c.c0, equals=one_more, layout="row"),
        p.claim("by nodes", of=e.z, wrt=c.c0, equals=by_nodes),
    ]
    pieces = [
        p.claim("dz/dh_{s-1}", of=e.z, wrt=c.h0, equals=dh0),
        p.claim("dz/dc_s", of=e.z, wrt=c.c, equals=e.dc),
        p.claim("dz/do_s", of=e.z, wrt=c.o, equals=do),
        p.claim("dh_s/dc_s", of=c.h, wrt=c.c, equals=own, layout="jacobian"),
        p.claim("dc_s/dc_{s-1}", of=c.c, wrt=c.c0, equals=J, layout="jacobian"),
        p.claim("do_s/dc_{s-1}", of=c.o, wrt=c.c0, equals=J_o, layout="jacobian"),
        p.claim("dz_{s-1}/dc_{s-1}", of=e.before, wrt=c.c0, equals=e.dc0),
    ]
    return corrected, pieces


@row("Ye17-56")
def _() -> Case:
    corrected, pieces = as_corrected()
    return Case(
        printed=[
            as_printed("total, s = T", LSTM(), last=True),
            as_printed("immediate, only o sees h", LSTM(fixed="ifg"), last=True, total=False),
        ],
        corrected=corrected,
        pieces=pieces,
        special=[
            as_printed("o without h", LSTM(fixed="o")),
            as_printed("gates held fixed", LSTM(fixed="iofg"), total=False),
        ],
    )


def of_gate(name: str, weight: str) -> Case:
    """Claim both equations of one of the rows 57 to 60, and that they hold for z as well."""
    c = LSTM()
    p, at, output = c.p, getattr(c, name), c.h if name == "o" else c.c
    by = getattr(c, weight)
    z_t, dh = head(p, c.h, "t")
    dh_later, dc_later = p.tensor("dh_later", H), p.tensor("dc_later", H)
    z = p.let("z", (), z_t + Sum(dh_later[i] * c.h[i] + dc_later[i] * c.c[i], i))
    upstream: Matrix = dh
    total = dh + dh_later
    if name != "o":
        to_c = hadamard(c.o, tanh_by_output(c.t))
        upstream, total = hadamard(upstream, to_c), hadamard(total, to_c) + dc_later
    return Case(
        printed=[
            p.claim("chain", of=z_t, wrt=at, equals=upstream.T * diag(by), layout="row"),
            p.claim("step", of=output, wrt=at, equals=diag(by), layout="jacobian"),
        ],
        pieces=[
            p.claim("upstream", of=z_t, wrt=output, equals=upstream),
            p.claim("upstream of z", of=z, wrt=output, equals=total),
            p.claim("chain for z", of=z, wrt=at, equals=total.T * diag(by), layout="row"),
        ],
        without=[p.claim("no diagonal", of=output[i], wrt=at[j], equals=by.entry(i, None))],
    )


@row("Ye17-57")
def _() -> Case:
    return of_gate("i", "g")


@row("Ye17-58")
def _() -> Case:
    return of_gate("f", "c0")


@row("Ye17-59")
def _() -> Case:
    return of_gate("o", "t")


@row("Ye17-60")
def _() -> Case:
    return of_gate("g", "i")
