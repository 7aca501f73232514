"""Execute the notebooks of the book in place: ``python book/_tools/run_notebooks.py [FILE ...]``.

The result is canonical: no clocks, no versions, counts 1 to n, cell ids in order, streams merged.
What was printed before stays as it was if the new output differs only in what may differ: the
milliseconds of a proof, and pixels that no eye sees.  So running it again changes nothing.
"""

import base64
import io
import os
import pathlib
import re
import struct
import sys
from concurrent.futures import ThreadPoolExecutor

import matplotlib.image
import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

BOOK = pathlib.Path(__file__).parents[1]
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
VOLATILE = re.compile(r"\b\d+(\.\d+)? ms\b")
TEXT_CHUNKS = (b"tEXt", b"iTXt", b"zTXt", b"tIME")


def without_text(png):
    """Drop the chunks of a PNG that name a program or a time."""
    kept, i = [png[:8]], 8
    while i < len(png):
        (length,) = struct.unpack(">I", png[i : i + 4])
        if png[i + 4 : i + 8] not in TEXT_CHUNKS:
            kept.append(png[i : i + 12 + length])
        i += 12 + length
    return b"".join(kept)


def canonical(notebook):
    """Return the notebook in its one form."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = merged(cell.outputs, count)
    return notebook


def merged(outputs, count):
    """Join what one stream printed piece by piece, and clean the images."""
    kept = []
    for out in outputs:
        if "execution_count" in out:
            out.execution_count = count
        before = kept[-1] if kept else None
        if out.output_type == "stream" and before and before.get("name") == out.name:
            before.text += out.text
            continue
        image = out.get("data", {}).get("image/png")
        if image:
            png = without_text(base64.b64decode(image))
            out.data["image/png"] = base64.b64encode(png).decode()
        kept.append(out)
    return kept


def alike(old, new):
    """Tell whether two lists of outputs are the same but for what may differ."""
    if [o.output_type for o in old] != [o.output_type for o in new]:
        return False
    for a, b in zip(old, new, strict=True):
        images = a.get("data", {}).get("image/png"), b.get("data", {}).get("image/png")
        if any(images) and not (all(images) and looks_alike(*images)):
            return False
        if readable(a) != readable(b):
            return False
    return True


def readable(out):
    """Return the text of an output without its milliseconds."""
    data = {k: v for k, v in out.get("data", {}).items() if k != "image/png"}
    return VOLATILE.sub("TIME ms", repr((out.get("text"), sorted(data.items()))))


def looks_alike(old, new):
    """Tell whether two images have one size and hardly a different pixel.

    A label that moved changes some hundred pixels, and by much; other libraries change many by
    little.
    """
    a, b = (matplotlib.image.imread(io.BytesIO(base64.b64decode(x))) for x in (old, new))
    if a.shape != b.shape:
        return False
    apart = np.abs(a - b)
    seen = (apart.max(axis=-1) > 0.15).sum()
    return float(apart.mean()) < 0.002 and seen <= 30


def run(path):
    """Execute one notebook; return the line to print."""
    before = path.read_text(encoding="utf-8")
    old, new = nbformat.reads(before, 4), nbformat.reads(before, 4)
    place = {"metadata": {"path": str(path.parent)}}
    NotebookClient(new, timeout=600, kernel_name="python3", resources=place).execute()
    new = canonical(new)
    for a, b in zip(old.cells, new.cells, strict=True):
        if a.cell_type == "code" and a.outputs and alike(a.outputs, b.outputs):
            b.outputs = a.outputs
    after = nbformat.writes(new) + "\n"
    name = path.relative_to(BOOK.parent)
    if after == before:
        return f"  same     {name}"
    path.write_text(after, encoding="utf-8")
    return f"  written  {name}"


def main(arguments):
    """Run the notebooks named, or all of them, two at a time."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the same sums on every machine, and no fighting
    found = sorted(BOOK.rglob("*.ipynb"))
    paths = [pathlib.Path(a).resolve() for a in arguments] or found
    failed = 0
    with ThreadPoolExecutor(2) as pool:
        for path, job in [(p, pool.submit(run, p)) for p in paths]:
            try:
                print(job.result(), flush=True)
            except CellExecutionError as error:
                failed += 1
                print(f"  failed   {path.relative_to(BOOK.parent)}\n{error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
