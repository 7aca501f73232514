"""The built book in a browser: a server, one Chromium for each worker, and what a page must be."""

import functools
import gzip
import http.server
import os
import pathlib
import shutil
import threading
from contextlib import contextmanager, suppress

import pytest

HERE = pathlib.Path(__file__).parent
SITE = HERE.parents[1] / "_build/html"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
WIDE, NARROW = 1280, 390
STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"
# What axe-core finds and the theme has to answer for: rule, a part of the element, reason.
ALLOWED = [
    ("region", "navbar-brand", "the theme puts the logo above the sidebar's landmark"),
    ("aria-allowed-role", "doc-biblioentry", "Docutils writes a source as a div with this role"),
    ("aria-deprecated-role", "doc-biblioentry", "and ARIA 1.2 gave the role up"),
    ("aria-required-children", "citation-list", "and the list around the sources lacks items"),
]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serve as a web server does, packed and with a lifetime, and count the bytes of bodies."""

    protocol_version = "HTTP/1.1"
    sent, lock = 0, threading.Lock()

    def do_GET(self):
        """Send one file."""
        path = pathlib.Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return self.send_error(404)
        kind = self.guess_type(str(path))
        body = packed(path) if kind.startswith(("text/", "image/svg")) else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if body[:2] == b"\x1f\x8b":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        with self.lock:
            type(self).sent += len(body)
        with suppress(ConnectionError):  # the reader left the page
            self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@functools.cache
def packed(path):
    return gzip.compress(path.read_bytes(), 6)


@pytest.fixture(scope="session")
def base():
    """Return the address of the built book."""
    if not (SITE / "book/intro.html").exists():
        pytest.fail("there is no built book: make html")
    handler = functools.partial(Handler, directory=SITE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    """Return the one browser of this worker."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        pytest.fail("no Chromium found: install it, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield browser
        browser.close()


class Visit:
    """A page of the book, open in a tab, and what went wrong there."""

    def __init__(self, page, base):
        self.page, self.base, self.problems = page, base, []
        self.start = Handler.sent
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("request", self.see)
        page.on("requestfailed", self.miss)
        page.on("response", self.read)

    def hear(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text}")

    def see(self, request):
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.problems.append(f"external: {request.url}")

    def miss(self, request):
        # the search reads what it found; to follow a result ends that, which is no failure
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed: {request.url} {request.failure}")

    def read(self, response):
        if response.status >= 400:
            self.problems.append(f"status {response.status}: {response.url}")

    @property
    def weight(self):
        """Return the bytes that came since the tab was opened."""
        return Handler.sent - self.start

    def open(self, path):
        """Load a page until its formulas stand."""
        self.page.goto(self.base + path, wait_until="load")
        self.page.evaluate("() => window.MathJax?.startup?.promise?.then(() => true)")

    def arm(self):
        """Bring the checks into the page, and stop what moves."""
        import axe_playwright_python

        file = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js")
        self.page.add_style_tag(content=STILL)
        self.page.evaluate(file.read_text(encoding="utf-8"))
        self.page.evaluate((HERE / "checks.js").read_text(encoding="utf-8"))

    def check(self, *names):
        """Note what the named checks of `checks.js` find."""
        for name in names:
            self.problems += self.page.evaluate(f"() => checks.{name}()")

    def axe(self, rules):
        """Note what axe-core finds, but for what the theme has to answer for."""
        for f in self.page.evaluate(f"() => checks.axe('{rules}')"):
            if not any(f["rule"] == rule and part in f["element"] for rule, part, _ in ALLOWED):
                self.problems.append(f"{f['rule']}: {f['element']} {f['why']}")

    def theme(self, scheme):
        """Let the reader's system ask for light or dark."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")


@pytest.fixture(scope="session")
def visit(browser, base):
    """Return a way to open a tab: ``with visit(width, scheme) as tab``."""

    @contextmanager
    def opened(width, scheme="light", context=None, base=base):
        own = context or browser.new_context(**look(width, scheme))
        page = own.new_page()
        yield Visit(page, base)
        page.close()
        if own is not context:
            own.close()

    return opened


def look(width, scheme):
    """Return the options of a desk or a phone."""
    touch = width == NARROW
    return {
        "viewport": {"width": width, "height": 900},
        "color_scheme": scheme,
        "has_touch": touch,
        "is_mobile": touch,
    }


@pytest.fixture(scope="session")
def returning(browser, visit):
    """Return the context of a reader on a phone who has seen a page with formulas."""
    context = browser.new_context(**look(NARROW, "dark"))
    with visit(NARROW, context=context) as tab:
        tab.open("book/introduction.html")
    yield context
    context.close()
