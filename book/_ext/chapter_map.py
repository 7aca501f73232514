"""The map of the book: chapters as a graph by prerequisite, drawn from what they say they need.

Directive: ``chapter-map`` draws the graph, with a link in each node, and lists the chapters with
their proofs and mutants, as counted in the outputs of the notebooks.
"""

import html
import json
import pathlib
import posixpath
import re
import textwrap

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

COLUMNS, WIDE, HIGH, BOX, TALL = 4, 174, 76, 152, 40
PROOF = re.compile(r": (?:proved|checked)[^\n]*? · (\d+) mutants?")


def chapters(root):
    """Return the chapters in the order of the book, each with what it needs and has proved."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found, caption = [], ""
    for part in toc["parts"]:
        caption = part.get("caption", caption)  # a part's first page has it, its chapters follow
        for entry in part["chapters"]:
            path = root / f"{entry['file']}.ipynb"
            if path.exists():
                found.append({"name": entry["file"], "part": caption, **read(path)})
    places = {c["name"] for c in found}
    for c in found:
        folder = posixpath.dirname(c["name"])
        paths = (posixpath.normpath(posixpath.join(folder, link)) for link in c.pop("links"))
        c["needs"] = [path for path in paths if path in places]
    return found


def read(path):
    """Return the title, the links of the line "You need", and how much a notebook has proved."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    need = re.search(r"^\| You need \|(.*)$", text, flags=re.M)
    outputs = [o for c in cells for o in c.get("outputs", [])]
    plain = "\n".join("".join(o.get("data", {}).get("text/plain", [])) for o in outputs)
    mutants = [int(n) for n in PROOF.findall(plain)]
    return {
        "title": re.search(r"^# (.+)$", text, flags=re.M)[1],
        "links": re.findall(r"\{doc\}`([^`]+)`", need[1]) if need else [],
        "proofs": len(mutants),
        "mutants": sum(mutants),
    }


def layout(found):
    """Return the place of each chapter and of each part's name, and the height of the drawing."""
    place, captions, top = {}, [], 0
    for part in dict.fromkeys(c["part"] for c in found):
        captions.append((part, top + 14))
        top += 24
        members = [c["name"] for c in found if c["part"] == part]
        for i, name in enumerate(members):
            place[name] = (i % COLUMNS * WIDE + 2, top + i // COLUMNS * HIGH)
        top += (len(members) + COLUMNS - 1) // COLUMNS * HIGH
    return place, captions, top


def drawing(found, link):
    """Return the graph as SVG; `link` gives the address of a chapter."""
    place, captions, height = layout(found)
    out = [
        f'<svg class="chapter-map" viewBox="0 0 {COLUMNS * WIDE} {height}" role="group" '
        'aria-label="Chapters as boxes, with lines to the chapters that each one needs">'
    ]
    for c in found:
        for need in c["needs"]:
            (x, y), (u, v) = place[need], place[c["name"]]
            x, y, u = x + BOX / 2, y + TALL, u + BOX / 2
            bend = max(18, (v - y) / 2)
            path = f"M{x} {y}C{x} {y + bend} {u} {v - bend} {u} {v}"
            out.append(f'<path data-from="{need}" data-to="{c["name"]}" d="{path}"/>')
    out += [f'<text class="part" x="2" y="{y}">{html.escape(name)}</text>' for name, y in captions]
    for c in found:
        x, y = place[c["name"]]
        lines = textwrap.wrap(c["title"], 24)[:2]
        start = y + TALL / 2 + 4 - 6.5 * (len(lines) - 1)
        words = "".join(
            f'<text x="{x + BOX / 2}" y="{start + 13 * i}">{html.escape(line)}</text>'
            for i, line in enumerate(lines)
        )
        about = f"{c['title']}: {c['proofs']} proofs, {c['mutants']} mutants"
        out.append(
            f'<a href="{link(c["name"])}" data-name="{c["name"]}">'
            f"<title>{html.escape(about)}</title>"
            f'<rect x="{x}" y="{y}" width="{BOX}" height="{TALL}" rx="6"/>{words}</a>'
        )
    return "\n".join([*out, "</svg>"])


def table(found):
    """Return the chapters as a table in Markdown."""
    titles = {c["name"]: c["title"] for c in found}
    rows = ["| chapter | needs | proofs | mutants |", "|---|---|---|---|"]
    for c in found:
        needs = ", ".join(f"{{doc}}`{titles[n]} </{n}>`" for n in c["needs"])
        rows.append(f"| {{doc}}`/{c['name']}` | {needs} | {c['proofs']} | {c['mutants']:,} |")
    total = [sum(c[key] for c in found) for key in ("proofs", "mutants")]
    rows.append(f"| **all** | | **{total[0]}** | **{total[1]:,}** |")
    return rows


class ChapterMap(SphinxDirective):
    """Draw the graph and list the chapters."""

    def run(self):
        """Return a raw drawing for HTML, and the table for every format."""
        found = chapters(pathlib.Path(self.env.srcdir))
        for c in found:
            self.env.note_dependency(f"{self.env.srcdir}/{c['name']}.ipynb")

        def link(name):
            return self.env.app.builder.get_relative_uri(self.env.docname, name)

        out = []
        if self.env.app.builder.format == "html":
            wrapped = f'<div class="chapter-map-box">{drawing(found, link)}</div>'
            out.append(nodes.raw("", wrapped, format="html"))
        listing = nodes.section()
        listing.document = self.state.document
        self.state.nested_parse(StringList(table(found), "chapter-map"), 0, listing)
        return [*out, *listing.children]


def setup(app):
    """Register the directive."""
    app.add_directive("chapter-map", ChapterMap)
    return {"version": "1", "parallel_read_safe": True}
