"""A refuted formula in ordinary numbers: its smallest counterexample, and how wrong it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from backprop.proofs import ZZ, Derivation, Tensor
from backprop.proofs.claim import Claim
from backprop.proofs.functions import Opaque

Array = NDArray[np.float64]
Arrays = dict[str, Any]
STEP = 1e-5
DRAWS = 30
DIRECTIONS = 16
LONGEST = 150  # characters of inputs that are worth reading


# -- the smallest counterexample ------------------------------------------------------------


def counterexample(claim: Claim) -> str:
    """Search the smallest inputs for which a claim fails, and tell them with both values.

    Sizes are all 1, then all 2, then all 3; entries are small whole numbers, scalars may be
    one half.  The empty string means that none was found this way.
    """
    of = defined(claim)
    if not of or any(ZZ in t.shape for t in claim.p.tensors.values()):
        return ""
    for size in (1, 2, 3):
        found = [e for seed in range(DRAWS) for e in disagreements(claim, of, size, seed)]
        if found:
            return min(found, key=lambda e: e[0])[1]
    return ""


def disagreements(claim: Claim, of: str, size: int, seed: int) -> Iterator[tuple[float, str]]:
    """Return where a claim fails on one draw, each with its length, less if plain to see."""
    rng = np.random.default_rng(seed)
    arrays = draw(claim.p, lambda shape: small(rng, shape), lambda k: size)
    with np.errstate(all="ignore"):
        true, kink = derivative(claim, of, arrays)
        claimed = np.broadcast_to(np.asarray(claim.numpy(**arrays), dtype=float), true.shape)
    wrong = np.abs(true - claimed) > 1e-4 * (1 + np.abs(true))
    wrong &= np.isfinite(claimed) & ~kink
    for at in np.argwhere(wrong)[:1]:
        where = tuple(int(k) for k in at)
        shown = [told(claim.p.tensors[n], arrays[n]) for n in arrays if n in reached(claim)]
        position = f", entry {tuple(k + 1 for k in where)}" if true.size > 1 else ""
        inputs = ", ".join(shown + opaque(claim))
        if len(inputs) > LONGEST:
            inputs = f"arrays of side {size}, small whole numbers (draw {seed})"
        text = f"{inputs}{position}: true {true[where]:.4g}, printed {claimed[where]:.4g}"
        gap = abs(true[where] - claimed[where]) / (abs(true[where]) + abs(claimed[where]))
        yield sum(float(np.abs(arrays[n]).sum()) for n in arrays) + len(text) + 5 / gap, text


def small(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw whole numbers for an array, and 1/2 or 1 for a scalar."""
    pool = [-2, -1, 1, 2, 3] if shape else [0.5, 1]
    return np.asarray(rng.choice(pool, shape), dtype=float)


def told(t: Tensor, value: Array) -> str:
    """Write an array as a text, such as "x = (1, 2)"."""

    def nested(v: Any) -> str:
        if isinstance(v, list):
            return nested(v[0]) if len(v) == 1 else f"({', '.join(map(nested, v))})"
        return f"{v:.3g}"

    name = f"${t.latex}$" if t.latex else t.name
    return f"{name} = {nested(np.asarray(value).tolist())}"


def opaque(claim: Claim) -> list[str]:
    """Return what the functions are that a claim leaves open: the engine takes sines."""
    sides = [claim.of, claim.equals, *(body for _, body in claim.p.definitions.values())]
    names = {type(c).__name__.rstrip("'") for e in sides for c in e.atoms(Opaque)}
    return [f"${sp.latex(sp.Symbol(n))}$ a sine" for n in sorted(names)]


def reached(claim: Claim) -> set[str]:
    """Return the names of the tensors that the two sides of a claim depend on."""
    p, todo, out = claim.p, [claim.of, claim.equals], set[str]()
    while todo:
        e = todo.pop()
        for a in e.atoms(sp.Indexed, sp.Symbol):
            name = str(getattr(a, "base", a))
            if name in p.tensors and name not in out:
                out.add(name)
                todo += [p.definitions[name][1]] if name in p.definitions else []
    return out


# -- the size of the error ------------------------------------------------------------------


def relative_error(claim: Claim, seed: int = 0) -> float | None:
    """Return how far a claimed derivative is from the true one on random normal numbers.

    Sizes are pairwise different, 3 to 7.  Both derivatives are taken along random directions,
    the true one by central differences.  The error is the norm of the difference over the
    norm of the true one.

    Returns
    -------
    float or None
        `None` for a statement that is no derivative of a defined name, or where the numbers
        leave the domain of the formula.
    """
    of = defined(claim)
    if not of or any(i.dim == ZZ for i in claim.of_indices):
        return None
    rng = np.random.default_rng(seed)
    arrays = draw(claim.p, rng.standard_normal, lambda k: (4, 5, 6, 3, 7)[k % 5])
    error, size = 0.0, 0.0
    with np.errstate(all="ignore"):
        x = point(claim, arrays)
        entries = np.asarray(claim.numpy(**arrays), dtype=float)
        for _ in range(DIRECTIONS):
            v = rng.standard_normal(x.shape)
            ends = [moved(claim, of, arrays, x + step * v) for step in (STEP, -STEP)]
            true = (ends[0] - ends[1]) / (2 * STEP)
            claimed = np.tensordot(entries, v, axes=v.ndim) if v.ndim else entries * v
            error += float(((claimed - true) ** 2).sum())
            size += float((true**2).sum())
    return float(np.sqrt(error / size)) if size and np.isfinite(error / size) else None


# -- both -----------------------------------------------------------------------------------


def defined(claim: Claim) -> str:
    """Return the defined name that a claim differentiates, if it is one."""
    name = str(getattr(claim.of, "base", claim.of))
    differentiates = claim.wrt is not None and claim.total
    return name if differentiates and name in claim.p.definitions else ""


def draw(
    p: Derivation, entries: Callable[[tuple[int, ...]], Array], size: Callable[[int], int]
) -> Arrays:
    """Draw numbers for every given tensor, in the domain of its constraints."""
    sizes = {d: size(k) for k, d in enumerate(p.dimensions())}
    out: Arrays = {str(s): 2 for s in p.integers}
    for t in p.given():
        a = np.asarray(entries(tuple(3 if d == ZZ else int(sizes.get(d) or d) for d in t.shape)))
        if t.name in p.positives:
            a = np.abs(a)
        if t.name in p.distributions:
            a = np.abs(a) / np.abs(a).sum(axis=-1, keepdims=True)
        out[t.name] = a
    return out


def derivative(claim: Claim, of: str, arrays: Arrays) -> tuple[Array, NDArray[np.bool_]]:
    """Return the derivative by central differences, and where it has a kink."""
    x = point(claim, arrays)
    here = moved(claim, of, arrays, x)
    shape = (*x.shape, *here.shape)
    right, left = np.zeros(shape), np.zeros(shape)
    for at in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[at] = 1.0
        for out, step in ((right, STEP), (left, -STEP)):
            out[at] = (moved(claim, of, arrays, x + step * unit) - here) / step
    axes = (*range(x.ndim, len(shape)), *range(x.ndim))
    true = ((right + left) / 2).transpose(axes)
    kink = (np.abs(right - left) > 1e-2).transpose(axes)
    return true, kink | ~np.isfinite(true)


def point(claim: Claim, arrays: Arrays) -> Array:
    """Return the value of what is differentiated by; compute it if it is a defined name."""
    wrt = claim.wrt_tensor.name
    if wrt not in arrays:
        arrays[wrt] = claim.p.numpy(wrt, **arrays)
    return np.asarray(arrays[wrt], dtype=float)


def moved(claim: Claim, of: str, arrays: Arrays, x: Array) -> Array:
    """Return the definition `of` with another value of what is differentiated by."""
    return claim.p.numpy(of, **{**arrays, claim.wrt_tensor.name: x})
