"""Rows of the ledger in a notebook, decided when they are shown."""

from __future__ import annotations

import re

from backprop.ledger.case import Contradiction
from backprop.ledger.verdict import Entry, decide_one

WORDS = {
    "holds": "holds",
    "definition": "definition",
    "erratum": "**erratum**",
    "ambiguous": "**ambiguous**",
}


class Shown:
    """Some rows with their verdicts; displays as a table."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def __repr__(self) -> str:
        """Return one line for each row."""
        return "\n".join(f"{e.id}: {in_words(e)}" for e in self.entries)

    def _repr_markdown_(self) -> str:
        head = "| | as printed | verdict | |\n|---|---|---|---|\n"
        return head + "\n".join(line(e) for e in self.entries)


def show(*ids: str, mutants: bool | int = 5) -> Shown:
    """Decide rows and show them as a table: id, as printed, verdict, remarks.

    Parameters
    ----------
    *ids : str
        Rows, such as "Ye17-2".
    mutants : bool or int
        How many altered formulas of each claim must be refuted.

    Examples
    --------
    >>> show("Ye17-2")
    Ye17-2: holds
    """
    entries = [decide_one(id, mutants, numbers=True) for id in ids]
    problems = [e for e in entries if isinstance(e, str)]
    if problems:
        raise Contradiction("\n".join(problems))
    return Shown([e for e in entries if isinstance(e, Entry)])


def in_words(entry: Entry) -> str:
    """Return the verdict with its condition."""
    under = f" under: {entry.condition}" if entry.condition and entry.verdict == "holds" else ""
    return entry.verdict + under


def line(e: Entry) -> str:
    """Return one row of the table."""
    cells = (e.id, f"${cell(e.printed)}$", verdict_cell(e), remark(e))
    return "| " + " | ".join(cells) + " |"


def verdict_cell(e: Entry) -> str:
    """Return the verdict, with the condition of what holds."""
    under = f" under: {cell(e.condition)}" if e.condition and e.verdict == "holds" else ""
    return WORDS[e.verdict] + under


def remark(e: Entry) -> str:
    """Return what is wrong, the corrected form, the counterexample, and what else there is."""
    right = f"Right is ${cell(e.corrected)}$." if e.corrected else ""
    only = f"The printed form holds under: {e.condition}." if right and e.condition else ""
    against = f"Counterexample: {e.counterexample}." if e.counterexample else ""
    parts = (e.reading, e.wrong, right, only, against, e.judged, e.remark)
    return " ".join(prose(part) for part in parts if part)


def cell(latex: str) -> str:
    r"""Write LaTeX so that it can stand in a cell of a Markdown table.

    Examples
    --------
    >>> print(cell(r"\|y\|^2 = |a|"))
    \Vert y\Vert ^2 = \vert a\vert
    """
    text = re.sub(r"\\\|", r"\\Vert ", " ".join(latex.split()))
    return text.replace("|", r"\vert ").strip()


def prose(text: str) -> str:
    """Write a sentence, with formulas in dollars, so that it can stand in a cell."""
    parts = re.split(r"(\$[^$]*\$)", " ".join(text.split()))
    return "".join(cell(p) if p.startswith("$") else p.replace("|", r"\|") for p in parts)
