"""What ``supercycle simulate`` does, without the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from supercycle.cluster.report import headline, summary_rows, write_report
from supercycle.cluster.scenario_file import read_scenario

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["simulate_command"]


def simulate_command(
    scenario: Path, *, out: Path | None = None, console: Console | None = None
) -> Path:
    """Simulate a scenario, print its summary and write its report.

    Parameters
    ----------
    scenario : Path
        A TOML file; see `supercycle.cluster.scenario_file`.
    out : Path, optional
        The report: ``<scenario>-report.html`` in this folder unless given.
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
    from rich.table import Table

    console = console or Console()
    made = read_scenario(scenario)
    with console.status(f"Simulating {len(made.requests):,} requests ..."):
        result = made.run()
    listing = Table(box=None, show_header=False, title=made.title, title_justify="left")
    listing.add_column(style="bold")
    listing.add_column()
    for what, how_much in summary_rows(made, result):
        listing.add_row(what, how_much)
    console.print(listing)
    console.print(headline(made, result), highlight=False)
    out = out or Path(f"{Path(scenario).stem}-report.html")
    source = Path(scenario).read_text(encoding="utf-8")
    write_report(out, made, result, source=source)
    console.print(f"Report with figures: {out}", highlight=False)
    return out
