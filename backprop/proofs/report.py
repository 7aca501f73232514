"""What a proof found: a line of text, and a card in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

WORDS = {
    "proved": "proved for all sizes",
    "refuted": "refuted",
    "checked": "checked on random instances, not proved",
    "undecided": "undecided",
}
LONGEST = 120  # characters of inputs that are worth reading


@dataclass(repr=False)
class Report:
    """The verdict on one claim.

    `str` of it is one line; a notebook shows it as a card, the formula above that line.

    Attributes
    ----------
    id : str
        The name of the claim.
    verdict : str
        "proved" for all sizes, by both engines; "checked" by exact tests only; "refuted" by a
        counterexample; or "undecided".
    general : bool
        Whether the verdict holds for all sizes.
    method : str
        What led to the verdict.
    seconds : float
        How long that took.
    latex : str
        The claim as an equation.
    reason : str
        Why there is no better verdict.
    counterexample : dict
        None unless refuted.  Its keys are `sizes`, `entry` (() if there is only one), `true`,
        `claimed` and `inputs`, nested lists by the names of given tensors; if need be also
        `first`, the position of their first entries over ZZ, and `functions`, the opaque ones,
        which are sines.
    mutants : int
        How many altered formulas were tried.
    refuted : int
        How many of them were refuted.
    equal : int
        How many were proved equal to the original.
    survivors : list
        Altered formulas that were neither.
    vacuous : bool
        Whether the derivative is zero though the claim does not say so.
    note : str
        A remark for the reader.
    """

    id: str
    verdict: str
    general: bool
    method: str
    seconds: float
    latex: str = ""
    reason: str = ""
    counterexample: dict[str, Any] | None = None
    mutants: int = 0
    refuted: int = 0
    equal: int = 0
    survivors: list[str] = field(default_factory=list)
    vacuous: bool = False
    note: str = ""

    @property
    def ok(self) -> bool:
        """Say whether the claim is proved, not vacuous, and no mutant survived."""
        return self.verdict == "proved" and not self.survivors and not self.vacuous

    @property
    def milliseconds(self) -> str:
        """Return the time as it is printed."""
        return f"{1000 * self.seconds:.0f} ms"

    @property
    def counterexample_in_words(self) -> str:
        """Return the counterexample as a sentence."""
        if not self.counterexample:
            return ""
        c = self.counterexample
        first = c.get("first", {})
        parts = [told(name, v, first.get(name)) for name, v in c.get("inputs", {}).items()]
        parts += [f"{f} a sine" for f in c.get("functions", ())]
        if not parts or sum(map(len, parts)) > LONGEST:
            parts = [f"{name} = {n}" for name, n in c["sizes"].items()]
        at = f"entry {tuple(c['entry'])}: " if c["entry"] else ""
        values = f"true {c['true']:.6g}, claimed {c['claimed']:.6g}"
        return f"{', '.join(parts)}{'; ' if at else ': '}{at}{values}" if parts else f"{at}{values}"

    @property
    def mutants_in_words(self) -> str:
        """Return how the mutants fared as a phrase."""
        if not self.mutants:
            return ""
        if self.refuted == self.mutants:
            return (
                "1 mutant, refuted" if self.mutants == 1 else f"{self.mutants} mutants, all refuted"
            )
        counts = [f"{self.refuted} refuted"]
        counts += [f"{self.equal} equal to the original"] if self.equal else []
        counts += [f"{len(self.survivors)} SURVIVED"] if self.survivors else []
        return f"{self.mutants} mutants: {', '.join(counts)}"

    @property
    def findings(self) -> str:
        """Return the verdict and what led to it as one line."""
        parts = [WORDS[self.verdict], self.counterexample_in_words, self.mutants_in_words]
        parts += [self.reason, "vacuous: the derivative is zero" if self.vacuous else ""]
        return " · ".join(filter(None, [*parts, self.milliseconds]))

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.id}: {self.findings}"

    __repr__ = __str__  # a notebook stores it beside the card

    def _repr_markdown_(self) -> str:
        mark = {"proved": "✓", "refuted": "✗"}.get(self.verdict, "?")
        note = f"\n\n{self.note}" if self.note else ""
        return f"$$\n{self.latex}\n$$\n\n{mark} **{self.id}** {self.findings}{note}"


def told(name: str, value: Any, first: Sequence[int] | None = None) -> str:
    """Write an array as a text; `first` is the position of its first entry over ZZ.

    Examples
    --------
    >>> told("x", [[1.0, -0.5]]), told("y", 2.0), told("w", [3.0, 1.0], (0,))
    ('x = (1, -0.5)', 'y = 2', 'w = (3, 1) from 0 on')
    """

    def nested(v: Any) -> str:
        if isinstance(v, list):
            return nested(v[0]) if len(v) == 1 else f"({', '.join(map(nested, v))})"
        return f"{v:.6g}"

    start = "" if first is None else f" from {first[0] if len(first) == 1 else tuple(first)} on"
    return f"{name} = {nested(value)}{start}"


class Reports(list[Report]):
    """Several reports; displays as their cards."""

    def __init__(self, reports: Iterable[Report]) -> None:
        super().__init__(reports)

    def __str__(self) -> str:
        """Return one line for each report."""
        return "\n".join(map(str, self))

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return "\n\n".join(r._repr_markdown_() for r in self)
