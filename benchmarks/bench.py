"""Every comparison in one go: ``make bench``, and ``make bench-compare`` for what has changed.

Runs the scripts that time the package against PyTorch, and the start of a process, and prints each
ratio, PyTorch's time over ours, next to its goal from ``targets.yaml``.  The results lie in
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
from collections.abc import Iterator
from pathlib import Path

import yaml
from runs import RECORDS, machine

HERE = Path(__file__).parent
LATEST = HERE.parent / "_build" / "bench"
SCRIPTS = ("feed_forward", "convolution", "recurrent", "optimisers", "plans")
MAIN = ("pytorch_ratio", "ratio", "loop_ratio", "default_ratio")  # the one that has a goal
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
    parser.add_argument("--only", nargs="+", choices=(*SCRIPTS, "start"), default=None)
    parser.add_argument("--record", action="store_true", help="keep the latest results")
    parser.add_argument("--compare", action="store_true", help="run nothing, show what changed")
    given = parser.parse_args()
    names = given.only or (*SCRIPTS, "start")
    if given.compare:
        return compare(names)
    LATEST.mkdir(parents=True, exist_ok=True)
    for name in names:
        run(name)
    missed = report(names)
    if given.record:
        for name in names:
            (RECORDS / f"{name}.json").write_bytes((LATEST / f"{name}.json").read_bytes())
    return int(missed)


def run(name: str) -> None:
    """Let a script write its result."""
    print(f"\n{name}", flush=True)
    if name == "start":
        made = {"machine": machine(), "rows": start()}
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


def ratios(path: Path) -> dict[str, float]:
    """Return the ratio of every row that has one, with their mean and the smallest."""
    rows = json.loads(path.read_text())["rows"] if path.exists() else {}
    found = {}
    for name, row in rows.items():
        key = next((k for k in MAIN if k in row), None)
        if key:
            found[name] = float(row[key])
    if found:
        values = found.values()
        found["geometric mean"] = math.prod(values) ** (1 / len(values))
        found["smallest"] = min(v for k, v in found.items() if k != "geometric mean")
    return found


def report(names: tuple[str, ...]) -> bool:
    """Print every ratio with its goal; return whether one is missed."""
    goals = yaml.safe_load((HERE / "targets.yaml").read_text())
    missed = False
    for name in names:
        print(f"\n{name:44}{'ratio':>8}{'goal':>8}")
        for row, ratio in ratios(LATEST / f"{name}.json").items():
            goal = goals.get(name, {}).get(row)
            short = goal is not None and ratio < goal
            missed |= short
            print(f"  {row:42}{ratio:8.2f}{goal or '':>8}{'  missed' if short else ''}")
    return missed


def compare(names: tuple[str, ...]) -> int:
    """Print how the latest ratios differ from the recorded ones."""
    for line in changes(names):
        print(line)
    return 0


def changes(names: tuple[str, ...]) -> Iterator[str]:
    """Yield a line for each row that both have."""
    for name in names:
        old, new = ratios(RECORDS / f"{name}.json"), ratios(LATEST / f"{name}.json")
        if not new:
            yield f"{name}: nothing in _build/bench; make bench first"
        for row in old.keys() & new.keys():
            change = new[row] / old[row] - 1
            yield f"{name:14}{row:42}{old[row]:8.2f} -> {new[row]:6.2f}  {change:+.0%}"


if __name__ == "__main__":
    sys.exit(main())
