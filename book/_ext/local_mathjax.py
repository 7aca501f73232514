"""Put MathJax beside the pages, so that formulas are set without a network.

One file of the package sphinx-mathjax-offline is enough: every TeX extension, glyphs as SVG
paths, no fonts.
"""

import importlib.util
import pathlib
import shutil

NAME = "tex-svg-full.js"


def copy(app):
    """Copy the file before the pages are written: all of them name it with its checksum."""
    if app.builder.format == "html":
        package = pathlib.Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
        static = pathlib.Path(app.outdir) / "_static"
        static.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / "static" / "mathjax" / NAME, static / NAME)


def setup(app):
    """Register with Sphinx."""
    app.config.mathjax_path = NAME
    app.connect("builder-inited", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
