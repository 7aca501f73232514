"""Single-point mutants of a claimed formula: what a slip of the pen would make of it.

Each must be refuted by the exact engine, or be proved equal to the original.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from backprop.proofs import exact, functions, prover
from backprop.proofs.derivative import name_of
from backprop.proofs.errors import OutOfTime, tick, time_limit
from backprop.proofs.indices import ZZ, Expr, Index, bound, free_indices, in_order
from backprop.proofs.rings import Resample

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim
    from backprop.proofs.derivation import Derivation
    from backprop.proofs.exact import Trial

Mutant = tuple[str, Expr]
FURTHER = 12  # tests of what three have not refuted
LIMIT = 3.0  # seconds, for the proof that a mutant equals the original


@dataclass
class Outcome:
    """How the mutants of a claim fared."""

    tried: int = 0
    refuted: int = 0
    equal: int = 0
    survivors: list[str] = field(default_factory=list)


def outcome(claim: Claim, tests: list[Trial], sample: int | None = None) -> Outcome:
    """Try mutants, all or a random sample of so many, against tests that the claim passed."""
    every = list(of(claim))
    if sample is not None and sample < len(every):
        every = random.Random(0).sample(every, sample)
    out = Outcome(len(every))
    more: list[Trial] = []
    for kind, e in every:
        if refuted(e, tests):
            out.refuted += 1
        elif equal(claim, e, tests):
            out.equal += 1
        elif refuted_after_all(claim, e, more):
            out.refuted += 1
        else:
            out.survivors.append(f"{kind}: {e}")
    return out


def refuted_after_all(claim: Claim, e: Expr, more: list[Trial]) -> bool:
    """Try what a few tests did not refute on more of them."""
    if not more:
        first = exact.TRIALS
        more += [exact.trial(claim, k) for k in range(first, first + FURTHER)]
    return refuted(e, more)


def equal(claim: Claim, e: Expr, tests: list[Trial]) -> bool:
    """Prove that a mutant equals the original, if possible where it was altered."""
    whole, *inner = differences(claim.equals, e)
    candidates = [pair for pair in reversed(inner) if agree(*pair, tests)]
    for a, b in (*candidates, whole):
        try:
            with time_limit(LIMIT):
                if prover.equal(claim.p, a, b) is not None:
                    return True
        except OutOfTime:
            tick()  # the limit of the claim itself
    return False


def differences(a: Expr, b: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Return the parts in which two formulas differ, from the whole to the smallest.

    If the two sides of any of these pairs are equal, then so are the formulas.
    """
    yield a, b
    if a.func != b.func or not a.args or isinstance(a, sp.Indexed | sp.KroneckerDelta):
        return
    if isinstance(a, sp.Sum):
        if a.limits == b.limits:
            yield from differences(a.function, b.function)
    elif isinstance(a, sp.Add | sp.Mul):
        left, right = ([x for x in p.args if x not in q.args] for p, q in ((a, b), (b, a)))
        if len(left) < len(a.args) and left and right:
            yield from differences(a.func(*left), b.func(*right))
    else:
        unequal = [(x, y) for x, y in zip(a.args, b.args, strict=False) if x != y]
        if len(a.args) == len(b.args) and len(unequal) == 1:
            yield from differences(*unequal[0])


def agree(a: Expr, b: Expr, tests: list[Trial]) -> bool:
    """Say whether two formulas have the same values in tests."""
    indices = in_order(free_indices(a) | free_indices(b))
    try:
        return all(
            np.array_equal(*(t.plain.array(t.opened(e), indices).v for e in (a, b))) for t in tests
        )
    except (Resample, ValueError):
        return False


def refuted(e: Expr, tests: list[Trial]) -> bool:
    """Say whether one of the tests tells a formula from the true side."""
    for t in tests:
        try:
            if not t.agrees(e):
                return True
        except (Resample, ZeroDivisionError):  # divides by zero where the original does not
            return True
    return False


def of(claim: Claim) -> Iterator[Mutant]:
    """Return the mutants of the claimed formula, each once, with their kinds."""
    e = claim.equals
    seen = {e}
    sizes = sorted(claim.dimensions(), key=str)
    for kind, new in itertools.chain(whole(e, sizes), parts(claim.p, e, tuple(claim.free))):
        if new not in seen and not new.has(sp.zoo, sp.nan):
            seen.add(new)
            yield kind, new


def whole(e: Expr, sizes: Sequence[Expr]) -> Iterator[Mutant]:
    """Alter the formula as a whole."""
    yield "sign", -e
    yield "doubled", 2 * e
    yield "plus one", e + 1
    yield "zero", sp.S.Zero
    for size in sizes:
        yield "mean for sum", e / size


def parts(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Alter one node of the tree; `scope` are the indices that may be used there."""
    yield from at_node(p, e, scope)
    if isinstance(e, sp.Sum):
        for kind, new in parts(p, e.function, (*scope, *bound(e))):
            yield kind, e.func(new, *e.limits)
    elif not isinstance(e, sp.Indexed | sp.KroneckerDelta):
        for k, arg in enumerate(e.args):
            for kind, new in parts(p, arg, scope):
                yield kind, e.func(*e.args[:k], new, *e.args[k + 1 :])


def at_node(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Alter this node."""
    for kind_of_node, alter in ALTERATIONS:
        if isinstance(e, kind_of_node):
            yield from alter(p, e, scope)


def of_sum_of_terms(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Flip the sign of a term, drop it, or double it."""
    for term in e.args:
        yield "sign of a term", e - 2 * term
        yield "term dropped", e - term
        yield "term doubled", e + term


def of_product(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Drop a factor, square it, or change the coefficient."""
    for k, factor in enumerate(e.args):
        if factor.is_Number:
            yield "coefficient changed", e / factor * (factor + 1)
            yield "coefficient inverted", e / factor / factor
        else:
            yield "factor dropped", sp.Mul(*e.args[:k], *e.args[k + 1 :])
            yield "factor squared", e * factor


def of_power(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Change the exponent."""
    base, exponent = e.as_base_exp()
    if isinstance(e, sp.Pow):
        yield "exponent changed", base ** (exponent + 1)
        yield "exponent changed", base ** (exponent - 1)
        yield "exponent changed", base ** (-exponent)


def of_call(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Drop the function, flip the sign of its argument, or take another one."""
    name, u = type(e).__name__, e.args[0]
    yield "function dropped", u
    yield "sign of the argument", e.func(-u)
    if isinstance(e, functions.Opaque):
        other = functions.function(name[:-1] if name.endswith("'") else name + "'")
        yield "f for f'" if name.endswith("'") else "f' for f", other(u)
    for f, g in SIMILAR:
        if isinstance(e, f):
            yield f"{g.__name__} for {name}", g(u)


def of_delta(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Forget the delta, or take its complement."""
    yield "delta dropped", sp.S.One
    yield "delta inverted", 1 - e


def of_entry(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Transpose, take a wrong index, shift or flip one over ZZ, or take another tensor."""
    shape, slots = p.of(e).shape, list(e.indices)
    for a, b in itertools.combinations(range(len(slots)), 2):
        if shape[a] == shape[b]:
            swapped = list(slots)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            yield "transposed", e.func(e.base, *swapped)
    for k, slot in enumerate(slots):
        for kind, new in wrong_slots(slot, shape[k], scope):
            yield kind, e.func(e.base, *slots[:k], new, *slots[k + 1 :])
    for t in p.tensors.values():
        if t.shape == shape and t.name != name_of(e):
            yield "another tensor", t[tuple(slots)]


def of_scalar(p: Derivation, e: Expr, scope: tuple[Index, ...]) -> Iterator[Mutant]:
    """Take another scalar, or another size."""
    scalars = [t.symbol for t in p.tensors.values() if t.rank == 0]
    for kind, names in (("another scalar", scalars), ("another size", p.dimensions())):
        yield from ((kind, s) for s in names if e in names and s != e)


def wrong_slots(slot: Expr, dim: Expr, scope: tuple[Index, ...]) -> Iterator[tuple[str, Expr]]:
    """Return what might stand in a slot by mistake."""
    if dim == ZZ:
        yield "shifted", slot + 1
        yield "shifted", slot - 1
        yield "flipped", -slot
    else:
        for i in scope:
            if i.dim == dim and i != slot:
                yield "wrong index", i


SIMILAR = (
    (functions.tanh, functions.sigmoid),
    (functions.sigmoid, functions.tanh),
    (functions.step, functions.sign),
    (functions.sign, functions.step),
    (functions.relu, functions.absolute),
    (functions.absolute, functions.relu),
)
Alteration = Callable[["Derivation", Expr, tuple[Index, ...]], Iterator[Mutant]]
ALTERATIONS: tuple[tuple[type, Alteration], ...] = (
    (sp.Add, of_sum_of_terms),
    (sp.Mul, of_product),
    (sp.Pow, of_power),
    (functions.Elementwise, of_call),
    (sp.exp, of_call),
    (sp.KroneckerDelta, of_delta),
    (sp.Indexed, of_entry),
    (sp.Symbol, of_scalar),
)
