"""The rows of the ledger as they stand in its data files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DOCUMENTS = {  # file name: tag, in the order of the ledger
    "ye17": "Ye17",
    "liao18": "Liao18",
    "cs4670": "CS4670",
    "preact": "PreAct",
    "shen19": "Shen19",
}
SIZES = {"Ye17": 80, "Liao18": 43, "CS4670": 22, "PreAct": 40, "Shen19": 83}  # rows
KINDS = ("equation", "definition", "verbal")
VERDICTS = ("holds", "definition", "erratum", "ambiguous")
CAUSES = ("slip", "scan", "convention")


@dataclass(frozen=True)
class Row:
    """One displayed equation or claim of a document.

    Attributes
    ----------
    id, lines, printed : str
        Its name, its lines in the document, and its text as printed, in LaTeX.
    kind : str
        `equation`: its verdict is computed; `definition`: it only introduces something;
        `verbal`: a sentence, judged by us.
    chapter : str
        Where the reader meets it.
    scan : str
        What the scan made of it.
    reading, condition : str
        How it is read, and the exact condition under which it holds.
    wrong, corrected, cause : str
        What is wrong with an erratum, its right form in LaTeX, and whose error it is.
    remark : str
        What else there is to say.
    code : str
        The modules of the package that implement it, each tagged there: ``layers/linear``.
    verdict, judged : str
        Of a verbal row: its verdict and how it was found.
    """

    id: str
    lines: str
    printed: str
    kind: str
    chapter: str
    scan: str = ""
    reading: str = ""
    condition: str = ""
    wrong: str = ""
    corrected: str = ""
    cause: str = ""
    remark: str = ""
    code: str = ""
    verdict: str = ""
    judged: str = ""

    @property
    def document(self) -> str:
        """Return the tag of the document.

        Examples
        --------
        >>> Row("Liao18-CNN-9", "1", "a", "equation", "nets/lenet5").document
        'Liao18'
        """
        return self.id.split("-")[0]

    @property
    def tag(self) -> str:
        """Return the row as it is tagged in code.

        Examples
        --------
        >>> Row("Liao18-CNN-9", "1", "a", "equation", "nets/lenet5").tag
        'Liao18 (CNN-9)'
        """
        document, rest = self.id.split("-", 1)
        return f"{document} ({rest})"

    def problems(self) -> Iterator[str]:
        """Return what is wrong with the row itself, before any proof."""
        if self.document not in DOCUMENTS.values():
            yield f"unknown document {self.document}"
        if self.kind not in KINDS:
            yield f"unknown kind {self.kind!r}"
        if self.kind == "verbal":
            if self.verdict not in VERDICTS or not self.judged:
                yield "a verbal row needs its verdict, and how it was judged"
        elif self.verdict or self.judged:
            yield f"the verdict of a row of kind {self.kind} is computed, not typed"
        if self.cause and self.cause not in CAUSES:
            yield f"unknown cause {self.cause!r}"


def folder() -> Path:
    """Return the folder of the data files: of the checkout, or inside an installed package."""
    here = Path(__file__).parent
    for candidate in (here.parents[1] / "book" / "ledger", here / "data"):
        if any(candidate.glob("*.yaml")):
            return candidate
    raise FileNotFoundError("the data files of the ledger are not there")


def read(path: Path) -> Iterator[Row]:
    """Read the rows of one file."""
    known = {f.name for f in fields(Row)}
    text = path.read_text(encoding="utf-8")
    content: list[dict[str, Any]] = yaml.load(text, yaml.CSafeLoader) or []
    for item in content:
        stray = set(item) - known
        if stray:
            raise ValueError(f"{path.name}, {item.get('id')}: unknown fields {sorted(stray)}")
        try:
            yield Row(**{key: plain(value) for key, value in item.items()})
        except TypeError as error:
            raise ValueError(f"{path.name}, {item.get('id')}: {error}") from error


def plain(value: Any) -> str:
    r"""Return a field as a text; LaTeX has no escaped quote, so f\'(x) is read as f'(x)."""
    return str(value).strip().replace("\\'", "'")


@cache
def rows() -> dict[str, Row]:
    """Return all rows by id, in the order of the documents."""
    out: dict[str, Row] = {}
    for stem in DOCUMENTS:
        paths = [p for p in folder().glob("*.yaml") if p.stem.split("_")[0] == stem]
        for path in sorted(paths, key=lambda p: p.stem):
            for row in read(path):
                if row.id in out:
                    raise ValueError(f"{path.name}: {row.id} stands there twice")
                out[row.id] = row
    return out
