# Two commands do all: make book, make test.  Needs Python 3.11 or later and make.
PYTHON ?= python3
BIN := .venv/bin
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name) 2>&1)))
TARGETS := book test env notebooks html lint types unit site browser serve pdf zip address ledger mutants mutation oldest bench bench-compare clean help
.PHONY: $(TARGETS)
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

book: env notebooks html ## environment, every notebook with its proofs, the HTML; prints where to start reading
	@echo "Open $(CURDIR)/_build/html/book/intro.html"

test: env lint types unit html site ## environment, and every check
	@echo "All checks passed."

env: .venv/.installed ## the virtual environment in .venv

.venv/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: backprop needs Python 3.11 or later (make PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "backprop needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V 2>&1) (make PYTHON=...)" >&2; exit 1; }
	@mkdir -p .venv
	@echo "Installing into .venv, about a minute"
	@{ $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --disable-pip-version-check -q -e '.[book,test]'; } \
	  >.venv/install.log 2>&1 || { tail -n 3 .venv/install.log >&2; echo "The installation failed: see .venv/install.log" >&2; exit 1; }
	@touch $@

notebooks: env ## run every notebook and store what it prints
	@$(BIN)/python book/_tools/run_notebooks.py

html: env ## the pages from the notebooks as they are stored
	@$(BIN)/jupyter-book build . -n -W --keep-going -q >.venv/html.log 2>&1 || { cat .venv/html.log >&2; exit 1; }

lint: env ## style of the code, spelling
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check . && $(BIN)/codespell

types: env ## strict types
	@$(BIN)/mypy --no-error-summary

unit: env ## doctests, unit tests, and the notebooks compared with what they print
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -m "not slow and not browser"

site: env ## links, anchors and alternative texts of the built pages
	@$(BIN)/python book/_tools/check_site.py _build/html

browser: .chromium .venv/.browser html ## the built pages in Chromium: formulas, figures, access
	@CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -q -m browser -n auto --dist load tests/browser

serve: .venv/.serve html ## the pages at http://localhost:8000, built and loaded again at each change
	@$(BIN)/python book/_tools/serve.py

pdf: .xelatex .venv/.pdf ## the book on paper: _build/backprop.pdf
	@$(BIN)/jupyter-book build . --builder latex -n -W --keep-going -q >.venv/pdf.log 2>&1 || { cat .venv/pdf.log >&2; exit 1; }
	@cd _build/latex && latexmk -xelatex -interaction=nonstopmode -halt-on-error -silent backprop.tex >latexmk.log 2>&1 || \
	  { grep -A3 '^!' backprop.log >&2; echo "XeLaTeX failed: see _build/latex/backprop.log" >&2; exit 1; }
	@$(BIN)/python book/_tools/check_pdf.py _build/latex
	@cp _build/latex/backprop.pdf _build/backprop.pdf

zip: env ## the notebooks with the package, to run anywhere: _build/backprop-notebooks.zip
	@rm -rf _build/wheel && $(BIN)/python -m pip wheel --disable-pip-version-check -q --no-deps -w _build/wheel .
	@$(BIN)/python book/_tools/pack.py _build/wheel/*.whl _build/backprop-notebooks.zip

address: env ## REPO=owner/name: say on every page where the repository is
	@$(BIN)/python book/_tools/address.py "$(REPO)"

.venv/.browser .venv/.serve .venv/.pdf .venv/.mutation: .venv/.%: .venv/.installed
	@$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[$*]' >>.venv/install.log 2>&1 || \
	  { tail -n 3 .venv/install.log >&2; echo "The installation failed: see .venv/install.log" >&2; exit 1; }
	@touch $@

.PHONY: .chromium .xelatex
.chromium:
	@test -n "$(CHROMIUM)" || { echo "no Chromium found: install it, or make browser CHROMIUM=..." >&2; exit 1; }

.xelatex:
	@for tool in xelatex latexmk rsvg-convert; do command -v $$tool >/dev/null || { \
	  echo "no $$tool found: make pdf needs a TeX. On Debian and Ubuntu: apt install latexmk texlive-xetex" \
	  "texlive-latex-extra texlive-fonts-recommended texlive-plain-generic tex-gyre" \
	  "fonts-freefont-otf fonts-dejavu librsvg2-bin" >&2; exit 1; }; done

ledger: env ## every equation of the documents with its verdict
	@$(BIN)/python -m backprop.ledger --mutants 5

mutants: env ## the full mutation and soundness runs of the proofs, about fifteen minutes
	@$(BIN)/python -m backprop.ledger --mutants all
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -m slow

mutation: .venv/.mutation ## the package altered in one place at a time: does a test notice? half an hour
	@$(BIN)/python benchmarks/mutation.py

oldest: .venv/.oldest ## every test of the package with the oldest NumPy that it supports
	@OPENBLAS_NUM_THREADS=1 .venv/oldest/bin/python -m pytest -q -n 2 -m "not slow and not browser" \
	  -o addopts="--import-mode=importlib --doctest-modules" backprop tests --ignore=tests/book --ignore=tests/browser

.venv/.oldest: .venv/.installed
	@$(PYTHON) -m venv .venv/oldest && .venv/oldest/bin/python -m pip install --disable-pip-version-check -q -e '.[test]' 'numpy==2.0.*' \
	  >>.venv/install.log 2>&1 || { tail -n 3 .venv/install.log >&2; echo "The installation failed: see .venv/install.log" >&2; exit 1; }
	@touch $@

bench: env ## PyTorch, JAX and autograd, those installed (pip install '.[bench]'), beside us: ratios, goals
	@$(BIN)/python benchmarks/bench.py

bench-compare: env ## how the latest results of make bench differ from the recorded ones
	@$(BIN)/python benchmarks/bench.py --compare

clean: ## remove what was built
	rm -rf _build .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

.DEFAULT:
	@echo "There is no target '$@'; make help lists them." >&2; exit 2
