"""Counterexamples in ordinary numbers, as small as a search finds them.

Sizes are all 1, then all 2, then all 3; entries are small whole numbers.  Only what cannot
be refuted that way is tried at mixed sizes and with halves.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backprop.proofs.exact import Instance, Sizes, Trial
from backprop.proofs.functions import Opaque
from backprop.proofs.indices import ZZ, Expr
from backprop.proofs.rings import Array, Reals

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim

Counterexample = dict[str, Any]
DRAWS = 8
MIXED = 14
WHOLE = (-2.0, -1.0, 1.0, 2.0, 3.0)
HALVES = tuple(v / 2 for v in WHOLE)
KINKS = (-1.0, 0.0, 1.0)
WINDOWS = ((3, 4), (5, 8))  # over ZZ two windows must agree: a sum is not cut off


class Draw(NamedTuple):
    """What an instance is made of."""

    sizes: Sizes
    support: int  # the length of given tensors over ZZ
    pool: tuple[float, ...]
    seed: int


def counterexample(claim: Claim, zeros: bool = False) -> Counterexample | None:
    """Search the smallest counterexample; `zeros` tries kinks.

    Returns
    -------
    dict or None
        The sizes; the `entry`, () if there is only one; the `true` and the `claimed` value;
        the `inputs`, nested lists by the names of the given tensors; over ZZ the position
        `first` of their first entries; and the names of the opaque `functions`, which are
        sines here.
    """
    with np.errstate(all="ignore"):  # an instance may lie outside the domain of a formula
        for draws in rounds(claim, KINKS if zeros else WHOLE):
            found = [hit for draw in draws if (hit := disagreement(claim, draw))]
            if found:
                return min(found, key=lambda hit: hit[0])[1]
    return None


def rounds(claim: Claim, pool: tuple[float, ...]) -> Iterator[list[Draw]]:
    """Return instances to try; the smallest counterexample of one round is taken."""
    every = [*claim.p.dimensions(), *claim.p.integers]
    few = len(behind(claim) - claim.p.definitions.keys()) <= 3
    for size in (1, 2, 3):
        sizes = dict.fromkeys(every, size)
        yield [Draw(sizes, size, pool, seed) for seed in range(3 * DRAWS if few else DRAWS)]
    for seed in range(MIXED):
        rng, top = random.Random(seed), min(4, 2 + seed // 4)
        sizes = {dim: rng.randint(1, top) for dim in every}
        yield [Draw(sizes, 2, HALVES if pool == WHOLE else pool, DRAWS + seed)]


def disagreement(claim: Claim, draw: Draw) -> tuple[float, Counterexample] | None:
    """Return where a claim fails on one instance, with how hard that is to check by hand."""
    if not claim.over_integers:
        t = trial(claim, draw, WINDOWS[0][0])
        hit = first_difference(t)
        return (weight(t, hit), hit) if hit else None
    for near, wide in WINDOWS:
        t = trial(claim, draw, near)
        hit = first_difference(t)
        if hit and hit == first_difference(trial(claim, draw, wide)):
            return weight(t, hit), hit
    return None


def trial(claim: Claim, draw: Draw, window: int) -> Trial:
    """Put numbers into a claim."""
    instance = Instance(claim.p, Reals(), draw.sizes, draw.seed, window, draw.pool, draw.support)
    return Trial(claim, instance)


def first_difference(t: Trial) -> Counterexample | None:
    """Return the first entry where true and claimed value differ."""
    claim, e = t.claim, t.claim.equals
    if claim.wrt is None:
        return differing(t, (), t.true, t.claimed(e))
    if not differ(t.true, t.claimed(e)).any():  # along one direction
        return None
    claimed = t.entries(e)
    for at in np.ndindex(*t.shape):
        unit = np.zeros(t.shape)
        unit[at] = 1.0
        hit = differing(t, at, t.derivative(unit), claimed[(..., *at)])
        if hit:
            return hit
    return None


def differ(true: Array, claimed: Array) -> Array:
    """Say where two arrays differ by more than rounding."""
    wrong = np.abs(true - claimed) > 1e-7 * (1 + np.abs(true) + np.abs(claimed))
    return wrong & np.isfinite(true) & np.isfinite(claimed)


def differing(t: Trial, wrt: tuple[int, ...], true: Array, claimed: Array) -> Counterexample | None:
    """Describe the first entry of `of` where two arrays differ."""
    wrong = differ(true, claimed)
    if not wrong.any():
        return None
    at = tuple(int(k) for k in np.argwhere(wrong)[0])
    p, sizes = t.claim.p, t.instance.sizes
    given = {name: a for name, a in t.instance.arrays.items() if name in behind(t.claim)}
    over_integers = [name for name in given if ZZ in p.tensors[name].shape]
    alone = np.size(true) == 1 and all(n == 1 for n in getattr(t, "shape", ()))
    out: Counterexample = {
        "sizes": {str(s): n for s, n in sorted(sizes.items(), key=lambda item: str(item[0]))},
        "entry": () if alone and not over_integers else position(t, at, wrt),
        "true": float(true[at]),
        "claimed": float(claimed[at]),
        "inputs": {name: a.tolist() for name, a in given.items()},
    }
    if over_integers:
        out["first"] = {name: (0,) * len(p.tensors[name].shape) for name in over_integers}
    functions = opaque(t.claim)
    return out | ({"functions": functions} if functions else {})


def position(t: Trial, of: tuple[int, ...], wrt: tuple[int, ...]) -> tuple[int, ...]:
    """Return the index values of an entry, counted from 0, or signed over ZZ."""
    axes = t.claim.of_indices if t.claim.wrt is not None else t.claim.free
    shift = [-min(t.plain.window, 3) if i.dim == ZZ else 0 for i in axes]
    first = t.first if t.claim.wrt is not None else ()
    return (*map(sum, zip(of, shift, strict=True)), *map(sum, zip(wrt, first, strict=True)))


def weight(t: Trial, hit: Counterexample) -> float:
    """Weigh how hard a counterexample is to check: much to write, or hardly a difference."""
    true, claimed = hit["true"], hit["claimed"]
    entries = [float(v) for a in hit["inputs"].values() for v in np.ravel(a)]
    size = sum(2 + abs(v) + 2 * (v < 0) for v in entries)
    digits = len(f"{true:.6g}{claimed:.6g}")
    apart = abs(true - claimed) / (abs(true) + abs(claimed))
    kink = isinstance(t.ring, Reals) and t.ring.kink
    return float(size + digits + 5 / apart + 100 * kink)


def behind(claim: Claim) -> set[str]:
    """Return the names of the tensors that the two sides of a claim depend on."""
    return set[str]().union(*map(claim.p.behind, sides(claim)))


def opaque(claim: Claim) -> list[str]:
    """Return the names of the opaque functions in a claim."""
    bodies = [claim.p.definitions[n][1] for n in behind(claim) & claim.p.definitions.keys()]
    calls = (c for e in [*sides(claim), *bodies] for c in e.atoms(Opaque))
    return sorted({type(c).__name__.rstrip("'") for c in calls})


def sides(claim: Claim) -> list[Expr]:
    """Return the two sides of a claim."""
    return [claim.left, claim.equals]
