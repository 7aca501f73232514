"""What happened in a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class History:
    """What happened: `steps`, `norms` and `rates` have one entry a step, the rest one an epoch.

    `norms` are the lengths of all gradients together, before clipping; `rates` the learning
    rates.  `best` is the epoch whose parameters came back, counted from 1, where a validation
    chose them, else 0.  `stopped` says why training ended early; it is empty when it did not.
    `plan` names the plan that computed the steps; it is empty when the readable network did.
    """

    def __init__(
        self,
        loss: Sequence[float] = (),
        test_loss: Sequence[float] = (),
        test_accuracy: Sequence[float] = (),
    ) -> None:
        self.loss = list(loss)
        self.test_loss = list(test_loss)
        self.test_accuracy = list(test_accuracy)
        self.validation_loss: list[float] = []
        self.validation_accuracy: list[float] = []
        self.steps: list[float] = []
        self.norms: list[float] = []
        self.rates: list[float] = []
        self.best = 0
        self.stopped = ""
        self.plan = ""

    def __repr__(self) -> str:
        """Return the last entries.

        Examples
        --------
        >>> History([0.5, 0.25])
        History(epochs=2, loss=0.25)
        """
        series = {"loss": self.loss, "validation_loss": self.validation_loss}
        series |= {"test_loss": self.test_loss, "test_accuracy": self.test_accuracy}
        last = "".join(f", {name}={values[-1]:.4g}" for name, values in series.items() if values)
        why = f", stopped={self.stopped!r}" if self.stopped else ""
        return f"History(epochs={len(self.loss)}{last}{why})"

    def entries(self) -> dict[str, Any]:
        """Return everything by name, as plain lists and numbers."""
        return {k: list(v) if isinstance(v, list) else v for k, v in vars(self).items()}

    @classmethod
    def of(cls, entries: dict[str, Any]) -> History:
        """Return the history with these `entries`; other names or kinds raise ValueError."""
        history = cls()
        if set(entries) != set(vars(history)):
            raise ValueError(f"a history has {sorted(vars(history))}; got {sorted(entries)}")
        for name, empty in vars(history).items():
            value = entries[name]
            numbers = value if isinstance(value, list) else []
            if type(value) is not type(empty) or any(type(v) not in (int, float) for v in numbers):
                raise ValueError(f"the history has {name} = {value!r:.60}")
        vars(history).update(entries)
        return history
