"""The figures that more than one chapter draws; each returns the matplotlib figure.

Needs matplotlib, which ``import backprop`` does not.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from backprop.arrays import Array, Labels
from backprop.training import History

BLUE, ORANGE = "#0b6fb8", "#c4510a"  # told apart by colour-blind readers, and in grey


def history(record: History) -> Figure:
    """Draw the loss and the test accuracy of a training, epoch by epoch.

    Parameters
    ----------
    record : History
        From ``training.fit``.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With one panel, or two if a test set was scored.
    """
    scored = bool(record.test_accuracy)
    figure, axes = plt.subplots(1, 1 + scored, figsize=(9 if scored else 5, 3.2), squeeze=False)
    epochs = np.arange(1, len(record.loss) + 1)
    loss = axes[0, 0]
    loss.semilogy(epochs, record.loss, color=BLUE, label="training")
    if scored:
        loss.semilogy(epochs, record.test_loss, "--", color=ORANGE, label="test")
        accuracy = axes[0, 1]
        accuracy.plot(epochs, 100 * np.array(record.test_accuracy), "--", color=ORANGE)
        accuracy.set(xlabel="epoch", ylabel="test accuracy, %")
        accuracy.grid(alpha=0.3)
    loss.set(xlabel="epoch", ylabel="loss")
    loss.legend()
    loss.grid(alpha=0.3)
    figure.tight_layout()
    return figure


def norms(record: History, *, limit: float | None = None) -> Figure:
    """Draw the length of the gradient and the learning rate of a training, step by step.

    Parameters
    ----------
    record : History
        From ``training.fit``.
    limit : float, optional
        At which the training clipped; drawn as a line.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With two panels.

    Raises
    ------
    ValueError
        If `record` has no step.
    """
    if not record.norms:
        raise ValueError("record has no step; needs one at least")
    figure, (length, rate) = plt.subplots(1, 2, figsize=(9, 3.2))
    steps = np.arange(1, len(record.norms) + 1)
    length.semilogy(steps, record.norms, color=BLUE, lw=1)
    if limit is not None:
        length.axhline(limit, color=ORANGE, ls="--", label="limit")
        length.legend()
    rate.plot(steps, record.rates, color=BLUE)
    length.set(xlabel="step", ylabel="length of the gradient")
    rate.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
    for axis in (length, rate):
        axis.grid(alpha=0.3)
    figure.tight_layout()
    return figure


def products(rows: Sequence[Sequence[tuple[str, str, str]]]) -> Figure:
    """Draw matrix products as rectangles, so that the shapes can be seen to fit.

    Parameters
    ----------
    rows : sequence of products
        A product is a sequence of (name, height, width): its factors and, last, the result.
        Sizes are letters; equal letters get equal lengths.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With one line per product.
    """
    letters = sorted({size for row in rows for _, *sizes in row for size in sizes})
    length = {size: 1.7 + 0.8 * i for i, size in enumerate(letters)}
    colour = dict(zip(letters, ["#0b6fb8", "#c4510a", "#1b7a3d", "#7a2f8f"], strict=False))
    pitch = max(length.values()) + 1.1
    figure, axis = plt.subplots(figsize=(6.4, 1.75 * len(rows)))
    for k, row in enumerate(rows):
        left = 0.0
        for i, (name, height, width) in enumerate(row):
            h, w, y = length[height], length[width], -k * pitch
            axis.add_patch(Rectangle((left, y - h / 2), w, h, facecolor="#eef3f8", edgecolor="k"))
            centred: dict[str, Any] = {"ha": "center", "va": "center"}
            axis.text(left + w / 2, y, name, size=11, **centred)
            axis.text(left - 0.3, y, f"${height}$", color=colour[height], **centred)
            axis.text(left + w / 2, y + h / 2 + 0.3, f"${width}$", color=colour[width], **centred)
            if i == len(row) - 2:
                axis.text(left + w + 0.5, y, "=", size=13, **centred)
            left += w + (1.3 if i == len(row) - 2 else 0.8)
    axis.set_xlim(-0.6, max(sum(length[w] for *_, w in row) + 0.8 * len(row) for row in rows))
    axis.set_ylim(-(len(rows) - 0.5) * pitch, pitch / 2)
    axis.set_aspect("equal")
    axis.set_axis_off()
    figure.tight_layout()
    return figure


def chain(nodes: Sequence[str], forward: Sequence[str], backward: Sequence[str]) -> Figure:
    """Draw a chain of computations, with values running right and gradients running left.

    Parameters
    ----------
    nodes : K strings
        Names of the values, as matplotlib text.
    forward, backward : K - 1 strings
        What is written on the arrows between neighbours, there and back.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With one panel.
    """
    gap = 2.3
    figure, axis = plt.subplots(figsize=(1.75 * len(nodes), 1.9))
    for k, name in enumerate(nodes):
        box = {"boxstyle": "round,pad=0.45", "facecolor": "#eef3f8", "edgecolor": "k"}
        axis.text(k * gap, 0, name, ha="center", va="center", size=12, bbox=box)
    for k, (there, back) in enumerate(zip(forward, backward, strict=True)):
        left, right, middle = k * gap + 0.55, (k + 1) * gap - 0.55, (k + 0.5) * gap
        for text, y, ends, colour in [
            (there, 0.3, (left, right), BLUE),
            (back, -0.3, (right, left), ORANGE),
        ]:
            arrow = {"arrowstyle": "->", "color": colour, "lw": 1.4}
            axis.annotate("", (ends[1], y / 2), (ends[0], y / 2), arrowprops=arrow)
            axis.text(middle, 1.7 * y, text, ha="center", va="center", color=colour, size=9)
    axis.set(xlim=(-0.8, (len(nodes) - 1) * gap + 0.8), ylim=(-0.9, 0.9))
    axis.set_axis_off()
    figure.tight_layout()
    return figure


def confusion(counts: NDArray[np.int64]) -> Figure:
    """Draw a confusion matrix with its counts; the mistakes are coloured.

    Parameters
    ----------
    counts : (C, C) integers
        From ``training.confusion``: true classes are rows.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With one panel.
    """
    figure, axis = plt.subplots(figsize=(4.6, 4.2))
    mistakes = counts * (1 - np.eye(len(counts)))
    axis.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(1, 1.5 * mistakes.max()))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            weight = "bold" if row != column else "normal"
            axis.text(column, row, str(count), ha="center", va="center", weight=weight, size=9)
    ticks = range(len(counts))
    axis.set(xticks=ticks, yticks=ticks, xlabel="predicted class", ylabel="true class")
    axis.set_title(f"{np.trace(counts)} of {counts.sum()} right", size=11)
    figure.tight_layout()
    return figure


def images(
    rows: Array, titles: list[str] | None = None, *, columns: int = 8, shared: bool = False
) -> Figure:
    """Draw vectors as square grey images, one panel each.

    Parameters
    ----------
    rows : (K, D) array
        D must be a square number; larger is darker.
    titles : list of str, optional
        One for each image.
    columns : int
        Images in a row.
    shared : bool
        Use one scale from blue through white to red, symmetric about 0, for all images: what
        weights need.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With K panels.

    Raises
    ------
    ValueError
        If there is no image, D is no square number, or there are not as many titles as images.
    """
    side = math.isqrt(rows.shape[-1])
    if rows.ndim != 2 or side * side != rows.shape[1] or len(rows) == 0:
        raise ValueError(f"rows has shape {rows.shape}; needs (K, D) with K > 0 and D a square")
    if titles is not None and len(titles) != len(rows):
        raise ValueError(f"titles has {len(titles)} entries; needs {len(rows)}, one per image")
    lines = math.ceil(len(rows) / columns)
    height = 1.25 if titles else 1.0
    figure, axes = plt.subplots(
        lines, columns, figsize=(columns, height * lines), squeeze=False, layout="constrained"
    )
    limit = np.abs(rows).max()
    scale = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if shared else {"cmap": "gray_r"}
    for k, axis in enumerate(axes.flat):
        axis.set_axis_off()
        if k < len(rows):
            axis.imshow(rows[k].reshape(side, side), **scale)
            if titles:
                axis.set_title(titles[k], size=8)
    return figure


def mistakes(x: Array, true: Labels, predicted: Labels, *, columns: int = 8) -> Figure:
    """Draw every image whose class was not recognised, with the true and the predicted class.

    Parameters
    ----------
    x : (N, D) array
        Images.
    true, predicted : (N,) integers
        Their classes.
    columns : int
        Images in a row.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With one panel per mistake.

    Raises
    ------
    ValueError
        If there is no mistake to draw.
    """
    wrong = np.flatnonzero(true != predicted)
    if not wrong.size:
        raise ValueError("true and predicted agree everywhere; needs at least one mistake")
    titles = [f"{true[n]}, not {predicted[n]}" for n in wrong]
    return images(x[wrong], titles, columns=columns)


def graph(
    place: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str, str]],
    *,
    values: Mapping[str, str] | None = None,
    gradients: Mapping[str, str] | None = None,
    active: Sequence[tuple[str, str]] = (),
    axis: Axes | None = None,
) -> Figure:
    """Draw a computation graph, with values above the nodes and gradients below them.

    Parameters
    ----------
    place : mapping of names to positions
        The nodes; names are matplotlib text.
    edges : sequence of (start, end, label)
        Arrows in the direction of the computation.  An edge that is listed twice is drawn as two
        curved arrows.
    values, gradients : mappings of names to text, optional
        Written in blue above, and in orange below.
    active : sequence of (start, end)
        Edges to draw in orange, turned round: a gradient runs along them.
    axis : matplotlib.axes.Axes, optional
        Where to draw; the default is a new figure.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The one drawn on.
    """
    (left, bottom), (right, top) = np.min([*place.values()], 0), np.max([*place.values()], 0)
    if axis is None:
        size = (1.3 * (right - left + 1.2), 1.3 * (top - bottom + 1.3))
        axis = plt.figure(figsize=size, layout="constrained").add_subplot()
    twice = {ends for ends, uses in Counter(edge[:2] for edge in edges).items() if uses > 1}
    seen = set()
    for start, end, label in edges:
        bend = 0.0 if (start, end) not in twice else 0.35 if (start, end) in seen else -0.35
        seen.add((start, end))
        _arrow(axis, place[start], place[end], label, bend, (start, end) in active)
    centred: dict[str, Any] = {"ha": "center", "va": "center"}
    for name, (x, y) in place.items():
        box = {"boxstyle": "circle,pad=0.3", "facecolor": "#eef3f8", "edgecolor": "k"}
        axis.text(x, y, name, size=11, bbox=box, **centred)
        for texts, shift, colour in [(values, 0.33, BLUE), (gradients, -0.35, ORANGE)]:
            text = (texts or {}).get(name, "")
            axis.text(x, y + shift, text, size=10, weight="bold", color=colour, **centred)
    axis.set(xlim=(left - 0.6, right + 0.6), ylim=(bottom - 0.6, top + 0.6), aspect="equal")
    axis.set_axis_off()
    figure = axis.get_figure(root=True)
    assert figure is not None
    return figure


def _arrow(
    axis: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    label: str,
    bend: float,
    back: bool,
) -> None:
    """Draw one edge of a graph with its label on it."""
    style = {
        "arrowstyle": "<|-" if back else "-|>",
        "color": ORANGE if back else "0.45",
        "lw": 2.0 if back else 1.2,
        "shrinkA": 14,
        "shrinkB": 14,
        "connectionstyle": f"arc3,rad={bend}",
    }
    axis.annotate("", end, start, arrowprops=style)
    along, up = end[0] - start[0], end[1] - start[1]
    part = 0.5 if bend else 0.64 if back else 0.36  # not in the middle: edges may cross there
    x, y = start[0] + part * along + bend * up / 2, start[1] + part * up - bend * along / 2
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"}
    axis.text(x, y, label, ha="center", va="center", size=9, color="0.25", bbox=box)
