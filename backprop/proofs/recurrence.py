"""Recurrences: a proof for all lengths from the proof of one step.

Let Z_t(s) be the loss from step t on as a function of the state s that enters it.  Then
Z_t(s) = l_t(F(s)) + Z_{t+1}(F(s)) with F one step.  By the chain rule the gradient on s is
the one-step gradient for the upstream gradient (gradient of l_t) + (gradient of Z_{t+1}),
and gradients on shared parameters add up over t.  So if the one-step gradients are right
for an opaque upstream gradient, backpropagation through any number of steps is, by
induction from the last step.  The inductive step is checked by `induction_step`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from backprop.proofs.claim import Claim
from backprop.proofs.derivation import Derivation
from backprop.proofs.derivative import name_of
from backprop.proofs.errors import ProofError
from backprop.proofs.evaluate import Evaluator
from backprop.proofs.indices import Expr
from backprop.proofs.report import Report, Reports
from backprop.proofs.rings import Array, Dual, P, PrimeField, Resample

LENGTHS = (1, 2, 3, 4)
RING = PrimeField()
Failures = dict[int, list[str]]
Tilt = Mapping[tuple[str, int], Array]
"""A direction for each variable, at a step or, for what is shared, at -1."""


class Recurrence:
    """A cell that is applied T times, and its claimed one-step gradients.

    Parameters
    ----------
    p : Derivation
        The forward equations of one step, and a claim for the gradient of the loss on each
        state that enters, on each parameter, and on each input.
    state : mapping of Tensor to Tensor
        Each state that enters a step, and the same state as it leaves.
    upstream : mapping of Tensor to Tensor
        For each state that leaves, its opaque upstream gradient.
    parameters, inputs : sequence of Tensor or scalar
        What all steps share, and what each step has for itself.

    Examples
    --------
    >>> from backprop.proofs import Sum, dims, index
    >>> i, j, k = index("i j k", dims("H"))
    >>> p = Derivation("linear recurrence")
    >>> h, W = p.tensor("h", i.dim), p.tensor("W", i.dim, i.dim)
    >>> after = p.let("after", i, Sum(W[i, j] * h[j], j))
    >>> dafter, L = p.upstream(after)
    >>> dh = p.claim("dh", of=L, wrt=h, equals=W.T * dafter)
    >>> dW = p.claim("dW", of=L, wrt=W, equals=dafter * h.T)
    >>> r = Recurrence(p, state={h: after}, upstream={after: dafter}, parameters=[W])
    >>> r.prove()[-1].verdict
    'proved'
    >>> forgotten = p.claim("dh, transpose forgotten", of=L, wrt=h, equals=W * dafter)
    >>> r.first_failure({"h": forgotten})
    {'h': 1, 'W': 2}
    """

    def __init__(
        self,
        p: Derivation,
        *,
        state: Mapping[Any, Any],
        upstream: Mapping[Any, Any],
        parameters: Sequence[Any],
        inputs: Sequence[Any] = (),
    ) -> None:
        self.p = p
        self.state = {p.of(a).name: p.of(b).name for a, b in state.items()}
        self.upstream = {p.of(a).name: p.of(b).name for a, b in upstream.items()}
        self.parameters = [p.of(t).name for t in parameters]
        self.inputs = [p.of(t).name for t in inputs]

    @property
    def variables(self) -> list[str]:
        """Return the names whose gradients are claimed."""
        return [*self.state, *self.parameters, *self.inputs]

    def gradients(self, changed: Mapping[str, Claim] | None = None) -> dict[str, Claim]:
        """Return the claim for each variable; `changed` replaces some, by name."""
        found: dict[str, Claim] = {}
        for claim in self.p.claims.values():
            if claim.wrt is not None:
                found.setdefault(name_of(claim.wrt), claim)
        found |= changed or {}
        missing = [name for name in self.variables if name not in found]
        if missing:
            raise ProofError(f"{self.p.name}: no claim for the gradient on {', '.join(missing)}")
        return {name: found[name] for name in self.variables}

    def prove(self, mutants: bool | int = True) -> Reports:
        """Prove the recursion for every length.

        Parameters
        ----------
        mutants : bool or int
            Whether to try altered formulas for one step, or how many of them.

        Returns
        -------
        list of Report
            One report for each claim about one step, and one for the recursion.

        Raises
        ------
        AssertionError
            A `ProofError`, if a claim or the unrolled recursion fails.
        """
        start = time.perf_counter()
        steps = [c.prove(mutants=mutants) for c in self.gradients().values()]
        if not induction_step():
            raise ProofError("the inductive step does not hold")
        failures = self.unrolled()
        if any(failures.values()):
            raise ProofError(f"{self.p.name}: the unrolled recursion fails, {failures}")
        return Reports([*steps, self._report(time.perf_counter() - start)])

    def _report(self, seconds: float) -> Report:
        states = ", ".join(self.p.tensors[s].latex or s for s in self.state)
        return Report(
            f"{self.p.name}, any number of steps",
            "proved",
            True,
            "induction over T from the one-step proofs; T = 1, 2, 3, 4 unrolled exactly",
            seconds,
            r"\lambda_t = \nabla \ell_t + \left(\frac{\partial s_{t+1}}{\partial s_t}\right)^{T}"
            r"\lambda_{t+1}, \qquad \frac{\partial L}{\partial \theta} = \sum_t "
            r"\left(\frac{\partial s_{t+1}}{\partial \theta}\right)^{T} \lambda_{t+1}",
            f"states {states}; inductive step checked; unrolled for T = 1 to 4",
        )

    def unrolled(
        self, changed: Mapping[str, Claim] | None = None, lengths: Sequence[int] = LENGTHS
    ) -> Failures:
        """Run the claimed recursion exactly; return the names that fail, by length.

        Every step has a loss of its own, not linear in the states.  The recursion runs
        backward with the claimed gradients; the true derivative is that of the unrolled
        loss, by dual numbers, along a random direction of all variables at once, and where that
        disagrees along one variable at a time.

        Parameters
        ----------
        changed : mapping of str to Claim, optional
            Other one-step gradients to run the recursion with, by the name of the variable.
        lengths : sequence of int
            The numbers of steps to try.

        Returns
        -------
        dict
            A list of names for each length; empty lists if all is well.
        """
        gradients = self.gradients(changed)
        return {T: self._failures(T, gradients) for T in lengths}

    def first_failure(
        self, changed: Mapping[str, Claim], lengths: Sequence[int] = LENGTHS
    ) -> dict[str, int]:
        """Return for each variable that fails the smallest length at which it does.

        Parameters
        ----------
        changed : mapping of str to Claim
            Other one-step gradients to run the recursion with, by the name of the variable.
        lengths : sequence of int
            The numbers of steps to try.

        Returns
        -------
        dict
            Lengths by name.
        """
        first: dict[str, int] = {}
        for T, names in self.unrolled(changed, lengths).items():
            for name in names:
                first.setdefault(name, T)
        return first

    def _failures(self, T: int, gradients: Mapping[str, Claim]) -> list[str]:
        for seed in range(100):
            try:
                return Unrolled(self, T, seed).failures(gradients)
            except Resample:
                continue
        raise Resample(self.p.name)


class Unrolled:
    """A recurrence of T steps with random arrays over the prime field."""

    def __init__(self, r: Recurrence, T: int, seed: int) -> None:
        self.r, self.T, self.rng = r, T, random.Random(seed)
        self.sizes: dict[Expr, int] = {dim: 2 + k % 2 for k, dim in enumerate(r.p.dimensions())}
        self.shared = {n: self.random(n) for n in (*r.parameters, *self._others())}
        self.first = {n: self.random(n) for n in r.state}
        self.inputs = [{n: self.random(n) for n in r.inputs} for _ in range(T)]
        self.weights = [{n: self.random(n) for n in r.state.values()} for _ in range(T)]
        self.losses = [{n: self.random(n) for n in r.state.values()} for _ in range(T)]

    def _others(self) -> list[str]:
        r = self.r
        known = {*r.variables, *r.upstream.values()}
        return [t.name for t in r.p.given() if t.name not in known]

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor."""
        return tuple(int(self.sizes.get(dim) or dim) for dim in self.r.p.tensors[name].shape)

    def random(self, name: str) -> Array:
        """Return a random array in the shape of a tensor; a distribution sums to one."""
        shape = self.shape(name)
        n = int(np.prod(shape, dtype=int))
        a = np.array([self.rng.randrange(1, P) for _ in range(n)], dtype=np.int64)
        a = a.reshape(shape)
        if name in self.r.p.positives:
            a = a * a % P
        if name in self.r.p.distributions:
            a[..., -1] = (1 - a[..., :-1].sum(axis=-1)) % P
        return a

    def step(self, given: Mapping[str, Dual]) -> Evaluator:
        """Run the forward equations of one step that do not need the upstream gradients."""
        out = Evaluator(RING, self.sizes)
        for name, array in given.items():
            out.store(name, array)
        for name, (indices, body) in self.r.p.definitions.items():
            used = {name_of(e) for e in body.atoms(sp.Indexed, sp.Symbol)}
            if used & self.r.p.tensors.keys() <= out.stored.keys():
                out.define(name, indices, body)
        return out

    def given(self, t: int, state: Mapping[str, Dual], tilt: Tilt) -> dict[str, Dual]:
        """Return the arrays of step t, with their directions."""
        arrays = {n: Dual(RING, a, tilt.get((n, -1))) for n, a in self.shared.items()}
        arrays |= {n: Dual(RING, a, tilt.get((n, t))) for n, a in self.inputs[t].items()}
        return arrays | dict(state)

    def forward(self, tilt: Tilt) -> tuple[int, list[dict[str, Dual]]]:
        """Return the derivative of the total loss along directions, and all states."""
        state = {n: Dual(RING, a, tilt.get((n, -1))) for n, a in self.first.items()}
        loss: int = 0
        states = [state]
        for t in range(self.T):
            out = self.step(self.given(t, state, tilt))
            state = {a: out.stored[b].array for a, b in self.r.state.items()}
            states.append(state)
            for a, b in self.r.state.items():  # the loss of step t is <l, s> + <w, s*s>
                s = state[a]
                slope = self.slope(t, b, s.v)
                loss += int(np.sum(slope * s.tangent() % P))
        return loss % P, states

    def slope(self, t: int, name: str, s: Array) -> Array:
        """Return the gradient of the loss of step t itself on a state."""
        return (self.losses[t][name] + 2 * (self.weights[t][name] * s % P)) % P

    def failures(self, gradients: Mapping[str, Claim]) -> list[str]:
        """Return the variables on which the claimed recursion gives a wrong gradient."""
        claimed = self.backward(gradients, self.forward({})[1])
        directions = {key: self.random(key[0]) for key in claimed}
        if self.agrees(claimed, directions):  # all at once, and only then one by one
            return []
        wrong = {key[0] for key, u in directions.items() if not self.agrees(claimed, {key: u})}
        return [name for name in self.r.variables if name in wrong]

    def agrees(self, claimed: Mapping[tuple[str, int], Array], tilt: Tilt) -> bool:
        """Compare claimed gradients with the true derivative along directions."""
        contracted = sum(int(np.sum(claimed[key] * u % P)) for key, u in tilt.items())
        return self.forward(tilt)[0] == contracted % P

    def backward(
        self, gradients: Mapping[str, Claim], states: list[dict[str, Dual]]
    ) -> dict[tuple[str, int], Array]:
        """Run the claimed recursion and return its gradients."""
        r = self.r
        out = {(n, -1): np.zeros(self.shape(n), dtype=np.int64) for n in r.parameters}
        carried = {b: np.zeros(self.shape(b), dtype=np.int64) for b in r.state.values()}
        for t in reversed(range(self.T)):
            arrays = self.given(t, states[t], {})
            for a, b in r.state.items():
                total = (carried[b] + self.slope(t, b, states[t + 1][a].v)) % P
                arrays[r.upstream[b]] = Dual(RING, total)
            run = self.step(arrays)
            found = {n: run.array(c.equals, c.wrt_indices).v for n, c in gradients.items()}
            for n in r.parameters:
                out[n, -1] = (out[n, -1] + found[n]) % P
            out |= {(n, t): found[n] for n in r.inputs}
            carried = {b: found[a] for a, b in r.state.items()}
        return out | {(a, -1): carried[b] for a, b in r.state.items()}


@cache
def induction_step(accumulate: bool = True) -> bool:
    """Check the inductive step on opaque functions, with two states and one parameter.

    Z(s, w) = l(F(s, w)) + Z'(F(s, w), w): its gradients are the one-step gradients for the
    upstream gradient of l + Z', and on w the gradient of Z' in addition.  Unless the
    gradients on parameters `accumulate` like this, the step does not hold.
    """
    s1, s2, w, a, b, c = sp.symbols("s1 s2 w a b c")
    F1, F2, loss, later = (sp.Function(n) for n in ("F1", "F2", "l", "Z"))
    f1, f2 = F1(s1, s2, w), F2(s1, s2, w)

    def at_output(e: Expr) -> Expr:
        return sp.Subs(e, (a, b, c), (f1, f2, w))

    whole = sp.Subs(loss(a, b) + later(a, b, c), (a, b, c), (f1, f2, w))
    upstream = [at_output(sp.diff(loss(a, b) + later(a, b, c), v)) for v in (a, b)]
    carried = at_output(sp.diff(later(a, b, c), c)) if accumulate else sp.S.Zero
    for v, direct in ((s1, sp.S.Zero), (s2, sp.S.Zero), (w, carried)):
        one_step = upstream[0] * sp.diff(f1, v) + upstream[1] * sp.diff(f2, v)
        difference = sp.diff(whole.doit(), v) - one_step - direct
        if sp.expand(difference.doit()) != 0:
            return False
    return True
