"""The book on paper: parts, chapters numbered as on the site, and no code that only draws.

Jupyter Book hangs all chapters below the last heading of the first page.  Here they become chapters
of their own, and the first page becomes one of them.
"""

import pathlib
import re

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.utils import get_node_number

PARTS, UNNUMBERED, NUMBERED = -2, -1, 1  # \setcounter{secnumdepth}: below parts, none, sections
LONG = 30  # rows from which Sphinx sets a table in columns that do not wrap
WIDE = 90  # characters of a line of a formula; fewer always fit
OF_THE_FIRST_PAGE = "About this book"
ON_PAPER = (
    "Some things are on the site only: figures that move, search, and explanations of symbols "
    "under the pointer. Code that does nothing but draw a figure is left out here; it is in the "
    "notebooks. Solutions stand below their exercises: cover them up. The site is "
)
MOVES = re.compile(r'<div class="[a-z]+-figure"></div>')
IT_MOVES = "A figure that cannot move on paper is on the page "


def parts(root):
    """Return for each page that opens a part its caption, and the pages that are numbered."""
    toc = yaml.safe_load((pathlib.Path(root) / "_toc.yml").read_text(encoding="utf-8"))
    opens, numbered = {}, set()
    for part in toc["parts"]:
        files = [entry["file"] for entry in part["chapters"]]
        if "caption" in part:
            opens[files[0]] = part["caption"]
        if "numbered" in part:
            numbered.update(files)
    return opens, numbered


def online(root, page=""):
    """Return the address of a page of the site, which GitHub derives from the repository's."""
    config = yaml.safe_load((pathlib.Path(root) / "_config.yml").read_text(encoding="utf-8"))
    owner, name = config["repository"]["url"].split("/")[-2:]
    return f"https://{owner.lower()}.github.io/{name}/{page}"


class Structure(SphinxPostTransform):
    """Make a book of parts and chapters."""

    default_priority = 5
    builders = ("latex",)

    def run(self, **_):
        """Lift every page out of the first one."""
        opens, numbered = parts(self.app.srcdir)
        root = next(self.document.findall(nodes.section))
        files = list(root.findall(addnodes.start_of_file))
        for wrapper in list(root.findall(nodes.compound)):
            if "toctree-wrapper" in wrapper["classes"] and wrapper.parent:
                wrapper.parent.remove(wrapper)
        title, *rest = root.children
        first = nodes.section("", nodes.title("", OF_THE_FIRST_PAGE), *rest, ids=["about"])
        first += leading(ON_PAPER, online(self.app.srcdir))
        root.children = []
        root += [title, depth(UNNUMBERED), first]
        for file in files:
            if file["docname"] in opens:
                root += [depth(PARTS), latex(rf"\part{{{opens[file['docname']]}}}")]
            root += [depth(NUMBERED if file["docname"] in numbered else UNNUMBERED), file]


class Cells(SphinxPostTransform):
    """Leave out the source of cells that is hidden on the site."""

    default_priority = 6
    builders = ("latex",)

    def run(self, **_):
        """Keep the outputs alone."""
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("hide_mode") == "input" and cell.children:
                cell.children = cell.children[1:]


class Moving(SphinxPostTransform):
    """Say where a figure that moves is to be found."""

    default_priority = 7
    builders = ("latex",)

    def run(self, **_):
        """Put an address in the place of each."""
        for file in self.document.findall(addnodes.start_of_file):
            for box in list(file.findall(nodes.raw)):
                if MOVES.search(box.astext()):
                    page = f"{file['docname']}.html"
                    box.replace_self(leading(IT_MOVES, online(self.app.srcdir, page)))


class Tables(SphinxPostTransform):
    """Leave out heads and cells that say nothing, and give long tables columns that wrap."""

    default_priority = 7
    builders = ("latex",)

    def run(self, **_):
        """Mend every table."""
        for table in self.document.findall(nodes.table):
            for head in list(table.findall(nodes.thead)):
                if not head.astext().strip():
                    head.parent.remove(head)
            for cell in table.findall(nodes.entry):
                if not cell.astext().strip() and not list(cell.findall(nodes.image)):
                    cell.children = []  # an empty paragraph would be a line
            if len(list(table.findall(nodes.row))) > LONG:
                measure(table)


class Formulas(SphinxPostTransform):
    """Set a long formula smaller if that is what it takes to fit between the margins."""

    default_priority = 8
    builders = ("latex",)

    def run(self, **_):
        """Wrap every formula without a number that might be too wide."""
        for block in list(self.document.findall(nodes.math_block)):
            text = block.astext().strip()
            if block.get("number") is None and len(max(text.split(r"\\"), key=len)) > WIDE:
                inner = (
                    text
                    if r"\begin{aligned}" in text
                    else rf"\begin{{aligned}}{text}\end{{aligned}}"
                )
                fitted = rf"\adjustbox{{max width=\linewidth}}{{$\displaystyle {inner}$}}"
                block.replace_self(latex(rf"\[{fitted}\]"))


class Exercises(SphinxPostTransform):
    """Name an exercise of another chapter by its number: its label in LaTeX is no number's."""

    default_priority = 30  # when the exercises are numbered
    builders = ("latex",)

    def run(self, **_):
        """Replace the references."""
        exercises = getattr(self.env, "sphinx_exercise_registry", {})
        for reference in list(self.document.findall(addnodes.number_reference)):
            label = reference.get("refuri", "").rpartition("#")[2]
            if label in exercises:
                number = get_node_number(self.app, exercises[label]["node"], "exercise")
                link = rf"\hyperref[exercise:{label}]{{Exercise {number}}}"
                reference.replace_self(latex(link))


class Anchors(SphinxPostTransform):
    """Let links arrive at rows of tables and at boxes, of which Sphinx forgets the labels."""

    default_priority = 9
    builders = ("latex",)

    def run(self, **_):
        """Put a label into the first paragraph of each."""
        for file in self.document.findall(addnodes.start_of_file):
            for kind in (nodes.row, nodes.admonition):
                for node in file.findall(kind):
                    labels = [
                        rf"\label{{\detokenize{{{file['docname']}:{id}}}}}" for id in node["ids"]
                    ]
                    if labels:
                        first = next(node.findall(nodes.paragraph))
                        first.insert(0, latex(r"\phantomsection" + "".join(labels)))


def measure(table):
    """Share the width among the columns by their longest cells, unless that is done."""
    table["classes"].append("colwidths-given")
    group = next(table.findall(nodes.tgroup))
    if len({spec["colwidth"] for spec in group.findall(nodes.colspec)}) > 1:
        return
    columns = zip(
        *(list(row.findall(nodes.entry)) for row in table.findall(nodes.row)), strict=False
    )
    texts = [[entry.astext() for entry in column] for column in columns]
    specs = list(group.findall(nodes.colspec))
    for spec, column in zip(specs, texts, strict=True):
        word = max((len(w) for text in column for w in text.split()), default=1)
        spec["colwidth"] = max(word + 1, min(40, max(map(len, column))))


def leading(text, address):
    """Return a sentence that ends with an address, which may be broken."""
    return nodes.paragraph(
        "", "", nodes.Text(text), latex(rf"\sphinxurl{{{address}}}"), nodes.Text(".")
    )


def latex(text):
    """Return a command for LaTeX."""
    return nodes.raw("", text, format="latex")


def depth(number):
    """Return the command that says which headings are numbered from here on."""
    return latex(rf"\setcounter{{secnumdepth}}{{{number}}}")


def setup(app):
    """Register with Sphinx."""
    for transform in (Structure, Cells, Moving, Tables, Formulas, Anchors, Exercises):
        app.add_post_transform(transform)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
