"""``supercycle simulate``: a fleet, its traffic and its promises from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["simulate"]


def simulate(
    scenario: Annotated[
        Path, typer.Argument(help="A scenario, such as course/scenarios/lab04-serving.toml.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The report (HTML); beside you, with the scenario's name, if none."),
    ] = None,
    replications: Annotated[
        int, typer.Option(help="Runs with other seeds, for intervals beside the numbers.", min=1)
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask scheduler for them, tcp://HOST:PORT; else all cores here."),
    ] = None,
) -> None:
    """Simulate a fleet: print the summary, write a report with figures."""
    from supercycle.cluster.commands import simulate_command

    simulate_command(scenario, out=out, replications=replications, scheduler=scheduler)
