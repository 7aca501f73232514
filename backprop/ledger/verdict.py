"""Verdicts: what the proofs of a row amount to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import Any

from backprop.ledger.case import Case, Contradiction, Evidence, Exact, IllTyped, case_of, source_of
from backprop.ledger.numbers import counterexample as smallest_counterexample
from backprop.ledger.numbers import relative_error
from backprop.ledger.rows import Row, rows
from backprop.proofs.claim import Claim

PROVED, REFUTED = "proved", "refuted"


@dataclass
class Finding:
    """What came out for one statement of a case."""

    role: str
    name: str
    statement: str
    verdict: str
    method: str
    detail: str = ""
    general: bool = False
    mutants: int = 0
    refuted: int = 0
    equal: int = 0
    seconds: float = 0.0
    relative_error: float | None = None


@dataclass
class Proof:
    """The sum of the findings that a verdict rests on.

    Attributes
    ----------
    method : str
        How the row was decided.
    general : bool
        Whether the proof covers all sizes.
    mutants, refuted, equal : int
        How many altered formulas were tried, refuted, and proved equal to the original.
    seconds : float
        Time of all statements together.
    """

    method: str
    general: bool
    mutants: int = 0
    refuted: int = 0
    equal: int = 0
    seconds: float = 0.0


@dataclass
class Entry:
    """A row with its verdict.

    Attributes
    ----------
    verdict : str
        What the proofs say.
    counterexample : str
        The smallest one to the printed form, in words.
    relative_error : float or None
        How far the printed gradient is from the true one on random normal numbers.
    source : str
        File and line of its case.
    findings : list of Finding
        Every statement that was decided.
    """

    id: str
    document: str
    verdict: str
    condition: str
    corrected: str
    proof: Proof
    printed: str
    chapter: str
    lines: str
    kind: str
    scan: str = ""
    reading: str = ""
    wrong: str = ""
    cause: str = ""
    counterexample: str = ""
    relative_error: float | None = None
    remark: str = ""
    judged: str = ""
    source: str = ""
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as JSON has it."""
        return asdict(self)


def decide(
    row: Row,
    case: Case | None,
    mutants: bool | int = False,
    numbers: bool = False,
    known: Sequence[Finding] | None = None,
) -> Entry:
    """Decide a row by its case.

    Parameters
    ----------
    row : Row
        The row of the ledger.
    case : Case or None
        What is to be proved; only definitions and verbal rows may have none.
    mutants : bool or int
        Try all altered formulas of each proved claim, or a sample of so many.
    numbers : bool
        Search the smallest counterexamples, and measure how wrong refuted gradients are.
    known : sequence of Finding, optional
        What was found for the same case before, for another row.

    Raises
    ------
    Contradiction
        If a statement is undecided or vacuous, if an altered formula survives, or if the
        proofs do not fit together or not with the row.
    """
    for problem in row.problems():
        raise Contradiction(f"{row.id}: {problem}")
    if case is None:
        if row.kind == "equation":
            raise Contradiction(f"{row.id}: an equation without a case")
        case = Case()
    findings = list(found(row.id, case, mutants, numbers) if known is None else known)
    computed = verdict_of(row, case, findings)
    against = smallest(findings)
    consistent(row, case, computed)
    return Entry(
        **{k: v for k, v in vars(row).items() if k not in ("verdict", "code")},
        document=row.document,
        verdict=computed,
        proof=proof_of(row, computed, findings),
        counterexample=against.detail if against else "",
        relative_error=against.relative_error if against else None,
        findings=findings,
    )


def statements(case: Case) -> Iterator[tuple[str, Evidence]]:
    """Return all statements of a case, each with its role."""
    for role in ("printed", "corrected", "scanned", "pieces", "without", "special"):
        for e in getattr(case, role):
            yield role, e
    for name, reading in case.readings.items():
        for e in reading:
            yield f"reading: {name}", e


def found(id: str, case: Case, mutants: bool | int, numbers: bool) -> Iterator[Finding]:
    """Decide every statement of a case."""
    for role, e in statements(case):
        if isinstance(e, IllTyped):
            yield Finding(role, "ill-typed", "", REFUTED, "the shapes do not fit", e.message)
        elif isinstance(e, Exact):
            verdict = PROVED if e.ok else REFUTED
            yield Finding(role, e.statement, "", verdict, "exact computation", e.detail)
        else:
            finding = of_claim(id, role, e, mutants)
            if numbers and finding.verdict == REFUTED:
                finding.detail = smallest_counterexample(e) or finding.detail
                finding.relative_error = relative_error(e)
            yield finding


def of_claim(id: str, role: str, claim: Claim, mutants: bool | int) -> Finding:
    """Decide one claim; raise Contradiction unless it is proved or refuted."""
    r = claim.verify(mutants=mutants)
    if mutants and r.verdict == PROVED and not r.refuted:  # all of the sample are equal to it
        r = claim.verify(mutants=True)
    where = f"{id}, {role}: {r}"
    if r.verdict not in (PROVED, REFUTED):
        raise Contradiction(f"{where} -- undecided")
    if r.verdict == REFUTED and not r.counterexample:
        raise Contradiction(f"{where} -- refuted without a counterexample")
    if r.verdict == PROVED and r.vacuous:
        raise Contradiction(f"{where} -- vacuous")
    if r.survivors:
        raise Contradiction(f"{where} -- survivors: {'; '.join(r.survivors)}")
    return Finding(
        role,
        r.id,
        r.latex,
        r.verdict,
        r.method,
        r.counterexample_in_words.replace(", claimed ", ", printed "),
        r.general,
        r.mutants,
        r.refuted,
        r.equal,
        r.seconds,
    )


def all_proved(findings: Iterable[Finding], role: str) -> bool:
    """Say whether there are statements of a role, and all are proved."""
    verdicts = [f.verdict for f in findings if f.role == role]
    return bool(verdicts) and all(v == PROVED for v in verdicts)


def verdict_of(row: Row, case: Case, findings: Sequence[Finding]) -> str:
    """Return what the findings amount to; raise Contradiction if they do not fit together."""
    for role in ("corrected", "pieces", "special"):
        if getattr(case, role) and not all_proved(findings, role):
            wrong = next(f for f in findings if f.role == role and f.verdict != PROVED)
            raise Contradiction(f"{row.id}, {role}: not proved: {wrong.name}: {wrong.detail}")
    for role in ("scanned", "without"):
        if getattr(case, role) and all_proved(findings, role):
            raise Contradiction(f"{row.id}, {role}: expected to be refuted, but proved")
    if case.readings:
        return of_readings(row, case, findings)
    if row.kind == "definition":
        if case.printed and not all_proved(findings, "printed"):
            raise Contradiction(f"{row.id}: a definition whose statements are refuted")
        return "definition"
    if case.printed:
        return "holds" if all_proved(findings, "printed") else "erratum"
    if row.kind == "verbal":
        return row.verdict
    raise Contradiction(f"{row.id}: nothing is said about the printed form")


def of_readings(row: Row, case: Case, findings: Sequence[Finding]) -> str:
    """Return "ambiguous" if one reading is proved and another is refuted."""
    if case.printed:
        raise Contradiction(f"{row.id}: either a printed form or its readings")
    verdicts = {name: all_proved(findings, f"reading: {name}") for name in case.readings}
    if set(verdicts.values()) != {True, False}:
        raise Contradiction(f"{row.id}: not ambiguous, its readings agree: {verdicts}")
    return "ambiguous"


def consistent(row: Row, case: Case, verdict: str) -> None:
    """Raise Contradiction unless the text of a row fits its verdict."""
    if row.kind == "verbal" and verdict != row.verdict:
        raise Contradiction(f"{row.id}: judged {row.verdict!r}, but the proofs say {verdict!r}")
    erratum = verdict == "erratum"
    if erratum and row.kind == "equation" and not case.corrected:
        raise Contradiction(f"{row.id}: refuted, and no corrected form is proved")
    if erratum and not (row.wrong and row.corrected and row.cause):
        raise Contradiction(f"{row.id}: an erratum needs its fields wrong, corrected and cause")
    if verdict in ("holds", "definition") and (row.wrong or row.corrected or case.corrected):
        raise Contradiction(f"{row.id}: {verdict}, yet something is corrected")
    if case.without and not row.condition:
        raise Contradiction(f"{row.id}: it fails in general, and no condition is stated")
    if verdict == "ambiguous" and not row.reading:
        raise Contradiction(f"{row.id}: ambiguous, and its readings are not told")


def proof_of(row: Row, verdict: str, findings: Sequence[Finding]) -> Proof:
    """Sum up the findings that a verdict rests on."""
    proved = [f for f in findings if f.verdict == PROVED]
    role = "corrected" if verdict == "erratum" else "printed"
    base = [f for f in proved if f.role == role] or proved
    methods = list(dict.fromkeys(f.method for f in base))
    return Proof(
        "; ".join(methods) or ("by reading" if row.kind == "verbal" else "nothing to prove"),
        bool(base) and all(f.general for f in base),
        sum(f.mutants for f in proved),
        sum(f.refuted for f in proved),
        sum(f.equal for f in proved),
        round(sum(f.seconds for f in findings), 4),
    )


def smallest(findings: Sequence[Finding]) -> Finding | None:
    """Return the first statement of the printed form that is refuted."""
    for f in findings:
        against = f.role in ("printed", "without") or f.role.startswith("reading")
        if against and f.verdict == REFUTED:
            return f
    return None


def decide_one(
    id: str,
    mutants: bool | int = False,
    numbers: bool = False,
    known: Sequence[Finding] | None = None,
) -> Entry | str:
    """Decide a row by its id; return what is wrong as text."""
    try:
        entry = decide(rows()[id], case_of(id), mutants, numbers, known)
        entry.source = source_of(id)
        return entry
    except Exception as error:  # reported with the name of its row, and the others go on
        text = str(error)
        return text if text.startswith(id) else f"{id}: {type(error).__name__}: {text}"


def decide_group(
    ids: Sequence[str], mutants: bool | int = False, numbers: bool = False
) -> list[Entry | str]:
    """Decide rows that have the same case; its statements are decided once."""
    out: list[Entry | str] = []
    known = None
    for id in ids:
        out.append(decide_one(id, mutants, numbers, known))
        if isinstance(out[-1], Entry):
            known = out[-1].findings
    return out


def decide_each(
    mutants: bool | int = False,
    jobs: int = 2,
    ids: Sequence[str] | None = None,
    numbers: bool = False,
) -> list[Entry | str]:
    """Decide rows, all by default, in `jobs` processes; problems come as text."""
    wanted = list(rows()) if ids is None else list(ids)
    groups: dict[str, list[str]] = {}
    for id in wanted:
        groups.setdefault(source_of(id) or id, []).append(id)
    decide_ids = partial(decide_group, mutants=mutants, numbers=numbers)
    if jobs == 1:
        found = list(map(decide_ids, groups.values()))
    else:  # spawn: the parent may have threads, which a forked child would not survive
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(decide_ids, groups.values(), chunksize=2))
    decided = {
        id: entry
        for group, entries in zip(groups.values(), found, strict=True)
        for id, entry in zip(group, entries, strict=True)
    }
    return [decided[id] for id in wanted]


def decide_all(mutants: bool | int = False, jobs: int = 2) -> list[Entry]:
    """Decide all rows; raise Contradiction with all problems if there is one."""
    out = decide_each(mutants, jobs)
    problems = [e for e in out if isinstance(e, str)]
    if problems:
        raise Contradiction("\n".join(problems))
    return [e for e in out if isinstance(e, Entry)]
