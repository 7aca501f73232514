"""Verdicts of the second engine: exact tests, and counterexamples in ordinary numbers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop.proofs.field import PrimeField, Resample
from backprop.proofs.indices import ZZ, Expr
from backprop.proofs.instance import small_sizes, unequal_sizes
from backprop.proofs.reals import Reals
from backprop.proofs.trial import Trial

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim

TRIALS = 3
WINDOWS = (5, 8)  # a disagreement over ZZ must persist in the wider window


def seed_of(claim: Claim) -> int:
    """Return a seed that depends on the name of the claim only."""
    digest = hashlib.blake2b(claim.id.encode(), digest_size=3).digest()
    return int.from_bytes(digest, "big")


def trial(claim: Claim, k: int, window: int = WINDOWS[0], thorough: bool = False) -> Trial:
    """Draw the k-th exact test of a claim, again until every inverse and root exists."""
    for attempt in range(400):
        sizes = unequal_sizes(claim.p, k, seed_of(claim))
        if attempt >= 40:  # fewer entries, fewer roots that must exist at once
            sizes = {s: min(n, 2 if attempt < 150 else 1) for s, n in sizes.items()}
        try:
            out = Trial(claim, PrimeField(), sizes, 1000 * k + attempt, window, thorough)
            _ = out.true, out.claimed(claim.equals)
        except Resample:
            continue
        return out
    raise Resample(f"{claim.id}: no instance has all roots")


def trials(claim: Claim, count: int = TRIALS) -> tuple[bool, list[Trial]]:
    """Test a claim exactly; return whether it holds in all tests, and the tests."""
    done: list[Trial] = []
    thorough = False
    while len(done) < count:
        t = trial(claim, len(done), thorough=thorough)
        if not t.agrees(claim.equals) and claim.over_integers:
            t = trial(claim, len(done), WINDOWS[1], thorough)
        if not t.agrees(claim.equals):
            if thorough:
                return False, [*done, t]
            done, thorough = [], True  # once more with all definitions opened
            continue
        done.append(t)
    return True, done


def counterexample(claim: Claim, zeros: bool = False) -> dict[str, Any] | None:
    """Search a counterexample in float64, small sizes first; `zeros` tries kinks."""
    window = WINDOWS[1] if claim.over_integers else WINDOWS[0]
    for k in range(16):
        sizes = small_sizes(claim.p, k)
        with np.errstate(all="ignore"):
            found = disagreement(Trial(claim, Reals(), sizes, k, window, zeros=zeros), claim.equals)
        if found:
            names = {str(s): n for s, n in sorted(sizes.items(), key=lambda t: str(t[0]))}
            return {"sizes": names, **found}
    return None


def disagreement(t: Trial, e: Expr) -> dict[str, Any] | None:
    """Find an entry where true and claimed value differ."""
    claim = t.claim
    if claim.wrt is None:
        pairs = [((), t.true, t.claimed(e))]
    else:
        claimed = t.entries(e)
        pairs = []
        for at in np.ndindex(*t.shape):
            unit = np.zeros(t.shape)
            unit[at] = 1.0
            true = t.derivative(unit)
            pairs.append((at, true, claimed[(..., *at)]))
    for at, true, value in pairs:
        wrong = np.abs(true - value) > 1e-7 * (1 + np.abs(true) + np.abs(value))
        wrong &= np.isfinite(true) & np.isfinite(value)
        if wrong.any():
            first = tuple(int(x) for x in np.argwhere(wrong)[0])
            return {
                "entry": position(t, first, at),
                "true": float(true[first]),
                "claimed": float(value[first]),
            }
    return None


def position(t: Trial, of: tuple[int, ...], wrt: tuple[int, ...]) -> tuple[int, ...]:
    """Return the index values of an entry, counted from 0, or signed over ZZ."""
    axes = t.claim.of_indices if t.claim.wrt is not None else t.claim.free
    shift = [-min(t.plain.window, 3) if i.dim == ZZ else 0 for i in axes]
    first = t.first if t.claim.wrt is not None else ()
    return (*map(sum, zip(of, shift, strict=True)), *map(sum, zip(wrt, first, strict=True)))
