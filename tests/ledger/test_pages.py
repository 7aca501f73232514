import re
from pathlib import Path

import pytest

from backprop.ledger import decide
from backprop.ledger.case import case_of
from backprop.ledger.rows import folder, rows

ERRATA = (Path(folder()) / "errata.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("id", re.findall(r"```\{ledger-row\} (\S+)", ERRATA))
def test_a_story_is_told_about_an_erratum(id):
    assert decide(rows()[id], case_of(id)).verdict == "erratum"


@pytest.mark.parametrize("id", re.findall(r"\{row\}`([^`]+)`", ERRATA))
def test_what_only_looks_wrong_holds(id):
    assert decide(rows()[id], case_of(id)).verdict == "holds"
