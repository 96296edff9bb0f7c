"""``supercycle facts``: tables, rows and values with where each is from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from supercycle import facts

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["show"]


def show(
    table: Annotated[
        str | None, typer.Argument(help="A table; without it, all are listed.")
    ] = None,
    row: Annotated[str | None, typer.Argument(help="A row: all its values with sources.")] = None,
) -> None:
    """Show sourced numbers: all tables, one table, or one row with where each number is from."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if table is None:
        listing = Table("table", "rows", "what it holds", title="Facts", box=None)
        for name in facts.tables():
            listing.add_row(name, str(len(facts.ids(name))), facts.describe(name))
        console.print(listing)
    elif row is None:
        _print_table(console, table)
    else:
        _print_row(console, table, row)


def _print_table(console: Console, name: str) -> None:
    from rich.table import Table

    fields = facts.schema(name)
    shown = [c for c in fields if c not in facts.PROVENANCE or c in ("basis", "confidence")]
    if "value" not in fields:  # a wide table: what fits, the rest by row
        numbers = [c for c in shown if fields[c]["type"] in ("number", "integer")]
        shown = ["id", *numbers[: max(3, console.width // 16 - 2)], "basis", "confidence"]
    listing = Table(title=f"{name}: {facts.describe(name)}", box=None, header_style="bold")
    for column in shown:
        unit = fields[column].get("unit", "")
        numeric = fields[column]["type"] in ("number", "integer")
        header = column if unit in ("", "1") else f"{column}\n[{unit}]".replace("[", r"\[")
        listing.add_column(header, justify="right" if numeric else "left", overflow="fold")
    sources: dict[str, int] = {}
    listing.add_column("source", justify="right")
    for row_id in facts.ids(name):
        cells = facts.row(name, row_id)
        number = sources.setdefault(f"{cells['source']}, {cells['date']}", len(sources) + 1)
        listing.add_row(*(_cell(cells[c]) for c in shown), f"({number})")
    console.print(listing)
    for source, number in sources.items():
        console.print(f"({number}) {source}", highlight=False, markup=False)
    console.print(f"One row with its links and notes: supercycle facts {name} ID", highlight=False)


def _print_row(console: Console, name: str, row_id: str) -> None:
    for column, cell in facts.row(name, row_id).items():
        if isinstance(cell, facts.Fact):
            unit = "" if cell.unit == "1" else f" {cell.unit}"
            text = f"{float(cell):.6g}{unit}" + (
                "" if cell.basis == "published" else f"  ({cell.basis})"
            )
        else:
            text = "not known" if cell is None else str(cell)
        console.print(f"{column:>26s}  {text}", highlight=False, markup=False)


def _cell(cell: object) -> str:
    if cell is None:
        return "–"
    return f"{float(cell):.4g}" if isinstance(cell, facts.Fact) else str(cell)
