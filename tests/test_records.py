"""The records of the benchmarks."""

import json
import pathlib

import pytest
import yaml

from backprop import records

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks" / "records"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_each_is_what_the_benchmark_wrote(path):
    assert records.load(path.stem) == json.loads(path.read_text(encoding="utf-8")) != {}


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(ValueError, match=r"name must be one of .*mnist.*, got 'minst'"):
        records.load("minst")


def test_the_goals_that_the_book_shows_are_those_of_make_bench():
    wanted = yaml.safe_load((FOLDER.parent / "targets.yaml").read_text(encoding="utf-8"))["plans"]
    record = records.load("plans")
    assert record["goals"] == wanted
    assert set(record["rows"]) == set(wanted) - {"geometric mean", "smallest"}
