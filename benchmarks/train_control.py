"""Learn to balance a pole, by values and by policy: ``python benchmarks/train_control.py``.

The two methods of ``backprop.control`` from several seeds, and each with one thing left out: the
policy without the baseline, the values without the old parameters (``renew=1``, the network's own
present values are its target).  Afterwards everyone steers 100 carts for 500 steps at most, always
with the action of the highest score.

The result goes into ``benchmarks/records/control.json``, which the book shows.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, machine, merge

from backprop.control import cart_pole, policy_gradient, q_learning
from backprop.nets import mlp
from backprop.optim import adam

CARTS = 100  # that are steered in the end
POINTS = 40  # of a curve


def main() -> None:
    """Train every method from every seed, and record each when it is done."""
    parser = argparse.ArgumentParser(description="Learn to balance a pole.")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--output", type=Path, default=RECORDS / "control.json")
    options = parser.parse_args()
    rows = []
    for name in options.methods:
        runs = {seed: run(name, seed) for seed in options.seeds}
        rows.append({"method": name, "seeds": runs})
        print(f"{name:24}", *(round(r["balanced"]) for r in runs.values()), flush=True)
        about = {"limit": cart_pole.LIMIT, "carts": CARTS}
        merge(options.output, **about, rows=rows, machine=machine())


def run(name: str, seed: int) -> dict:
    """Train once; return the curve, and how long the carts are balanced in the end."""
    start = time.process_time()
    params, lengths = METHODS[name](np.random.default_rng(seed))
    seconds = time.process_time() - start
    kept, far = steer(np.random.default_rng(1000 + seed), params)
    parts = np.array_split(np.array(lengths, float), min(POINTS, len(lengths)))
    return {
        "attempts": len(lengths),
        "curve": [round(float(part.mean()), 1) for part in parts],  # each of as many attempts
        "balanced": round(float(kept.mean()), 2),
        "to the end": int((kept == cart_pole.LIMIT).sum()),
        "off the rail": int(far.sum()),  # the others have fallen
        "seconds": round(seconds, 1),
    }


def steer(rng: np.random.Generator, params: mlp.Params) -> tuple[np.ndarray, np.ndarray]:
    """Return how long carts stay in, and which of them run off the rail."""
    state, alive = cart_pole.start(rng, CARTS), np.ones(CARTS, bool)
    lengths, far = np.zeros(CARTS, int), np.zeros(CARTS, bool)
    for _ in range(cart_pole.LIMIT):
        lengths += alive
        after, out = cart_pole.step(state, mlp.forward(state, *params)[0].argmax(axis=1))
        far |= alive & out & (np.abs(after[:, 0]) > cart_pole.FAR)
        state, alive = np.where(alive[:, None], after, state), alive & ~out
    return lengths, far


def without_baseline(rng: np.random.Generator) -> tuple[mlp.Params, list[float]]:
    """Learn as ``policy_gradient.learn`` does, from returns instead of advantages."""
    params = mlp.init(rng, 4, 16, 2, dtype=np.float64)
    state, lengths = adam.init(params), []
    for _ in range(80):
        found = policy_gradient.attempt(rng, params, 32)
        gain = returns(found.alive, 0.99)[found.alive]
        gain /= gain.std() + 1e-8
        states, actions = found.states[found.alive], found.actions[found.alive]
        _, grads = policy_gradient.gradients(params, states, actions, gain)
        moved, state = adam.step(params, grads, state, lr=0.02)
        params = mlp.Params(*moved)
        lengths.append(float(found.lengths.mean()))
    return params, lengths


def returns(alive: np.ndarray, gamma: float) -> np.ndarray:
    """Return how much longer each cart lived on, discounted."""
    found, total = np.zeros(alive.shape), np.zeros(alive.shape[1])
    for t in reversed(range(len(alive))):
        total = alive[t] * (1 + gamma * total)
        found[t] = total
    return found


METHODS = {
    "policy": policy_gradient.learn,
    "policy, no baseline": without_baseline,
    "values": q_learning.learn,
    "values, no old network": lambda rng: q_learning.learn(rng, renew=1),
}

if __name__ == "__main__":
    main()
