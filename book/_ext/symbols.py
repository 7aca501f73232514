"""What the symbols of a displayed formula mean, shown by ``symbols.js`` beside it.

The meanings are those of the book's tables of symbols, and no others.  A symbol is looked up in the
tables of its own page first, the nearest one before the formula leading.  If ``book/symbols.yaml``
says that the page uses the letter as the notation does, it is looked up there too: in the table of
the part, then in the general one.  A symbol that none of them has is left out.

Formulas under "As printed in the documents" have the letters of their documents: none is explained.
"""

import html
import json
import pathlib
import re
from dataclasses import dataclass
from itertools import chain

import yaml
from docutils import nodes
from ways import pages, prose

NOTATION = "book/notation"
FOREIGN = "As printed in the documents"
PARTS = {  # the line before a table of the notation: the parts of the book that it is for
    "Some chapters of the foundations need a few more:": ("Foundations",),
    "Layers, losses and networks:": ("Layers and losses", "Networks"),
    "Convolution and pooling:": ("Convolution",),
    "Time:": ("Time",),
    "Training:": ("Training",),
}
SIZES = "Sizes:"

TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[^\\]", flags=re.S)
ACCENTS = set(r"\hat \bar \tilde \widehat \mathbf \mathcal \mathbb \boldsymbol \overline".split())
WORDS = set(r"\text \operatorname \operatorname* \mathrm \begin \end \tag \label".split())
GREEK = set(
    r"""\alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \kappa \lambda \mu \nu \xi
    \pi \rho \sigma \tau \phi \varphi \chi \psi \omega \Gamma \Delta \Theta \Lambda \Sigma \Phi
    \Psi \Omega""".split()
)
NAMED = set("hxyzwrg")  # as a lone subscript these name a thing, like the h of W_h; others count
COUNTS_STEPS = set("tkT0123456789")


# -- formulas ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Atom:
    """A letter with what hangs on it; `of` tells a gradient on it, or a change of it."""

    base: str
    sub: str = ""
    sup: str = ""
    of: str = ""


def group(tokens, i):
    """Return the tokens of the argument that starts at `i`, and where it ends."""
    while i < len(tokens) and tokens[i].isspace():
        i += 1
    if i >= len(tokens) or tokens[i] != "{":
        return tokens[i : i + 1], i + 1
    depth = 0
    for j in range(i, len(tokens)):
        depth += (tokens[j] == "{") - (tokens[j] == "}")
        if not depth:
            return tokens[i + 1 : j], j + 1
    return tokens[i + 1 :], len(tokens)


def scripts(tokens, i):
    """Return the subscript and the superscript at `i`, and where they end."""
    found = {"_": "", "^": ""}
    while i < len(tokens) and (tokens[i] in "_^'" or tokens[i].isspace()):
        if tokens[i] in found:
            inside, end = group(tokens, i + 1)
            found[tokens[i]] = "".join(t for t in inside if not t.isspace() and t != r"\,")
            i = end
        else:
            i += 1
    return found["_"], found["^"], i


def atoms(tex):
    """Return the symbols of a formula, in their order."""
    tokens, out, i, of = TOKEN.findall(tex), [], 0, ""
    while i < len(tokens):
        token = tokens[i]
        base = ""
        if token in WORDS:
            i = group(tokens, i + 1)[1]
            continue
        if token in ACCENTS:
            inside, i = group(tokens, i + 1)
            base = f"{token} {''.join(inside)}"
        elif token == r"\partial":
            _, sup, i = scripts(tokens, i + 1)
            of = "d+" if sup == "+" else "d"
            continue
        elif token == r"\Delta":
            of, i = "change", i + 1
            continue
        elif token in GREEK or (token.isascii() and token.isalpha()):
            base, i = token, i + 1
        else:
            i += 1
        sub, sup, i = scripts(tokens, i)
        if base:
            out.append(Atom(base, sub, sup, of))
            of = ""
    return gradients(out)


def gradients(found):
    """Join d L and d v to the gradient on v; keep L, and v itself."""
    out = []
    for k, atom in enumerate(found):
        before = found[k - 1] if k else None
        if atom.of not in ("d", "d+"):
            out.append(atom)
        elif before and before.base == "L" and before.of and atom.of == "d":
            out.append(Atom(atom.base, atom.sub, atom.sup, "gradient" + before.of[1:]))
            out.append(Atom(atom.base, atom.sub, atom.sup))
        else:
            out.append(Atom(atom.base, atom.sub, atom.sup))
    return list(dict.fromkeys(out))


def fits(entry, atom):
    """Return how well a symbol of a table fits one of a formula: 0 is not at all."""
    if entry.base != atom.base or entry.of != atom.of:
        return 0
    layer = entry.sup.startswith("("), atom.sup.startswith("(")
    if layer[0] != layer[1] or (entry.sup in "+-" and entry.sup and entry.sup != atom.sup):
        return 0
    if entry.sub == atom.sub:
        return 5
    if not entry.sub:
        return 2 if counts(atom.sub) else 0
    if not atom.sub:
        return 0
    if r"\cdot" in entry.sub:
        pattern = re.escape(entry.sub).replace(re.escape(r"\cdot"), r"\w")
        return 4 if re.fullmatch(pattern, atom.sub) else 0
    if atom.sub.startswith(entry.sub + ","):  # the same thing, at an index
        return 4
    if counts(entry.sub) and {entry.sub[0], atom.sub[0]} <= COUNTS_STEPS:
        return 3
    if len(entry.sub) > 1 and counts(entry.sub) and counts(atom.sub):
        return 3 if len(entry.sub) == len(atom.sub) else 0
    return 0


def counts(sub):
    """Say whether a subscript counts, and does not name."""
    return not (len(sub) == 1 and sub in NAMED) and r"\text" not in sub


# -- tables -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row of a table of symbols: as it is written, and the symbols that it explains."""

    symbol: str
    shape: str
    meaning: str
    explains: tuple[Atom, ...]


def cells(line):
    """Return the cells of a line of a table."""
    return [c.strip() for c in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def explained(symbol):
    """Return the symbols in the first cell of a row."""
    out = []
    for tex in re.findall(r"\$([^$]+)\$", symbol):
        found = atoms(tex)
        gradient = [a for a in found if a.of.startswith("gradient")]
        out += gradient or found
    return tuple(out)


def table(lines):
    """Return the rows of a table of symbols, none if it is another table."""
    head = [c.lower() for c in cells(lines[0])]
    if head[:2] == ["letter", "size of"]:
        pairs = chain.from_iterable(
            zip(c[::2], c[1::2], strict=True) for c in map(cells, lines[2:])
        )
        return [Row(s, "number", m, explained(s)) for s, m in pairs if s]
    if head[0] not in ("symbol", "symbols") or "meaning" not in head:
        return []
    out = []
    for line in lines[2:]:
        row = dict(zip(head, cells(line), strict=False))
        symbol = row[head[0]]
        out.append(Row(symbol, row.get("shape", ""), row.get("meaning", ""), explained(symbol)))
    return out


def pieces(text):
    """Yield what a page has in its order: ("table", line before it, lines), ("formula", TeX)."""
    heading, before, fence, lines, i = "", "", "", text.split("\n"), 0
    while i < len(lines):
        line = lines[i]
        mark = re.match(r"(`{3,}|:{3,}|~{3,})", line)
        if mark and (not fence or line.strip() == fence):
            fence = "" if fence else (mark[1] if "{" not in line else "")
        elif fence:
            pass
        elif re.match(r"##? ", line):
            heading = line.lstrip("# ")
        elif line.startswith("|"):
            end = next(
                (j for j in range(i, len(lines)) if not lines[j].startswith("|")), len(lines)
            )
            yield "table", before, lines[i:end]
            i = end
            continue
        elif line.strip().startswith("$$"):
            tex, i = formula(lines, i)
            if heading != FOREIGN:
                yield "formula", "", tex
        before = line if line.strip() else before
        i += 1


def formula(lines, i):
    """Return the displayed formula that starts in a line, and its last line."""
    rest = lines[i].strip()[2:]
    taken = []
    while "$$" not in rest and i + 1 < len(lines):
        taken.append(rest)
        i, rest = i + 1, lines[i + 1]
    return same("\n".join([*taken, rest.partition("$$")[0]])), i


def same(tex):
    """Return a formula without its spaces at the ends and between lines, to compare it."""
    return " ".join(tex.split())


# -- look-up ----------------------------------------------------------------------------------


def captions(root):
    """Return the part of each page, by its caption in the table of contents."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    out, caption = {}, ""
    for part in toc["parts"]:
        caption = part.get("caption", caption)
        out.update({entry["file"]: caption for entry in part["chapters"]})
    return out


def notation(text):
    """Return the tables on the page of the notation by the line before them; "" is the general."""
    out = {}
    for kind, before, lines in pieces(text):
        if kind == "table" and table(lines):
            out[before if before in PARTS or before == SIZES else ""] = table(lines)
    return out


def scopes(name, part, tables):
    """Return the tables of the notation for a page, the most particular one first."""
    out = [rows for before, rows in tables.items() if part in PARTS.get(before, ())]
    out += [tables[""], tables[SIZES]]
    stem = name.rpartition("/")[2]
    return [[row for row in rows if meant_for(row, stem, tables["stems"])] for rows in out]


def meant_for(row, stem, stems):
    """Say whether a row is for a page: its meaning may have the only chapter in brackets."""
    only = set(re.findall(r"\(`?(\w+)`?\)", row.meaning)) & stems
    return not only or stem in only


def look_up(atom, own, general, letters):
    """Return the rows that explain a symbol: the best ones of the first table that has it."""
    shared = atom.base in letters or atom.of.startswith("gradient")
    for rows in own + general if shared else own:
        scores = [(max((fits(e, atom) for e in row.explains), default=0), row) for row in rows]
        best = max((score for score, _ in scores), default=0)
        if best:
            return [row for score, row in scores if score == best]
    if atom.of.startswith("gradient"):  # any gradient, as the general table has it
        anything = Atom("v", "", "", atom.of)
        return look_up(anything, [], general, letters) if atom.base != "v" else []
    return []


def explain(text, general, letters):
    """Return for each displayed formula of a page the rows that explain its symbols."""
    found = list(pieces(text))
    own = [(i, table(lines)) for i, (kind, _, lines) in enumerate(found) if kind == "table"]
    out = {}
    for i, (kind, _, tex) in enumerate(found):
        if kind == "formula":
            before = [rows for at, rows in reversed(own) if at < i]
            after = [rows for at, rows in own if at > i]
            tables = [rows for rows in before + after if rows]
            rows = chain.from_iterable(look_up(a, tables, general, letters) for a in atoms(tex))
            out[tex] = list(dict.fromkeys(rows))
    return out


# -- pages ------------------------------------------------------------------------------------


def as_html(text):
    """Return a cell of a table as HTML, with formulas for MathJax."""
    out = re.sub(r"\{doc\}`([^`<]*/)?([^`<]+)`", r"\2", text)
    out = html.escape(out, quote=False)
    out = re.sub(r"\$([^$]+)\$", r"\\(\1\\)", out)
    out = re.sub(r"`([^`]+)`", r"<code>\1</code>", out)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", out)


def mark(app, doctree, docname):
    """Give a number to each formula of a page that has something to tell."""
    if app.builder.format != "html" or docname not in app.symbols:
        return
    rows, blocks = {}, []
    for block in doctree.findall(nodes.math_block):
        found = app.symbols[docname].get(same(block.astext()))
        if found:
            block["classes"].append(f"symbols-{len(blocks)}")
            blocks.append([rows.setdefault(row, len(rows)) for row in found])
    if blocks:
        shown = [[as_html(t) for t in (r.symbol, r.shape, r.meaning)] for r in rows]
        app.symbols_data[docname] = {"rows": shown, "blocks": blocks}


def add_data(app, pagename, templatename, context, doctree):
    """Put the data of a page at its end, and the script beside it."""
    data = app.symbols_data.get(pagename)
    if data and doctree is not None:
        link = app.builder.get_relative_uri(pagename, NOTATION) + "#symbols"
        text = json.dumps({**data, "notation": link}, ensure_ascii=False, separators=(",", ":"))
        text = text.replace("</", "<\\/")
        context["body"] += f'<script type="application/json" id="symbols-data">{text}</script>'
        app.add_js_file("symbols.js", loading_method="defer")
        app.add_css_file("symbols.css")


def prepare(app):
    """Explain every formula of the book."""
    root = pathlib.Path(app.srcdir)
    app.symbols_data = {}
    app.symbols = every(root)


def outdated(app, env, added, changed, removed):
    """Make the pages anew whose symbols have another meaning than in the last build."""
    before, env.symbols = getattr(env, "symbols", {}), app.symbols
    return [page for page in env.found_docs if before.get(page) != app.symbols.get(page)]


def every(root):
    """Return the explained formulas of every page."""
    found, parts = pages(root), captions(root)
    tables = notation(prose(found[NOTATION]))
    tables["stems"] = {name.rpartition("/")[2] for name in parts}
    letters = shared_letters(root)
    out = {}
    for name, path in found.items():
        if path.suffix == ".ipynb":
            general = scopes(name, parts.get(name, ""), tables)
            out[name] = explain(prose(path), general, letters.get(name, set()))
    return out


def shared_letters(root):
    """Return the letters that each page uses as the notation says."""
    data = yaml.safe_load((root / "book/symbols.yaml").read_text(encoding="utf-8"))
    return {f"book/{k}": {b.replace(".", " ") for b in v.split()} for k, v in data.items()}


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", prepare)
    app.connect("env-get-outdated", outdated)
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", add_data)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
