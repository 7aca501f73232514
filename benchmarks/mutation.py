"""Alter the package's code in one place at a time, and see that a test fails: ``make mutation``.

mutmut makes the mutants, each of them a small slip: another operator, constant, argument or string.
It runs the tests that reach the altered function.  A mutant that no test notices is a gap in the
tests, or changes nothing that can be noticed; those of the second kind stand with their reasons in
``survivors.yaml``.  The exit status is 1 if there is any other.

Everything happens in a copy of the repository.  ``--parts layers optim`` looks at some folders;
``--output FILE`` writes the record.  All of it takes about half an hour.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import yaml
from runs import merge

ROOT = Path(__file__).parents[1]
PARTS = {  # folders of the package, and the tests that are asked
    "layers": ["layers", "any_array"],
    "losses": ["losses", "any_array"],
    "convolution": ["convolution", "layers", "any_array"],
    "recurrent": ["recurrent", "any_array"],
    "nets": ["nets", "any_array"],
    "optim": ["optim"],
}
LEFT_OUT = shutil.ignore_patterns(".*", "_build", "__pycache__", "*.ipynb", "browser")
SETTINGS = """
[tool.pytest.ini_options]
addopts = "--import-mode=importlib"
filterwarnings = ["error"]
markers = ["slow: not here"]

[tool.mutmut]
source_paths = ["backprop/{part}/"]
pytest_add_cli_args_test_selection = {tests}
also_copy = ["backprop", "tests"]
"""


def main() -> int:
    """Run mutmut over the parts, and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--output", type=Path, help="write the counts into this record")
    parser.add_argument("--explained", action="store_true", help="print what each reason covers")
    given = parser.parse_args()
    known, met = reasons(), set()
    counts, unexplained = {}, []
    for part in given.parts:
        found, survivors = run(part)
        new = []
        for survivor in survivors:
            ids = {i for i, reason in enumerate(known) if explains(reason, *survivor)}
            met |= ids
            if given.explained:
                print(*(known[i]["why"] for i in ids), *survivor, sep="\n  ")
            new += [] if ids else [survivor]
        for file, was, now in new:
            print(f"\n{file}: no test notices\n  - {was}\n  + {now}")
        unexplained += new
        counts[part] = {**found, "explained": len(survivors) - len(new)}
        print(f"{part}: {counts[part]}", flush=True)
    stale = [reason for i, reason in enumerate(known) if i not in met]
    if given.parts == list(PARTS):
        print(*(f"explains nothing: {reason}" for reason in stale), sep="\n")
    if given.output:
        merge(given.output, parts=counts)
    return int(bool(unexplained))


def explains(reason: dict[str, str], file: str, was: str, now: str) -> bool:
    """Return whether a reason is one for this alteration."""
    return all(
        re.search(reason[key], text) for key, text in (("in", file), ("was", was), ("now", now))
    )


def reasons() -> list[dict[str, str]]:
    """Return the mutants that cannot be noticed, each with its reason."""
    text = Path(__file__).with_name("survivors.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def run(part: str) -> tuple[dict[str, int], list[tuple[str, str, str]]]:
    """Return how many mutants were noticed and how many not, and the changed lines of those."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        (copy / "conftest.py").unlink(missing_ok=True)
        tests = json.dumps([f"tests/{name}/" for name in PARTS[part]])
        (copy / "pyproject.toml").write_text(SETTINGS.format(part=part, tests=tests))
        done = mutmut(copy, "run")
        if done.returncode:
            sys.exit(done.stdout[-3000:] + done.stderr[-3000:])
        status = Counter()
        survivors = []
        for line in mutmut(copy, "results", "--all", "true").stdout.splitlines():
            name, _, word = line.strip().partition(": ")
            status[word] += 1
            if word == "survived":
                survivors.append(change(mutmut(copy, "show", name).stdout))
    noticed = status["killed"] + status["timeout"] + status["segfault"]
    return {"noticed": noticed, "not": sum(status.values()) - noticed}, survivors


def mutmut(copy: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a command of mutmut in the copy."""
    path = str(Path(sys.executable).with_name("mutmut"))
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        [path, *args], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )


def change(diff: str) -> tuple[str, str, str]:
    """Return the file, the line as it was, and as it became."""
    first, *lines = (x for x in diff.splitlines() if x[:1] in ("-", "+") and x[:3] != "+++")
    was, now = (" ".join(x[1:].strip() for x in lines if x[0] == sign) for sign in "-+")
    return first.removeprefix("--- "), was, now


if __name__ == "__main__":
    sys.exit(main())
