"""How each network is trained from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from backprop import training
from backprop.arrays import Array
from backprop.data import Dataset, digits, mnist
from backprop.nets import deep_mlp, lenet5, lenet5_modern, mlp, preact
from backprop.optim import adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd

NETS: dict[str, tuple[ModuleType, Callable[..., Any]]] = {
    "mlp": (mlp, lambda rng, D, H: mlp.init(rng, D, H, 10)),
    "deep_mlp": (deep_mlp, lambda rng, D, H: deep_mlp.init(rng, [D, H, H, 10])),
    "preact": (preact, lambda rng, D, H: preact.init(rng, D, H, 10)),
    "lenet5": (lenet5, lambda rng, D, H: lenet5.init(rng)),
    "lenet5_modern": (lenet5_modern, lambda rng, D, H: lenet5_modern.init(rng)),
}
DATA: dict[str, Callable[[], Dataset]] = {"digits": digits.load, "mnist": mnist.load}
OPTIMISERS: dict[str, tuple[ModuleType, float]] = {  # with a learning rate to start from
    "sgd": (sgd, 0.05),
    "momentum": (momentum, 0.01),
    "nesterov": (nesterov, 0.01),
    "adagrad": (adagrad, 0.01),
    "rmsprop": (rmsprop, 1e-3),
    "adam": (adam, 1e-3),
    "adamw": (adamw, 1e-3),
}


def train(
    name: str,
    *,
    data: str,
    epochs: int,
    seed: int,
    hidden: int,
    optimiser: str,
    lr: float | None,
    decay: float,
    batch_size: int,
    validate: bool,
    checkpoint: Path | None,
    resume: bool,
    save: Path | None,
    quiet: bool,
    show: bool,
) -> dict[str, Any]:
    """Train a network and return what came out."""
    if resume and checkpoint is None:
        raise ValueError("--resume needs --checkpoint, the file to go on from")
    if save is not None and not save.parent.is_dir():
        raise FileNotFoundError(f"--save is {save}; its folder does not exist")
    net, init = NETS[name]
    images = DATA[data]()
    x, x_test = (_inputs(net, part) for part in (images.x_train, images.x_test))
    labels, held = images.y_train, None
    if validate:
        cut = len(x) - len(x) // 6
        held, x, labels = (x[cut:], labels[cut:]), x[:cut], labels[:cut]
    module, usual = OPTIMISERS[optimiser]
    rng = np.random.default_rng(seed)
    coupled = {"options": {"decay": decay}} if module is adamw else {"decay": decay}
    params, history = training.fit(
        net,
        init(rng, images.x_train.shape[1], hidden),
        x,
        labels,
        optimiser=module,
        lr=usual if lr is None else lr,
        epochs=epochs,
        batch_size=batch_size,
        rng=rng,
        validation=held,
        checkpoint=checkpoint,
        resume=resume,
        callbacks=[_line] if show else [],
        progress=show and not quiet,
        **coupled,
    )
    score = training.evaluate(net, params, x_test, images.y_test)
    if save is not None:
        arrays = {f"param.{i}": p for i, p in enumerate(params)}
        training.checkpoints.save(save, arrays, {"net": name, "names": list(_names(params))})
    return {
        "net": name,
        "data": data,
        "seed": seed,
        "epochs": len(history.loss),
        "accuracy": score.accuracy,
        "loss": score.loss,
        "test": len(x_test),
        "history": history.loss,
        "stopped": history.stopped,
    }


def _inputs(net: ModuleType, x: Array) -> Array:
    return lenet5.images(x) if net in (lenet5, lenet5_modern) else x


def _names(params: Any) -> Any:
    return getattr(params, "_fields", range(len(params)))


def _line(epoch: training.Epoch) -> None:
    history = epoch.history
    held = f", held out {history.validation_accuracy[-1]:.2%}" if history.validation_loss else ""
    print(f"epoch {epoch.number:3}  loss {history.loss[-1]:.4f}{held}", flush=True)
