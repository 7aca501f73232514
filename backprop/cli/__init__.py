"""The command ``backprop``: train, check, prove, info.

Needs click, which ``pip install backprop[cli]`` brings.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; say in one line what a user can put right."""
    try:
        import click

        from backprop.cli.commands import cli
    except ModuleNotFoundError as error:
        print(f"backprop: {error.name} is missing: pip install 'backprop[cli]'", file=sys.stderr)
        sys.exit(2)
    try:
        code = cli.main(standalone_mode=False, prog_name="backprop")
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("backprop: interrupted", file=sys.stderr)
        code = 130
    except ModuleNotFoundError as error:
        print(
            f"backprop: {error.name} is missing: pip install 'backprop[notebooks]'", file=sys.stderr
        )
        code = 2
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        print(f"backprop: {error}", file=sys.stderr)
        code = 2
    sys.exit(code)
