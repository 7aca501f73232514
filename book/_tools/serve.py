"""Serve the built book, build it again when a file changes, and let the open pages load again."""

import os
import pathlib
import subprocess
import sys

from livereload import Server

ROOT = pathlib.Path(__file__).parents[2]
BUILD = [sys.executable, "-m", "jupyter_book", "build", ".", "-n", "-q"]
SOURCES = ["_config.yml", "_toc.yml", "book", "backprop"]


def build():
    """Build what changed; what is wrong appears in the terminal, and serving goes on."""
    done = subprocess.run(BUILD, cwd=ROOT, capture_output=True, text=True)
    print(done.stderr.strip() or "built", flush=True)


def ignored(path):
    """Tell whether a change of a file means nothing to the pages."""
    return "__pycache__" in path or ".ipynb_checkpoints" in path


def main():
    """Serve until interrupted."""
    server = Server()
    for name in SOURCES:
        server.watch(str(ROOT / name), build, ignore=ignored)
    port = int(os.environ.get("PORT", "8000"))
    server.serve(root=str(ROOT / "_build/html"), port=port, host="localhost")


if __name__ == "__main__":
    main()
