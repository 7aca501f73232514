"""Rows of the ledger in a notebook, decided when they are shown."""

from __future__ import annotations

import re
import textwrap

from backprop.ledger.case import Contradiction
from backprop.ledger.verdict import Entry, decide_one

WORDS = {
    "holds": "holds",
    "definition": "definition",
    "erratum": "**erratum**",
    "ambiguous": "**ambiguous**",
}


class Shown:
    """Some rows with their verdicts; displays as a list."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def __repr__(self) -> str:
        """Return one line for each row."""
        return "\n".join(f"{e.id}: {in_words(e)}" for e in self.entries)

    def _repr_markdown_(self) -> str:
        return "\n".join(item(e) for e in self.entries)


def show(*ids: str, mutants: bool | int = 5) -> Shown:
    """Decide rows and show them: what is printed, the verdict, the right form, a counterexample.

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


def item(e: Entry) -> str:
    """Return one row as an item of a Markdown list."""
    under = f" under: {prose(e.condition)}" if e.condition and e.verdict == "holds" else ""
    parts = [f"- **{e.id}**, {WORDS[e.verdict]}{under}", display(e.printed), remark(e)]
    if e.corrected:
        parts += ["Right is", display(e.corrected)]
    shapes = any(f.name == "ill-typed" and f.detail == e.counterexample for f in e.findings)
    against = against_print(e.counterexample, shapes)
    if against and e.verdict == "holds" and e.condition:
        against = f"Without the condition it fails. {against}"
    only = f"As printed it holds under: {e.condition}." if e.corrected and e.condition else ""
    parts.append(" ".join(prose(part) for part in (against, only, e.remark) if part))
    return "\n\n".join(textwrap.indent(p, "  ").lstrip("\n") for p in parts if p)[2:] + "\n"


def against_print(found: str, shapes: bool) -> str:
    """Return the counterexample as a sentence; a clash of shapes is a message, set as code."""
    if not found:
        return ""
    return f"It cannot be computed: `{found}`." if shapes else f"Counterexample: {found}."


def display(latex: str) -> str:
    """Return a formula on lines of its own."""
    return f"$$\n{' '.join(latex.split())}\n$$"


def remark(e: Entry) -> str:
    """Return how the row is read, what is wrong, and how it was judged."""
    return " ".join(prose(part) for part in (e.reading, e.wrong, e.judged) if part)


def prose(text: str) -> str:
    """Write a sentence with formulas in dollars, so that no sign of it is taken for Markdown."""
    parts = re.split(r"(\$[^$]*\$|`[^`]*`)", " ".join(text.split()))
    return "".join(p if p[:1] in ("$", "`") else re.sub(r"([|*])", r"\\\1", p) for p in parts)
