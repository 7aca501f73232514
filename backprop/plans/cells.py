"""The recurrent cells with their buffers: time outermost, all gates of a step in one product.

The logistic function is half a tanh of half its argument.  Halves are exact, so they are multiplied
to the weights, and one tanh serves all gates.  The equations are those of `recurrent`, whose lines
name their source.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from backprop.arrays import Array
from backprop.plans.arena import Arena, Wanted


class Cell(ABC):
    """What the cells share.

    ``cell.u`` (G, T, N, H) takes what the inputs add to the gates, those of logistic gates halved;
    ``cell.h`` (T + 1, N, H) holds the states, the first included, ``cell.dh`` is where their
    gradients go, and ``cell.rows`` (T, N, G H) holds those on ``u``.

    Parameters
    ----------
    arena : Arena
        With the arrays of `wanted`.
    skip : float
        Of the simple cell.
    """

    gates, logistic, states = 1, 0, 1
    more: tuple[str, ...] = ()  # buffers for every step

    def __init__(self, arena: Arena, skip: float = 0.0) -> None:
        self.u, self.h, self.dh, self.rows = (arena[k] for k in ("u", "h", "dh", "rows"))
        self._a, self._s, self._r, self._total = (arena[k] for k in ("a", "s", "r", "total"))
        self._W, self._arena, self.skip = arena["W"], arena, skip
        self.halves: Array = arena["halves"]
        self.halves.fill(1)
        self.halves[: self.logistic] = 0.5

    @classmethod
    def wanted(cls, T: int, N: int, H: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for T steps of N texts."""
        G = cls.gates
        shapes: dict[str, tuple[int, ...]] = {"u": (G, T, N, H), "h": (T + 1, N, H)}
        shapes |= {"dh": (T, N, H), "rows": (T, N, G * H), "a": (G, N, H), "halves": (G, 1, 1)}
        shapes |= {name: (N, H) for name in ("s", "r", "total")}
        shapes |= {"W": (G, H, H)} | {name: (T, N, H) for name in cls.more}
        return {name: (shape, dtype) for name, shape in shapes.items()}

    def start(self, state: tuple[Array, ...]) -> None:
        """Put the states before the first step."""
        np.copyto(self.h[0], state[0])

    def end(self) -> tuple[Array, ...]:
        """Return the states after the last step, as views."""
        return (self.h[-1],)

    def pack(self, Wh: Array) -> None:
        """Turn the weights so that a step multiplies by them, halved for logistic gates."""
        G, H, _ = self._W.shape
        np.multiply(Wh.reshape(G, H, H).transpose(0, 2, 1), self.halves, out=self._W)

    @abstractmethod
    def forward(self, weights: list[Array]) -> None:
        """Write the states after every step."""

    @abstractmethod
    def backward(self, weights: list[Array], of_weights: list[Array]) -> None:
        """Write the gradients on the weights and, to ``rows``, on what the inputs add."""

    def _gate(self, a: Array) -> None:
        """Make logistic functions of tanh."""
        np.add(a, 1, out=a)
        np.multiply(a, 0.5, out=a)

    def _matrix(self) -> tuple[Array, Array]:
        """Return the gradients on all gates, and the states before, one step of a text a row."""
        T, N, width = self.rows.shape
        H = self.h.shape[2]
        return self.rows.reshape(T * N, width), self.h[:-1].reshape(T * N, H)


class RNN(Cell):
    """``recurrent.rnn`` with tanh."""

    def forward(self, weights: list[Array]) -> None:
        """Write the states after every step."""
        self.pack(*weights)
        (u,), (W,), h = self.u, self._W, self.h
        for t in range(len(u)):
            np.dot(h[t], W, out=self._s)
            np.add(self._s, u[t], out=u[t])
            np.tanh(u[t], out=u[t])
            np.multiply(h[t], self.skip, out=self._s)
            np.add(self._s, u[t], out=h[t + 1])

    def backward(self, weights: list[Array], of_weights: list[Array]) -> None:
        """Write the gradients on the weights and on what the inputs add."""
        (u,), rows, total, s = self.u, self.rows, self._total, self._s
        total.fill(0)
        for t in reversed(range(len(u))):
            np.add(total, self.dh[t], out=total)
            np.multiply(u[t], u[t], out=s)
            np.subtract(1, s, out=s)
            np.multiply(total, s, out=rows[t])
            np.dot(rows[t], weights[0], out=s)
            np.multiply(total, self.skip, out=total)
            np.add(total, s, out=total)
        of_all, before = self._matrix()
        np.dot(of_all.T, before, out=of_weights[0])


class QRNN(Cell):
    """``recurrent.qrnn`` with tanh."""

    gates, logistic, more = 2, 1, ("keep", "far")

    def pack(self, Wh: Array) -> None:
        """There is nothing to pack: no weights of the state."""

    def forward(self, weights: list[Array]) -> None:
        """Write the states after every step."""
        np.tanh(self.u, out=self.u)
        (U, candidate), h = self.u, self.h
        self._gate(U)
        for t in range(len(U)):
            np.subtract(candidate[t], h[t], out=h[t + 1])
            np.multiply(h[t + 1], U[t], out=h[t + 1])
            np.add(h[t + 1], h[t], out=h[t + 1])

    def backward(self, weights: list[Array], of_weights: list[Array]) -> None:
        """Write the gradients on what the inputs add."""
        (U, candidate), dh = self.u, self.dh
        keep, far = self._arena["keep"], self._arena["far"]
        np.subtract(1, U, out=keep)
        for t in reversed(range(len(U) - 1)):
            np.multiply(dh[t + 1], keep[t + 1], out=self._s)
            np.add(dh[t], self._s, out=dh[t])
        H = dh.shape[2]
        np.subtract(candidate, self.h[:-1], out=far)
        np.multiply(far, dh, out=far)
        np.multiply(far, U, out=far)
        np.multiply(far, keep, out=self.rows[..., :H])
        np.multiply(candidate, candidate, out=far)
        np.subtract(1, far, out=far)
        np.multiply(dh, U, out=keep)
        np.multiply(keep, far, out=self.rows[..., H:])


class GRU(Cell):
    """``recurrent.gru`` with tanh."""

    gates, logistic, more = 3, 2, ("kept",)

    def forward(self, weights: list[Array]) -> None:
        """Write the states after every step."""
        self.pack(*weights)
        u, h, W, a, s, kept = self.u, self.h, self._W, self._a, self._s, self._arena["kept"]
        for t in range(u.shape[1]):
            gates, candidate = u[:2, t], u[2, t]
            np.matmul(h[t], W[:2], out=a[:2])
            np.add(a[:2], gates, out=gates)
            np.tanh(gates, out=gates)
            self._gate(gates)
            np.multiply(gates[1], h[t], out=kept[t])
            np.dot(kept[t], W[2], out=s)
            np.add(s, candidate, out=candidate)
            np.tanh(candidate, out=candidate)
            np.subtract(candidate, h[t], out=s)
            np.multiply(s, gates[0], out=s)
            np.add(h[t], s, out=h[t + 1])

    def backward(self, weights: list[Array], of_weights: list[Array]) -> None:
        """Write the gradients on the weights and on what the inputs add."""
        (U, R, candidate), h, total, s, r = self.u, self.h, self._total, self._s, self._r
        H = h.shape[2]
        of_gates, of_candidate = weights[0][: 2 * H], weights[0][2 * H :]
        dkept = self._a[0]
        total.fill(0)
        for t in reversed(range(len(U))):
            row = self.rows[t]
            np.add(total, self.dh[t], out=total)
            np.multiply(candidate[t], candidate[t], out=s)
            np.subtract(1, s, out=s)
            np.multiply(total, U[t], out=r)
            np.multiply(r, s, out=row[:, 2 * H :])
            np.matmul(row[:, 2 * H :], of_candidate, out=dkept)  # where np.dot would copy
            np.subtract(1, U[t], out=r)
            np.subtract(candidate[t], h[t], out=s)
            np.multiply(s, total, out=s)
            np.multiply(s, U[t], out=s)
            np.multiply(s, r, out=row[:, :H])
            np.multiply(total, r, out=total)
            np.multiply(dkept, R[t], out=dkept)
            np.add(total, dkept, out=total)
            np.multiply(dkept, h[t], out=s)
            np.subtract(1, R[t], out=r)
            np.multiply(s, r, out=row[:, H : 2 * H])
            np.matmul(row[:, : 2 * H], of_gates, out=s)
            np.add(total, s, out=total)
        of_all, before = self._matrix()
        kept = self._arena["kept"].reshape(before.shape)
        np.matmul(of_all[:, : 2 * H].T, before, out=of_weights[0][: 2 * H])
        np.matmul(of_all[:, 2 * H :].T, kept, out=of_weights[0][2 * H :])


class LSTM(Cell):
    """``recurrent.lstm`` with tanh."""

    gates, logistic, states, more = 4, 3, 2, ("read",)

    @classmethod
    def wanted(cls, T: int, N: int, H: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for T steps of N texts."""
        memories = {"c": ((T + 1, N, H), dtype), "dc": ((N, H), dtype)}
        return super().wanted(T, N, H, dtype) | memories

    def start(self, state: tuple[Array, ...]) -> None:
        """Put the states before the first step."""
        np.copyto(self.h[0], state[0])
        np.copyto(self._arena["c"][0], state[1])

    def end(self) -> tuple[Array, ...]:
        """Return the states after the last step, as views."""
        return self.h[-1], self._arena["c"][-1]

    def forward(self, weights: list[Array]) -> None:
        """Write the states after every step."""
        self.pack(*weights)
        u, h, W, a, s = self.u, self.h, self._W, self._a, self._s
        c, read = self._arena["c"], self._arena["read"]
        for t in range(u.shape[1]):
            now = u[:, t]
            np.matmul(h[t], W, out=a)
            np.add(a, now, out=now)
            np.tanh(now, out=now)
            self._gate(now[:3])
            i, o, f, g = now
            np.multiply(f, c[t], out=c[t + 1])
            np.multiply(i, g, out=s)
            np.add(c[t + 1], s, out=c[t + 1])
            np.tanh(c[t + 1], out=read[t])
            np.multiply(o, read[t], out=h[t + 1])

    def backward(self, weights: list[Array], of_weights: list[Array]) -> None:
        """Write the gradients on the weights and on what the inputs add."""
        u, dh, s, r, slopes = self.u, self._total, self._s, self._r, self._a
        c, read, dc, H = self._arena["c"], self._arena["read"], self._arena["dc"], u.shape[3]
        dh.fill(0)
        dc.fill(0)
        for t in reversed(range(u.shape[1])):
            row, now = self.rows[t], u[:, t]
            i, o, f, g = now
            np.subtract(1, now[:3], out=slopes[:3])
            np.multiply(slopes[:3], now[:3], out=slopes[:3])
            np.add(dh, self.dh[t], out=dh)
            np.multiply(read[t], read[t], out=s)
            np.subtract(1, s, out=s)
            np.multiply(s, o, out=s)
            np.multiply(s, dh, out=s)
            np.add(dc, s, out=dc)
            np.multiply(dc, g, out=s)
            np.multiply(s, slopes[0], out=row[:, :H])
            np.multiply(dh, read[t], out=s)
            np.multiply(s, slopes[1], out=row[:, H : 2 * H])
            np.multiply(dc, c[t], out=s)
            np.multiply(s, slopes[2], out=row[:, 2 * H : 3 * H])
            np.multiply(g, g, out=s)
            np.subtract(1, s, out=s)
            np.multiply(dc, i, out=r)
            np.multiply(s, r, out=row[:, 3 * H :])
            np.multiply(dc, f, out=dc)
            np.dot(row, weights[0], out=dh)
        of_all, before = self._matrix()
        np.dot(of_all.T, before, out=of_weights[0])
