"""The pages of the ledger: every row with the verdict that its proofs gave when the book was built.

Directives: ``ledger-summary`` counts, ``ledger-table`` is the table of all rows, ``errata`` tells
all errata and ambiguous rows, ``ledger-row`` one row within a text.  Role: ``row`` links to a row.
The entries are computed by ``python -m backprop.ledger`` and kept in ``_build/ledger.json``
until a file that they depend on changes; the site carries them as ``ledger.json``.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
from collections import Counter

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

from backprop.ledger import tags

SOURCES = ("backprop/proofs", "backprop/ledger", "book/ledger")
MUTANTS = "10"
VERDICTS = ("holds", "definition", "erratum", "ambiguous")
PAGE = "book/ledger/ledger"
CAUSES = {
    "slip": "a slip of the author",
    "scan": "probably the scan",
    "convention": "a matter of convention",
}


# -- the entries ------------------------------------------------------------------------------


def fingerprint(root):
    """Return a hash of every file that the verdicts depend on."""
    digest = hashlib.sha256(MUTANTS.encode())
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".yaml"):
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def load(app):
    """Compute the entries, or take them from the last build if nothing has changed."""
    root = pathlib.Path(app.srcdir)
    cache = pathlib.Path(app.outdir).parent / "ledger.json"
    key = fingerprint(root)
    kept = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    if kept.get("key") != key:
        kept = {"key": key, "entries": compute(root, cache.parent)}
        cache.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    app.ledger = {e["id"]: e for e in kept["entries"]}
    app.ledger_cache = cache
    app.ledger_code = tagged_lines(root, list(app.ledger))


def compute(root, folder):
    """Decide every row in a process of its own; raise ExtensionError if one cannot be decided."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "ledger-entries.json"
    options = ["--numbers", "--mutants", MUTANTS, "--json", str(made)]
    command = [sys.executable, "-m", "backprop.ledger", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"the ledger does not close:\n{done.stderr}")
    entries = json.loads(made.read_text(encoding="utf-8"))
    made.unlink()
    return entries


def tagged_lines(root, order):
    """Return for every row the lines of code that carry its tag."""
    out = {}
    for path in tags.modules(root):
        for line in tags.in_comments(path, root, order):
            out.setdefault(line.tag.id, []).append(line)
    return out


def publish(app, exception):
    """Copy the entries into the site."""
    if exception is None and app.builder.format == "html":
        text = json.dumps(list(app.ledger.values()), ensure_ascii=False, indent=1)
        (pathlib.Path(app.outdir) / "ledger.json").write_text(text + "\n", encoding="utf-8")


# -- pieces of a page -------------------------------------------------------------------------


def formula(latex):
    """Return a formula within a line."""
    return nodes.math(latex, latex)


def block(latex):
    """Return a formula on a line of its own."""
    return nodes.math_block(latex, latex, nowrap=False, number=None, label=None)


def sentence(text):
    """Return the nodes of a text with formulas in dollars."""
    parts = re.split(r"\$([^$]+)\$", text)
    return [formula(p) if k % 2 else nodes.Text(p) for k, p in enumerate(parts) if p]


def paragraph(*parts):
    """Return a paragraph of texts and nodes."""
    out = nodes.paragraph()
    for part in parts:
        out += sentence(part) if isinstance(part, str) else part
    return out


def table(head, widths, rows, classes):
    """Return a table of rows: lists of nodes for the cells, an id, and classes."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=w) for w in widths]
    top, body = nodes.thead(), nodes.tbody()
    top += nodes.row("", *(nodes.entry("", paragraph(text)) for text in head))
    for cells, id, row_classes in rows:
        row = nodes.row("", ids=[id] if id else [], classes=row_classes)
        row += [nodes.entry("", *cell) for cell in cells]
        body += row
    group += [top, body]
    return nodes.table("", group, classes=classes)


def anchor(id):
    """Return the anchor of a row in the table."""
    return f"row-{id.lower()}"


class Directive(SphinxDirective):
    """A directive that shows entries of the ledger."""

    def entries(self):
        """Return all entries; let the page be made anew when they or the code change."""
        app = self.env.app
        self.env.note_dependency(str(app.ledger_cache))
        for where in {line.path for lines in app.ledger_code.values() for line in lines}:
            self.env.note_dependency(str(pathlib.Path(app.srcdir) / where))
        return app.ledger

    def chapter(self, e):
        """Return the chapter of a row, as a link if the book has it."""
        name = f"book/{e['chapter']}"
        if name in self.env.found_docs:
            kind = {"refdomain": "std", "reftype": "doc", "refexplicit": True}
            here = {"refdoc": self.env.docname, "reftarget": f"/{name}", "refwarn": True}
            return addnodes.pending_xref("", nodes.inline("", e["chapter"]), **kind, **here)
        return nodes.inline("", e["chapter"], classes=["ledger-later"])

    def verdict(self, e):
        """Return the verdict, with the condition of what holds."""
        out = nodes.inline("", "", nodes.strong("", e["verdict"]))
        if e["condition"] and e["verdict"] == "holds":
            out += [nodes.Text(" under: "), *sentence(e["condition"])]
        return out

    def proof(self, e):
        """Return how the row was decided, and where that stands."""
        p = e["proof"]
        facts = [p["method"]]
        if p["general"]:
            facts.append("all sizes")
        if p["mutants"]:
            equal = f", {p['equal']} equal" if p["equal"] else ""
            facts.append(f"{p['mutants']} mutants: {p['refuted']} refuted{equal}")
        out = [paragraph("; ".join(facts))]
        if e["source"]:
            out.append(paragraph(nodes.literal("", e["source"])))
        return out

    def code(self, e):
        """Return the lines of code that carry the tag of a row."""
        out = []
        for line in self.env.app.ledger_code.get(e["id"], []):
            shown = nodes.literal("", f"{line.path}:{line.number}")
            out.append(paragraph(code_line("", "", shown, where=line.path, function=line.function)))
        return out


class code_line(nodes.inline):
    """A line of code, to be linked to its page when all pages are known."""


class Summary(Directive):
    """Count the rows by document and verdict."""

    def run(self):
        """Return the table of counts, and the mutation score."""
        entries = self.entries().values()
        count = Counter((e["document"], e["verdict"]) for e in entries)
        documents = list(dict.fromkeys(e["document"] for e in entries))
        rows = []
        for d in documents:
            numbers = [count[d, v] for v in VERDICTS]
            rows.append(([[paragraph(str(c))] for c in (d, *numbers, sum(numbers))], "", []))
        numbers = [sum(count[d, v] for d in documents) for v in VERDICTS]
        cells = ("all", *numbers, sum(numbers))
        rows.append(([[paragraph(nodes.strong("", str(c)))] for c in cells], "", []))
        head = ("document", *VERDICTS, "rows")
        total = Counter()
        for e in entries:
            total.update({k: e["proof"][k] for k in ("mutants", "refuted", "equal")})
        score = (
            f"Of {total['mutants']} altered formulas, {total['refuted']} were refuted and "
            f"{total['equal']} proved equal to the original; none survived. The proofs of this "
            f"build took {sum(e['proof']['seconds'] for e in entries):.0f} seconds."
        )
        return [table(head, [1] * 6, rows, ["ledger-summary"]), paragraph(score)]


class Table(Directive):
    """Show all rows."""

    def run(self):
        """Return the table."""
        rows = []
        for e in self.entries().values():
            name = nodes.inline("", e["id"], classes=["ledger-id"])
            cells = (
                [paragraph(name), paragraph(self.linked_verdict(e))],
                [paragraph(formula(e["printed"]))],
                [paragraph(self.chapter(e)), *self.code(e), *self.proof(e)],
            )
            classes = [f"document-{e['document']}", f"verdict-{e['verdict']}"]
            rows.append((cells, anchor(e["id"]), classes))
        head = ("row", "as printed", "chapter, code and proof")
        return [table(head, (18, 46, 36), rows, ["ledger", "longtable"])]

    def linked_verdict(self, e):
        """Return the verdict; an erratum links to its story."""
        if e["verdict"] not in ("erratum", "ambiguous"):
            return self.verdict(e)
        target = f"erratum-{e['id'].lower()}"
        return nodes.reference("", "", self.verdict(e), refuri=f"errata.html#{target}")


class Box(Directive):
    """Show one row in a text: as printed, verdict, corrected form, counterexample."""

    required_arguments = 1

    def run(self):
        """Return the box."""
        return [self.box(find(self, self.entries(), self.arguments[0]))]

    def box(self, e, ids=()):
        """Return all that is to be told about a row."""
        classes = ["ledger-row", f"verdict-{e['verdict']}"]
        out = nodes.admonition("", ids=list(ids), classes=classes)
        out += nodes.title("", f"{e['id']}: {e['verdict']}")
        out += paragraph("As printed:")
        out += block(e["printed"])
        if e["verdict"] == "holds" and e["condition"]:
            out += paragraph(f"It holds under a condition: {e['condition']}.")
        if e["reading"] or e["wrong"]:
            out += paragraph(" ".join(filter(None, (e["reading"], e["wrong"]))))
        if e["corrected"]:
            cause = CAUSES.get(e["cause"], "")
            out += paragraph(nodes.strong("", "Right is"), f" ({cause}):" if cause else ":")
            out += block(e["corrected"])
            if e["condition"]:
                out += paragraph(f"The printed form holds under a condition: {e['condition']}.")
        if e["counterexample"]:
            out += paragraph(nodes.strong("", self.against(e)), f"{e['counterexample']}.")
        if e["relative_error"]:
            percent = float(f"{100 * e['relative_error']:.2g}")
            size = f"on random normal numbers the printed gradient is off by {percent:g} %."
            out += paragraph(nodes.strong("", "Size: "), size)
        if e["remark"] or e["judged"]:
            out += paragraph(" ".join(filter(None, (e["judged"], e["remark"]))))
        return out

    @staticmethod
    def against(e):
        """Return the words before what speaks against a row: numbers, or shapes that clash."""
        found = [f for f in e["findings"] if f["detail"] == e["counterexample"]]
        shapes = any(f["name"] == "ill-typed" for f in found)
        return "It cannot be computed: " if shapes else "Counterexample: "


class Errata(Box):
    """Show every erratum and every ambiguous row."""

    required_arguments = 0

    def run(self):
        """Return the boxes, by document."""
        out, document = [], ""
        for e in self.entries().values():
            if e["verdict"] not in ("erratum", "ambiguous"):
                continue
            if e["document"] != document:
                document = e["document"]
                out.append(nodes.rubric(document, document))
            out.append(self.box(e, ids=[f"erratum-{e['id'].lower()}"]))
        return out


class RowRole(SphinxRole):
    """A link to a row of the table."""

    def run(self):
        """Return the link."""
        e = find(self, self.env.app.ledger, self.text)
        uri = "" if self.env.docname == PAGE else "ledger.html"
        link = nodes.reference("", e["id"], refuri=f"{uri}#{anchor(e['id'])}", internal=True)
        return [link], []


def find(at, entries, id):
    """Return an entry by its id."""
    if id not in entries:
        raise ExtensionError(f"{at.env.docname}: the ledger has no row {id}")
    return entries[id]


# -- links into the code ----------------------------------------------------------------------


def link_code(app, doctree, docname):
    """Link lines of code to the source pages, where the book has them."""
    modules = getattr(app.env, "_viewcode_modules", {})
    for node in list(doctree.findall(code_line)):
        module = node["where"].removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        known = modules.get(module) if app.builder.format == "html" else None
        if known:
            at = node["function"] if node["function"] in known[2] else ""
            page = f"_modules/{module.replace('.', '/')}"
            node.replace_self(make_refnode(app.builder, docname, page, at, node.children[0]))
        else:
            node.replace_self(node.children)


def add_script(app, pagename, templatename, context, doctree):
    """Put the filter and the style of the table on the page of the table only."""
    if pagename == PAGE:
        app.add_js_file("ledger.js", loading_method="defer")
        app.add_css_file("ledger.css")


def setup(app):
    """Register with Sphinx."""
    app.add_node(code_line)
    app.add_directive("ledger-summary", Summary)
    app.add_directive("ledger-table", Table)
    app.add_directive("ledger-row", Box)
    app.add_directive("errata", Errata)
    app.add_role("row", RowRole())
    app.connect("builder-inited", load)
    app.connect("doctree-resolved", link_code)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", publish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
