"""How much memory does a step of training take? ``python benchmarks/memory.py``.

Each side runs in a process of its own: it makes its network and its data, and then asks the system
how far the memory of the process grows during three steps of training.  The readable network, its
plan, PyTorch's eager mode and JAX do the same work.  The megabytes depend little on the machine;
what is reported besides is the ratio to the plan.  The process itself, with the library imported
and nothing done, has its own row.  Linux only: the peak is read, and set back, in ``/proc``.

With ``--output FILE`` the result is recorded.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy
os.environ["JAX_PLATFORMS"] = "cpu"

SIDES = ("readable", "plan", "pytorch", "jax")
HERE = Path(__file__).parent


def workload(name: str, side: str):
    """Return a step of training."""
    import peers
    import plans

    from backprop.nets import lenet5_modern
    from backprop.optim import sgd
    from backprop.recurrent import lstm

    if side == "jax":
        make = {
            "LeNet-5 modern, batch of 256": lambda: peers.of_lenet(256),
            "784-300-100-10, batch of 512": lambda: peers.of_perceptron(512, 784, 300, 100, 10),
            "LSTM, 100 steps of 64 texts, H 256": lambda: peers.of_cell(lstm, 100, 64, 256),
        }[name]
        return make()[1](peers.with_jax())
    make = {
        "LeNet-5 modern, batch of 256": lambda: plans.lenet(sgd, 256, lenet5_modern),
        "784-300-100-10, batch of 512": lambda: plans.perceptron(sgd, 512, 784, 300, 100, 10),
        "LSTM, 100 steps of 64 texts, H 256": lambda: plans.writer(lstm, 100, 64, 256),
    }[name]
    return make()[SIDES.index(side)]


WORKLOADS = (
    "784-300-100-10, batch of 512",
    "LeNet-5 modern, batch of 256",
    "LSTM, 100 steps of 64 texts, H 256",
)
IDLE = {
    "readable": "backprop.nets",
    "plan": "backprop.plans",
    "pytorch": "torch",
    "jax": "jax.numpy",
}


def megabytes(field: str) -> float:
    """Return what the system says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":")) / 1024


def grown(name: str, side: str) -> float:
    """Return by how much this process grew at most during the steps."""
    step = workload(name, side)
    before = megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # set the peak back
    for _ in range(3):
        step()
    return megabytes("VmHWM") - before


def alone(*arguments: str) -> float | None:
    """Return what a process of its own says, or nothing if it cannot run here."""
    command = [sys.executable, str(HERE / "memory.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def main() -> int:
    """Measure and print; with a workload and a side, only that and in this process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", nargs=2, metavar=("WORKLOAD", "SIDE"), help=argparse.SUPPRESS)
    parser.add_argument("--idle", metavar="SIDE", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help="where to record the result")
    options = parser.parse_args()
    if options.idle:
        __import__(IDLE[options.idle])
        print(megabytes("VmRSS"))
        return 0
    if options.one:
        print(grown(*options.one))
        return 0
    rows: dict[str, dict[str, float]] = {}
    print(f"{'megabytes':38}", *(f"{side:>10}" for side in SIDES))
    for name in ("the process, idle", *WORKLOADS):
        asked = (lambda s: ("--idle", s)) if "idle" in name else (lambda s, n=name: ("--one", n, s))
        found = {side: alone(*asked(side)) for side in SIDES}
        rows[name] = {f"{side}_mb": round(mb, 1) for side, mb in found.items() if mb is not None}
        print(f"{name:38}", *(f"{mb:10.1f}" for mb in rows[name].values()), flush=True)
        for side in ("pytorch", "jax"):
            if found[side] is not None:
                rows[name][f"{side}_ratio"] = round(found[side] / found["plan"], 2)
    if options.output:
        from feed_forward import versions

        options.output.write_text(
            json.dumps({"versions": versions(), "rows": rows}, indent=1) + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
