"""Mirrors backprop/cli: what a user types and sees."""

import json
import subprocess
import sys

import numpy as np
import pytest

from backprop.cli import checking, recipes
from backprop.training import checkpoints


def backprop(*words, code=0, **environment):
    """Run the command as a user does; return what it printed and what it said was wrong."""
    run = subprocess.run(
        [sys.executable, "-m", "backprop.cli", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PATH": "", "PYTHONIOENCODING": "utf-8", **environment},
    )
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout, run.stderr


def test_the_help_names_every_command():
    out, _ = backprop("--help")
    assert all(f"\n  {name} " in out for name in ("check", "info", "prove", "train"))
    assert "_BACKPROP_COMPLETE" in out
    for command in ("check", "info", "prove", "train"):
        assert "--json" in backprop(command, "--help")[0]


def test_the_shell_can_complete_commands_and_names():
    words = {"_BACKPROP_COMPLETE": "bash_complete", "COMP_CWORD": "2"}
    out, _ = backprop(COMP_WORDS="backprop check ls", **words)
    assert out.split() == ["plain,lstm"]


def test_training_prints_a_line_an_epoch_and_the_score():
    out, _ = backprop("train", "mlp", "--epochs", 2, "--hidden", 16, "--quiet")
    first, second, last = out.splitlines()
    assert first.startswith("epoch   1  loss") and second.startswith("epoch   2  loss")
    assert last.startswith("mlp: ") and "359 test images right" in last


def test_training_prints_json_alone_for_a_script(tmp_path):
    file = tmp_path / "w.npz"
    words = ("train", "mlp", "--hidden", 16, "--epochs", 3, "--seed", 4, "--json", "--save", file)
    out, err = backprop(*words)
    found = json.loads(out)
    assert err == "" and found["epochs"] == 3 and found["seed"] == 4 and found["accuracy"] > 0.8
    assert json.loads(backprop(*words)[0]) == found
    arrays, notes = checkpoints.load(file)
    assert notes == {"net": "mlp", "names": ["W1", "b1", "W2", "b2"]}
    assert arrays["param.0"].shape == (16, 64)


def test_a_checkpoint_is_gone_on_from(tmp_path):
    file = tmp_path / "a.npz"
    words = ("train", "mlp", "--hidden", 16, "--optimiser", "adam", "--json", "--checkpoint", file)
    backprop(*words, "--epochs", 2)
    _, err = backprop(*words, "--epochs", 4, code=2)
    assert "a.npz is there already" in err and len(err.splitlines()) == 1
    rest = json.loads(backprop(*words, "--epochs", 4, "--resume")[0])
    file.unlink()
    assert rest == json.loads(backprop(*words, "--epochs", 4)[0])


def test_held_out_images_choose_the_parameters():
    out, _ = backprop("train", "mlp", "--hidden", 16, "--epochs", 2, "--validate", "--quiet")
    assert out.count("held out") == 2


@pytest.mark.parametrize("optimiser", recipes.OPTIMISERS)
def test_every_optimiser_learns(optimiser):
    words = ("train", "mlp", "--hidden", 32, "--epochs", 3, "--optimiser", optimiser)
    assert json.loads(backprop(*words, "--json")[0])["accuracy"] > 0.75


@pytest.mark.parametrize("net", recipes.NETS)
def test_every_network_is_trained(net):
    out, _ = backprop("train", net, "--hidden", 8, "--epochs", 1, "--json")
    assert json.loads(out)["net"] == net


def test_check_shows_every_gradient_and_passes():
    out, _ = backprop("check", "lstm", "linear")
    lines = out.splitlines()
    assert lines[0].split() == ["layer", "gradient", "shape", "error"]
    assert [line.split()[:2] for line in lines[1:7]] == [
        ["lstm", f"d{name}"] for name in ("x", "h0", "c0", "Wh", "Wx", "b")
    ]
    assert all(line.endswith("ok") for line in lines[1:-1])
    assert lines[-1] == "9 of 9 gradients agree with differences"
    rows = json.loads(backprop("check", "linear", "--json")[0])
    assert [row["gradient"] for row in rows] == ["dx", "dW", "db"]
    assert all(0 < row["error"] < 1e-7 for row in rows)


def test_check_fails_where_a_gradient_is_off():
    out, _ = backprop("check", "linear", "--tolerance", "1e-30", code=1)
    assert "WRONG" in out and "0 of 3 gradients" in out


def test_everything_has_an_example_that_passes():
    for name in checking.EXAMPLES:
        errors = checking.errors(name, 0)
        assert errors and max(error for _, error in errors.values()) < 1e-7, name


def test_every_layer_loss_cell_and_network_can_be_checked():
    from backprop import layers, losses, nets, recurrent

    rooms = [*layers.__all__, *losses.__all__, *nets.__all__, *recurrent.__all__]
    assert set(rooms) - set(checking.EXAMPLES) == {"inputs"}


@pytest.mark.parametrize("what", ["Ye17-2", "Ye17-BN", "tanh", "layers/tanh"])
def test_prove_decides_equations_by_id_beginning_or_chapter(what):
    out, _ = backprop("prove", what, "--mutants", 2)
    lines = out.splitlines()
    assert lines[0].split() == ["equation", "verdict", "mutants"]
    ids = {
        "Ye17-2": ["Ye17-2"],
        "Ye17-BN": [f"Ye17-BN-{i}" for i in range(1, 9)],
    }.get(what, ["Ye17-11", "Ye17-12"])
    assert [line.split()[0] for line in lines[1:-1]] == ids
    assert lines[-1].startswith(f"{len(ids)} equations: ")


def test_prove_prints_json():
    [entry] = json.loads(backprop("prove", "Ye17-2", "--json")[0])
    assert entry["id"] == "Ye17-2" and entry["verdict"] == "holds"


def test_info_names_versions_and_threads():
    out, _ = backprop("info", OPENBLAS_NUM_THREADS="1")
    assert f"numpy        {np.__version__}" in out and "OPENBLAS_NUM_THREADS=1" in out
    assert json.loads(backprop("info", "--json")[0])["numpy"] == np.__version__


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "resnet"], "'resnet' is not one of 'mlp'"),
        (["train", "mlp", "--epochs", "0"], "0 is not in the range x>=1"),
        (["train", "mlp", "--lr", "-1"], "lr is -1.0; needs a number greater than 0"),
        (["train", "mlp", "--resume"], "--resume needs --checkpoint"),
        (["train", "mlp", "--save", "none/w.npz"], "its folder does not exist"),
        (["train", "mlp", "--checkpoint", "none/w.npz"], "its folder does not exist"),
        (["train", "mlp", "--data", "mnist"], "mnist"),
        (["check", "lstn"], "'lstn' is not one of"),
        (["prove", "Ye18"], "'Ye18' is no equation, no beginning of one, and no chapter"),
        (["fly"], "No such command 'fly'"),
    ],
)
def test_what_a_user_can_get_wrong_is_said_in_a_line(words, message, tmp_path):
    _, err = backprop(*words, code=2, BACKPROP_DATA=str(tmp_path))
    assert message in err


def test_without_click_a_line_says_what_to_install():
    code = "import sys; sys.modules['click'] = None; from backprop.cli import main; main()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr == "backprop: click is missing: pip install 'backprop[cli]'\n"
