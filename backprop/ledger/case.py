"""What is to be proved about a row: its printed form, its corrected form, its readings."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from backprop.ledger.rows import DOCUMENTS
from backprop.proofs import DimensionError
from backprop.proofs.claim import Claim


class Contradiction(Exception):
    """A row and its proof do not agree, or there is no proof."""


@dataclass(frozen=True)
class IllTyped:
    """The evidence that a formula cannot even be stated: its shapes do not fit."""

    message: str


@dataclass(frozen=True)
class Exact:
    """A finite fact, computed with integers or fractions: a count, a small exhaustive check.

    Attributes
    ----------
    statement : str
        What is stated, in words or LaTeX.
    ok : bool
        Whether the computation found it true.
    detail : str
        What was computed, and what came out.
    """

    statement: str
    ok: bool
    detail: str = ""


Evidence = Claim | IllTyped | Exact


@dataclass
class Case:
    """The statements that decide a row.

    Attributes
    ----------
    printed : sequence of Claim, IllTyped or Exact
        One for each equality that the row prints, literally.
    corrected : sequence
        The right form of an erratum; each must be proved.
    readings : mapping of str to sequence
        For an ambiguous row, each way to read it.
    scanned : sequence
        What the damaged scan shows; at least one must be refuted.
    pieces : sequence
        Supporting facts, whatever the verdict; each must be proved, or be true.
    without : sequence
        The printed form without the condition of the row; at least one must be refuted.
    special : sequence
        The printed form of an erratum in the special case where it is right; each must be
        proved.
    """

    printed: Sequence[Evidence] = ()
    corrected: Sequence[Evidence] = ()
    readings: Mapping[str, Sequence[Evidence]] = field(default_factory=dict)
    scanned: Sequence[Evidence] = ()
    pieces: Sequence[Evidence] = ()
    without: Sequence[Evidence] = ()
    special: Sequence[Evidence] = ()


def ill_typed(statement: Callable[[], Any]) -> IllTyped:
    """Make a statement that must fail because its shapes do not fit.

    Examples
    --------
    >>> from backprop.proofs import Derivation, dims
    >>> p = Derivation("shapes")
    >>> A = p.tensor("A", *dims("M N"))
    >>> ill_typed(lambda: A * A).message
    'A * A: shapes (M, N) and (M, N) do not fit, N is not M'
    """
    try:
        made = statement()
    except DimensionError as error:
        return IllTyped(str(error))
    raise Contradiction(f"said to be ill-typed, but it can be stated: {made}")


Builder = Callable[[], Case]
_builders: dict[str, Builder] = {}


def row(*ids: str) -> Callable[[Builder], Builder]:
    """Register a function that makes the case of one row, or of several that say the same."""

    def register(builder: Builder) -> Builder:
        for id in ids:
            if id in _builders:
                raise Contradiction(f"{id} has two cases")
            _builders[id] = builder
        return builder

    return register


@cache
def load(stem: str) -> None:
    """Import the modules of a document, `stem` or `stem_...`, so that its rows are registered."""
    package = importlib.import_module("backprop.ledger")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.split("_")[0] == stem:
            importlib.import_module(f"backprop.ledger.{module.name}")


def registered() -> frozenset[str]:
    """Return the ids that have a case."""
    for stem in DOCUMENTS:
        load(stem)
    return frozenset(_builders)


def builder_of(id: str) -> Builder | None:
    """Return the function that makes the case of a row, if it has one."""
    for stem, tag in DOCUMENTS.items():
        if tag == id.split("-")[0]:
            load(stem)
    return _builders.get(id)


def case_of(id: str) -> Case | None:
    """Make the case of a row, if it has one."""
    builder = builder_of(id)
    return builder() if builder else None


def source_of(id: str) -> str:
    """Return the file and the line of a row's case, if it has one."""
    builder = builder_of(id)
    if builder is None:
        return ""
    return f"{builder.__module__.replace('.', '/')}.py:{builder.__code__.co_firstlineno}"
