"""Count what the tests try: ``python benchmarks/inputs.py``.

Runs the tests of the package once, and counts by folder the tests, and the examples that Hypothesis
made for them.  With ``--output FILE`` the counts are recorded.
"""

import argparse
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from runs import merge

ROOT = Path(__file__).parents[1]
COMMAND = "pytest -n0 -v --color=no --hypothesis-show-statistics -p no:nbval -m".split()
TEST = re.compile(r"^(tests/\S+?)::\S.* (?:PASSED|SKIPPED|XFAIL)", flags=re.M)
MADE = re.compile(r"^(tests/\S+?\.py)::.*?(?=^tests/\S+?\.py::|\Z)", flags=re.M | re.S)
PHASE = re.compile(r"(\d+) passing, (\d+) failing, and (\d+) invalid")


def main() -> int:
    """Run the tests, and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, help="write the counts into this record")
    given = parser.parse_args()
    command = [sys.executable, "-m", *COMMAND, "not slow and not browser", "tests"]
    made = subprocess.run(
        [*command, "-o", "addopts=--import-mode=importlib"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        print(made.stdout[-3000:])
        return 1
    found = count(made.stdout)
    for folder, counts in found.items():
        print(f"{folder:24}{counts['tests']:8,} tests {counts['examples']:10,} examples")
    if given.output:
        merge(given.output, folders=found)
    return 0


def count(text: str) -> dict[str, dict[str, int]]:
    """Return the numbers of tests and of examples by folder."""
    tests, _, statistics = text.partition("Hypothesis Statistics")
    found: dict[str, dict[str, int]] = defaultdict(lambda: {"tests": 0, "examples": 0})
    for path in TEST.findall(tests):
        found[folder(path)]["tests"] += 1
    for part in MADE.finditer(statistics):
        passed = sum(int(good) for good, _, _ in PHASE.findall(part[0]))
        found[folder(part[1])]["examples"] += passed
    return dict(sorted(found.items()))


def folder(path: str) -> str:
    """Return the folder below tests, or the name of a file that lies there."""
    return path.split("/")[1].removesuffix(".py")


if __name__ == "__main__":
    sys.exit(main())
