"""Figures of a simulation: one claim each, computed from what was found."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from supercycle import plots
from supercycle.units import HOUR_S, MTOK, format_si, format_usd

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from supercycle.cluster.results import Result
    from supercycle.cluster.scenario_file import Scenario

__all__ = ["Drawing", "drawings"]

_PALETTE = [plots.COLOURS[name] for name in ("blue", "orange", "green", "red", "purple", "sky")]
_DASHES = ["-", "--", "-.", ":"]
"""Lines differ in dash as well as colour: legible in print and to every kind of colour vision."""


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes
    ----------
    svg : str
    alt : str
        What it shows, for those who cannot see it.
    """

    svg: str
    alt: str


class _Canvas:
    """Collects what is drawn on it."""

    axes: Axes
    drawing: Drawing


@contextmanager
def _canvas(claim: str, alt: str) -> Iterator[_Canvas]:
    """Open a figure in the course's style; afterwards it holds the drawing."""
    import matplotlib as mpl

    canvas = _Canvas()
    with plots.figure(claim, width_in=4.7, height_in=3.3) as axes:
        canvas.axes = axes
        yield canvas
        text = io.StringIO()
        with mpl.rc_context({"svg.hashsalt": claim}):  # the same bytes each time
            axes.get_figure(root=True).savefig(text, format="svg", metadata={"Date": None})  # type: ignore[union-attr]
        svg = text.getvalue()
        canvas.drawing = Drawing(svg[svg.index("<svg") :], alt)


def drawings(scenario: Scenario, result: Result) -> list[Drawing]:
    """Draw what a simulation found; figures without anything to show are left out.

    Parameters
    ----------
    scenario : Scenario
    result : Result

    Returns
    -------
    list of Drawing
        Distributions of latency first, then what fills over time, then power and money.
    """
    first = "time to first token" + (" of the last call" if len(result.tasks) else "")
    made = [
        _distribution(scenario, result, "ttft_s", first, scenario.slo.ttft_s),
        _distribution(scenario, result, "tpot_s", "time per output token", scenario.slo.tpot_s),
        _distribution(scenario, result, "e2e_s", "time of the whole request", scenario.slo.e2e_s)
        if len(result.tasks)
        else None,
        _path(result),
        _load(result),
        _memory(result),
        _machines(result),
        _power(result),
        _money(scenario, result),
    ]
    return [drawing for drawing in made if drawing is not None]


def _distribution(
    scenario: Scenario, result: Result, column: str, words: str, limit_s: float
) -> Drawing | None:
    requests = result.requests
    values = requests[column].dropna()
    values = values[values > 0]
    if values.empty:
        return None
    p50, p99 = np.quantile(values, [0.5, 0.99])
    claim = f"{words.capitalize()}: median {format_si(p50, 's')}, 99 % within {format_si(p99, 's')}"
    kept = float((values <= limit_s).mean())
    promise = (
        f"; {kept:.1%} within the promised {format_si(limit_s, 's')}"
        if np.isfinite(limit_s)
        else ""
    )
    groups: list[tuple[str, pd.Series]] = [("all requests", values)]
    if "region" in scenario.requests:
        regions = scenario.requests["region"].loc[values.index]
        groups = [(str(name), own) for name, own in values.groupby(regions)]
    alt = (f"Cumulative distribution of the {words} of {len(values):,} requests on a logarithmic "
           f"axis: median {format_si(p50, 's')}, 99th percentile {format_si(p99, 's')}{promise}.")  # fmt: skip
    from matplotlib.ticker import LogLocator, NullFormatter

    with _canvas(claim, alt) as canvas:
        axes = canvas.axes
        shares = np.concatenate([np.linspace(0, 0.99, 200), np.linspace(0.99, 1, 60)[1:]])
        for i, (name, own) in enumerate(groups[: len(_PALETTE)]):
            axes.plot(np.quantile(own, shares), shares, color=_PALETTE[i], ls=_DASHES[i % 4],
                      label=name)  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda x, _: format_si(x, "s") if x < 999 else f"{x:,.0f} s")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="x", labelsize=8.5)
        axes.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
        axes.set_ylim(0, 1.02)
        if np.isfinite(limit_s):
            axes.axvline(limit_s, color=plots.COLOURS["black"], lw=1.2, ls="--")
            axes.annotate("promised", (limit_s, 0.02), xytext=(4, 0), textcoords="offset points",
                          fontsize=9)  # fmt: skip
        if len(groups) > 1:
            axes.legend(loc="best")
        axes.set_xlabel(words)
        axes.set_ylabel("share of requests")
    return canvas.drawing


def _path(result: Result) -> Drawing | None:
    """Where the time of agents goes: tasks on the path that set each request's end."""
    if result.tasks.empty:
        return None
    path = result.tasks[result.tasks["critical"]]
    requests = max(int(path["request"].nunique()), 1)
    parts: dict[str, float] = {}
    for kind, words in (("model", "model"), ("tool", "tools"), ("human", "people")):
        own = path[path["kind"] == kind]
        parts[f"waiting for {words}"] = float((own["start_s"] - own["ready_s"]).sum()) / requests
        parts[f"{words} at work"] = float((own["finish_s"] - own["start_s"]).sum()) / requests
    parts = {name: seconds for name, seconds in parts.items() if seconds > 0}
    if not parts:
        return None
    whole = sum(parts.values())
    longest = max(parts, key=lambda name: parts[name])
    claim = f"{longest.capitalize()}: {parts[longest] / whole:.0%} of a request's {format_si(whole, 's')}"
    alt = "Bars of the mean time on the critical path of a request: " + ", ".join(
        f"{name} {format_si(seconds, 's')}" for name, seconds in parts.items()
    ) + "."  # fmt: skip
    with _canvas(claim, alt) as canvas:
        axes = canvas.axes
        names = list(parts)
        colours = [plots.COLOURS["grey" if n.startswith("waiting") else "blue"] for n in names]
        axes.barh(names, list(parts.values()), color=colours)
        for i, name in enumerate(names):
            axes.annotate(f"{format_si(parts[name], 's')}", (parts[name], i), xytext=(4, 0),
                          textcoords="offset points", va="center", fontsize=9)  # fmt: skip
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        axes.margins(x=0.15)
        axes.set_xlabel("mean on the critical path [s]")
    return canvas.drawing


def _clock(result: Result) -> tuple[float, str]:
    """Divisor and label of the time axis."""
    end = float(result.timeline["time_s"].max())
    return (HOUR_S, "time [h]") if end > 3 * HOUR_S else (60.0, "time [min]") if end > 300 else (1.0, "time [s]")  # fmt: skip


def _line(
    axes: Axes, result: Result, values: pd.Series, number: int, label: str, *, calm: bool
) -> None:
    """A line over time; if `calm`, a jumpy one is faint under its moving mean."""
    divisor, time = _clock(result)
    x, colour = values.index.to_numpy() / divisor, _PALETTE[number % len(_PALETTE)]
    width = len(values) // 40
    if calm and width > 2:
        axes.plot(x, values, color=colour, lw=0.7, alpha=0.3)
        values = values.rolling(width, center=True, min_periods=1).mean()
    axes.plot(x, values, color=colour, lw=1.6, ls=_DASHES[number % len(_DASHES)], label=label)
    axes.set_xlabel(time)


def _lines(
    axes: Axes, result: Result, column: str, pools: Sequence[str], *, calm: bool = False
) -> None:
    """One line a pool over time."""
    for i, pool in enumerate(pools):
        own = result.timeline[result.timeline["pool"] == pool].set_index("time_s")[column]
        _line(axes, result, own, i, pool, calm=calm)
    if len(pools) > 1:
        axes.legend(loc="best", fontsize=9)


_MEANS = " Thick lines are moving means."


def _serving(result: Result) -> list[str]:
    return [str(pool) for pool in result.machines["pool"].unique()]


def _load(result: Result) -> Drawing | None:
    timeline = result.timeline[result.timeline["pool"].isin(_serving(result))]
    if timeline.empty:
        return None
    total = timeline.groupby("time_s")[["running", "waiting"]].sum()
    running, waiting = int(total["running"].max()), int(total["waiting"].max())
    what = "tasks" if len(result.tasks) else "requests"
    claim = f"At most {running:,} {what} run at once and {waiting:,} wait"
    alt = (f"{what.capitalize()} running and waiting over time: mean {total['running'].mean():,.1f} running, "
           f"at most {running:,}; mean {total['waiting'].mean():,.1f} waiting, at most {waiting:,}." + _MEANS)  # fmt: skip
    with _canvas(claim, alt) as canvas:
        axes = canvas.axes
        for i, name in enumerate(("running", "waiting")):
            _line(axes, result, total[name], i, name, calm=True)
        axes.set_ylim(bottom=0)
        axes.legend(loc="best", fontsize=9)
        axes.set_ylabel(what)
    return canvas.drawing


def _memory(result: Result) -> Drawing | None:
    pools = _serving(result)
    timeline = result.timeline[result.timeline["pool"].isin(pools)]
    if timeline.empty:
        return None
    peak = timeline.groupby("pool", sort=False)["memory_share"].max()
    fullest = str(peak.idxmax())
    claim = f"Memory of {fullest} is {peak.max():.0%} full at its peak"
    alt = "Share of cache (or of slots) in use over time; peaks: " + ", ".join(
        f"{pool} {share:.0%}" for pool, share in peak.items()
    ) + "." + _MEANS  # fmt: skip
    with _canvas(claim, alt) as canvas:
        _lines(canvas.axes, result, "memory_share", pools, calm=True)
        canvas.axes.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
        canvas.axes.set_ylabel("cache or slots in use")
        canvas.axes.set_ylim(bottom=0)
    return canvas.drawing


def _machines(result: Result) -> Drawing | None:
    """Machines that are up, where their number changes."""
    pools = _serving(result)
    timeline = result.timeline[result.timeline["pool"].isin(pools)]
    groups = timeline.groupby("pool", sort=False)["machines"]
    least = {str(pool): int(up.min()) for pool, up in groups}
    most = {str(pool): int(up.max()) for pool, up in groups}
    moving = [pool for pool in pools if least[pool] < most[pool]]
    if not moving:
        return None
    ranges = [f"{pool} {least[pool]} to {most[pool]}" for pool in moving]
    claim = f"Machines up: {', '.join(ranges)}"
    from matplotlib.ticker import MaxNLocator

    with _canvas(claim, f"Number of machines up over time: {', '.join(ranges)}.") as canvas:
        _lines(canvas.axes, result, "machines", moving)
        canvas.axes.set_ylabel("machines up")
        canvas.axes.set_ylim(bottom=0)
        canvas.axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return canvas.drawing


def _power(result: Result) -> Drawing | None:
    total = result.power_trace_w()
    if not total.max() > 0:
        return None
    mean, peak, low = float(total.mean()), float(total.max()), float(total.min())
    claim = f"Power: {format_si(mean, 'W')} on average, {format_si(peak, 'W')} at its peak"
    alt = (f"Power over time: mean {format_si(mean, 'W')}, between {format_si(low, 'W')} and "
           f"{format_si(peak, 'W')}.")  # fmt: skip
    with _canvas(claim, alt) as canvas:
        axes = canvas.axes
        divisor, label = _clock(result)
        parts = result.timeline.groupby("pool", sort=False)["power_w"].max()
        drawing = [str(pool) for pool, most in parts.items() if most > 0]
        if len(drawing) > 1:
            _lines(axes, result, "power_w", drawing)
        axes.plot(total.index.to_numpy() / divisor, total, color=plots.COLOURS["black"], lw=1.0,
                  label="together")  # fmt: skip
        if len(drawing) > 1:
            axes.legend(loc="best", fontsize=9)
        axes.yaxis.set_major_formatter(lambda y, _: format_si(y, "W"))
        axes.set_ylim(bottom=0)
        axes.set_xlabel(label)
        axes.set_ylabel("power")
    return canvas.drawing


def _money(scenario: Scenario, result: Result) -> Drawing | None:
    found = result.summary(scenario.slo, scenario.price)
    if np.isnan(found.cost_usd):
        return None  # a bar for the known part would look like the whole
    costs = result.machines.groupby("pool", sort=False)["cost_usd"].sum()
    bars = {f"cost of {pool}": float(usd) for pool, usd in costs.items() if usd > 0}
    if found.revenue_usd > 0:
        bars["revenue"] = float(found.revenue_usd)
    if len(bars) < 2:
        return None  # one number stands in the table
    done = result.requests[result.requests["status"] == "done"]
    tokens = float(done["output_tokens"].sum())
    claim = f"Machines cost {format_usd(found.cost_usd)}"
    if tokens:
        claim += f": {format_usd(found.cost_usd / tokens * MTOK)} per million output tokens"
    alt = "Bars of money over the simulated time: " + ", ".join(
        f"{name} {format_usd(usd)}" for name, usd in bars.items()
    ) + "."  # fmt: skip
    with _canvas(claim, alt) as canvas:
        axes = canvas.axes
        colours = [plots.COLOURS["green" if name == "revenue" else "orange"] for name in bars]
        axes.barh(list(bars), list(bars.values()), color=colours, height=0.6)
        for i, usd in enumerate(bars.values()):
            axes.annotate(format_usd(usd), (usd, i), xytext=(4, 0), textcoords="offset points",
                          va="center", fontsize=9)  # fmt: skip
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        axes.margins(x=0.18)
        axes.xaxis.set_major_formatter(lambda usd, _: format_usd(usd))
        axes.set_xlabel("over the simulated time")
    return canvas.drawing
