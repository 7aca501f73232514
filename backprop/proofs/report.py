"""What a proof found: a line of text, and a card in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

WORDS = {
    "proved": "proved for all sizes",
    "refuted": "refuted",
    "checked": "checked on random instances, not proved",
    "undecided": "undecided",
}


@dataclass
class Report:
    """The verdict on one claim.

    Attributes
    ----------
    verdict : {"proved", "refuted", "checked", "undecided"}
        `proved`: by both engines; `checked`: by exact tests only.
    general : bool
        Whether the verdict holds for all sizes.
    mutants, refuted, equal : int
        How many altered formulas were tried, refuted, and proved equal to the original.
    survivors : list of str
        Altered formulas that were neither.
    counterexample : dict or None
        Sizes, entry, true and claimed value.
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
        sizes = ", ".join(f"{k} = {v}" for k, v in c["sizes"].items())
        at = f"entry {tuple(c['entry'])}: " if c["entry"] else ""
        return f"{sizes}{'; ' if sizes else ''}{at}true {c['true']:.6g}, claimed {c['claimed']:.6g}"

    @property
    def mutants_in_words(self) -> str:
        """Return how the mutants fared as a phrase."""
        if not self.mutants:
            return ""
        words = f"{self.mutants} mutants, {self.refuted} refuted"
        if self.equal:
            words += f" ({self.equal} equal to the original)"
        if self.survivors:
            words += f", {len(self.survivors)} SURVIVED"
        return words

    def __str__(self) -> str:
        """Return one line."""
        parts = [WORDS[self.verdict], self.counterexample_in_words, self.mutants_in_words]
        parts += [self.reason, "vacuous: the derivative is zero" if self.vacuous else ""]
        return f"{self.id}: {', '.join(filter(None, parts))}, {self.milliseconds}"

    def _repr_markdown_(self) -> str:
        mark = {"proved": "✓", "refuted": "✗"}.get(self.verdict, "?")
        parts = [self.counterexample_in_words, self.mutants_in_words, self.reason]
        parts += ["vacuous: the derivative is zero" if self.vacuous else "", self.milliseconds]
        line = " · ".join(filter(None, parts))
        note = f"\n\n{self.note}" if self.note else ""
        return f"$$\n{self.latex}\n$$\n\n{mark} **{self.id}** {WORDS[self.verdict]} · {line}{note}"


class Reports(list[Report]):
    """Several reports; displays as their cards."""

    def __init__(self, reports: Iterable[Report]) -> None:
        super().__init__(reports)

    def __str__(self) -> str:
        """Return one line for each report."""
        return "\n".join(map(str, self))

    def _repr_markdown_(self) -> str:
        return "\n\n".join(r._repr_markdown_() for r in self)
