"""Say where the repository is: ``python book/_tools/address.py owner/name``.

The address stands on the pages, in the first cell of every notebook, and in the files beside them;
until it is known, as that of OWNER/backprop.
"""

import re
import sys
from pathlib import Path

UNKNOWN = "OWNER/backprop"
KINDS = ("*.ipynb", "*.md", "*.yml", "*.yaml", "*.toml", "*.cff")
SKIPPED = {".venv", ".git", ".github", "_build", "node_modules"}


def settle(root, name, old=UNKNOWN):
    """Write the name of the repository where the old one stands; return the files that had it."""
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", name):
        raise ValueError(f"REPO is {name!r}; needs the form owner/name")
    changed = []
    for path in sorted(p for kind in KINDS for p in root.rglob(kind)):
        if SKIPPED.isdisjoint(path.relative_to(root).parts):
            text = path.read_text(encoding="utf-8")
            if old in text:
                path.write_text(text.replace(old, name), encoding="utf-8")
                changed.append(path)
    return changed


if __name__ == "__main__":
    try:
        files = settle(Path(__file__).parents[2], *sys.argv[1:])
    except ValueError as error:
        sys.exit(str(error))
    print(f"{len(files)} files name {sys.argv[1]}")
