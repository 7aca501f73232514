"""Tags in code and prose: ``Ye17 (2)`` names the row Ye17-2, ``Ye17 (2)-(4)`` a range."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backprop.ledger.rows import DOCUMENTS

GROUP = re.compile(rf"\b({'|'.join(DOCUMENTS.values())}) ((?:\([^()\s]+\)(?:\s*[-,]\s*(?=\())?)+)")
MEMBER = re.compile(r"\(([^()\s]+)\)\s*(-?)")


@dataclass(frozen=True)
class Tag:
    """A row that a line names, and whether the line says that it deviates from the print."""

    id: str
    corrected: bool


@dataclass(frozen=True)
class Line:
    """A line of code with a tag: its file, its number, and the function that it stands in."""

    path: str
    number: int
    function: str
    tag: Tag


def tags(text: str, order: Sequence[str]) -> Iterator[Tag]:
    """Return the tags of a text; `order` are all ids, to fill in the ranges.

    Examples
    --------
    >>> [t.id for t in tags("Ye17 (2)-(4), (7), corrected", ["Ye17-2", "Ye17-3", "Ye17-4"])]
    ['Ye17-2', 'Ye17-3', 'Ye17-4', 'Ye17-7']
    """
    for group in GROUP.finditer(text):
        rest = text[group.end() :].partition("\n")[0]
        corrected = "corrected" in rest
        first = ""
        for member, dash in MEMBER.findall(group[2]):
            id = f"{group[1]}-{member}"
            between = order_between(first, id, order) if first else []
            yield from (Tag(i, corrected) for i in [*between, id])
            first = id if dash else ""


def order_between(first: str, last: str, order: Sequence[str]) -> Sequence[str]:
    """Return the ids strictly between two."""
    if first in order and last in order:
        return order[order.index(first) + 1 : order.index(last)]
    return []


def in_comments(path: Path, root: Path, order: Sequence[str]) -> Iterator[Line]:
    """Return the tagged lines of a module: those whose comment has a tag."""
    text = path.read_text(encoding="utf-8")
    functions = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
    for number, line in enumerate(text.splitlines(), 1):
        _, _, comment = line.partition("# ")
        for tag in tags(comment, order):
            inside = [f.name for f in functions if f.lineno <= number <= (f.end_lineno or 0)]
            yield Line(path.relative_to(root).as_posix(), number, "".join(inside[:1]), tag)


def modules(root: Path) -> list[Path]:
    """Return the modules that implement the documents, below the folder of the package."""
    folders = (root / "backprop" / "ledger", root / "backprop" / "proofs")
    every = sorted((root / "backprop").rglob("*.py"))
    return [p for p in every if not any(f in p.parents for f in folders)]
