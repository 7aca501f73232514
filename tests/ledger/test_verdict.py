import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from backprop.ledger import Case, Contradiction, Exact, decide, decide_all, ill_typed
from backprop.ledger.rows import Row
from backprop.proofs import Derivation, Sum, absolute, dims, elementwise, index, sign

ROW = Row("Ye17-0", "1", r"\partial z", "equation", "layers/linear")
ERRATUM = replace(ROW, wrong="the sign", corrected="-g", cause="slip")


def layer():
    M, N = dims("M N")
    i, j = index("i", M), index("j", N)
    p = Derivation("linear layer")
    W, x = p.tensor("W", M, N), p.tensor("x", N)
    y = p.let("y", i, Sum(W[i, j] * x[j], j))
    g, z = p.upstream(y, "g", "z")
    return p, W, x, g, z


def right():
    p, W, x, g, z = layer()
    return p.claim("right", of=z, wrt=x, equals=W.T * g)


def flipped():
    p, W, x, g, z = layer()
    return p.claim("flipped", of=z, wrt=x, equals=-(W.T * g))


def misfit():
    p, W, x, g, z = layer()
    return ill_typed(lambda: p.claim("misfit", of=z, wrt=x, equals=W * g))


def vacuous():
    p, _, x, _, z = layer()
    other = p.tensor("other", *x.shape)
    return p.claim("vacuous", of=z, wrt=other, equals=0 * other)


# -- verdicts -------------------------------------------------------------------------------


def test_what_is_proved_holds():
    entry = decide(ROW, Case(printed=[right()]), mutants=True)
    assert entry.verdict == "holds"
    assert entry.proof.general
    assert entry.proof.refuted == entry.proof.mutants > 5
    assert entry.counterexample == ""


def test_what_is_proved_under_a_condition_holds_under_it():
    row = replace(ROW, condition="the sign is changed")
    entry = decide(row, Case(printed=[right()], without=[flipped()]))
    assert (entry.verdict, entry.condition) == ("holds", "the sign is changed")
    assert "true" in entry.counterexample


def test_what_is_refuted_and_corrected_is_an_erratum():
    entry = decide(ERRATUM, Case(printed=[flipped()], corrected=[right()]), numbers=True)
    assert (entry.verdict, entry.corrected) == ("erratum", "-g")
    assert entry.proof.general
    assert entry.relative_error == pytest.approx(2.0)
    assert entry.counterexample.endswith(("printed 1", "printed -1"))


def test_one_refuted_equality_of_a_chain_is_enough():
    case = Case(printed=[right(), flipped()], corrected=[right()])
    assert decide(ERRATUM, case).verdict == "erratum"


def test_what_cannot_be_stated_is_an_erratum_with_both_shapes_as_evidence():
    entry = decide(ERRATUM, Case(printed=[misfit()], corrected=[right()]))
    assert entry.verdict == "erratum"
    assert "(M, N)" in entry.counterexample


def test_readings_that_disagree_are_ambiguous():
    row = replace(ROW, reading="plus or minus")
    entry = decide(row, Case(readings={"plus": [right()], "minus": [flipped()]}))
    assert entry.verdict == "ambiguous"


def test_a_definition_needs_no_proof():
    entry = decide(replace(ROW, kind="definition"), None)
    assert (entry.verdict, entry.proof.general) == ("definition", False)


def test_a_sentence_is_judged():
    row = replace(ROW, kind="verbal", verdict="holds", judged="counted")
    assert decide(row, None).verdict == "holds"
    assert decide(row, Case(pieces=[Exact("2 + 2 = 4", True)])).verdict == "holds"


def test_exact_facts_decide_like_claims():
    wrong = Exact("60 links", ok=False, detail="36 + 24 + 0 = 60, printed 62")
    entry = decide(ERRATUM, Case(printed=[wrong], corrected=[Exact("60 links", ok=True)]))
    assert (entry.verdict, entry.counterexample) == ("erratum", "36 + 24 + 0 = 60, printed 62")


# -- contradictions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "case", "message"),
    [
        (ROW, None, "without a case"),
        (ROW, Case(), "nothing is said about the printed form"),
        (ROW, Case(printed=[flipped()]), "no corrected form is proved"),
        (ROW, Case(printed=[flipped()], corrected=[right()]), "needs its fields"),
        (ERRATUM, Case(printed=[flipped()], corrected=[flipped()]), "corrected: not proved"),
        (ERRATUM, Case(printed=[right()]), "yet something is corrected"),
        (ROW, Case(printed=[right()], corrected=[right()]), "yet something is corrected"),
        (ROW, Case(printed=[right()], pieces=[Exact("1 = 2", ok=False)]), "pieces: not proved"),
        (ROW, Case(printed=[right()], scanned=[right()]), "scanned: expected to be refuted"),
        (ROW, Case(printed=[right()], without=[flipped()]), "no condition is stated"),
        (
            replace(ROW, condition="always"),
            Case(printed=[right()], without=[right()]),
            "without: expected to be refuted",
        ),
        (
            ERRATUM,
            Case(printed=[flipped()], corrected=[right()], special=[flipped()]),
            "special: not proved",
        ),
        (ROW, Case(readings={"a": [right()], "b": [right()]}), "not ambiguous"),
        (ROW, Case(readings={"a": [right()], "b": [flipped()]}), "its readings are not told"),
        (replace(ROW, kind="definition"), Case(printed=[flipped()]), "definition"),
        (
            replace(ROW, kind="verbal", verdict="holds", judged="read"),
            Case(printed=[flipped()], corrected=[right()]),
            "judged 'holds', but the proofs say 'erratum'",
        ),
        (replace(ROW, verdict="holds"), Case(printed=[right()]), "computed, not typed"),
        (ROW, Case(printed=[vacuous()]), "vacuous"),
    ],
)
def test_what_does_not_fit_together_is_a_contradiction(row, case, message):
    with pytest.raises(Contradiction, match=f"Ye17-0.*{message}"):
        decide(row, case)


def test_an_undecided_claim_is_a_contradiction(monkeypatch):
    claim = right()
    monkeypatch.setattr("backprop.proofs.prover.equal", lambda *_: None)
    with pytest.raises(Contradiction, match=r"Ye17-0, printed: right: .*undecided"):
        decide(ROW, Case(printed=[claim]))


def test_a_surviving_mutant_is_a_contradiction(monkeypatch):
    claim = right()
    monkeypatch.setattr("backprop.proofs.mutants.refuted", lambda *_: False)
    with pytest.raises(Contradiction, match="survivors"):
        decide(ROW, Case(printed=[claim]), mutants=3)


def test_what_can_be_stated_is_not_ill_typed():
    p, W, x, g, z = layer()
    with pytest.raises(Contradiction, match="it can be stated"):
        ill_typed(lambda: p.claim("fits", of=z, wrt=x, equals=W.T * g))


# -- numbers --------------------------------------------------------------------------------


def test_the_smallest_counterexample_avoids_the_kink():
    N = dims("N")
    i = index("i", N)
    p = Derivation("absolute error")
    y, t = p.tensor("y", N), p.tensor("t", N)
    z = p.let("z", (), Sum(absolute(y[i] - t[i]), i))
    wrong = p.claim("wrong", of=z, wrt=y, equals=elementwise(sign, y))
    good = p.claim("good", of=z, wrt=y, equals=elementwise(sign, y - t))
    entry = decide(ERRATUM, Case(printed=[wrong], corrected=[good]), numbers=True)
    assert re.fullmatch("y = 1, t = [23]: true -1, printed 1", entry.counterexample)


# -- the whole ledger -----------------------------------------------------------------------


def test_every_row_is_decided_and_no_altered_formula_survives():
    entries = decide_all(mutants=2, jobs=1)
    assert len(entries) == 268
    for e in entries:
        assert e.verdict in ("holds", "definition", "erratum", "ambiguous")
        assert e.proof.refuted + e.proof.equal == e.proof.mutants
        if e.kind == "equation":
            assert e.proof.method
    count = Counter(e.verdict for e in entries)
    page = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    for claim in (
        f"{count['holds']} hold",
        f"{count['definition']} are",
        f"{count['erratum']} need correction",
        f"{count['ambiguous']} are ambiguous",
    ):
        assert claim in page
