"""``supercycle facts``: tables, rows and values with where each is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supercycle import facts
from supercycle.units import format_si

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["show"]


def show(
    table: Annotated[
        str | None, typer.Argument(help="A table; without it, all are listed.")
    ] = None,
    row: Annotated[str | None, typer.Argument(help="A row: all its values with sources.")] = None,
    catalogue: Annotated[
        Path | None, typer.Option(help="Write a Markdown page of all tables to this file.")
    ] = None,
) -> None:
    """Show sourced numbers: all tables, one table, or one row with where each number is from."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if catalogue is not None:
        catalogue.write_text(facts.catalogue(), encoding="utf-8")
        console.print(f"{catalogue}: {len(facts.tables())} tables", highlight=False)
    elif table is None:
        listing = Table("table", "rows", "what it holds", title="Facts", box=None)
        for name in facts.tables():
            listing.add_row(name, str(len(facts.ids(name))), facts.describe(name))
        console.print(listing)
    elif row is None:
        _print_table(console, table)
    else:
        _print_row(console, table, row)


def _print_table(console: Console, name: str) -> None:
    """Print as many columns as fit, then where each row is from."""
    from rich.table import Table

    fields = facts.schema(name)
    rows = [facts.row(name, row_id) for row_id in facts.ids(name)]
    sources: dict[str, int] = {}
    for cells in rows:
        sources.setdefault(f"{cells['source']}, {cells['date']}", len(sources) + 1)
    shown, left_out = _columns_that_fit(name, rows, console.width - len("source") - 2)
    listing = Table(title=f"{name}: {facts.describe(name)}", box=None, header_style="bold")
    for column in shown:
        listing.add_column(
            "\n".join(_header(column, fields[column])).replace("[", r"\["),
            justify="right" if _is_number(fields[column]) else "left",
            overflow="fold",
        )
    listing.add_column("source", justify="right")
    for cells in rows:
        number = sources[f"{cells['source']}, {cells['date']}"]
        listing.add_row(*(_cell(cells[c]) for c in shown), f"({number})")
    console.print(listing)
    if left_out:
        console.print("Not shown at this width: " + ", ".join(left_out), highlight=False)
    for source, number in sources.items():
        console.print(f"({number}) {source}", highlight=False, markup=False)
    console.print(f"One row with its links and notes: supercycle facts {name} ID", highlight=False)


def _columns_that_fit(
    name: str, rows: Sequence[dict[str, Any]], width: int
) -> tuple[list[str], list[str]]:
    """Columns in the table's order, and those for which there is no room."""
    fields = facts.schema(name)
    own = [c for c in fields if c not in facts.PROVENANCE]
    # What a reader came for first: which row, the numbers that differ most, then the words.
    numbers = [c for c in own if _is_number(fields[c])]
    numbers.sort(key=lambda c: -len({cells[c] for cells in rows}))
    wanted = ["id", *numbers, "confidence", *own]
    if "value" in fields:  # a long table, whose numbers say their units themselves
        own.remove("unit")
        wanted = ["id", "value", "low", "high", "confidence", *own]
    kept = {"basis"} & set(fields)
    room = width - (2 + len("published"))
    for column in dict.fromkeys(c for c in wanted if c in fields and c not in kept):
        header = _header(column, fields[column])
        need = 2 + max(map(len, [*header, *(_cell(cells[column]) for cells in rows)]))
        if column == "id":
            need = min(need, width // 2)  # a longer one is folded
        empty = all(cells[column] is None for cells in rows)
        if column in ("id", "value") or (need <= room and not empty):
            kept.add(column)
            room -= need
    if "high" not in kept:
        kept.discard("low")
    left_out = [c for c in own if c not in kept]
    return [c for c in (*own, "basis", "confidence") if c in kept], left_out


def _header(column: str, field: Mapping[str, Any]) -> list[str]:
    """The column's name, broken at underscores, and its unit below."""
    lines = [""]
    for part in column.split("_"):
        joined = f"{lines[-1]}_{part}" if lines[-1] else part
        if len(joined) <= 10:
            lines[-1] = joined
        else:
            lines += [f"_{part}"] if lines[-1] else [part]
    unit = field.get("unit", "1")
    return [line for line in lines if line] + (wrap(f"[{unit}]", 12) if unit != "1" else [])


def _print_row(console: Console, name: str, row_id: str) -> None:
    from rich.table import Table

    listing = Table.grid(padding=(0, 2))
    listing.add_column(justify="right")
    listing.add_column(overflow="fold")
    for column, cell in facts.row(name, row_id).items():
        if isinstance(cell, facts.Fact):
            unit = "" if cell.unit == "1" else f" {cell.unit}"
            basis = "" if cell.basis == "published" else f"  ({cell.basis})"
            text = f"{float(cell):.6g}{unit}{basis}"
        else:
            text = "–" if cell is None else str(cell)
        listing.add_row(column, text.replace("[", r"\["))
    console.print(listing, highlight=False)


def _is_number(field: Mapping[str, Any]) -> bool:
    return field["type"] in ("number", "integer")


def _cell(cell: object) -> str:
    """A number to four digits, large ones with a prefix; text as it is; a dash for unknown."""
    if cell is None:
        return "–"
    if not isinstance(cell, facts.Fact):
        return str(cell).replace("[", r"\[")
    number = format_si(cell, "", 4).strip() if abs(cell) >= 1e4 else f"{float(cell):.4g}"
    if cell.path.count("/") > 1 or cell.unit == "1":  # the unit stands at the head of the column
        return number
    prefixed = number[-1].isalpha() and cell.unit.startswith(("W", "B/", "FLOP"))
    return f"{number}{cell.unit}" if prefixed else f"{number} {cell.unit}"
