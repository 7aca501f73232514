"""Every comparison in one go: ``make bench``, and ``make bench-compare`` for what has changed.

Runs the scripts that compare the package with PyTorch, JAX and autograd, whichever is installed, in
time and memory, and the start of a process, and prints each ratio, theirs over ours, next to its
goal from ``targets.yaml``.  Where a goal is missed it says why, as written there, or how much was
possible: the other's time over that of NumPy's matrix products alone, from ``floors.py``.  In the
end it says what the tests tried and noticed, from the records.  The results lie in
``_build/bench``.  ``--record`` keeps them as the records that the book reads; ``--compare`` prints
how the latest results differ from the records.  The exit status is 1 if a goal is missed.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from feed_forward import versions
from runs import RECORDS, geometric_mean, merge

HERE = Path(__file__).parent
LATEST = HERE.parent / "_build" / "bench"
SCRIPTS = {  # the ratios that are shown of each; where there are two, the first word says whose
    "feed_forward": ("ratio",),
    "convolution": ("ratio",),
    "recurrent": ("loop_ratio",),
    "optimisers": ("default_ratio",),
    "plans": ("pytorch_ratio",),
    "peers": ("jax_ratio", "autograd_ratio"),
    "threads": ("gain",),
    "memory": ("pytorch_ratio", "jax_ratio"),
    "start": ("ratio",),
    "floors": (),
    "scaling": (),
}
IMPORTS = {"backprop": "import backprop", "pytorch": "import torch"}
STEPS = {
    "backprop": """
import numpy as np
from backprop import plans
from backprop.nets import lenet5_modern
from backprop.optim import sgd
rng = np.random.default_rng(0)
x, labels = rng.standard_normal((64, 1, 32, 32), np.float32), rng.integers(0, 10, 64)
plan = plans.lenet5_modern.compile(lenet5_modern.init(rng), 64)
rule = plans.Optimiser(sgd, plan.parameters)
for _ in range(100):
    plan.loss_and_gradients(x, labels)
    rule.step(lr=0.01)
""",
    "pytorch": """
import torch
from torch import nn
torch.set_num_threads(1)
net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
    nn.Linear(84, 10))
moves = torch.optim.SGD(net.parameters(), lr=0.01)
x, labels = torch.randn(64, 1, 32, 32), torch.randint(10, (64,))
for _ in range(100):
    moves.zero_grad()
    nn.functional.cross_entropy(net(x), labels).backward()
    moves.step()
""",
}


def main() -> int:
    """Run, print, record or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SCRIPTS, default=list(SCRIPTS))
    parser.add_argument("--record", action="store_true", help="keep the latest results")
    parser.add_argument("--compare", action="store_true", help="run nothing, show what changed")
    given = parser.parse_args()
    names = given.only
    if given.compare:
        return compare(names)
    LATEST.mkdir(parents=True, exist_ok=True)
    for name in names:
        run(name)
    missed = report(names)
    print("\nof the record", *tried(), sep="\n  ")
    if given.record:
        for name in names:
            merge(RECORDS / f"{name}.json", **latest(name))
        merge(RECORDS / "plans.json", goals=goals()["plans"])
    return int(missed)


def run(name: str) -> None:
    """Let a script write its result."""
    print(f"\n{name}", flush=True)
    if name == "start":
        made = {"versions": versions(), "rows": start()}
        (LATEST / "start.json").write_text(json.dumps(made, indent=1) + "\n")
        return
    command = [sys.executable, str(HERE / f"{name}.py"), "--output", str(LATEST / f"{name}.json")]
    subprocess.run(command, cwd=HERE.parent, check=False)


def start(rounds: int = 5) -> dict[str, dict[str, float]]:
    """Return how long a process takes to import and to train, on one thread, in turns."""
    rows = {}
    for row, programs in {"import": IMPORTS, "100 steps of LeNet-5": STEPS}.items():
        times: dict[str, list[float]] = {side: [] for side in programs}
        for _ in range(rounds):
            for side, program in programs.items():
                times[side].append(seconds(program))
        rows[row] = {f"{side}_s": round(statistics.median(t), 3) for side, t in times.items()}
        if not math.isnan(rows[row]["pytorch_s"]):
            pairs = zip(times["pytorch"], times["backprop"], strict=True)
            rows[row]["ratio"] = round(statistics.median(a / b for a, b in pairs), 2)
    return rows


def seconds(program: str) -> float:
    """Return the time of a process, or NaN if it cannot run here."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(threads, "1")}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=False
    )
    return time.perf_counter() - began if done.returncode == 0 else math.nan


def ratios(path: Path, columns: Sequence[str]) -> dict[str, float]:
    """Return the ratio of every row that has one, with their mean and the smallest."""
    rows = json.loads(path.read_text())["rows"] if path.exists() else {}
    found: dict[str, float] = {}
    for column in columns:
        whose = f"{column.removesuffix('_ratio')}: " if len(columns) > 1 else ""
        here = {name: float(row[column]) for name, row in rows.items() if column in row}
        if here:
            found |= {whose + name: value for name, value in here.items()}
            found[whose + "geometric mean"] = geometric_mean(rows, column)
            found[whose + "smallest"] = min(here.values())
    return found


def report(names: Sequence[str]) -> bool:
    """Print every ratio with its goal; return whether one is missed."""
    wanted = goals()
    reasons, missed, most = wanted["why"], False, possible()
    for name in names:
        if not SCRIPTS[name]:
            continue
        print(f"\n{name:52}{'ratio':>8}{'goal':>8}")
        for row, ratio in ratios(LATEST / f"{name}.json", SCRIPTS[name]).items():
            goal = wanted.get(name, {}).get(row)
            short = goal is not None and ratio < goal
            missed |= short
            why = reasons.get(name, {}).get(row, "")
            if not why and row in most and name == "plans":
                why = f"NumPy's products alone leave {most[row]:.2f} at most"
            said = f"  missed: {why or 'unexplained'}" if short else ""
            print(f"  {row:50}{ratio:8.2f}{goal or '':>8}{said}")
    return missed


def goals() -> dict[str, dict]:
    """Return what ``targets.yaml`` asks for."""
    return yaml.safe_load((HERE / "targets.yaml").read_text())


def tried() -> Iterator[str]:
    """Yield what the tests tried and noticed, as recorded by `mutation.py` and `inputs.py`."""
    parts = json.loads((RECORDS / "mutation.json").read_text())["parts"].values()
    noticed, rest, explained = (sum(p[k] for p in parts) for k in ("noticed", "not", "explained"))
    score = noticed / (noticed + rest)
    yield f"slips put into the package: {noticed + rest:,}, noticed by a test {score:.1%},"
    yield f"  not noticed {rest}, of which explained {explained}"
    folders = json.loads((RECORDS / "inputs.json").read_text())["folders"].values()
    tests, examples = (sum(f[k] for f in folders) for k in ("tests", "examples"))
    yield f"inputs tried: {tests:,} tests, and {examples:,} generated examples"


def possible() -> dict[str, float]:
    """Return the ratio that a plan would have if all but its matrix products took no time."""
    floors, rows = (latest(name).get("rows", {}) for name in ("floors", "plans"))
    return {
        row: values["pytorch_us"] / floors[name]["products_us"]
        for name in floors
        for row, values in rows.items()
        if row in (name, f"{name}, SGD", f"{name}, Adam") and "pytorch_us" in values
    }


def latest(name: str) -> dict:
    """Return the latest result of a script."""
    path = LATEST / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def compare(names: Sequence[str]) -> int:
    """Print how the latest ratios differ from the recorded ones."""
    for line in changes(names):
        print(line)
    return 0


def changes(names: Sequence[str]) -> Iterator[str]:
    """Yield a line for each row that both have."""
    for name in names:
        columns = SCRIPTS[name]
        old, new = (ratios(folder / f"{name}.json", columns) for folder in (RECORDS, LATEST))
        if columns and not new:
            yield f"{name}: nothing in _build/bench; make bench first"
        for row in (row for row in new if row in old):
            change = new[row] / old[row] - 1
            yield f"{name:14}{row:50}{old[row]:8.2f} -> {new[row]:6.2f}  {change:+.0%}"


if __name__ == "__main__":
    sys.exit(main())
