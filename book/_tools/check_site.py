"""Check a built book: ``python book/_tools/check_site.py _build/html``.

Every internal link and anchor resolves, no page loads anything from another host, every image has
an alternative text of its own, no reference is left undefined, and no Markdown stands in the text,
such as a formula that a line break inside has made a list.
"""

import pathlib
import re
import sys
import urllib.parse
from html.parser import HTMLParser

LOADS = {"script", "img", "iframe", "source", "video", "audio", "embed"}
SHEETS = {"stylesheet", "preload", "icon", "shortcut icon"}
VOID = set("area base br col embed hr img input link meta source track wbr".split())
AS_IT_IS = {"pre", "code", "script", "style"}  # and formulas, which have a class
MARKDOWN = re.compile(r"\$|\*\*[^*]+\*\*|\{\w+\}`|\]\(|```")


class Page(HTMLParser):
    """What one page defines, links to and loads."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loads, self.images = set(), [], [], []
        self.left, self._open = [], []  # Markdown in the text; tags, and whether text counts
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Note the links and names of one tag."""
        a = {name: value or "" for name, value in attributes}
        self.anchors |= {a.get("id"), a.get("name") if tag == "a" else None} - {None, ""}
        if tag == "a" and a.get("href"):
            self.links.append(a["href"])
        if tag == "link" and a.get("rel") in SHEETS:
            self.loads.append(a.get("href", ""))
        if tag in LOADS and a.get("src"):
            self.loads.append(a["src"])
        if tag == "img":
            self.images.append((a.get("src", ""), a.get("alt", "").strip()))
        if tag not in VOID:
            quiet = tag in AS_IT_IS or "math" in a.get("class", "").split()
            self._open.append((tag, quiet or self._quiet()))

    def handle_startendtag(self, tag, attributes):
        """Note a tag that has no end."""
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        """Close a tag, and those that were left open in it."""
        places = [k for k, (name, _) in enumerate(self._open) if name == tag]
        del self._open[places[-1] if places else len(self._open) :]

    def handle_data(self, data):
        """Note what Markdown should have become something else."""
        if not self._quiet() and MARKDOWN.search(data):
            self.left.append(" ".join(data.split()))

    def _quiet(self):
        return bool(self._open) and self._open[-1][1]


def problems(root):
    """Yield one line for every problem of the site at `root`."""
    files = [f for f in root.rglob("*.html") if "_static" not in f.parts]
    texts = {f: f.read_text(encoding="utf-8") for f in files}
    pages = {f: Page(text) for f, text in texts.items()}
    for file, page in pages.items():
        name = file.relative_to(root)
        for source in page.loads:
            if urllib.parse.urlsplit(source).netloc:
                yield f"{name}: loads {source} from another host"
        for source, alt in page.images:
            if not alt or alt == source:  # Sphinx puts the path where there is no text
                yield f"{name}: no alternative text: {source}"
        for link in page.links:
            yield from dead(link, file, pages, name)
        for text in page.left:
            yield f"{name}: Markdown in the text: {text[:80]}"
        if '<span class="problematic"' in texts[file]:
            yield f"{name}: an unresolved reference"


def dead(link, file, pages, name):
    """Yield a line if `link` leads nowhere."""
    url = urllib.parse.urlsplit(link)
    if url.scheme or url.netloc:
        return
    target = (file.parent / urllib.parse.unquote(url.path)).resolve() if url.path else file
    if target.is_dir():
        target = target / "index.html"
    if not target.exists():
        yield f"{name}: dead link {link}"
    elif url.fragment and target in pages:
        if urllib.parse.unquote(url.fragment) not in pages[target].anchors:
            yield f"{name}: dead anchor {link}"


def main(root):
    """Print the problems; return 1 if there are any, or no page at all."""
    root = pathlib.Path(root).resolve()
    found = list(problems(root))
    pages = sum("_static" not in f.parts for f in root.rglob("*.html"))
    print(*found, f"{pages} pages, {len(found)} problems", sep="\n")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
