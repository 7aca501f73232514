import json
import subprocess
import sys

import pytest

from backprop.ledger import Contradiction, show
from backprop.ledger.__main__ import main


def test_a_row_is_shown_with_its_verdict():
    shown = show("Ye17-2", "Ye17-23")
    assert repr(shown) == "Ye17-2: holds\nYe17-23: erratum"
    items = shown._repr_markdown_().split("\n- ")
    assert [item.split(",")[0].lstrip("- ") for item in items] == ["**Ye17-2**", "**Ye17-23**"]
    right = r"\frac{\partial z}{\partial y}=\operatorname{sign}(y-\hat y)"
    assert f"Right is\n\n  $$\n  {right}" in items[1]
    assert "true -1, printed 1" in items[1]


def test_a_clash_of_shapes_is_set_as_code_so_that_no_star_is_lost():
    assert "`+: shapes (N, N) of W1.T*W1" in show("Liao18-MLP-2")._repr_markdown_()


def test_a_row_that_is_not_there_is_an_error():
    with pytest.raises(Contradiction, match="Ye17-99"):
        show("Ye17-99")


def test_the_command_prints_and_writes_the_entries(tmp_path, capsys):
    out = tmp_path / "ledger.json"
    code = main(["Ye17-1", "Ye17-2", "--jobs", "1", "--mutants", "2", "--json", str(out)])
    assert code == 0
    assert "Ye17-23" in capsys.readouterr().out
    entries = json.loads(out.read_text(encoding="utf-8"))
    first = next(e for e in entries if e["id"] == "Ye17-2")
    assert first["verdict"] == "holds"
    wanted = {"method", "general", "mutants", "refuted", "equal", "seconds"}
    assert wanted <= set(first["proof"])
    assert first["source"].startswith("backprop/ledger/ye17_layers.py:")


def test_the_command_fails_and_says_why_if_a_row_is_undecided(monkeypatch, capsys):
    monkeypatch.setattr("backprop.proofs.prover.equal", lambda *_: None)
    assert main(["Ye17-2", "--jobs", "1"]) == 1
    assert "PROBLEM Ye17-2, printed" in capsys.readouterr().err


def test_the_package_does_not_load_the_ledger():
    code = "import sys, backprop; sys.exit('sympy' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_fact_is_a_counterexample_and_only_a_clash_of_shapes_cannot_be_computed():
    assert "Counterexample: 128 kernels make" in show("Shen19-56")._repr_markdown_()
    assert "It cannot be computed: `X_p" in show("Liao18-CNN-3")._repr_markdown_()


def test_a_counterexample_of_a_condition_says_that_it_is_one():
    assert "Without the condition it fails. Counter" in show("Liao18-RNN-9")._repr_markdown_()
