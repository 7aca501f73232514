"""Cards say in words what was found, and nothing that changes from run to run but the time."""

import re

from backprop.proofs import Report


def test_a_card_of_a_proof(linear):
    card = linear.claims["dW"].prove()._repr_markdown_()
    formula, line = card.removeprefix("$$\n").split("\n$$\n\n")
    assert formula == (
        r"\frac{\partial L}{\partial W_{md}} = \sum_{n} \frac{\partial L}{\partial y_{nm}} x_{nd}"
    )
    assert re.fullmatch(
        r"✓ \*\*dW\*\* proved for all sizes · \d+ mutants, all refuted · \d+ ms", line
    )


def test_a_card_of_a_refutation_shows_the_counterexample(linear):
    claim = linear.claims["db"]
    report = claim.altered(-claim.equals).refute()
    assert "✗ **db, altered** refuted · " in report._repr_markdown_()
    assert "refuted · dy = 1: true 1, claimed -1 · " in str(report)


def test_the_entry_is_told_unless_it_is_the_only_one(cross_entropy):
    claim = cross_entropy.claims["ds"]  # of one class the gradient is zero
    words = claim.altered(-claim.equals).refute().counterexample_in_words
    assert re.search(r"entry \(\d,\): true -?[\d.]+, claimed -?[\d.]+$", words)


def test_equal_mutants_and_survivors_are_named():
    report = Report("id", "proved", True, "", 0.012, mutants=9, refuted=7, equal=1, survivors=["x"])
    assert not report.ok
    assert str(report) == (
        "id: proved for all sizes · 9 mutants: 7 refuted, 1 equal to the original, 1 SURVIVED "
        "· 12 ms"
    )


def test_several_reports_display_as_cards(linear):
    reports = linear.verify()
    assert reports._repr_markdown_().count("proved for all sizes") == 3
    assert len(str(reports).splitlines()) == 3


def test_a_note_is_shown(linear):
    claim = linear.claims["db"]
    claim.note = "Rows are examples."
    assert claim.verify()._repr_markdown_().endswith("Rows are examples.")


def test_what_a_notebook_stores_as_text_does_not_change_from_run_to_run(linear):
    claim = linear.claims["db"]
    report, reports, steps = claim.verify(), linear.verify(), claim.steps()
    assert repr(report) == str(report) and repr(report).startswith("db: proved")
    assert repr(reports) == str(reports) and "\n" in repr(reports)
    assert (repr(claim), repr(linear)) == ("Claim('db')", "Derivation('linear')")
    assert repr(steps) == str(steps) and repr(steps).startswith(r"\begin{aligned}")
