"""Rows of the ledger for the command line."""

from __future__ import annotations

from collections.abc import Sequence

from backprop.ledger.rows import rows
from backprop.ledger.verdict import Entry, decide_one


def decide(what: Sequence[str], mutants: int) -> tuple[list[Entry], list[str]]:
    """Decide the rows that are meant; return their entries, and what is wrong."""
    found = [decide_one(id, mutants, numbers=True) for id in _meant(what)]
    entries = [e for e in found if isinstance(e, Entry)]
    return entries, [e for e in found if isinstance(e, str)]


def _meant(what: Sequence[str]) -> list[str]:
    """Return ids by their names, their beginnings, or their chapter's name."""
    ids: list[str] = []
    for word in what:
        exact = [id for id in rows() if id == word]
        chapter = [
            id for id, row in rows().items() if word in (row.chapter, row.chapter.split("/")[-1])
        ]
        begins = [id for id in rows() if id.startswith(word)]
        hits = exact or chapter or begins
        if not hits:
            raise ValueError(f"{word!r} is no equation, no beginning of one, and no chapter")
        ids += [id for id in hits if id not in ids]
    return ids or list(rows())


def line(e: Entry) -> dict[str, str]:
    """Return what a table shows of an entry."""
    why = e.wrong or (f"under: {e.condition}" if e.condition else "")
    short = " ".join(why.split())
    return {
        "equation": e.id,
        "verdict": e.verdict,
        "mutants": f"{e.proof.refuted} of {e.proof.mutants} refuted" if e.proof.mutants else "",
        "": short if len(short) < 70 else short[:67] + "...",
    }


def total(entries: Sequence[Entry]) -> str:
    """Count the verdicts."""
    kinds = sorted({e.verdict for e in entries})
    counts = [f"{sum(e.verdict == kind for e in entries)} {kind}" for kind in kinds]
    return f"{len(entries)} equations: {', '.join(counts)}"
