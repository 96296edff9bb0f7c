"""What ``supercycle simulate`` does, without the command line."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supercycle.cluster.report import headline, replication_rows, summary_rows, write_report
from supercycle.cluster.scenario_file import build_scenario, read_scenario
from supercycle.cluster.sweep import sweep

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

__all__ = ["replicate", "simulate_command"]


def replicate(
    path: Path, replications: int, *, workers: int | None = None, scheduler: str | None = None,
    progress: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Run a scenario with other seeds: what of its numbers is the fleet, and what is chance.

    Parameters
    ----------
    path : Path
        A scenario; its own seed seeds the replications.
    replications : int
        Runs [1].
    workers, scheduler, progress
        As in `supercycle.cluster.sweep.sweep`.

    Returns
    -------
    pandas.DataFrame
        One row a run, one column a quantity of `Result.summary`.
    """
    table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    run = functools.partial(_summary, table, str(Path(path).resolve().parent))
    return sweep(
        run, [{}], replications=replications, seed=table.get("seed", 0), workers=workers,
        scheduler=scheduler, progress=progress,
    )  # fmt: skip


def _summary(table: Mapping[str, Any], folder: str, *, seed: int) -> dict[str, float]:
    scenario = build_scenario({**table, "seed": seed}, folder=folder)
    found = scenario.run().summary(scenario.slo, scenario.price)
    return {str(name): float(value) for name, value in found.items()}


def simulate_command(
    scenario: Path,
    *,
    out: Path | None = None,
    replications: int = 1,
    scheduler: str | None = None,
    console: Console | None = None,
) -> Path:
    """Simulate a scenario, print its summary and write its report.

    Parameters
    ----------
    scenario : Path
        A TOML file; see `supercycle.cluster.scenario_file`.
    out : Path, optional
        The report: ``<scenario>-report.html`` in this folder unless given.
    replications : int
        With more than 1, the scenario runs so many times again with other seeds, and intervals
        stand beside its numbers [1].
    scheduler : str, optional
        Address of a Dask scheduler for the replications; left out, all cores of this machine.
    console : rich.console.Console, optional

    Returns
    -------
    Path
        The report.

    Raises
    ------
    ValueError
        For a file that is no scenario: what is wrong, where, and what would be valid.
    """
    from rich.console import Console

    console = console or Console()
    made = read_scenario(scenario)
    with console.status(f"Simulating {len(made.requests):,} requests ..."):
        result = made.run()
    _print(console, made.title, summary_rows(made, result))
    console.print(headline(made, result), highlight=False)
    runs = None
    if replications > 1:
        runs = replicate(scenario, replications, scheduler=scheduler)
        title = f"{replications} runs with other seeds: mean and 95 % interval"
        _print(console, title, replication_rows(made, runs))
    out = out or Path(f"{Path(scenario).stem}-report.html")
    source = Path(scenario).read_text(encoding="utf-8")
    write_report(out, made, result, runs=runs, source=source)
    console.print(f"Report with figures: {out}", highlight=False)
    return out


def _print(console: Console, title: str, rows: list[tuple[str, str]]) -> None:
    from rich.table import Table

    listing = Table(box=None, show_header=False, title=title, title_justify="left")
    listing.add_column(style="bold")
    listing.add_column()
    for what, how_much in rows:
        listing.add_row(what, how_much)
    console.print(listing)
