"""The commands and their options."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from backprop import __version__
from backprop.cli import checking, information, recipes

as_json = click.option("--json", is_flag=True, help="Print JSON, for a script.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Networks whose every gradient is derived by hand and proved.

    For completion of commands and names in bash, put this into your ~/.bashrc:

        eval "$(_BACKPROP_COMPLETE=bash_source backprop)"
    """


@cli.command()
@click.argument("net", type=click.Choice(list(recipes.NETS)))
@click.option(
    "--data",
    type=click.Choice(list(recipes.DATA)),
    default="digits",
    show_default=True,
    help="MNIST is looked for where BACKPROP_DATA says, or downloaded.",
)
@click.option("--epochs", type=click.IntRange(1), default=10, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--hidden",
    type=click.IntRange(1),
    default=128,
    show_default=True,
    help="Hidden units of a layer; LeNet-5 has its own.",
)
@click.option(
    "--optimiser", type=click.Choice(list(recipes.OPTIMISERS)), default="sgd", show_default=True
)
@click.option("--lr", type=float, help="Learning rate.  [default: one for each optimiser]")
@click.option("--decay", type=float, default=1e-4, show_default=True, help="Weight decay.")
@click.option("--batch-size", type=click.IntRange(1), default=32, show_default=True)
@click.option(
    "--validate",
    is_flag=True,
    help="Hold out a sixth of the training images, and keep what reads them best.",
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that holds the state after every epoch.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint.")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the parameters go in the end, as .npz.",
)
@click.option("--quiet", is_flag=True, help="No progress bar.")
@as_json
def train(net: str, json: bool, **options: Any) -> None:
    """Train NET on images of digits, and score it on those it has not seen."""
    result = recipes.train(net, show=not json, **options)
    if json:
        click.echo(json_text.dumps(result))
        return
    click.echo(
        f"{net}: {result['accuracy']:.2%} of {result['test']} test images right, "
        f"loss {result['loss']:.4f}, {result['epochs']} epochs, seed {result['seed']}"
    )
    if result["stopped"]:
        click.echo(f"stopped: {result['stopped']}")
    if options["save"]:
        click.echo(f"parameters in {options['save']}")


@cli.command()
@click.argument(
    "layers", nargs=-1, type=click.Choice(list(checking.EXAMPLES)), metavar="[LAYER]..."
)
@click.option("--tolerance", type=float, default=1e-7, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@as_json
def check(layers: Sequence[str], tolerance: float, seed: int, json: bool) -> int:
    """Compare every gradient of each LAYER with central differences.  All without a name."""
    found = {name: checking.errors(name, seed) for name in layers or checking.EXAMPLES}
    rows: list[dict[str, Any]] = [
        {"layer": name, "gradient": f"d{argument}", "shape": shape, "error": error}
        for name, gradients in found.items()
        for argument, (shape, error) in gradients.items()
    ]
    wrong = [row for row in rows if not row["error"] < tolerance]
    if json:
        click.echo(json_text.dumps(rows))
    else:
        shown = [
            {
                **row,
                "shape": "x".join(map(str, row["shape"])) or "number",
                "error": f"{row['error']:.1e}",
                "": "WRONG" if row in wrong else "ok",
            }
            for row in rows
        ]
        click.echo(table(shown))
        click.echo(f"{len(rows) - len(wrong)} of {len(rows)} gradients agree with differences")
    return 1 if wrong else 0


@cli.command()
@click.argument("what", nargs=-1, metavar="[CHAPTER|EQUATION]...")
@click.option(
    "--mutants",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Altered formulas of each claim that must be refuted.",
)
@as_json
def prove(what: Sequence[str], mutants: int, json: bool) -> int:
    """Prove or refute equations of the documents again.

    CHAPTER is a chapter such as layers/linear or linear, EQUATION an id such as Ye17-2, or its
    beginning, such as Ye17-BN.  All 268 without a name.
    """
    from backprop.cli import proving

    entries, problems = proving.decide(what, mutants)
    if json:
        click.echo(json_text.dumps([e.as_dict() for e in entries], ensure_ascii=False))
    else:
        click.echo(table([proving.line(e) for e in entries]))
        click.echo(proving.total(entries))
    for problem in problems:
        click.echo(problem, err=True)
    return 1 if problems else 0


@cli.command()
@as_json
def info(json: bool) -> None:
    """Say what is installed, and what NumPy multiplies with."""
    found = information.collect()
    if json:
        click.echo(json_text.dumps(found))
    else:
        width = max(map(len, found))
        click.echo("\n".join(f"{key:{width}}  {value}" for key, value in found.items()))


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows with aligned columns under their names."""
    rows = list(rows)
    if not rows:
        return ""
    names = list(rows[0])
    widths = [max(len(n), *(len(str(row[n])) for row in rows)) for n in names]
    lines = [names, *([str(row[n]) for n in names] for row in rows)]
    return "\n".join(
        "  ".join(f"{cell:{w}}" for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
