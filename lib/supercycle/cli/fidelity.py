"""``supercycle fidelity``: our numbers beside published ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["show"]


def show(
    kind: Annotated[
        str | None, typer.Option(help="Every case of the kinds whose name holds this.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write the whole report as a Markdown page.")
    ] = None,
) -> None:
    """Compare every published number we have with what the models say, and sum the errors up."""
    from rich.console import Console
    from rich.table import Table

    from supercycle import fidelity

    console = Console(highlight=False)
    with console.status("predicting every published number"):
        rows = fidelity.report()
    if kind is not None:
        chosen = rows[rows.kind.str.contains(kind, case=False, regex=False)]
        if chosen.empty:
            raise ValueError(f"kind = {kind!r}: must be in one of {', '.join(rows.kind.unique())}")
        cases = Table("case", "predicted", "published", "unit", "error", box=None)
        for row in chosen.itertuples():
            cases.add_row(str(row.case), f"{row.predicted:.4g}", f"{row.published:.4g}",
                          str(row.unit), f"{row.error:+.1%}")  # fmt: skip
        console.print(cases)
        rows_shown = chosen
    else:
        rows_shown = rows
    table = Table("kind", "standing", "cases", "mean error", "median", "largest", "bias", box=None)
    for names, errors in fidelity.summary(rows_shown).iterrows():
        assert isinstance(names, tuple)
        table.add_row(*map(str, names), f"{errors.cases:.0f}", f"{errors.mean_abs_error:.1%}",
                      f"{errors.median_abs_error:.1%}", f"{errors.largest_error:+.1%}",
                      f"{errors.bias:+.1%}")  # fmt: skip
    console.print(table)
    if write is not None:
        write.write_text(fidelity.page(rows), encoding="utf-8")
        console.print(f"report in {write}")
