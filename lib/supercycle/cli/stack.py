"""``supercycle stack``: the five floors of a campus as a table, and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supercycle import facts
from supercycle.units import GIGAWATT, MEGAWATT, format_si, format_usd, parse_power_w

if TYPE_CHECKING:
    from rich.console import Console

    from supercycle.stack import Stack

__all__ = ["show"]

# What a floor's field is called in print, and how its number is written.
_ROWS: dict[str, tuple[str, str]] = {
    "facility_power_w": ("power at the meter", "W"),
    "it_power_w": ("power of the machines", "W"),
    "energy_mwh_per_year": ("energy a year", "MWh"),
    "grid_share": ("share of the average US load", "%"),
    "bill_usd_per_year": ("electricity bill a year", "USD"),
    "generation_usd_per_year": ("what generating it costs", "USD"),
    "accelerator": ("accelerator", ""),
    "gpus": ("accelerators", "n"),
    "flops_per_s": ("peak, bf16", "FLOP/s"),
    "memory_bytes": ("memory", "B"),
    "price_usd": ("price of one", "USD"),
    "purchases_usd_per_year": ("price of all, over their life", "USD"),
    "made_usd_per_year": ("what making them costs", "USD"),
    "capex_usd": ("campus", "USD"),
    "usd_per_gw_facility": ("per GW at the meter", "USD"),
    "usd_per_gw_it": ("per GW of machines", "USD"),
    "gpus_per_gw": ("accelerators per GW at the meter", "n"),
    "tco_usd_per_year": ("cost of ownership a year", "USD"),
    "energy_share_of_tco": ("energy's share of it", "%"),
    "cost_usd_per_gpu_hour": ("cost of an accelerator-hour", "USD"),
    "buildings_usd_per_year": ("wear of everything but chips", "USD"),
    "interest_usd_per_year": ("interest", "USD"),
    "other_usd_per_year": ("staff, upkeep, insurance", "USD"),
    "rent_usd_per_year": ("cloud bill for all of it", "USD"),
    "model": ("model", ""),
    "batch": ("requests decoded together", "n"),
    "s_per_token_of_user": ("a user's wait for each token", "s"),
    "tokens_per_s_per_gpu": ("tokens read or written, each accelerator", "1/s"),
    "tokens_per_j": ("per joule at the meter", "1/J"),
    "tokens_per_year": ("tokens sold a year", "n"),
    "list_usd_per_mtok": ("list price of a million", "USD"),
    "cost_usd_per_mtok": ("cost of a million", "USD"),
    "price_usd_per_mtok": ("price received for a million", "USD"),
    "revenue_usd_per_year": ("revenue a year", "USD"),
    "revenue_usd_per_year_per_w": ("revenue a year per watt", "USD"),
    "profit_usd_per_year": ("profit a year", "USD"),
}

# What the title says of a case: its numbers differ from those of the other.
_CASES = {
    "lecture": "at the lecture's numbers (--case sourced adds the campus up item by item)",
    "sourced": "the campus added up item by item (--case lecture takes the lecture's numbers)",
}


def show(
    power: Annotated[str, typer.Option(help="At the meter: 1GW, 300MW, 5e8.")] = "1GW",
    case: Annotated[
        str, typer.Option(help="Assumptions: lecture, or sourced (the campus item by item).")
    ] = "lecture",
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Another value: utilisation=0.6, chip=h200, capex_usd_per_w=none."
        ),
    ] = None,
    of: Annotated[
        str, typer.Option(help="Whose profit the sensitivity is about: a layer, or all.")
    ] = "all",
    plot: Annotated[Path | None, typer.Option(help="Draw where users' money goes (PNG).")] = None,
) -> None:
    """Climb the five floors: watts in; accelerators, tokens, revenue and profit by layer out."""
    from rich.console import Console

    from supercycle import stack

    power_w, changes = parse_power_w(power), _changes(change or [])
    campus = stack.evaluate(power_w, case, **changes)
    console = Console(highlight=False)
    _print_floors(console, campus, case)
    _print_assumptions(console, case, changes)
    _print_sensitivity(console, power_w, case, of, changes)
    _print_published(console, campus)
    if plot is not None:
        draw(campus).figure.savefig(plot, dpi=140)
        console.print(f"picture in {plot}")


def _changes(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not value:
            raise ValueError(f"--set {word!r}: must be name=value, as in utilisation=0.6")
        name = name.strip().replace("-", "_")
        if value.lower() == "none":
            found[name] = None
            continue
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found


def _written(value: Any, unit: str) -> str:
    if isinstance(value, str):
        return value
    if unit == "%":
        return f"{value:.1%}"
    if unit == "USD":
        return format_usd(value)
    if unit == "n":
        return f"{value:,.0f}" if value < 1e9 else f"{value:.3g}"
    if unit == "MWh":
        return format_si(value * MEGAWATT, "Wh")
    if unit.startswith("1/"):
        return f"{value:,.3g} {unit[1:]}" if value < 1000 else f"{value:,.0f} {unit[1:]}"
    return format_si(value, unit)


def _print_floors(console: Console, campus: Stack, case: str) -> None:
    from rich.table import Table

    from supercycle.stack import LAYERS, fields

    title = f"From watts to profit, {_CASES[case]}"
    table = Table(box=None, header_style="bold", title=title, title_justify="left")
    table.add_column("floor", style="bold")
    table.add_column("")
    table.add_column("", justify="right")
    for number, layer in reversed(list(enumerate(LAYERS, 1))):
        for i, (name, value) in enumerate(fields(getattr(campus, layer)).items()):
            label, unit = _ROWS[name]
            table.add_row(f"{number} {layer}" if i == 0 else "", label, _written(value, unit))
        table.add_section()
    console.print(table)
    total = format_usd(campus.total_profit_usd_per_year)
    console.print(
        f"All layers together earn {total} a year, before their research, sales and tax.\n"
    )


def _print_assumptions(console: Console, case: str, changes: dict[str, Any]) -> None:
    from supercycle.stack import assumptions

    said = [
        f"{n} {_short(v)}" for n, v in assumptions(case, free=False).items() if n not in changes
    ]
    free = [f"{n} {_short(v)}" for n, v in assumptions(case, free=True).items() if n not in changes]
    mine = [f"{n} {_short(v)}" for n, v in changes.items()]
    for title, names in (("said", said), ("yours", mine), ("free", free)):
        if names:
            console.print(f"[bold]{title}[/bold]  {', '.join(names)}")
    console.print("Sources: supercycle facts stack-assumptions\n")


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _print_sensitivity(
    console: Console, power_w: float, case: str, of: str, changes: dict[str, Any]
) -> None:
    from rich.table import Table

    from supercycle.stack import flip_values, sensitivity

    whose = "all layers" if of == "all" else of
    swings = sensitivity(power_w, case, of=of, **changes)
    flips = flip_values(power_w, case, of=of, **changes)
    table = Table(box=None, header_style="bold", title_justify="left",
                  title=f"What moves the profit of {whose}, one assumption at a time")  # fmt: skip
    for column in ("assumption", "from", "to", "profit from", "to", "turns at"):
        table.add_column(column, justify="left" if column == "assumption" else "right")
    largest = swings.swing.iloc[0]
    for name, row in swings[swings.swing > 1e-6 * largest].head(10).iterrows():
        turn = f"{flips.flips_at[name]:.3g}" if name in flips.index else "–"
        table.add_row(str(name), f"{row.low:g}", f"{row.high:g}", format_usd(row.at_low),
                      format_usd(row.at_high), turn)  # fmt: skip
    console.print(table)
    if flips.empty:
        console.print("No single assumption turns the sign.\n")
    elif not flips.inside.any():
        console.print("No assumption turns the sign inside its range.\n")
    else:
        console.print("")


def _print_published(console: Console, campus: Stack) -> None:
    from supercycle.stack import published_usd_per_w

    costs = published_usd_per_w()
    console.print(
        f"[bold]Published cost per watt[/bold], beside {campus.infra.usd_per_gw_facility / GIGAWATT:.0f} "
        f"at the meter and {campus.infra.usd_per_gw_it / GIGAWATT:.0f} per watt of machines here:"
    )
    for row in costs.itertuples():
        console.print(
            f"  {row.usd_per_w:5.0f} USD/W  {row.power_basis:9s} {row.item}", markup=False
        )
    console.print(
        "[bold]Published revenue a year per watt[/bold], beside "
        f"{campus.apps.revenue_usd_per_year_per_w:.1f} here:"
    )
    for row_id in facts.ids("compute-revenue"):
        found = facts.row("compute-revenue", row_id)
        if found["metric"] == "exit-rate-revenue-per-power":
            console.print(
                f"  {found['value']:5.1f} USD/W  {found['lab']}, end of {found['period']}"
            )


def draw(campus: Stack) -> Any:
    """Draw where a year's revenue goes: layers' profits, and who outside the five is paid."""
    from supercycle import plots

    profits = campus.profit_usd_per_year
    best, worst = (pick(profits, key=lambda layer: float(profits[layer])) for pick in (max, min))
    claim = f"Profit a year: {best} {format_usd(profits[best])}"
    if profits[worst] < 0:
        claim += f", {worst} {format_usd(profits[worst])}"
    parts = {name: float(usd) for name, usd in campus.paid_usd_per_year.items()}
    return plots.ledger(parts, claim=claim, total="what users pay", x_label="USD a year")
