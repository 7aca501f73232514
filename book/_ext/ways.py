"""Ways between the interface, the chapters and the ledger.

- A module, function or class on the page of the interface names the chapter that derives it and
  the rows of the ledger that its lines compute.
- The table at the top of a chapter gets a line for its rows of the ledger, and the files in its
  line "Code" link to the interface.
"""

import ast
import json
import pathlib
import re
import shutil

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

INTERFACE = "book/api"
DERIVATION = re.compile(r"``(book/[\w/]+)\.ipynb``")
CODE = re.compile(r"backprop/[\w/]+(?:\.py)?")
WRONG = ("erratum", "ambiguous")
MANY = 8  # more than this are counted, not listed


# -- what belongs together --------------------------------------------------------------------


def pages(root):
    """Return the source of every page by its name."""
    found = [*(root / "book").rglob("*.ipynb"), *(root / "book").rglob("*.md")]
    names = {p.relative_to(root).with_suffix("").as_posix(): p for p in sorted(found)}
    return {name: path for name, path in names.items() if "/." not in name}


def prose(path):
    """Return the text of a page, without the code of a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def named_code(root):
    """Return for every chapter the modules in the line "Code" of its table."""
    out = {}
    for name, path in pages(root).items():
        line = re.search(r"^\| Code \|(.*)$", prose(path), flags=re.M)
        out[name] = [module(p) for p in CODE.findall(line[1])] if line else []
    return out


def module(path):
    """Return the name of the module in a file."""
    return path.removesuffix(".py").strip("/").replace("/", ".").removesuffix(".__init__")


def chapter_of(name, doc, named):
    """Return the chapter of a module: by its docstring, by its name, by the lines "Code"."""
    stated = DERIVATION.search(doc or "")
    if stated:
        return stated[1]
    same = "book/" + name.removeprefix("backprop.").replace(".", "/")
    if same in named:
        return same
    return next((page for page, modules in named.items() if name in modules), "")


def reached(source, name):
    """Return a function and those of its module that it calls, also by way of others."""
    functions = {f.name: f for f in ast.parse(source).body if isinstance(f, ast.FunctionDef)}
    found, left = set(), {name}
    while left:
        one = left.pop()
        found.add(one)
        used = {n.id for n in ast.walk(functions[one]) if isinstance(n, ast.Name)}
        left |= (used & set(functions)) - found
    return found


def rows_of(app, name, function=""):
    """Return the rows that a module computes, or one of its functions, in the ledger's order."""
    path = name.replace(".", "/") + ".py"
    if not (pathlib.Path(app.srcdir) / path).exists():
        path = name.replace(".", "/") + "/__init__.py"
    wanted = None
    if function:
        source = (pathlib.Path(app.srcdir) / path).read_text(encoding="utf-8")
        wanted = reached(source, function)
    found = {
        row
        for row, lines in app.ledger_code.items()
        for line in lines
        if line.path == path and (wanted is None or line.function in wanted)
    }
    return [row for row in app.ledger if row in found]


# -- the page of the interface ----------------------------------------------------------------


def row_link(app, row):
    """Return a link to a row as reStructuredText, with its verdict if it is wrong."""
    verdict = app.ledger[row]["verdict"]
    mark = f" ({verdict})" if verdict in WRONG else ""
    return f":ref:`{row} <row-{row.lower()}>`{mark}"


def add_ways(app, what, name, obj, options, lines):
    """Add the chapter and the equations to a docstring."""
    if what == "module":
        chapter = chapter_of(name, obj.__doc__, app.ways_named)
        stated = bool(DERIVATION.search("\n".join(lines)))
        lines[:] = [DERIVATION.sub(r":doc:`/\1`", line) for line in lines]
        add(lines, len(lines), "" if stated else chapter, rows_of(app, name), app)
    elif what in ("function", "class") and obj.__module__.startswith("backprop."):
        chapter = chapter_of(obj.__module__, docstring(obj.__module__), app.ways_named)
        function = obj.__name__ if what == "function" else ""
        rows = rows_of(app, obj.__module__, function) if function else []
        after_summary = lines.index("") if "" in lines else len(lines)
        add(lines, after_summary, chapter, rows, app)


def without_fields(app, what, name, obj, skip, options):
    """Leave out the fields of a named tuple: its signature has them."""
    return True if (getattr(obj, "__doc__", "") or "").startswith("Alias for field") else None


def docstring(name):
    """Return the docstring of a module that has been imported."""
    return __import__(name, fromlist=["_"]).__doc__


def add(lines, at, chapter, rows, app):
    """Put a line with the chapter and the rows into a docstring."""
    parts = [f"Chapter: :doc:`/{chapter}`."] if chapter else []
    if rows:
        parts.append(f"Equations: {', '.join(row_link(app, row) for row in rows)}.")
    if parts:
        lines[at:at] = ["", " ".join(parts), ""]


# -- the table at the top of a chapter --------------------------------------------------------


def runs(rows, order):
    """Return the rows as runs: those that follow each other in one document of the ledger.

    >>> runs(["a-1", "a-2", "b-1"], ["a-1", "a-2", "a-3", "b-1"])
    [['a-1', 'a-2'], ['b-1']]
    """
    out = []
    for row in rows:
        follows = out and order.index(row) == order.index(out[-1][-1]) + 1
        if follows and row.partition("-")[0] == out[-1][-1].partition("-")[0]:
            out[-1].append(row)
        else:
            out.append([row])
    return out


def reference(label, text, docname):
    """Return a link to a label, to be resolved when all pages are known."""
    kind = {"refdomain": "std", "reftype": "ref", "refexplicit": True, "refwarn": True}
    inner = nodes.inline("", text, classes=["std", "std-ref"])
    return addnodes.pending_xref("", inner, refdoc=docname, reftarget=label, **kind)


def row_reference(row, docname):
    """Return a link to a row of the ledger."""
    return reference(f"row-{row.lower()}", row, docname)


def ledger_line(rows, ledger, docname):
    """Return the nodes that list the rows of a chapter: how many, the runs, the wrong ones."""
    out = [nodes.Text(f"{len(rows)} equation{'s' if len(rows) > 1 else ''}: ")]
    for i, run in enumerate(runs(rows, list(ledger))):
        out += [nodes.Text(", ")] if i else []
        out.append(row_reference(run[0], docname))
        if len(run) > 1:
            joint = " to " if len(run) > 2 else ", "
            out += [nodes.Text(joint), row_reference(run[-1], docname)]
    wrong = [row for row in rows if ledger[row]["verdict"] in WRONG]
    if len(wrong) > MANY:
        out.append(nodes.Text(f"; {len(wrong)} wrong or ambiguous as printed, from "))
        return [*out, reference(f"erratum-{wrong[0].lower()}", wrong[0], docname)]
    for i, row in enumerate(wrong):
        out.append(nodes.Text(", " if i else "; wrong or ambiguous as printed: "))
        out.append(reference(f"erratum-{row.lower()}", row, docname))
    return out


class ChapterTable(SphinxTransform):
    """Complete the table at the top of a chapter."""

    default_priority = 700

    def apply(self, **kwargs):
        """Link the files in the line "Code"; add the line "Ledger"."""
        name, app = self.env.docname, self.env.app
        for row in self.document.findall(nodes.row):
            if len(row) == 2 and row[0].astext() == "Code":
                break
        else:
            return
        self.link_code(row)
        chapter = name.removeprefix("book/")
        rows = [e["id"] for e in app.ledger.values() if e["chapter"] == chapter]
        if rows:
            self.env.note_dependency(str(app.ledger_cache))
            after = next((r for r in row.parent if r[0].astext() == "Documents"), row)
            cells = ([nodes.Text("Ledger")], ledger_line(rows, app.ledger, name))
            entries = [nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells]
            row.parent.insert(row.parent.index(after) + 1, nodes.row("", *entries))

    def link_code(self, row):
        """Link each file of a row to the interface, where that has it."""
        for literal in list(row.findall(nodes.literal)):
            name = module(literal.astext())
            target = place(name, self.env.app.ways_documented)
            if target:
                kind = {"refdomain": "py", "reftype": "mod", "refexplicit": True}
                link = addnodes.pending_xref("", refdoc=self.env.docname, reftarget=target, **kind)
                literal.replace_self(link)
                link += literal


def documented(text):
    """Return the modules that the page of the interface has a section for, in its order."""
    return re.findall(r"automodule:: (\S+)", text)


def place(name, modules):
    """Return the module to link to: itself, or the first one of a folder; "" if there is none.

    >>> place("a.b", ["a.b", "a.c"]), place("a", ["a.b", "a.c"]), place("d", ["a.b"])
    ('a.b', 'a.b', '')
    """
    inside = (m for m in modules if m.startswith(f"{name}."))
    return name if name in modules else next(inside, "")


# -- names for the places ---------------------------------------------------------------------


def name_places(app, doctree):
    """Let links find the rows of the ledger and the errata."""
    std, docname = app.env.domains["std"], app.env.docname
    for node in doctree.findall(lambda n: isinstance(n, nodes.Element) and n.get("ids")):
        for id in node["ids"]:
            if re.match(r"(row|erratum)-", id):
                std.anonlabels[id] = docname, id
                std.labels[id] = docname, id, id


def load(app):
    """Read what the chapters and the interface say of themselves."""
    root = pathlib.Path(app.srcdir)
    if not hasattr(app, "ledger"):
        raise ExtensionError("the extension ways must come after the extension ledger")
    app.ways_named = named_code(root)
    interface = root / f"{INTERFACE}.md"
    app.ways_documented = documented(interface.read_text(encoding="utf-8"))
    sources = pathlib.Path(app.outdir) / "_modules"
    # viewcode makes a page of source anew only if the module changed, not if more of it is named
    if sources.exists() and sources.stat().st_mtime < interface.stat().st_mtime:
        shutil.rmtree(sources)


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", load, priority=600)  # after the ledger
    app.connect("autodoc-process-docstring", add_ways, priority=600)  # after napoleon
    app.connect("autodoc-skip-member", without_fields)
    app.connect("doctree-read", name_places)
    app.add_transform(ChapterTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
