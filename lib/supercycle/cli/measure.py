"""``supercycle measure`` and ``supercycle train-grid``: what this machine can do and learn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["measure", "train_grid"]

_Out = Annotated[
    Path | None,
    typer.Option(help="Where the record (CSV) goes; a file of this kind is continued."),
]


def measure(
    quick: Annotated[
        bool, typer.Option("--quick/--full", help="One small model in a minute, or two in three.")
    ] = True,
    gpu: Annotated[
        bool, typer.Option("--gpu", help="Models of 30 M to 7 B parameters on the first GPU.")
    ] = False,
    budget: Annotated[float | None, typer.Option(help="Seconds for all cases.", min=1)] = None,
    out: _Out = None,
) -> None:
    """Time a transformer on this machine and set it under the machine's own roofline."""
    from supercycle.transformer.commands import measure_command

    measure_command(quick=quick, gpu=gpu, budget_s=budget, out=out)


def train_grid(
    budget: Annotated[float, typer.Option(help="Seconds for everything.", min=1)] = 900.0,
    widths: Annotated[
        str | None, typer.Option(help="Model widths, commas between; the recorded grid's if none.")
    ] = None,
    tokens: Annotated[
        str | None, typer.Option(help="Token budgets, commas between; the recorded grid's if none.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds, commas between.")] = "0",
    layers: Annotated[int, typer.Option(help="Layers of each model.", min=1)] = 2,
    head_dim: Annotated[int, typer.Option(help="Width of a head.", min=2)] = 16,
    batch: Annotated[int, typer.Option(help="Texts of 64 tokens a step.", min=1)] = 16,
    source: Annotated[str, typer.Option(help="lexicon (entropy known) or python.")] = "lexicon",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    out: _Out = None,
) -> None:
    """Train a grid of small models for a scaling law; run it again to go on."""
    from supercycle.transformer import grid
    from supercycle.transformer.commands import train_grid_command

    train_grid_command(
        budget_s=budget, out=out, layers=layers, head_dim=head_dim, batch=batch, source=source,
        device=device, seeds=_numbers("seeds", seeds),
        widths=_numbers("widths", widths) if widths else grid.WIDTHS,
        tokens=_numbers("tokens", tokens) if tokens else grid.TOKENS,
    )  # fmt: skip


def _numbers(name: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(float(part)) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{name} = {text!r}: must be whole numbers with commas between") from None
