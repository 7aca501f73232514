"""Check the book on paper: ``python book/_tools/check_pdf.py FOLDER``, of the LaTeX build.

Every reference and link arrives, every letter has a glyph, nothing sticks out of the margins, and
every chapter is in the outline.
"""

import re
import sys
from pathlib import Path

import yaml
from pypdf import PdfReader

ROOM = 15.0  # points, of 72 to the inch, that a line may stick out into the margin
UNDEFINED = re.compile(r"(?:Hyper reference|Reference|Citation) `([^']+)' on page \d+ undefined")
OVERFULL = re.compile(r"Overfull \\hbox \(([\d.]+)pt too wide\) ([^\n]*)")


def of_log(text):
    """Return what LaTeX complained of."""
    joined = re.sub(r"(?<=.{79})\n", "", text)  # LaTeX breaks lines at 79 letters
    found = [f"refers to {name}, which is not there" for name in set(UNDEFINED.findall(joined))]
    found += re.findall(r"^! .*", text, flags=re.M)
    found += re.findall(r"^Missing character: .*", text, flags=re.M)
    wide = ((float(points), where) for points, where in OVERFULL.findall(text))
    return found + [f"{points:.0f} points too wide {at}" for points, at in wide if points > ROOM]


def of_document(reader, titles):
    """Return the titles that the outline lacks, and the links that lead nowhere."""
    outline = {entry.title for entry in flat(reader.outline)}
    found = [f"{title!r} is not in the outline" for title in titles if title not in outline]
    known = set(reader.named_destinations)
    for number, page in enumerate(reader.pages, start=1):
        for link in (a.get_object() for a in page.get("/Annots", ())):
            name = link.get("/A", {}).get("/D", link.get("/Dest"))
            name = name.decode("latin-1") if isinstance(name, bytes) else name
            if isinstance(name, str) and name not in known:
                found.append(f"page {number} links to {name}, which is not there")
    return found


def flat(outline):
    """Yield the entries of an outline of any depth."""
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def titles(root):
    """Return the titles of all chapters that are notebooks."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    files = [root / f"{e['file']}.ipynb" for part in toc["parts"] for e in part["chapters"]]
    sources = (path.read_text(encoding="utf-8") for path in files if path.exists())
    return [re.search(r'"# ([^"$]+?)(?:\\n)?"', source)[1] for source in sources]


def main():
    """Print the problems and exit with 1 if there are any."""
    folder = Path(sys.argv[1])
    reader = PdfReader(folder / "backprop.pdf")
    found = of_log((folder / "backprop.log").read_text(encoding="utf-8", errors="replace"))
    found += of_document(reader, titles(Path(__file__).parents[2]))
    print("\n".join(found[:50]))
    print(f"{len(reader.pages)} pages, {len(found)} problems")
    sys.exit(bool(found) or not reader.pages)


if __name__ == "__main__":
    main()
