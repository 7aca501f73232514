"""Minimise the mean loss over a training set."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

import numpy as np

from backprop.arrays import Array, Labels, Layer
from backprop.losses import cross_entropy, weight_decay
from backprop.optim import clip, schedules, sgd
from backprop.training import parallel, resuming
from backprop.training.history import History
from backprop.training.planned import planned
from backprop.training.resuming import Run
from backprop.training.scores import evaluate

Pair = tuple[Array, Labels | Array]


class Epoch(NamedTuple):
    """What a callback is given: the number of epochs done, the parameters, what happened."""

    number: int
    params: Any
    history: History


def fit(
    net: Layer,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    *,
    loss: Layer = cross_entropy,
    optimiser: ModuleType = sgd,
    options: Mapping[str, Any] | None = None,
    lr: float | schedules.Schedule = 0.1,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    decay: float = 0.0,
    limit: float | None = None,
    constants: Mapping[str, Any] | None = None,
    test: Pair | None = None,
    validation: Pair | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callable[[Epoch], str | None]] = (),
    checkpoint: str | Path | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    parts: int = 2,
    plan: Literal["auto"] | None = "auto",
    threads: int = 1,
    progress: bool = True,
) -> tuple[Any, History]:
    """Minimise the mean loss over a training set; the same seed gives the same bits.

    Parameters
    ----------
    net : layer
        Called as ``net.forward(x, *params, **constants)``.
    params : sequence of arrays
        Where to start; a ``NamedTuple`` comes back as one.  Not written to.
    x : (N, ...) array
        Examples.
    target : (N,) integers or (N, ...) array
        What `loss` takes as ``target=``.
    loss : layer
        Called as ``loss.forward(outputs, target=...)``.
    optimiser : module
        With ``init(params)`` and ``step(params, grads, state, lr=..., **options)``.
    options : mapping, optional
        Keyword arguments of the optimiser.
    lr : float or schedule
        Learning rate, or a function from the number of steps taken to the rate of the next.
    epochs, batch_size : int
        How often every example is seen, and how many make one step; the last batch of an epoch
        may be smaller.
    rng : numpy.random.Generator
        Shuffles the examples.
    decay : float
        Adds ``decay / 2`` times the squared norm of every parameter with two or more axes to
        the loss: weight decay, which leaves biases alone.
    limit : float, optional
        Gradients that together are longer are shortened to this length.
    constants : mapping, optional
        Keyword arguments of the network.
    test : (x, target), optional
        Scored after every epoch; never learnt from, and nothing is chosen by it.
    validation : (x, target), optional
        Scored after every epoch.  The parameters of the epoch with the smallest validation loss
        come back.
    patience : int, optional
        Stop after so many epochs without a smaller validation loss.
    callbacks : sequence of functions
        Called after every epoch with an `Epoch`; one that returns a text stops the training, and
        the text is the reason.
    checkpoint : str or Path, optional
        A file that holds the whole state of the training after every epoch.
    resume : bool
        Go on from the checkpoint if it is there: the result has the same bits as that of a
        training that was never interrupted.  Without `resume`, a file that is there raises.
    executor : concurrent.futures.Executor, optional
        Computes the parts of every batch, see ``training.parallel``.
    parts : int
        How many, with an executor.
    plan : "auto" or None
        With "auto", whole batches go through a plan where ``backprop.plans`` has one for network,
        loss and optimiser: faster, and equal to rounding.  ``history.plan`` names it.
    threads : int
        Of a plan, see ``plans.threads``: each takes an equal part of every whole batch.
    progress : bool
        Show a progress bar if this takes more than a second and tqdm is installed.

    Returns
    -------
    params : as `params`
        New arrays.  After Ctrl-C, or a loss that is not finite, the last good ones.
    history : History
        The training loss of an epoch is the mean over its steps, weight decay not counted.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, before anything is trained.
    FileExistsError
        If the checkpoint is there already and `resume` is not set.
    RuntimeError
        If a part of a batch failed in the executor; a checkpoint has the last whole epoch.

    Warns
    -----
    UserWarning
        If training stopped at a loss that is not finite, naming the epoch and the step.

    Examples
    --------
    >>> from backprop.layers import linear
    >>> from backprop.losses import mse
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> params, history = fit(linear, [np.zeros((1, 1)), np.zeros(1)], x, 3 * x + 1, loss=mse,
    ...     lr=0.5, epochs=200, batch_size=3, rng=np.random.default_rng(0))
    >>> [p.round(3).ravel().tolist() for p in params]
    [[3.0], [1.0]]
    """
    _expect(x, target, epochs, batch_size, decay, limit, patience, validation, parts)
    if plan not in ("auto", None):
        raise ValueError(f"plan is {plan!r}; needs 'auto' or None")
    size = min(batch_size, len(x))
    if threads != int(threads) or threads < 1 or size % threads:
        raise ValueError(
            f"threads is {threads}; needs a whole number that divides the batch size, {size}"
        )
    constants = dict(constants or {})
    pairs = {"test": test, "validation": validation}
    scored = {name: pair for name, pair in pairs.items() if pair is not None}
    for inputs, targets in scored.values():
        evaluate(net, params, inputs, targets, loss=loss, constants=constants)  # bad input raises
    rate = lr if callable(lr) else schedules.constant(lr)
    run = Run(list(params), optimiser.init(params))
    names = {"net": resuming.name(net), "optimiser": optimiser.__name__}
    if checkpoint is not None:
        run = resuming.start(Path(checkpoint), run, rng, names, resume)
    make = getattr(type(params), "_make", list)
    run.history.plan, fast = "", None
    if plan and executor is None:
        how: Any = {"batch_size": batch_size, "loss": loss, "constants": constants}
        fast = planned(net, optimiser, run, x, target, threads=threads, **how)
    step = optimiser.step if fast is None else fast.step

    def slopes(batch: Labels) -> tuple[float, list[Array]]:
        if fast is not None and len(batch) == fast.batch_size:
            return fast.slopes(x, target, batch)
        args: Any = net, loss, run.params, x[batch], target[batch], constants
        if executor is None:
            return parallel.part(*args)
        return _from_parts(run, args, executor, parts, checkpoint)

    def move(grads: Sequence[Array]) -> None:
        grads, history = _with_decay(run.params, grads, decay), run.history
        history.norms.append(_length(grads))
        history.rates.append(float(rate(len(history.steps))))
        grads = grads if limit is None else clip.by_norm(grads, limit)
        run.params, run.state = step(
            run.params, grads, run.state, lr=history.rates[-1], **dict(options or {})
        )

    history, steps = run.history, epochs * math.ceil(len(x) / batch_size)
    try:
        with np.errstate(over="ignore", invalid="ignore"), _bar(steps, progress) as bar:
            bar.update(len(history.steps))
            while run.epochs < epochs and not history.stopped:
                _epoch(run, _batches(len(x), batch_size, rng), slopes, move, bar)
                if history.stopped:
                    return make(_copies(run.good)), history
                for name, (inputs, targets) in scored.items():
                    score = evaluate(
                        net, run.params, inputs, targets, loss=loss, constants=constants
                    )
                    getattr(history, f"{name}_loss").append(score.loss)
                    getattr(history, f"{name}_accuracy").append(score.accuracy)
                _choose(run, patience)
                for callback in callbacks:
                    reason = callback(Epoch(run.epochs, make(_copies(run.params)), history))
                    history.stopped = history.stopped or reason or ""
                if checkpoint is not None:
                    resuming.save(Path(checkpoint), run, rng, names)
    except KeyboardInterrupt:
        history.stopped = f"interrupted in epoch {len(history.loss) + 1}"
    return make(_copies(run.params if run.best is None else run.best)), history


def _epoch(
    run: Run,
    batches: Iterator[Labels],
    slopes: Callable[[Labels], tuple[float, list[Array]]],
    move: Callable[[Sequence[Array]], None],
    bar: Any,
) -> None:
    """Take a step for every batch, up to one whose loss is not finite."""
    history, total, count = run.history, 0.0, 0
    for step, batch in enumerate(batches):
        value, grads = slopes(batch)
        if not math.isfinite(value):
            history.stopped = f"the loss is {value} in epoch {run.epochs + 1}, step {step + 1}"
            warnings.warn(f"training stopped: {history.stopped}", stacklevel=3)
            return
        run.good = run.params
        move(grads)
        history.steps.append(value)
        total, count = total + value * len(batch), count + len(batch)
        bar.update()
    history.loss.append(total / count)
    run.epochs += 1


def _from_parts(
    run: Run, args: Any, executor: Executor, parts: int, checkpoint: str | Path | None
) -> tuple[float, list[Array]]:
    try:
        return parallel.gradients(*args, executor=executor, parts=parts)
    except Exception as error:
        kept = f"{checkpoint} has the {run.epochs} before it" if checkpoint else "no checkpoint"
        raise RuntimeError(
            f"a part of a batch failed in the executor in epoch {run.epochs + 1}; {kept}"
        ) from error


def _with_decay(params: Sequence[Array], grads: Sequence[Array], decay: float) -> list[Array]:
    """Return the gradients with those of the weight decay."""
    grads = list(grads)
    matrices = [i for i, w in enumerate(params) if w.ndim > 1]
    if decay and matrices:
        _, of_decay = weight_decay.forward(*[params[i] for i in matrices], rate=decay)
        for i, dw in zip(matrices, weight_decay.backward(1.0, of_decay), strict=True):
            grads[i] = grads[i] + dw  # two terms of one loss: their gradients add
    return grads


def _copies(params: Sequence[Array]) -> list[Array]:
    """Return new arrays: those of a plan are overwritten."""
    return [w.copy() for w in params]


def _length(grads: Sequence[Array]) -> float:
    return math.sqrt(sum(float(np.vdot(g, g)) for g in grads))


def _choose(run: Run, patience: int | None) -> None:
    """Keep the parameters with the smallest validation loss, and stop if it was long ago."""
    losses, history = run.history.validation_loss, run.history
    if not losses:
        return
    if not history.best or losses[-1] < losses[history.best - 1]:
        history.best, run.best = run.epochs, _copies(run.params)
    elif patience is not None and run.epochs - history.best >= patience:
        history.stopped = f"no smaller validation loss since epoch {history.best}"


def _batches(N: int, batch_size: int, rng: np.random.Generator) -> Iterator[Labels]:
    order = rng.permutation(N)
    for start in range(0, N, batch_size):
        yield order[start : start + batch_size]


def _expect(
    x: Array,
    target: Any,
    epochs: int,
    batch_size: int,
    decay: float,
    limit: float | None,
    patience: int | None,
    validation: Pair | None,
    parts: int,
) -> None:
    if len(x) == 0 or len(x) != len(target):
        raise ValueError(f"x has {len(x)} examples and target {len(target)}; needs the same, not 0")
    whole = {"epochs": epochs, "batch_size": batch_size, "parts": parts}
    for name, number in (whole | ({} if patience is None else {"patience": patience})).items():
        if number != int(number) or number < 1:
            raise ValueError(f"{name} is {number}; needs a whole number of at least 1")
    if not decay >= 0:
        raise ValueError(f"decay is {decay}; needs a number of at least 0")
    if limit is not None and not limit > 0:
        raise ValueError(f"limit is {limit}; needs a number greater than 0")
    if patience is not None and validation is None:
        raise ValueError("patience needs a validation set to wait for")


class _NoBar:
    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, steps: int = 1) -> None:
        pass


def _bar(total: int, wanted: bool) -> Any:
    if wanted:
        try:
            from tqdm import tqdm
        except ModuleNotFoundError:
            return _NoBar()
        return tqdm(total=total, unit="step", delay=1, leave=False)
    return _NoBar()
