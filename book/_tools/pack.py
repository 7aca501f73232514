"""Pack the notebooks so that they run anywhere: ``python book/_tools/pack.py WHEEL ZIP``."""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = """backprop: the chapters of the book as notebooks

    python -m venv env
    env/bin/pip install -r requirements.txt      (Windows: env\\Scripts\\pip)
    env/bin/jupyter lab

The package is in this folder, as a wheel; nothing is fetched from its repository.  Links between
chapters and numbers of equations work on the site and in the PDF only.
"""


def pack(wheel, target, root=ROOT):
    """Write the notebooks, the wheel, what it needs, and how to begin."""
    chapters = sorted(
        p for p in (root / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(wheel, f"backprop/{wheel.name}")
        archive.writestr("backprop/requirements.txt", f"./{wheel.name}[notebooks]\njupyterlab>=4\n")
        archive.writestr("backprop/README.txt", README)
        for path in chapters:
            archive.write(path, Path("backprop") / path.relative_to(root / "book"))
    return len(chapters)


if __name__ == "__main__":
    count = pack(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{sys.argv[2]}: {count} chapters")
