import pytest

from backprop.ledger.case import registered
from backprop.ledger.rows import DOCUMENTS, SIZES, Row, read, rows

# every displayed equation and claim of the documents, in their order
EXPECTED = {
    "Ye17": """N1 N2 N3 1 2 3 3t 4 5 5t 5n 6 6n 7 8 8n 8f 9 10 11 12 13 14 15 16 17 18 19 20 21 22
        23 BN-1 BN-2 BN-3 BN-4 BN-5 BN-6 BN-7 BN-8 24 25 26 27 27n 28 29 30 31n 31 32 33 34 35 36 37
        38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 55n 56 57 58 59 60""",
    "Liao18": """MLP-N MLP-1 MLP-2 MLP-3 MLP-4 MLP-5 MLP-6 MLP-7 MLP-8 MLP-9 MLP-10 MLP-11 MLP-12
        MLP-13 MLP-14 MLP-15 CNN-T CNN-N CNN-1 CNN-2 CNN-3 CNN-4 CNN-5 CNN-6 CNN-7 CNN-8 CNN-9
        CNN-10 CNN-11 RNN-N RNN-1 RNN-2 RNN-3 RNN-4 RNN-5 RNN-6 RNN-7 RNN-8 RNN-9 RNN-10 RNN-11
        RNN-12 RNN-13""",
    "CS4670": "1 2 2d s 3 A0 A1 A2 A2h B0 B1 Bh2 Bh3 Bh4 Bn C1 C2 C2x C3 C4 4 Ch2",
    "PreAct": """1 2 3 4 5 6 7 8 9 10 10n 10p 11 12 13 14 14n 15a 15b 15c 15d 16 17 18 19 20 21
        W4 W3 W2 W1 22 B4 B3 B2 B1 U4 U3 U2 U1""",
    "Shen19": """1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36a 36b 36c 36d 36e 37 38 39a 39b 39c 39d 40 41 43 44 45 46 47 48 49 50 51 52
        53 53n 54 55 56 57 58 59 60 61 62 63 64 65a 65b 65c 66a 66b 67a 67b 68 69 70 71 72""",
}


@pytest.mark.parametrize("document", EXPECTED)
def test_every_row_of_a_document_is_there_in_its_order(document):
    found = [id for id, row in rows().items() if row.document == document]
    assert found == [f"{document}-{rest}" for rest in EXPECTED[document].split()]


def test_there_are_268_rows():
    assert len(rows()) == sum(SIZES.values()) == 268
    assert list(SIZES) == list(DOCUMENTS.values()) == list(EXPECTED)


def test_no_row_has_a_problem_of_its_own():
    problems = {id: list(row.problems()) for id, row in rows().items()}
    assert {id: p for id, p in problems.items() if p} == {}


def test_every_case_has_its_row():
    assert sorted(registered() - set(rows())) == []


def test_every_equation_has_its_case():
    equations = {id for id, row in rows().items() if row.kind == "equation"}
    assert sorted(equations - registered()) == []


def test_a_typed_verdict_of_an_equation_is_a_problem():
    row = Row("Ye17-2", "33", "a", "equation", "layers/linear", verdict="holds")
    assert list(row.problems()) == ["the verdict of a row of kind equation is computed, not typed"]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "Nobody-1"},
        {"kind": "theorem"},
        {"kind": "verbal"},
        {"kind": "verbal", "verdict": "true", "judged": "counted"},
        {"kind": "verbal", "verdict": "holds"},
        {"cause": "haste"},
    ],
)
def test_a_row_that_is_not_well_formed_has_a_problem(change):
    fields = {"id": "Ye17-2", "lines": "1", "printed": "a", "kind": "equation", "chapter": "x"}
    assert len(list(Row(**(fields | change)).problems())) == 1


@pytest.mark.parametrize("text", ["- id: Ye17-1\n  colour: red\n", "- id: Ye17-1\n"])
def test_a_file_with_unknown_or_missing_fields_is_refused(tmp_path, text):
    path = tmp_path / "ye17.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"ye17\.yaml, Ye17-1"):
        list(read(path))
