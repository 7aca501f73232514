"""The figures that more than one chapter draws; each returns the matplotlib figure.

Needs matplotlib, which ``import backprop`` does not.
"""

import math
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
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
