"""Run everything on a graphics card, with CuPy: ``python benchmarks/on_cupy.py``.

Every layer, loss, cell and network that the tests draw arguments for runs forward and back on
CuPy's arrays, in float64 and float32, and must give CuPy's arrays with NumPy's numbers.  CuPy
raises when an array of its own would be made NumPy's silently, so what passes never left the card.
The optimisers take steps there, a network is trained there, and steps of two networks are timed on
the card and on the processor, with as many threads as its linear algebra takes.

With ``--output FILE`` the result is recorded; the exit status is 1 if anything differs.
"""

import argparse
import importlib.util
import json
import platform
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import cupy
import numpy as np

from backprop.losses import cross_entropy
from backprop.nets import char_model, lenet5_modern, mlp
from backprop.optim import adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd

ZOO = Path(__file__).parents[1] / "tests" / "any_array" / "conftest.py"
BOUNDS = {"float64": 1e-10, "float32": 2e-4}  # of a difference, against the largest number
RULES = (sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw)


def zoo() -> ModuleType:
    """Return the module of the tests that lists every layer with arguments."""
    spec = importlib.util.spec_from_file_location("zoo", ZOO)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def there(value: object) -> object:
    """Return an array of the processor as one on the card, and anything else as it is."""
    return cupy.asarray(value) if isinstance(value, np.ndarray) else value


def subject(z: ModuleType, name: str, dtype: str) -> float:
    """Run one layer on both sides; return the largest difference against the largest number."""
    args, chosen = z.draw(name, dtype), z.SUBJECTS[name]
    expected, _ = z.run(name, args)
    dy = np.random.default_rng(5).standard_normal(np.shape(expected)).astype(expected.dtype)
    dy = dy if dy.ndim else float(dy)
    expected, grads = z.run(name, args, dy)
    constants = dict(chosen.constants)  # labels and tables of links may stay on the host
    if "target" in constants:
        constants["target"] = there(constants["target"].astype(dtype))
    y, cache = chosen.layer.forward(*map(there, args), **constants)
    found = z.tuple_of(chosen.layer.backward(there(dy), cache))
    pairs = zip((y, *found), (expected, *grads), strict=True)
    return max(difference(mine, other) for mine, other in pairs)


def difference(mine: object, other: np.ndarray) -> float:
    """Return how far an array on the card is from one of NumPy's; raise if it is not there."""
    if not isinstance(mine, cupy.ndarray):
        raise TypeError(f"the result is {type(mine)}")
    if mine.dtype != other.dtype:
        raise TypeError(f"the result has {mine.dtype}, not {other.dtype}")
    scale = np.abs(other).max()
    return float(np.abs(cupy.asnumpy(mine) - other).max() / scale) if scale else 0.0


def optimiser(rule: ModuleType) -> float:
    """Take three steps on both sides."""
    rng = np.random.default_rng(0)
    here = [rng.standard_normal((3, 2)), rng.standard_normal(3)]
    card = list(map(there, here))
    state, state_there = rule.init(here), rule.init(card)
    for _ in range(3):
        grads = [rng.standard_normal(w.shape) for w in here]
        here, state = rule.step(here, grads, state, lr=0.1)
        card, state_there = rule.step(card, list(map(there, grads)), state_there, lr=0.1)
    return max(map(difference, card, here))


def training() -> float:
    """Train a small network with Adam on both sides; return how the parameters differ."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((256, 8))
    labels = (x[:, 0] * x[:, 1] > 0).astype(int)
    sides = []
    for move in (lambda a: a, there):
        params = list(map(move, mlp.init(np.random.default_rng(1), 8, 32, 2, dtype=np.float64)))
        state, first = adam.init(params), None
        for _ in range(200):
            y, cache = mlp.forward(move(x), *params)
            loss, kept = cross_entropy.forward(y, target=move(labels))
            _, *grads = mlp.backward(cross_entropy.backward(1.0, kept), cache)
            params, state = adam.step(params, grads, state, lr=0.01)
            first = float(loss) if first is None else first
        if not float(loss) < first / 4:
            raise ValueError("nothing was learnt")
        sides.append(params)
    return max(map(difference, sides[1], sides[0]))


def checks() -> Iterator[tuple[str, str, Callable[[], float]]]:
    """Yield a name, a dtype and what returns the difference."""
    z = zoo()
    for name in z.SUBJECTS:
        for dtype in BOUNDS:
            yield name, dtype, lambda name=name, dtype=dtype: subject(z, name, dtype)
    for rule in RULES:
        name = rule.__name__.split(".")[-1]
        yield f"a step of {name}", "float64", lambda rule=rule: optimiser(rule)
    yield "a training", "float64", training


def compared() -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Return the differences, and what went wrong."""
    found: dict[str, dict[str, float]] = {}
    wrong: dict[str, str] = {}
    for name, dtype, difference_of in checks():
        try:
            error = difference_of()
        except Exception as problem:  # whatever it is, the others are still of interest
            at = traceback.extract_tb(problem.__traceback__)
            where = next((f for f in reversed(at) if "backprop" in f.filename), at[-1])
            said = f"{type(problem).__name__}: {problem}"
            wrong[f"{name}, {dtype}"] = f"{Path(where.filename).name}:{where.lineno}: {said}"
            continue
        found.setdefault(name, {})[dtype] = float(f"{error:.1e}")
        if not error <= BOUNDS[dtype]:
            wrong[f"{name}, {dtype}"] = f"differs by {error:.1e}"
    return found, wrong


# -- timing -------------------------------------------------------------------------------------


def lenet(N: int) -> Callable[[Callable], Callable[[], object]]:
    """Train LeNet-5 with ReLU on N images."""
    rng = np.random.default_rng(0)
    params = lenet5_modern.init(rng)
    x, labels = rng.standard_normal((N, 1, 32, 32), np.float32), rng.integers(0, 10, N)

    def on(move: Callable) -> Callable[[], object]:
        images, target, state = move(x), move(labels), list(map(move, params))

        def step() -> object:
            nonlocal state
            y, cache = lenet5_modern.forward(images, *state)
            loss, kept = cross_entropy.forward(y, target=target)
            _, *grads = lenet5_modern.backward(cross_entropy.backward(1.0, kept), cache)
            state, _ = sgd.step(state, grads, (), lr=1e-9)
            return loss

        return step

    return on


def writer(T: int, N: int, H: int) -> Callable[[Callable], Callable[[], object]]:
    """Train an LSTM on N texts."""
    rng = np.random.default_rng(0)
    params = char_model.init(rng, 65, H, D=64)
    labels, target = rng.integers(0, 65, (2, T, N))

    def on(move: Callable) -> Callable[[], object]:
        given, wanted, state = move(labels), move(target), list(map(move, params))

        def step() -> object:
            nonlocal state
            loss, grads, _ = char_model.gradients(state, given, wanted)
            state, _ = sgd.step(state, grads, (), lr=1e-9)
            return loss

        return step

    return on


WORKLOADS = {
    "LeNet-5 modern, batch of 64": lambda: lenet(64),
    "LeNet-5 modern, batch of 4096": lambda: lenet(4096),
    "LSTM, 50 steps of 32 texts, H 128": lambda: writer(50, 32, 128),
    "LSTM, 50 steps of 512 texts, H 1024": lambda: writer(50, 512, 1024),
}


def timed(rounds: int) -> dict[str, dict[str, float]]:
    """Let the processor and the card take turns; return the times and their ratio."""
    rows = {}
    for name, make in WORKLOADS.items():
        on = make()
        steps = {"numpy": on(lambda a: a), "cupy": on(there)}
        for step in steps.values():
            step()
        times: dict[str, list[float]] = {side: [] for side in steps}
        for _ in range(rounds):
            for side, step in steps.items():
                cupy.cuda.Device().synchronize()
                began = time.perf_counter()
                step()
                cupy.cuda.Device().synchronize()
                times[side].append(time.perf_counter() - began)
        row = {f"{side}_ms": round(1e3 * statistics.median(t), 2) for side, t in times.items()}
        pairs = zip(times["numpy"], times["cupy"], strict=True)
        row["ratio"] = round(statistics.median(a / b for a, b in pairs), 2)
        rows[name] = row
        print(f"{name:40}", *(f"{v:10.2f}" for v in row.values()), flush=True)
    return rows


def main() -> int:
    """Compare, time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--output", type=Path, help="where to record the result")
    options = parser.parse_args()
    card = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cupy": cupy.__version__,
        "card": card,
    }
    print(versions)
    found, wrong = compared()
    print(f"{len(found)} layers, networks and optimisers compared")
    for name, said in wrong.items():
        print(f"  {name}: {said}")
    rows = timed(options.rounds)
    if options.output:
        record = {"versions": versions, "differences": found, "wrong": wrong, "rows": rows}
        options.output.write_text(json.dumps(record, indent=1) + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
