"""What do two threads gain? ``python benchmarks/threads.py``.

Each row is a step of training in float32 by a plan: of the whole batch on one thread, and of its
halves on two; NumPy's matrix library has one thread in both.  They take turns; what is reported is
the median over the rounds of the ratio one thread / two.  Where PyTorch is installed, so is its own
ratio, with its threads set to one and to two.  Needs two processors that nobody else uses.

With ``--output FILE`` the result is recorded.
"""

import json
import os
import statistics
import sys

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import numpy as np
from feed_forward import Step, agree, classes, measure, normal, torch, versions
from plans import lenet, perceptron
from runs import timings

from backprop import plans
from backprop.nets import deep_mlp, lenet5, lenet5_modern
from backprop.optim import sgd

LR = 1e-9


def ours(net, module, N: int, shape: tuple, *sizes: object) -> tuple[Step, Step]:
    """Return a step on one thread and on two."""
    rng = np.random.default_rng(0)
    params = net.init(rng, *sizes)
    x, labels = normal(rng, N, *shape), classes(rng, N, [10])

    def step_of(plan) -> Step:
        rule = plans.Optimiser(sgd, plan.parameters)

        def step() -> list:
            loss, grads = plan.loss_and_gradients(x, labels)
            rule.step(lr=LR)
            return [loss, *grads]

        return step

    one, two = module.compile(params, N), plans.threads.compile(module, params, N, threads=2)
    return step_of(one), step_of(two)


def theirs(step: Step) -> tuple[Step, Step]:
    """Return PyTorch's step on one thread and on two."""

    def on(threads: int) -> Step:
        def run() -> list:
            torch.set_num_threads(threads)
            return step()

        return run

    return on(1), on(2)


IMAGE = (1, 32, 32)
SIZES = (784, 300, 100, 10)
WORKLOADS = {
    "784-300-100-10, batch of 64": (
        lambda: ours(deep_mlp, plans.deep_mlp, 64, SIZES[:1], SIZES),
        lambda: perceptron(sgd, 64, *SIZES),
    ),
    "784-300-100-10, batch of 512": (
        lambda: ours(deep_mlp, plans.deep_mlp, 512, SIZES[:1], SIZES),
        lambda: perceptron(sgd, 512, *SIZES),
    ),
    "LeNet-5 modern, batch of 64": (
        lambda: ours(lenet5_modern, plans.lenet5_modern, 64, IMAGE),
        lambda: lenet(sgd, 64, lenet5_modern),
    ),
    "LeNet-5 modern, batch of 256": (
        lambda: ours(lenet5_modern, plans.lenet5_modern, 256, IMAGE),
        lambda: lenet(sgd, 256, lenet5_modern),
    ),
    "LeNet-5 of 1998, batch of 256": (
        lambda: ours(lenet5, plans.lenet5, 256, IMAGE),
        lambda: lenet(sgd, 256, lenet5),
    ),
}


def main() -> int:
    """Measure and print."""
    options = timings(__doc__).parse_args()
    rows = {}
    for name, (make, other) in WORKLOADS.items():
        steps = make()
        agree(*steps)
        if torch:
            steps += theirs(other()[2])
        times = measure(steps, options.rounds, options.seconds)
        row = {"one_us": round(1e6 * statistics.median(times[0]), 1)}
        for k, side in ((0, ""), (2, "pytorch_"))[: len(steps) // 2]:
            pairs = zip(times[k], times[k + 1], strict=True)
            row[f"{side}gain"] = round(statistics.median(a / b for a, b in pairs), 2)
        if torch:
            pairs = zip(times[3], times[1], strict=True)
            row["pytorch_ratio"] = round(statistics.median(a / b for a, b in pairs), 2)
        rows[name] = row
        print(f"{name:36}", *(f"{key} {value:<10}" for key, value in row.items()), flush=True)
    if options.output:
        said = versions() | {"machine": versions()["machine"].replace("one thread", "two threads")}
        options.output.write_text(json.dumps({"versions": said, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
