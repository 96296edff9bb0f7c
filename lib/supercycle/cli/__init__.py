"""The command ``supercycle``: the course's models and facts in a terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from supercycle import __version__
from supercycle.cli import check, doctor, facts, fetch, fidelity, measure, simulate, stack

app = typer.Typer(
    help="The economics of the AI compute stack, floor by floor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command; what a user gets wrong becomes one sentence and a non-zero exit."""
    try:
        app()
    except (ValueError, ModuleNotFoundError, OSError) as wrong:
        said = str(wrong)
        if isinstance(wrong, OSError) and wrong.filename:
            said = f"{wrong.filename}: {wrong.strerror}"  # without Python's error number
        print(f"supercycle: {said}", file=sys.stderr)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


app.command("facts")(facts.show)
app.command("fetch")(fetch.fetch)
app.command("stack")(stack.show)
app.command("fidelity")(fidelity.show)
app.command("simulate")(simulate.simulate)
app.command("measure")(measure.measure)
app.command("train-grid")(measure.train_grid)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
