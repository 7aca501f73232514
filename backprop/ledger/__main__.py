"""Print the ledger: ``python -m backprop.ledger``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from backprop.ledger.case import registered
from backprop.ledger.rows import DOCUMENTS, SIZES, VERDICTS, rows
from backprop.ledger.verdict import Entry, decide_each


def main(arguments: Sequence[str] | None = None) -> int:
    """Decide every row, print the table, and return 1 if there is a problem."""
    options = parser().parse_args(arguments)
    start = time.perf_counter()
    wanted = [id for id in rows() if id.startswith(tuple(options.ids) or "")]
    found = decide_each(options.mutants, options.jobs, wanted, options.numbers)
    entries = [e for e in found if isinstance(e, Entry)]
    problems = [e for e in found if isinstance(e, str)]
    if not options.ids:
        count = Counter(row.document for row in rows().values())
        problems += [f"{d}: {count[d]} rows of {n}" for d, n in SIZES.items() if count[d] != n]
        problems += [f"{id}: a case, but no row" for id in sorted(registered() - set(rows()))]
    print(table(entries))
    print()
    for e in entries:
        if e.verdict in ("erratum", "ambiguous") or (options.conditions and e.condition):
            print(one_line(e))
    print()
    print(totals(entries, time.perf_counter() - start))
    if options.json:
        write(options.json, entries)
    for problem in problems:
        print(f"PROBLEM {problem}", file=sys.stderr)
    return 1 if problems else 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    out = argparse.ArgumentParser("python -m backprop.ledger", description=__doc__)
    out.add_argument("ids", nargs="*", help="only rows whose id starts so, such as Liao18-RNN")
    out.add_argument("--json", type=Path, metavar="FILE", help="write the entries as JSON")
    out.add_argument(
        "--mutants",
        type=lambda text: True if text == "all" else int(text),
        default=0,
        metavar="N|all",
        help="altered formulas to refute for each proved claim (default: none)",
    )
    out.add_argument(
        "--numbers",
        action="store_true",
        help="search the smallest counterexamples, and measure how wrong refuted gradients are",
    )
    out.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default: 2)")
    out.add_argument("--conditions", action="store_true", help="list rows with a condition too")
    return out


def table(entries: Sequence[Entry]) -> str:
    """Count the verdicts of each document."""
    count = Counter((e.document, e.verdict) for e in entries)
    lines = ["".join(f"{name:>12}" for name in ("", *VERDICTS, "rows"))]
    for tag in (*DOCUMENTS.values(), "all"):
        numbers = [
            sum(n for (d, v), n in count.items() if d in (tag, "all") or tag == "all" if v == w)
            for w in VERDICTS
        ]
        lines.append("".join(f"{cell!s:>12}" for cell in (tag, *numbers, sum(numbers))))
    return "\n".join(lines)


def one_line(e: Entry) -> str:
    """Return what is to be known about a row in one line."""
    condition = f" [holds under: {e.condition}]" if e.condition else ""
    text = e.wrong or e.reading or e.remark
    return f"{e.id:14} {e.verdict:10}{condition} {text}"


def totals(entries: Sequence[Entry], seconds: float) -> str:
    """Return the mutation score and the time."""
    mutants = sum(e.proof.mutants for e in entries)
    refuted = sum(e.proof.refuted for e in entries)
    equal = sum(e.proof.equal for e in entries)
    score = f"{mutants} mutants: {refuted} refuted, {equal} equal to the original; "
    return f"{score if mutants else ''}{len(entries)} rows decided in {seconds:.1f} s"


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Write the entries as JSON."""
    text = json.dumps([e.as_dict() for e in entries], ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
