"""A claim: one formula, what it says, and what the two engines say about it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from backprop.proofs import exact, mutants, prover
from backprop.proofs.counterexample import counterexample
from backprop.proofs.derivative import differentiate, final, name_of
from backprop.proofs.errors import DimensionError, OutOfTime, ProofError, time_limit
from backprop.proofs.functions import absolute, relu, sign, step
from backprop.proofs.indices import ZZ, Expr, Index, free_indices, in_order
from backprop.proofs.latex import claim_latex
from backprop.proofs.report import Report
from backprop.proofs.rings import Resample
from backprop.proofs.tensors import Matrix, Tensor, show

if TYPE_CHECKING:
    from backprop.proofs.derivation import Derivation
    from backprop.proofs.exact import Trial

LIMIT = 20.0  # seconds
KINKED = (relu, step, sign, absolute)


class Claim:
    """The statement that a derivative, or a left side, equals a formula.

    `Derivation.claim` makes it; its parameters are described there.
    """

    def __init__(
        self,
        p: Derivation,
        id: str,
        of: Any,
        wrt: Any,
        equals: Any,
        lhs: Any,
        layout: str,
        total: bool,
        zero: bool,
        note: str,
    ) -> None:
        if (lhs is None) == (of is None or wrt is None):
            raise DimensionError(f"{id}: state either of= and wrt=, or lhs=")
        self.p, self.id, self.layout = p, id, layout
        self.total, self.zero, self.note = total, zero, note
        self.lhs: Expr = None
        self.of: Expr = None
        self.wrt: Expr = None
        if lhs is not None:
            self._identity(lhs, equals)
        else:
            self.of = self._entry(of)
            self.wrt = self._entry(wrt, free_indices(self.of))
            self._check_wrt()
            self.of_indices = in_order(free_indices(self.of))
            if isinstance(self.of, sp.Indexed):
                once = dict.fromkeys(i for i in self.of.indices if i in self.of_indices)
                self.of_indices = [*once, *(i for i in self.of_indices if i not in once)]
            self.wrt_indices: list[Index] = list(getattr(self.wrt, "indices", ()))
            self.free = [*self.of_indices, *self.wrt_indices]
            self.equals = self._placed(equals, isinstance(wrt, Tensor))
        for e in (self.of, self.wrt, self.lhs, self.equals):
            if e is not None:
                p.check_names(e)
        stray = free_indices(self.equals) - set(self.free)
        if stray:
            raise DimensionError(
                f"{id}: {', '.join(sorted(map(str, stray)))} occurs in the claimed formula only"
            )

    # -- the statement ----------------------------------------------------------------------

    def _entry(self, e: Any, taken: Iterable[Index] = ()) -> Expr:
        """Return an entry with fresh indices for a whole tensor."""
        if not isinstance(e, Tensor):
            return sp.sympify(e)
        return e[self.p.fresh(e.shape, [i.name for i in taken])]

    def _check_wrt(self) -> None:
        indices = getattr(self.wrt, "indices", ())
        known = (isinstance(self.wrt, sp.Indexed) or self.wrt.is_Symbol) and (
            name_of(self.wrt) in self.p.tensors
        )
        if not known:
            raise DimensionError(f"{self.id}: wrt={self.wrt} is not an entry of a tensor")
        plain = all(isinstance(i, Index) for i in indices)
        if not plain or len(set(indices)) < len(indices):
            raise DimensionError(f"{self.id}: wrt={self.wrt} needs a different index in each slot")
        shared = free_indices(self.of) & set(indices)
        if shared:
            raise DimensionError(
                f"{self.id}: of={self.of} and wrt={self.wrt} share {', '.join(map(str, shared))}; "
                "differentiate by an entry with fresh indices"
            )

    def _identity(self, lhs: Any, equals: Any) -> None:
        self.of_indices, self.wrt_indices = [], []
        if isinstance(lhs, Matrix) or isinstance(equals, Matrix):
            if not (isinstance(lhs, Matrix) and isinstance(equals, Matrix)):
                raise DimensionError(f"{self.id}: one side is a matrix, the other is not")
            if lhs.entries != equals.entries:
                raise DimensionError(
                    f"{self.id}: the left side has shape {show(lhs.entries)}, "
                    f"the right side {show(equals.entries)}"
                )
            sizes = [dim for dim in lhs.entries if dim != 1]
            self.free = list(self.p.fresh(sizes))
            left = iter(self.free)
            slots = [None if dim == 1 else next(left) for dim in lhs.entries]
            self.lhs, self.equals = lhs.entry(*slots), equals.entry(*slots)
        else:
            self.lhs, self.equals = sp.sympify(lhs), sp.sympify(equals)
            self.free = in_order(free_indices(self.lhs) | free_indices(self.equals))

    def _placed(self, equals: Any, whole: bool) -> Expr:
        """Return the claimed entry at the indices of `of` and `wrt`."""
        if not isinstance(equals, Matrix):
            e = sp.sympify(equals)
            if whole and free_indices(e):
                raise DimensionError(
                    f"{self.id}: with wrt={self.wrt.base.label} a whole tensor, state the formula "
                    f"in matrix notation; for {e} differentiate by an entry"
                )
            return e
        slots = self._layout()
        shape = tuple(i.dim if i is not None else sp.S.One for i in slots)
        if shape != equals.entries:
            raise DimensionError(
                f"{self.id}: claimed shape {show(equals.entries)}, "
                f"the gradient has shape {show(shape)}"
            )
        return final(equals.entry(*slots))

    def _layout(self) -> Sequence[Index | None]:
        """Return the index on each axis of the claimed matrix."""
        if self.layout == "jacobian":
            return two(self.of_indices, column=True)[:1] + two(self.wrt_indices, column=True)[:1]
        if self.of_indices:
            raise DimensionError(f"{self.id}: a matrix of all of {self.of} needs layout='jacobian'")
        if self.layout == "gradient":
            return two(self.wrt_indices, column=True)
        if self.layout == "row":
            return two(self.wrt_indices, column=False)
        if self.layout == "transposed":
            return two(self.wrt_indices, column=True)[::-1]
        raise ValueError(f"{self.id}: unknown layout {self.layout!r}")

    @property
    def wrt_tensor(self) -> Tensor:
        """Return the tensor that is differentiated by."""
        return self.p.of(self.wrt)

    @property
    def closed(self) -> frozenset[str]:
        """Return the defined name that is differentiated by, and hence not opened."""
        return frozenset() if self.wrt is None else frozenset({name_of(self.wrt)})

    @property
    def over_integers(self) -> bool:
        """Say whether an index over ZZ occurs in the derivation."""
        return any(ZZ in t.shape for t in self.p.tensors.values())

    def dimensions(self) -> set[Expr]:
        """Return the dimensions of the indices of the claim."""
        sides = [e for e in (self.of, self.wrt, self.lhs, self.equals) if e is not None]
        every = {i.dim for e in sides for i in e.atoms(Index)}
        return {dim for dim in every if dim != ZZ and not dim.is_Integer}

    @property
    def immediate(self) -> Expr:
        """Return `of` with its own definition opened, and no other."""
        opened = (
            self.p.opener([name_of(self.of)])(self.of)
            if self.of.args or self.of.is_Symbol
            else None
        )
        return self.of if opened is None else opened

    def inlined(self, e: Expr) -> Expr:
        """Return an expression with all definitions opened."""
        opened = self.p.opener(closed=self.closed)

        def walk(e: Expr) -> Expr:
            if isinstance(e, sp.Indexed) or (e.is_Symbol and not isinstance(e, Index)):
                definition = opened(e)
                return e if definition is None else walk(definition)
            if isinstance(e, sp.Sum):
                return e.func(walk(e.function), *e.limits)
            return e.func(*map(walk, e.args)) if e.args else e

        return walk(e) if self.total else e

    # -- the proof --------------------------------------------------------------------------

    @cached_property
    def gradient(self) -> Expr:
        """Return the derivative by the chain rule, with its deltas not yet contracted."""
        if not self.total:
            return differentiate(self.immediate, self.wrt)
        return differentiate(self.of, self.wrt, self.p.opener(closed=self.closed))

    @property
    def left(self) -> Expr:
        """Return the side that is not claimed: the derivative, or `lhs`."""
        return self.lhs if self.lhs is not None else self.gradient

    def verify(self, mutants: bool | int = False, limit: float = LIMIT) -> Report:
        """Decide the claim; never raise for a wrong formula.

        Parameters
        ----------
        mutants : bool or int
            Whether to try altered formulas too, or how many of them.
        limit : float
            Seconds of computing time after which there is no verdict.

        Returns
        -------
        Report
            The verdict; `ok` says whether all is well.
        """
        start = time.perf_counter()
        report = Report(self.id, "undecided", False, "", 0.0, claim_latex(self), note=self.note)
        try:
            with time_limit(limit):
                self._decide(report, mutants)
        except OutOfTime:
            report.verdict, report.reason = "undecided", f"no verdict within {limit:g} s"
        except (Resample, ValueError, ZeroDivisionError) as error:
            report.reason = str(error)
        report.general = report.verdict == "proved"
        report.seconds = time.perf_counter() - start
        return report

    def _decide(self, report: Report, wanted: bool | int) -> None:
        holds, tests = exact.trials(self)
        if not holds:
            report.counterexample = counterexample(self)
            report.verdict = "refuted" if report.counterexample else "undecided"
            report.method = "exact test over GF(2^31-1)"
            if not report.counterexample:
                report.reason = "the exact tests disagree, but ordinary numbers do not"
            return
        report.verdict, report.method = "checked", f"{len(tests)} exact tests"
        report.vacuous = not self.zero and self._vanishes(tests)
        opened = prover.equal(self.p, self.left, self.equals)
        if opened is None:
            report.reason = "the normal form of the difference is not zero"
            self._look_at_kinks(report)
            return
        report.verdict, report.method = "proved", f"index calculus and {len(tests)} exact tests"
        if wanted:
            self._test_itself(report, tests, wanted)

    def _look_at_kinks(self, report: Report) -> None:
        """Refute what the exact tests cannot: a formula that is wrong only at a kink."""
        if any(self.equals.has(f) or self.left.has(f) for f in KINKED):
            report.counterexample = counterexample(self, zeros=True)
        if report.counterexample:
            report.verdict, report.reason = "refuted", "the formulas differ at a kink"
            report.method = "evaluation at zeros"

    def _vanishes(self, tests: list[Trial]) -> bool:
        return self.wrt is not None and not any(np.any(t.true) for t in tests)

    def _test_itself(self, report: Report, tests: list[Trial], wanted: bool | int) -> None:
        found = mutants.outcome(self, tests, None if wanted is True else int(wanted))
        report.mutants, report.refuted = found.tried, found.refuted
        report.equal, report.survivors = found.equal, found.survivors
        if not found.refuted:
            report.survivors = [*report.survivors, "no altered formula could be refuted"]

    def prove(self, mutants: bool | int = True, limit: float = LIMIT) -> Report:
        """Prove the claim and refute its mutants.

        Parameters
        ----------
        mutants : bool or int
            Whether to try altered formulas, or how many of them.
        limit : float
            Seconds of computing time after which there is no verdict.

        Returns
        -------
        Report
            The verdict, which is "proved".

        Raises
        ------
        AssertionError
            A `ProofError`, if the claim is not proved or vacuous, or if an altered formula is
            neither refuted nor proved equal to the original.
        """
        report = self.verify(mutants, limit)
        if not report.ok:
            survivors = f"\nsurvivors: {'; '.join(report.survivors)}" if report.survivors else ""
            raise ProofError(f"{report}{survivors}")
        return report

    def refute(self, limit: float = LIMIT) -> Report:
        """Refute the claim with a counterexample.

        Parameters
        ----------
        limit : float
            Seconds of computing time after which there is no verdict.

        Returns
        -------
        Report
            The verdict, which is "refuted", with the counterexample.

        Raises
        ------
        AssertionError
            A `ProofError`, if the verdict is another.
        """
        report = self.verify(limit=limit)
        if report.verdict != "refuted":
            raise ProofError(f"{report}: expected to be refuted")
        return report

    def mutants(self) -> Iterator[tuple[str, Claim]]:
        """Return altered claims, each with the kind of the alteration.

        Returns
        -------
        iterator of (str, Claim)
            What a slip of the pen would make of this claim, and what slip it is.
        """
        for kind, equals in mutants.of(self):
            yield kind, self.altered(equals, kind)

    def altered(self, equals: Expr, kind: str = "altered") -> Claim:
        """Return this claim with another formula."""
        new = object.__new__(Claim)
        new.__dict__.update(self.__dict__)
        new.equals, new.id = equals, f"{self.id}, {kind}"
        return new

    # -- use --------------------------------------------------------------------------------

    def numpy(self, **arrays: Any) -> NDArray[np.float64]:
        """Evaluate the claimed formula on arrays; axes over ZZ as long as those of `wrt`.

        Parameters
        ----------
        **arrays : array_like, or tuple of callables
            The arrays by the names of tensors.  For an opaque function f a tuple of
            callables, the function, its derivative and so on as far as they are needed;
            without it a sine stands for f.

        Returns
        -------
        array
            The claimed values; for a gradient in the shape of `wrt`.

        Raises
        ------
        ValueError
            If a callable is missing, or sizes contradict each other.
        """
        run = self.p.run(arrays)
        out = run.array(self.equals, self.free).v
        if self.wrt is not None:
            stored = run.stored.get(self.wrt_tensor.name)
            n = len(self.of_indices)
            for k, i in enumerate(self.wrt_indices):
                if i.dim == ZZ and stored is not None:
                    first = run.window + stored.first[k]
                    length = stored.array.v.shape[k]
                    out = out.take(range(first, first + length), axis=n + k)
        return np.array(out)

    def steps(self) -> Any:
        """Return the chain rule as LaTeX, delta by delta.

        Returns
        -------
        str
            Forward equations, the derivative, each contraction, the claim; displays in a
            notebook.
        """
        from backprop.proofs.latex import steps

        return steps(self)

    def source(self, name: str | None = None) -> str:
        """Return NumPy source that computes the formula.

        Parameters
        ----------
        name : str, optional
            The name of the function; by default that of the claim.

        Returns
        -------
        str
            A function whose arguments are the arrays that the formula names.
        """
        from backprop.proofs.source import source

        return source(self, name)

    def __repr__(self) -> str:
        """Return the name, which a notebook stores beside the formula."""
        return f"Claim({self.id!r})"

    def _repr_markdown_(self) -> str:
        return f"$$\n{claim_latex(self)}\n$$"


def two(indices: Sequence[Index], column: bool) -> list[Index | None]:
    """Return the indices on the axes of a column or of a row; matrices as they are."""
    if len(indices) > 1:
        return list(indices)
    one = [*indices, None][:1]
    return [*one, None] if column else [None, *one]
