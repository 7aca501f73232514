"""Show the package's own code in a chapter, so that text and code cannot drift apart."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


class Listing:
    """Source code that a notebook displays highlighted."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __repr__(self) -> str:
        """Return the code as it stands."""
        return self.code

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.code}\n```"


def show(*functions: Callable[..., Any]) -> Listing:
    """Return the source of functions or classes of the package, without their docstrings.

    Parameters
    ----------
    *functions : functions or classes
        Shown one below the other.

    Returns
    -------
    listing : Listing
        Displays itself in a notebook.

    Examples
    --------
    >>> from backprop.layers import relu
    >>> show(relu.backward)
    def backward(dy: Array, cache: Cache) -> Array:
        positive, dtype = cache
        expect_upstream(dy, positive.shape, dtype)
        dx: Array = dy * positive  # Ye17 (10)
        return dx
    """
    return Listing("\n\n\n".join(_without_docstrings(function) for function in functions))


def _without_docstrings(function: Callable[..., Any]) -> str:
    source = textwrap.dedent(inspect.getsource(function))
    lines = source.splitlines()
    dropped: set[int] = set()  # lines keep their numbers until all docstrings are found
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            first = node.body[0]
            assert first.end_lineno is not None
            after = node.body[1].lineno - 1 if len(node.body) > 1 else first.end_lineno
            gap = [i for i in range(first.end_lineno, after) if not lines[i].strip()]
            dropped.update(range(first.lineno - 1, first.end_lineno), gap)
    kept = [line for i, line in enumerate(lines) if i not in dropped]
    return "\n".join(_squeeze(kept)).strip()


def _squeeze(lines: list[str]) -> list[str]:
    """Drop empty lines that follow a header line or another empty line."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip() and not kept[-1].rstrip().endswith(":")):
            kept.append(line)
    return kept
