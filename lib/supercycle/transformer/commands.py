"""What ``supercycle measure`` and ``supercycle train-grid`` do, without the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle.models import scaling
from supercycle.transformer import grid, measure, record
from supercycle.transformer.lexicon import Lexicon, Source, StandardLibrary
from supercycle.transformer.train import Recipe
from supercycle.units import format_si

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from rich.console import Console

__all__ = ["draw_roofline", "frame_of", "measure_command", "train_grid_command"]


def measure_command(
    *,
    quick: bool = True,
    gpu: bool = False,
    budget_s: float | None = None,
    out: Path | None = None,
    plot: Path | None = None,
    console: Console | None = None,
) -> Path:
    """Time the decoder on this machine, write the record, draw it, print what it says.

    Parameters
    ----------
    quick : bool
        The labs' small model on one CPU thread in under a minute; otherwise two models in three
        minutes. Without effect on a GPU.
    gpu : bool
        Models from 30 M to 7 B parameters on the first GPU, within `budget_s`; goes on where an
        earlier record of the same file stopped.
    budget_s : float, optional
        Seconds for the cases: 45, 150 (not quick) or 480 (GPU) unless given.
    out : Path, optional
        The record: ``measured-cpu.csv`` or ``measured-gpu.csv`` in this folder unless given.
    plot : Path, optional
        The picture: beside the record, as PNG, unless given.
    console : rich.console.Console, optional

    Returns
    -------
    Path
        The record.
    """
    console = console or _console()
    out = out or Path("measured-gpu.csv" if gpu else "measured-cpu.csv")
    plot = plot or out.with_suffix(".png")
    with _progress(console) as progress:
        if gpu:
            record.record(out, budget_s=480.0 if budget_s is None else budget_s, progress=progress)
        else:
            record.record_small(out, quick=quick, budget_s=budget_s, progress=progress)
    frame = frame_of(record.read_rows(out))
    _print_measured(console, frame)
    draw_roofline(frame).figure.savefig(plot, dpi=140)  # type: ignore[union-attr]
    console.print(f"{len(frame)} cases in {out}, picture in {plot}", highlight=False)
    return out


def train_grid_command(
    *,
    budget_s: float = 900.0,
    out: Path | None = None,
    widths: Sequence[int] = grid.WIDTHS,
    tokens: Sequence[int] = grid.TOKENS,
    layers: int = 2,
    head_dim: int = 16,
    seeds: Sequence[int] = (0,),
    source: str = "lexicon",
    batch: int = 16,
    device: str = "cpu",
    console: Console | None = None,
) -> Path:
    """Train a grid of models for a scaling law, within a budget, and print the losses.

    Parameters
    ----------
    budget_s : float
        Seconds for everything. A second call with the same file goes on.
    out : Path, optional
        The record: ``scaling-grid-<device>.csv`` in this folder unless given.
    widths, tokens, seeds : sequence of int
    layers, head_dim : int
    source : str
        ``lexicon`` (entropy known) or ``python`` (the standard library's source, unknown).
    batch : int
        Texts of 64 tokens a step; larger models on a GPU want more.
    device : str
    console : rich.console.Console, optional

    Returns
    -------
    Path
        The record.
    """
    sources: dict[str, Callable[[], Source]] = {"lexicon": Lexicon, "python": StandardLibrary}
    if source not in sources:
        raise ValueError(f"source = {source!r}: must be one of {', '.join(sources)}")
    console = console or _console()
    out = out or Path(f"scaling-grid-{device.split(':')[0]}.csv")
    with _progress(console) as progress:
        grid.train_grid(
            out, budget_s=budget_s, widths=widths, tokens=tokens, layers=layers, head_dim=head_dim,
            seeds=seeds, source=sources[source](), recipe=Recipe(batch=batch), device=device,
            progress=progress,
        )  # fmt: skip
    frame = frame_of(grid.read_rows(out))
    _print_grid(console, frame)
    missing = len(widths) * len(seeds) * len(tokens) - len(frame)
    rest = f"; about {missing} points are missing, run it again to go on" if missing > 0 else ""
    console.print(f"{len(frame)} points in {out}{rest}", highlight=False)
    return out


def frame_of(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows of a record as a DataFrame, numbers as numbers and empty cells as NaN."""
    import pandas as pd

    frame = pd.DataFrame(rows)
    for column in frame.columns:
        numbers = pd.to_numeric(frame[column].replace("", np.nan), errors="coerce")
        if numbers.notna().any() and numbers.notna().sum() == (frame[column] != "").sum():
            frame[column] = numbers
    return frame


def draw_roofline(frame: pd.DataFrame) -> Axes:
    """Draw measured cases under the ceilings of their machine.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `frame_of`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from supercycle import plots

    done = frame[(frame.n > 0) & (frame.machine == frame.machine.iloc[-1])]
    peak = float(done.roof_flops_per_s.iloc[-1])
    bandwidth = float(done.roof_bytes_per_s.iloc[-1])
    points: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    shares: dict[str, float] = {}
    for kind, cases in done.groupby("kind", sort=False):
        intensity = (cases.flops / cases.bytes).to_numpy()
        speed = (cases.flops / cases.min_s).to_numpy()
        order = np.argsort(intensity)
        points[str(kind)] = intensity[order], speed[order]
        shares[str(kind)] = float(np.median(speed / np.minimum(peak, intensity * bandwidth)))
    claim = ", ".join(f"{kind} {share:.0%}" for kind, share in shares.items())
    with plots.figure(f"Median share of the machine's own roof: {claim}") as axes:
        every = np.concatenate([intensity for intensity, _ in points.values()])
        line = np.geomspace(every.min() / 1.5, max(every.max(), peak / bandwidth) * 1.5, 200)
        axes.loglog(line, np.minimum(peak, line * bandwidth), color=plots.COLOURS["black"])
        axes.annotate(
            f"roof: {format_si(peak, 'FLOP/s')} and {format_si(bandwidth, 'B/s')}, measured here",
            (float(line[-1]), peak), xytext=(0, 5), textcoords="offset points", fontsize=9, ha="right",
        )  # fmt: skip
        for (kind, (intensity, speed)), name in zip(
            points.items(), ("orange", "blue"), strict=False
        ):
            axes.plot(intensity, speed, "o", ms=5, mec="white", color=plots.COLOURS[name])
            axes.annotate(
                kind, (float(intensity[-1]), float(speed[-1])), xytext=(0, -14), ha="right",
                textcoords="offset points", color=plots.COLOURS[name],
            )  # fmt: skip
        axes.set_xlabel("arithmetic intensity [FLOP/B]")
        axes.set_ylabel("achieved [FLOP/s]")
    return axes


def _print_measured(console: Console, frame: pd.DataFrame) -> None:
    from rich.table import Table

    done = frame[frame.n > 0]
    for model, cases in done.groupby("model", sort=False):
        listing = Table("case", "n", "min", "median", "90 %", "MFU", "MBU", box=None,
                        title=f"{model}, {cases.params.iloc[0]:,.0f} parameters, {cases['dtype'].iloc[0]}")  # fmt: skip
        for case in cases.to_dict("records"):
            size = case["tokens"] if case["kind"] == "prefill" else case["context"]
            flops_share = measure.mfu(case["flops"], case["min_s"], case["roof_flops_per_s"])
            bytes_share = measure.mbu(case["bytes"], case["min_s"], case["roof_bytes_per_s"])
            listing.add_row(
                f"{case['kind']} {case['batch']} × {size:,}", str(case["n"]),
                *(format_si(case[t], "s") for t in ("min_s", "p50_s", "p90_s")),
                f"{flops_share:.0%}", f"{bytes_share:.0%}",
            )  # fmt: skip
        console.print(listing)
        for name, fit in (("prefill", measure.fit_prefill), ("decode", measure.fit_decode)):
            try:
                found = fit(cases)
            except ValueError:  # too few points of this kind
                continue
            console.print(f"{name} fit: largest error {found.max_error:.1%}", highlight=False)
    console.print(
        "FLOP counted under the causal mask, bytes as the least that must move; "
        "shares are of the ceilings measured in this process.",
        highlight=False,
    )


def _print_grid(console: Console, frame: pd.DataFrame) -> None:
    from rich.table import Table

    for language, points in frame.groupby("language", sort=False):
        known = points.entropy_nats.notna().all()
        column = "excess" if known else "loss"
        table = points.pivot_table(index="params", columns="tokens", values=column)
        budgets = [format_si(float(str(t)), "tokens") for t in table.columns]
        title = "loss above the true entropy" if known else "loss"
        listing = Table("parameters", *budgets, box=None,
                        title=f"{language}: {title}, nat per token, mean over seeds")  # fmt: skip
        for params, losses in table.iterrows():
            cells = ("" if np.isnan(x) else f"{x:.4f}" for x in losses)
            listing.add_row(f"{int(str(params)):,}", *cells)
        console.print(listing)
        spread = points.groupby(["params", "tokens"]).loss.std().max()
        if spread > 0:
            console.print(
                f"largest deviation between seeds: {spread:.4f} nat/token", highlight=False
            )
        _print_fit(console, points)


def _print_fit(console: Console, points: pd.DataFrame) -> None:
    try:
        law = scaling.fit(points.params, points.tokens, points.loss)
    except ValueError:  # too few points so far
        return
    truth = points.entropy_nats.iloc[0]
    known = "" if np.isnan(truth) else f"; the true one is {truth:.4f}"
    console.print(
        f"additive law: R² {law.r_squared:.3f}, entropy {law.E:.4f}{known}",
        highlight=False,
    )


def _console() -> Console:
    from rich.console import Console

    return Console()


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[float, str], None]]:
    """Show a bar with the time that is left; yields the callback that moves it."""
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("of about"), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=console) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, text: bar.update(task, completed=share, description=text)
