"""Give the figures of the HTML a palette: a third of the bytes, and no eye sees the difference."""

import pathlib

from PIL import Image

COLOURS = 256


def shrink(path):
    """Store a PNG with a palette, unless it has one or parts of it can be seen through."""
    with Image.open(path) as image:
        if image.mode == "P" or min(image.convert("RGBA").getchannel("A").getextrema()) < 255:
            return
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, "PNG", optimize=True)


def finish(app, exception):
    """Shrink every figure when the HTML is finished."""
    if exception is None and app.builder.format == "html":
        for path in (pathlib.Path(app.outdir) / "_images").glob("*.png"):
            shrink(path)


def setup(app):
    """Register with Sphinx."""
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
