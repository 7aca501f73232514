"""Put MathJax beside the pages, so that formulas are set without a network.

One file of the package sphinx-mathjax-offline is enough: every TeX extension, glyphs as SVG
paths, no fonts.
"""

import importlib.util
import pathlib
import shutil

NAME = "tex-svg-full.js"


def copy(app, exception):
    """Copy the file when the HTML is finished."""
    if exception is None and app.builder.format == "html":
        package = pathlib.Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
        static = pathlib.Path(app.outdir) / "_static"
        static.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / "static" / "mathjax" / NAME, static / NAME)


def setup(app):
    """Register with Sphinx."""
    app.config.mathjax_path = NAME
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
