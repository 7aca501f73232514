"""``nets.char_model`` as a plan: a window of T steps of N texts, with any of the four cells."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Labels
from backprop.nets import char_model
from backprop.plans.arena import Arena, Wanted
from backprop.plans.cells import GRU, LSTM, QRNN, RNN, Cell
from backprop.plans.losses import CrossEntropy
from backprop.plans.parameters import Layout, Parameters
from backprop.recurrent import gru, lstm, qrnn, rnn

CELLS: tuple[tuple[ModuleType, type[Cell]], ...] = (
    (rnn, RNN),
    (qrnn, QRNN),
    (gru, GRU),
    (lstm, LSTM),
)


class CharModel:
    """A character model with all memory that its training needs, taken once.

    One plan serves one thread; what a call returns is overwritten by the next.

    Parameters
    ----------
    params : sequence of arrays
        From ``char_model.init``, of one dtype; copied.
    T, N : int
        Steps of a window, and texts side by side.
    made : type of Cell
        Of the cell.
    skip : float
        Of the simple cell.
    """

    def __init__(
        self, params: Sequence[Array], T: int, N: int, made: type[Cell], skip: float
    ) -> None:
        layout, (V, H) = Layout(params), params[-2].shape
        self._shape, self._embedded = (T, N), len(params) == 5 + (made is not QRNN)
        D = params[0].shape[1] if self._embedded else V
        rows, G, dtype = T * N, made.gates, layout.dtype
        shapes = {"Wx": (G, D, H), "bias": (G, 1, H), "scores": (rows, V), "given": (rows, V)}
        shapes |= {"x": (rows, D), "dx": (rows, D)} if self._embedded else {}
        wanted: Wanted = {name: (shape, dtype) for name, shape in shapes.items()}
        wanted |= {name: ((rows,), np.int64) for name in ("labels", "target")}
        wanted |= Parameters.wanted(layout) | made.wanted(T, N, H, dtype)
        wanted |= CrossEntropy.wanted((rows, V), dtype)
        self._arena = arena = Arena(wanted)
        self.parameters = Parameters(layout, arena)
        self.parameters.load(params)
        self.nbytes = arena.nbytes
        self._cell, self._loss = made(arena, skip), CrossEntropy(arena["scores"], arena)
        self._each = np.arange(rows)

    @property
    def params(self) -> list[Array]:
        """The parameters as they are, as views that the step after the next overwrites."""
        return self.parameters.now

    def loss_and_gradients(
        self, labels: Labels, target: Labels, state: char_model.State | None = None
    ) -> tuple[float, list[Array], char_model.State]:
        """Return what ``char_model.gradients`` returns, as views until the next call.

        Parameters
        ----------
        labels, target : (T, N) integers
            Inputs, and what should have come next.
        state : tuple of (N, H) arrays, optional
            Before the first step: what the window before returned; zeros without it.

        Returns
        -------
        loss : float
            Cross entropy in nats per step.
        grads : list of arrays
            One a parameter.
        state : tuple of (N, H) arrays
            For the next window.

        Raises
        ------
        ValueError
            If an argument does not fit, before anything is written.
        """
        self._expect(labels, target, state)
        cell, (loss, rows) = self._cell, (self._loss, len(self._each))
        steps, now, grads = self._arena, self.parameters.now, self.parameters.gradients
        np.copyto(steps["labels"].reshape(self._shape), labels, casting="unsafe")
        np.copyto(steps["target"].reshape(self._shape), target, casting="unsafe")
        cell.start(self._zeros() if state is None else state)
        inner = slice(int(self._embedded), -4)
        self._inputs(now)
        cell.forward(now[inner])
        h, scores = cell.h[1:].reshape(rows, -1), steps["scores"]
        np.dot(h, now[-2].T, out=scores)
        np.add(scores, now[-1], out=scores)
        value = loss.value(steps["target"])
        np.dot(loss.dy.T, h, out=grads[-2])
        np.add.reduce(loss.dy, axis=0, out=grads[-1])
        np.dot(loss.dy, now[-2], out=cell.dh.reshape(rows, -1))
        cell.backward(now[inner], grads[inner])
        self._of_inputs(now, grads)
        return value, grads, cell.end()

    def _inputs(self, now: list[Array]) -> None:
        """Write what the inputs add to the gates, by one product or by looking it up."""
        cell, steps, labels = self._cell, self._arena, self._arena["labels"]
        Wx, bias = steps["Wx"], steps["bias"]
        G, D, H = Wx.shape
        np.multiply(now[-4].reshape(G, H, D).transpose(0, 2, 1), cell.halves, out=Wx)
        np.multiply(now[-3].reshape(G, 1, H), cell.halves, out=bias)
        u = cell.u.reshape(G, -1, H)
        if self._embedded:
            np.take(now[0], labels, axis=0, out=steps["x"], mode="clip")
            np.matmul(steps["x"], Wx, out=u)
            np.add(u, bias, out=u)
            return
        np.add(Wx, bias, out=Wx)
        for table, added in zip(Wx, u, strict=True):
            np.take(table, labels, axis=0, out=added, mode="clip")

    def _of_inputs(self, now: list[Array], grads: list[Array]) -> None:
        """Write the gradients on the weights of the inputs, their biases and the embedding."""
        steps, given = self._arena, self._arena["given"]
        of_gates = self._cell.rows.reshape(len(given), -1)
        given.fill(0)
        given[self._each, steps["labels"]] = 1
        np.add.reduce(of_gates, axis=0, out=grads[-3])
        if self._embedded:
            np.dot(of_gates.T, steps["x"], out=grads[-4])
            np.dot(of_gates, now[-4], out=steps["dx"])
            np.dot(given.T, steps["dx"], out=grads[0])
        else:
            np.dot(of_gates.T, given, out=grads[-4])

    def _zeros(self) -> tuple[Any, ...]:
        return (self._cell.h.dtype.type(0),) * self._cell.states

    def _expect(self, labels: Any, target: Any, state: char_model.State | None) -> None:
        V = self._arena["given"].shape[1]
        for name, array in (("labels", labels), ("target", target)):
            dtype = getattr(array, "dtype", np.dtype(object))
            if dtype.kind not in "iu" or array.shape != self._shape:
                raise ValueError(
                    f"{name} has shape {np.shape(array)} and dtype {dtype}; "
                    f"needs {self._shape} integers"
                )
            if array.min() < 0 or array.max() >= V:
                raise ValueError(f"{name} has a label that is not from 0 to {V - 1}")
        if state is None:
            return
        shape, dtype = self._cell.h.shape[1:], self._cell.h.dtype
        fits = [isinstance(s, np.ndarray) and (s.shape, s.dtype) == (shape, dtype) for s in state]
        if len(fits) != self._cell.states or not all(fits):
            raise ValueError(f"state needs {self._cell.states} arrays of {shape} and {dtype}")


def compile(
    params: Sequence[Array],
    T: int,
    N: int,
    dtype: DTypeLike | None = None,
    *,
    cell: ModuleType = lstm,
    skip: float = 0.0,
) -> CharModel:
    """Return a plan for a character model, with tanh in its cell.

    Parameters
    ----------
    params : sequence of arrays
        From ``char_model.init``, where to start; copied.
    T, N : int
        Steps of every window, and texts side by side.
    dtype : float32 or float64, optional
        Of everything; without it that of the parameters.
    cell : module
        As in ``char_model.init``.
    skip : float
        As in ``rnn.forward``.

    Returns
    -------
    plan : CharModel
        With one ``loss_and_gradients``.

    Raises
    ------
    TypeError, ValueError
        If the parameters are none of the model, or a size is less than 1.

    Examples
    --------
    >>> plan = compile(char_model.init(np.random.default_rng(0), 5, 2), T=2, N=1)
    >>> loss, grads, state = plan.loss_and_gradients(np.array([[3], [1]]), np.array([[1], [4]]))
    >>> [g.shape for g in grads], [s.shape for s in state]
    ([(8, 2), (8, 5), (8,), (5, 2), (5,)], [(1, 2), (1, 2)])
    """
    if min(T, N) < 1:
        raise ValueError(f"T is {T} and N {N}; need at least 1 each")
    made = next((planned for known, planned in CELLS if known is cell), None)
    if made is None:
        raise NotImplementedError(f"no plan for the cell {getattr(cell, '__name__', cell)}")
    if skip and made is not RNN:
        raise TypeError("skip is an option of rnn alone")
    cast = [w if dtype is None else w.astype(dtype, copy=False) for w in params]
    char_model.forward(*cast, labels=np.zeros((1, 1), int), cell=cell)  # its own checks
    if cast[0].dtype not in (np.float32, np.float64):
        raise TypeError(f"params have dtype {cast[0].dtype}; needs float32 or float64")
    return CharModel(cast, T, N, made, float(skip))
