"""Say where the repository is: ``python book/_tools/address.py owner/name``.

The address stands on the pages, in the first cell of every notebook, and in the files beside them;
until it is known, as that of OWNER/backprop.  The old one is read from ``_config.yml``.
"""

import re
import sys
from pathlib import Path

import yaml

HOST = "https://github.com/"
KINDS = ("*.ipynb", "*.md", "*.yml", "*.yaml", "*.toml", "*.cff")
SKIPPED = {".venv", ".git", ".github", "_build", "node_modules"}


def present(root):
    """Return the name of the repository as it stands now."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return config["repository"]["url"].removeprefix(HOST)


def settle(root, name):
    """Write the name of the repository where the old one stands; return the files that had it."""
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", name):
        raise ValueError(f"REPO is {name!r}; needs the form owner/name")
    old = re.compile(re.escape(HOST + present(root)) + r"(?![\w-])")
    changed = []
    for path in sorted(p for kind in KINDS for p in root.rglob(kind)):
        if SKIPPED.isdisjoint(path.relative_to(root).parts):
            text = path.read_text(encoding="utf-8")
            if old.search(text):
                path.write_text(old.sub(HOST + name, text), encoding="utf-8")
                changed.append(path)
    return changed


if __name__ == "__main__":
    try:
        files = settle(Path(__file__).parents[2], *sys.argv[1:])
    except ValueError as error:
        sys.exit(str(error))
    print(f"{len(files)} files name {sys.argv[1]}")
