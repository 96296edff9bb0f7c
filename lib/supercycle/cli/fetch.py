"""``supercycle fetch``: public files that stay with their publishers."""

from __future__ import annotations

from typing import Annotated

import typer

from supercycle import facts

__all__ = ["fetch"]


def fetch(
    name: Annotated[str | None, typer.Argument(help="A file; without it, all are listed.")] = None,
    today: Annotated[
        bool, typer.Option(help="Take what is served today, whatever its bytes.")
    ] = False,
) -> None:
    """Bring a larger public file here, checked by its bytes, and print where it lies."""
    if name is not None:
        typer.echo(facts.fetch(name, pinned=not today))
        return
    from rich.console import Console
    from rich.table import Table

    listing = Table("file", "kB", "licence", "what it holds", title="Public files", box=None)
    for row_id in facts.ids("downloads"):
        cells = facts.row("downloads", row_id)
        size = cells["bytes"]
        kilobytes = f"{float(size) / 1e3:.0f}" if isinstance(size, facts.Fact) else "grows"
        listing.add_row(row_id, kilobytes, str(cells["licence"]), str(cells["title"]))
    Console().print(listing)
