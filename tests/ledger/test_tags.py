from pathlib import Path

import pytest

import backprop
from backprop.ledger import decide
from backprop.ledger.case import case_of
from backprop.ledger.rows import rows
from backprop.ledger.tags import Tag, in_comments, modules, tags

ROOT = Path(backprop.__file__).parents[1]
ORDER = list(rows())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ye17 (2)", ["Ye17-2"]),
        ("Liao18 (CNN-9), corrected", ["Liao18-CNN-9"]),
        ("Ye17 (2)-(4)", ["Ye17-2", "Ye17-3", "Ye17-3t", "Ye17-4"]),
        ("PreAct (W4), (B4)", ["PreAct-W4", "PreAct-B4"]),
        ("Ye17 (1), CS4670 (C1)-(C2)", ["Ye17-1", "CS4670-C1", "CS4670-C2"]),
        ("Liao18 (page 3), LeNet (5)", []),
    ],
)
def test_tags_of_a_text(text, expected):
    assert [t.id for t in tags(text, ORDER)] == expected


def test_a_tag_says_whether_the_line_deviates_from_the_print():
    assert list(tags("x  # Ye17 (23), corrected", ORDER)) == [Tag("Ye17-23", corrected=True)]
    assert list(tags("x  # Ye17 (22)", ORDER)) == [Tag("Ye17-22", corrected=False)]


@pytest.mark.parametrize("path", modules(ROOT), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_tag_names_a_row(path):
    text = path.read_text(encoding="utf-8")
    assert {t.id for t in tags(text, ORDER)} - set(ORDER) == set()


def test_a_line_that_implements_an_erratum_says_that_it_is_corrected():
    lines = [line for path in modules(ROOT) for line in in_comments(path, ROOT, ORDER)]
    verdicts = {id: decide(rows()[id], case_of(id)).verdict for id in {x.tag.id for x in lines}}
    assert [
        f"{x.path}:{x.number} {x.tag.id}"
        for x in lines
        if verdicts[x.tag.id] == "erratum" and not x.tag.corrected
    ] == []


def test_a_row_and_the_code_that_implements_it_name_each_other():
    tagged = {
        (line.tag.id, path.relative_to(ROOT / "backprop").with_suffix("").as_posix())
        for path in modules(ROOT)
        for line in in_comments(path, ROOT, ORDER)
    }
    stated = {(row.id, module) for row in rows().values() for module in row.code.split()}
    assert len(stated) > 50
    assert stated - tagged == set(), "rows whose code has lost its tag"
    assert tagged - stated == set(), "tags that the field `code` of the row does not know"
