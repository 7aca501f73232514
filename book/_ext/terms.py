"""The index of terms: ``book/index.yaml`` says which term is introduced below which heading.

Every term becomes an entry of Sphinx's index, which the PDF prints too.  The directive
``index-of-terms`` lists them, with the chapter and the section of each.
"""

import pathlib
from itertools import groupby

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

DATA, PAGE = "book/index.yaml", "book/terms"


def read(root):
    """Return for every page its headings, with the terms below each: (term, form in the text)."""
    data = yaml.safe_load((root / DATA).read_text(encoding="utf-8"))
    return {
        f"book/{page}": {
            heading: [pair(term) for term in terms] for heading, terms in parts.items()
        }
        for page, parts in data.items()
    }


def pair(term):
    """Return a term and the form in which the text has it: itself, unless another is stated."""
    return next(iter(term.items())) if isinstance(term, dict) else (term, term)


class IndexTerms(SphinxTransform):
    """Add the terms of a page to the index, below their headings."""

    default_priority = 690  # before the domain collects the entries

    def apply(self, **kwargs):
        """Put a node into each section that introduces terms."""
        parts = self.env.app.terms.get(self.env.docname, {})
        found = self.env.terms[self.env.docname] = []
        sections = {}
        for section in self.document.findall(nodes.section):
            sections.setdefault(section[0].astext(), section)
        for heading, terms in parts.items():
            if heading not in sections:
                logging.getLogger(__name__).warning(
                    "%s: no section %r, which %s names", self.env.docname, heading, DATA
                )
                continue
            section = sections[heading]
            id = section["ids"][0]
            entries = [("single", term, id, "", None) for term, _ in terms]
            section.insert(1, addnodes.index(entries=entries, inline=False))
            found += [(term, id, heading) for term, _ in terms]


class index_of_terms(nodes.General, nodes.Element):
    """The place of the list, which is made when all pages are known."""


class IndexOfTerms(SphinxDirective):
    """List all terms."""

    def run(self):
        """Return the place."""
        return [index_of_terms("")]


def listed(terms):
    """Return the terms in their order: letters, with the headwords of each and their places.

    `terms` are (term, place).  A headword has its own places and those of its entries:

    >>> listed([("gate", 1), ("gate; reset", 2), ("Adam", 3)])
    [('A', [('Adam', [('', 3)])]), ('G', [('gate', [('', 1), ('reset', 2)])])]
    """
    split = [(*(part.strip() for part in f"{term};".split(";")[:2]), at) for term, at in terms]
    names = {head.lower(): head for head, _, _ in split}  # Batch and batch are one headword
    split.sort(key=lambda entry: (entry[0].lower(), entry[1].lower()))
    heads = [
        (names[head], [(sub, at) for _, sub, at in group])
        for head, group in groupby(split, lambda entry: entry[0].lower())
    ]
    return [(letter, list(group)) for letter, group in groupby(heads, lambda h: h[0][0].upper())]


def fill(app, doctree, docname):
    """Make the list."""
    for place in list(doctree.findall(index_of_terms)):
        terms = [
            (term, (page, id, heading))
            for page, found in app.env.terms.items()
            for term, id, heading in found
        ]
        out = []
        for letter, heads in listed(terms):
            out.append(nodes.rubric(letter, letter))
            out.append(nodes.bullet_list("", *(item(app, docname, *head) for head in heads)))
        place.replace_self(out)


def item(app, docname, head, entries):
    """Return the line of a headword."""
    line = nodes.paragraph("", "", nodes.strong("", head))
    for i, (sub, (page, id, heading)) in enumerate(entries):
        title = app.env.titles[page].astext()
        text = title if heading == title else f"{title} › {heading}"
        link = make_refnode(app.builder, docname, page, id, nodes.Text(text))
        line += [nodes.Text("; " if i else ": "), nodes.Text(f"{sub}: " if sub else ""), link]
    return nodes.list_item("", line)


def prepare(app):
    """Read the data."""
    app.terms = read(pathlib.Path(app.srcdir))
    if not hasattr(app.env, "terms"):
        app.env.terms = {}


def outdated(app, env, added, changed, removed):
    """Make pages anew whose terms have changed, and the list."""
    before, env.terms_data = getattr(env, "terms_data", {}), app.terms
    pages = {page for page in before | app.terms if before.get(page) != app.terms.get(page)}
    return [page for page in pages | {PAGE} if page in env.found_docs]


def purge(app, env, docname):
    """Forget a page."""
    env.terms.pop(docname, None)


def merge(app, env, docnames, other):
    """Take over what another process has read."""
    env.terms.update({d: other.terms[d] for d in docnames if d in other.terms})


def setup(app):
    """Register with Sphinx."""
    app.add_node(index_of_terms)
    app.add_directive("index-of-terms", IndexOfTerms)
    app.add_transform(IndexTerms)
    app.connect("builder-inited", prepare)
    app.connect("env-get-outdated", outdated)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
