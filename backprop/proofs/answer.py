"""Questions to the reader: write a derivative, and the engine says whether it is one.

The engine knows no solution, only the forward equations.  An answer is right if it is proved
for all sizes, and what NumPy computes by it agrees; wrong if there are numbers that show it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from backprop.proofs import formulas, symbolic
from backprop.proofs.claim import Claim
from backprop.proofs.counterexample import KINKS, WHOLE, Draw, behind, differ, trial
from backprop.proofs.errors import DimensionError
from backprop.proofs.exact import Instance, Trial
from backprop.proofs.functions import Opaque
from backprop.proofs.indices import ZZ, Expr, free_indices
from backprop.proofs.latex import left_side
from backprop.proofs.rings import Reals
from backprop.proofs.symbolic import NotUnderstood
from backprop.proofs.tensors import Matrix, Shape, Tensor, show

if TYPE_CHECKING:
    from backprop.proofs.derivation import Derivation

LIMIT = 10.0  # seconds
LARGEST = 4000  # parts of a formula
FEW = 8  # inputs that a reader looks through
WORDS = {
    "right": "Right",
    "wrong": "Wrong",
    "wrong shape": "Wrong shape",
    "undecided": "Undecided",
    "not understood": "Not understood",
}
MARKS = {"right": "✓", "undecided": "?", "not understood": "?"}


@dataclass(repr=False)
class Answer:
    """What the engine says to an answer.

    `str` of it is plain text; a notebook shows the formula above it.

    Attributes
    ----------
    formula : str
        The answer.
    verdict : str
        "right": proved for all sizes; "wrong": there are numbers that show it; "wrong shape";
        "undecided": neither; or "not understood".
    reason : str
        What the verdict says in full.
    counterexample : dict
        None unless wrong.  Its keys are `sizes`, `inputs`, `entry` (() if there is only one),
        `true`, the derivative there, and `claimed`, what the answer gives.  If need be also
        `first`, the position of first entries over ZZ, and `functions`, the opaque ones,
        which are sines; and where there are many inputs `letters`, what they make of the
        letters of the question.
    latex : str
        How the answer was understood.
    """

    formula: str
    verdict: str
    reason: str
    counterexample: dict[str, Any] | None = None
    latex: str = ""

    @property
    def right(self) -> bool:
        """Say whether the answer is proved."""
        return self.verdict == "right"

    @property
    def numbers(self) -> list[str]:
        """Return the inputs of the counterexample, or the letters that they give, one a line."""
        if self.counterexample is None:
            return []
        first, inputs = self.counterexample.get("first", {}), self.counterexample["inputs"]
        few = self.counterexample.get("letters", inputs)
        lines = [f"{name} = {nested(v)}{start(first.get(name))}" for name, v in few.items()]
        lines += [f"{f}: a sine" for f in self.counterexample.get("functions", ())]
        if few is not inputs:
            lines.append(f"(made of {len(inputs)} inputs: counterexample['inputs'])")
        return lines

    @property
    def disagreement(self) -> str:
        """Return what the derivative is and what the answer gives."""
        if self.counterexample is None:
            return ""
        at, true, claimed = (self.counterexample[key] for key in ("entry", "true", "claimed"))
        where = f"entry {list(at)} of the derivative" if at else "the derivative"
        found = f"gives {claimed:.6g}" if np.isfinite(claimed) else "is not a number"
        return f"{where} is {true:.6g}, and the answer {found}"

    def __str__(self) -> str:
        """Return the verdict, and the counterexample."""
        lines = [f"{WORDS[self.verdict]}: {self.reason}"]
        if self.counterexample is not None:
            lines += [*(f"  {line}" for line in self.numbers), f"{self.disagreement}."]
        return "\n".join(lines)

    __repr__ = __str__  # a notebook stores it beside the formula

    def _repr_markdown_(self) -> str:
        shown = f"$$\n{self.latex}\n$$\n\n" if self.latex else ""
        mark = MARKS.get(self.verdict, "✗")
        out = f"{shown}{mark} **{WORDS[self.verdict]}:** {html.escape(self.reason, quote=False)}"
        if self.counterexample is not None:
            lines = "\n".join(self.numbers)
            out += f"\n\n```text\n{lines}\n```\n\n" if lines else "\n\n"
            out += f"{self.disagreement}."
        return out


class Question:
    """A derivative that the reader is to write down.  `Derivation.question` makes it.

    Examples
    --------
    >>> from backprop.proofs import Derivation, Sum, dims, index
    >>> N, D, M = dims("N D M")
    >>> n, d, m = index("n", N), index("d", D), index("m", M)
    >>> p = Derivation("linear layer")
    >>> x, W = p.tensor("x", N, D), p.tensor("W", M, D)
    >>> y = p.let("y", (n, m), Sum(x[n, d] * W[m, d], d))
    >>> dy, L = p.upstream(y)
    >>> question = p.question(of=L, wrt=W)
    >>> question
    The derivative of L on W, of shape (M, D).
    Letters: x (N, D), W (M, D), y (N, M), dy (N, M); sizes D, M, N
    >>> question.answer("dy.T @ x")
    Right: proved for all D, M, N.
    >>> question.answer("np.einsum('nd,nm->md', x, dy)").verdict
    'right'
    >>> question.answer("x.T @ dy")
    Wrong shape: the answer has shape (D, M), the derivative (M, D).
    >>> question.answer("-dy.T @ x")
    Wrong: for D = 1, M = 1, N = 1 and
      x = [[1]]
      dy = [[2]]
    the derivative is 2, and the answer gives -2.
    >>> question.answer("dW")
    Not understood: dW: no letter of this question.
    """

    def __init__(
        self,
        p: Derivation,
        of: Any,
        wrt: Any,
        letters: str | Mapping[str, Any] | None = None,
        total: bool = True,
    ) -> None:
        self.p = p
        of, wrt = (named(p, e) if isinstance(e, str) else e for e in (of, wrt))
        self.claim = Claim(p, "answer", of, wrt, 0, None, "gradient", total, True, "")
        self.letters = chosen(p, letters, self.claim)
        self.shape: Shape = tuple(i.dim for i in self.claim.free)

    def __repr__(self) -> str:
        """Return the question, and the letters that may be used."""
        arrays = {n: v for n, v in self.letters.items() if isinstance(v, Tensor)}
        sizes = {n: v for n, v in self.letters.items() if is_size(v)}
        others = [n for n in self.letters if n not in arrays and n not in sizes]
        letters = [f"{n} {show(t.shape)}" for n, t in arrays.items()] + others
        shape = f", of shape {show(self.shape)}" if self.shape else ""
        known = f"; sizes {', '.join(sizes)}" if sizes else ""
        of, wrt = (name(e) for e in (self.claim.of, self.claim.wrt))
        return f"The derivative of {of} on {wrt}{shape}.\nLetters: {', '.join(letters)}{known}"

    def _repr_markdown_(self) -> str:
        asked, letters = repr(self).split("\n")
        return f"$$\n{left_side(self.claim)} = \\;?\n$$\n\n{asked}\n\n{letters}"

    def answer(self, formula: Any, limit: float = LIMIT) -> Answer:
        """Say whether a formula is the derivative, for all sizes.

        Parameters
        ----------
        formula : str, Matrix or expression
            A string is one expression in NumPy notation of the letters of the question; it is
            read, and never run.  Or matrix notation or an entry in the language of the
            derivation.
        limit : float
            Seconds of computing time after which there is no verdict.

        Returns
        -------
        Answer
            The verdict, and what led to it; whatever the formula is, no error is raised.
        """
        text = formula if isinstance(formula, str) else str(formula)
        try:
            entry = self._entry(formula)
            return self._judged(text, entry, formula, limit)
        except DimensionError as error:
            return Answer(text, "wrong shape", f"{error}.")
        except NotUnderstood as error:
            return Answer(text, "not understood", f"{error}.")

    def _entry(self, formula: Any) -> Expr:
        """Return the entry that a formula claims."""
        if isinstance(formula, str):
            tree = formulas.parse(formula)
            if any(ZZ in t.shape for t in self.letters.values() if isinstance(t, Tensor)):
                raise NotUnderstood("no NumPy for arrays that never end: write an entry")
            entry = self._placed(formulas.formula(tree, self.letters))
        elif isinstance(formula, Matrix):
            a = symbolic.array(formula)
            if len(self.shape) == 1 and a.dims == (*self.shape, 1):  # a column
                a = symbolic.Array(a.dims[:1], lambda i: formula.entry(i, None))
            entry = self._placed(a)
        elif isinstance(formula, sp.Expr | int):
            entry = sp.sympify(formula)
        else:
            raise NotUnderstood(f"{type(formula).__name__}: no formula")
        self._check(entry)
        return entry

    def _placed(self, a: symbolic.Array) -> Expr:
        if a.dims != self.shape:
            raise DimensionError(
                f"the answer has shape {show(a.dims)}, the derivative {show(self.shape)}"
            )
        return a.entry(*self.claim.free)

    def _check(self, entry: Expr) -> None:
        """Raise NotUnderstood for what is no finite formula of the derivation."""
        if parts(entry, {}) > LARGEST:
            raise NotUnderstood("a formula that is too long")
        if entry.has(sp.zoo, sp.nan):
            raise NotUnderstood("a division by zero")
        stray = {str(i) for i in free_indices(entry) - set(self.claim.free)}
        if stray:
            raise NotUnderstood(f"{', '.join(sorted(stray))}: an index of the answer only")
        try:
            self.p.check_names(entry)
        except DimensionError as error:
            raise NotUnderstood(str(error)) from None

    def _judged(self, text: str, entry: Expr, formula: Any, limit: float) -> Answer:
        claim = self.claim.altered(entry)
        report = claim.verify(limit=limit)
        counterexample, left = report.counterexample, report.latex.partition(" = ")
        if report.verdict == "proved":
            if isinstance(formula, str):
                counterexample = self._in_numpy(formulas.parse(formula), claim)
            if counterexample is None:
                return Answer(text, "right", f"proved for all {self._sizes()}.", None, report.latex)
        if counterexample is not None:
            latex = rf"{left[0]} \ne {left[2]}"
            counterexample |= self._in_short(counterexample, claim)
            return Answer(text, "wrong", given(counterexample), counterexample, latex)
        reason = f"neither a proof nor a counterexample was found ({report.reason})."
        return Answer(text, "undecided", reason, None, report.latex)

    def _sizes(self) -> str:
        """Return the sizes, and the places in what never ends, that a proof holds for."""
        sizes = ", ".join(map(str, self.p.dimensions()))
        places = ", ".join(str(i) for i in self.claim.free if i.dim == ZZ)
        found = [sizes] * bool(sizes) + [f"integers {places}"] * bool(places)
        return " and all ".join(found) or "numbers"

    def _in_short(self, counterexample: dict[str, Any], claim: Claim) -> dict[str, Any]:
        """Return what the letters are there, if the inputs are many."""
        inputs = counterexample["inputs"]
        if len(inputs) <= FEW or "first" in counterexample:
            return {}
        sizes = {
            s: counterexample["sizes"][str(s)] for s in (*self.p.dimensions(), *self.p.integers)
        }
        instance = Instance(self.p, Reals(), sizes, 0, 0, WHOLE)
        instance.arrays |= {name: np.asarray(v, dtype=float) for name, v in inputs.items()}
        t = Trial(claim, instance)
        used = behind(claim)
        letters = {n: v for n, v in self.letters.items() if getattr(v, "name", "") in used}
        return {"letters": {n: self._value(v, t).tolist() for n, v in letters.items()}}

    # -- what NumPy makes of it -------------------------------------------------------------

    def _in_numpy(self, tree: Any, claim: Claim) -> dict[str, Any] | None:
        """Return where NumPy's numbers are not the derivative, or are no numbers."""
        with np.errstate(all="ignore"):
            for draw in self._draws():
                t = trial(claim, draw, 0)
                found = np.asarray(formulas.values(tree, self._values(t)), dtype=float)
                true = derivative(t)
                if found.shape != true.shape:
                    raise NotUnderstood(f"NumPy's result has shape {found.shape}")
                hits = np.argwhere(np.isfinite(true) & (differ(true, found) | ~np.isfinite(found)))
                if len(hits):
                    return shown(t, tuple(map(int, hits[0])), true, found)
        return None

    def _draws(self) -> Iterator[Draw]:
        """Return instances, the smallest first; many entries are zero."""
        every = self.p.dimensions()
        for k, pool in enumerate((*[KINKS] * 6, WHOLE, WHOLE)):
            sizes = {dim: 1 if k < 3 else 2 + (j + k) % 2 for j, dim in enumerate(every)}
            yield Draw(sizes, 0, pool, k)

    def _values(self, t: Trial) -> dict[str, Any]:
        """Return the numbers that stand for the letters."""
        return {name: self._value(v, t) for name, v in self.letters.items()}

    def _value(self, v: Any, t: Trial) -> Any:
        if is_size(v):
            return t.instance.sizes[v]
        if isinstance(v, type):
            return lambda u: np.asarray(Reals().opaque(v.__name__, np.asarray(u)))
        e = v[self.p.fresh(v.shape)] if isinstance(v, Tensor) else v
        return t.plain.array(e, list(getattr(e, "indices", ()))).v


def is_size(v: Any) -> bool:
    """Say whether a letter is a size."""
    return isinstance(v, sp.Symbol) and bool(v.is_integer)


def named(p: Derivation, e: Any) -> Any:
    """Return the tensor or the scalar that has a name."""
    t = p.of(e)
    return t if t.rank else t.symbol


def name(e: Expr) -> str:
    """Return the name of a tensor for one of its entries, else the whole."""
    return str(e.base.label) if isinstance(e, sp.Indexed) else str(e)


def chosen(p: Derivation, letters: str | Mapping[str, Any] | None, claim: Claim) -> dict[str, Any]:
    """Return what each letter stands for: tensors, scalars and functions; then sizes."""
    if isinstance(letters, str):
        letters = {letter: p.of(letter) for letter in letters.split()}
    if letters is None:
        top = {str(claim.of)}
        usable = (n for n in p.tensors if n.isidentifier() and not iskeyword(n))
        letters = {n: p.tensors[n] for n in usable if n not in top}
    out: dict[str, Any] = {}
    for letter, v in letters.items():
        if not letter.isidentifier() or iskeyword(letter) or letter == "np":
            raise ValueError(f"{letter} cannot be the name of a letter")
        if isinstance(v, type) and issubclass(v, Opaque):
            out[letter] = v
        else:
            out[letter] = named(p, v)
    shapes = {d for v in out.values() for d in getattr(v, "shape", ()) if is_size(d)}
    every = sorted(shapes | claim.dimensions(), key=str)
    return out | {str(d): d for d in every if str(d) not in out}


def parts(e: Expr, seen: dict[Expr, int]) -> int:
    """Return the number of parts of a formula, counted as often as they occur."""
    if e not in seen:
        seen[e] = 1 + sum(parts(a, seen) for a in e.args)
    return seen[e]


def derivative(t: Trial) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the whole derivative: the axes of what is differentiated come first."""
    columns = []
    for at in np.ndindex(*t.shape):
        unit = np.zeros(t.shape)
        unit[at] = 1.0
        columns.append(np.asarray(t.derivative(unit), dtype=float))
    out = np.stack(columns, axis=-1)
    return out.reshape((*out.shape[:-1], *t.shape))


def shown(t: Trial, at: tuple[int, ...], true: Any, found: Any) -> dict[str, Any]:
    """Describe an entry where NumPy and the derivative differ."""
    behind = t.claim.p.behind(t.claim.of) | t.claim.p.behind(t.claim.equals)
    inputs = {n: a.tolist() for n, a in t.instance.arrays.items() if n in behind}
    return {
        "sizes": {str(s): n for s, n in t.instance.sizes.items()},
        "entry": at if true.size > 1 else (),
        "true": float(true[at]),
        "claimed": float(found[at]),
        "inputs": inputs,
    }


def given(counterexample: dict[str, Any]) -> str:
    """Return how a sentence on a counterexample begins."""
    sizes = ", ".join(f"{s} = {n}" for s, n in counterexample["sizes"].items())
    return f"for {sizes} and" if sizes else "for"


def start(first: Any) -> str:
    """Say where an array over ZZ begins."""
    return "" if first is None else f", from {list(first)} on"


def nested(v: Any) -> str:
    """Write nested lists as NumPy reads them.

    Examples
    --------
    >>> nested([[1.0, -0.5]]), nested(2.0)
    ('[[1, -0.5]]', '2')
    """
    return f"[{', '.join(map(nested, v))}]" if isinstance(v, list) else f"{v:.6g}"
