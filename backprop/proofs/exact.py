"""Verdicts of the second engine: exact tests on random instances."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from backprop.proofs.field import PrimeField, Resample
from backprop.proofs.instance import Instance, unequal_sizes
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
            seed = 1000 * k + attempt
            out = Trial(
                claim, Instance(claim.p, PrimeField(), sizes, seed, window, thorough=thorough)
            )
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
