"""Cards say in words what was found, and nothing that changes from run to run but the time."""

import re

from backprop.proofs import Report


def test_a_card_of_a_proof(linear):
    card = linear.claims["dW"].prove()._repr_markdown_()
    assert card.startswith("$$\n\\frac{\\partial L}{\\partial W_{ij}} = \\sum_{k}")
    assert "✓ **dW** proved for all sizes · " in card
    assert re.search(r"(\d+) mutants, \1 refuted · \d+ ms$", card)


def test_a_card_of_a_refutation_shows_the_counterexample(linear):
    claim = linear.claims["db"]
    report = claim.altered(-claim.equals).refute()
    assert "✗ **db, altered** refuted · " in report._repr_markdown_()
    assert re.search(r"entry \(\d+,\): true -?[\d.]+, claimed -?[\d.]+", str(report))


def test_equal_mutants_and_survivors_are_named():
    report = Report("id", "proved", True, "", 0.012, mutants=9, refuted=7, equal=1, survivors=["x"])
    assert not report.ok
    assert str(report) == (
        "id: proved for all sizes, 9 mutants, 7 refuted (1 equal to the original), 1 SURVIVED, "
        "12 ms"
    )


def test_several_reports_display_as_cards(linear):
    reports = linear.verify()
    assert reports._repr_markdown_().count("proved for all sizes") == 3
    assert len(str(reports).splitlines()) == 3


def test_a_note_is_shown(linear):
    claim = linear.claims["db"]
    claim.note = "Rows are examples."
    assert claim.verify()._repr_markdown_().endswith("Rows are examples.")
