"""Figures of the course: one claim each, direct labels, units on the axes, safe colours.

A figure's title is its claim. Colours are Okabe and Ito's (2008), told apart by all common kinds
of colour vision. `show` puts a figure into a notebook together with a text for those who cannot
see it.
"""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from supercycle.units import format_si, format_usd

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS", "bars", "budget_waterfall", "bundle", "figure", "ledger", "measured_against",
    "roofline", "show", "strip", "sweep", "tornado",
]  # fmt: skip

COLOURS = {
    "blue": "#0072B2", "orange": "#E69F00", "green": "#009E73", "red": "#D55E00",
    "purple": "#CC79A7", "sky": "#56B4E9", "black": "#000000", "grey": "#7F7F7F",
}  # fmt: skip

DPI = 110
"""Pixels per inch of a figure in a notebook; `make figures` draws the same figures finer."""

_STYLE = {
    "figure.dpi": DPI,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "axes.axisbelow": True,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
}

_HALO = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.8}
"""Keeps a label legible where a line passes behind it."""


@contextmanager
def figure(claim: str, *, width_in: float = 7.2, height_in: float = 3.8) -> Iterator[Axes]:
    """Open a figure in the course's style whose title is its claim; yields its axes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as NewFigure

    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        fig = NewFigure(figsize=(width_in, height_in))
        axes = fig.add_subplot()
        axes.set_title(claim.replace("$", r"\$"), wrap=True)  # a dollar, not a formula
        yield axes


class Bundle(NamedTuple):
    """A figure as a notebook stores it: what is shown, and the alternative text beside it."""

    data: dict[str, str]
    metadata: dict[str, dict[str, str]]


def bundle(axes: Axes, alt: str) -> Bundle:
    """Return a figure as a notebook stores it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    alt : str
        What the figure shows, for those who cannot see it.

    Raises
    ------
    ValueError
        Without an alternative text.
    """
    import matplotlib as mpl

    if not alt.strip():
        raise ValueError("alt = '': must say what the figure shows")
    buffer = io.BytesIO()
    fig: Figure = axes.figure  # type: ignore[assignment]
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        fig.savefig(buffer, format="png", dpi=DPI)
    image = base64.b64encode(buffer.getvalue()).decode()
    return Bundle({"image/png": image, "text/plain": alt}, {"image/png": {"alt": alt}})


def show(axes: Axes, alt: str) -> None:
    """Display a figure in a notebook with its alternative text (elsewhere: do nothing).

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    alt : str
        What the figure shows, for those who cannot see it.
    """
    from IPython.display import display

    shown = bundle(axes, alt)
    display(shown.data, raw=True, metadata=shown.metadata)


def measured_against(
    axes: Axes,
    measured: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    predicted: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> None:
    """Draw measurements as points and predictions as lines; the same name has the same colour.

    Each series is labelled at its right end, so no legend is needed.
    """
    palette = [COLOURS[c] for c in ("blue", "orange", "green", "red", "purple", "sky")]
    colour = dict(zip(dict.fromkeys([*measured, *predicted]), palette * 3, strict=False))
    for name, (x, y) in predicted.items():
        axes.plot(x, y, color=colour[name], lw=2)
        axes.annotate(name, (float(x[-1]), float(y[-1])), xytext=(6, 0), textcoords="offset points",
                      color=colour[name], va="center", annotation_clip=False)  # fmt: skip
    for name, (x, y) in measured.items():
        axes.plot(x, y, "o", color=colour[name], ms=5, mec="white", mew=0.6)
        if name not in predicted:
            axes.annotate(name, (float(x[-1]), float(y[-1])), xytext=(6, 0), va="center",
                          textcoords="offset points", color=colour[name])  # fmt: skip


def budget_waterfall(
    parts_s: Mapping[str, float],
    *,
    claim: str,
    target_s: float | None = None,
    highlight: Sequence[str] = (),
    total: str = "time to first token",
) -> Axes:
    """Draw a latency budget: each part starts where the one before it ends.

    Parameters
    ----------
    parts_s : mapping from part to seconds, in the order in which they happen
    claim : str
        The title.
    target_s : float, optional
        Drawn as a line [s].
    highlight : sequence of str
        Parts that the claim is about.
    total : str
        What all parts make together.
    """
    names = list(parts_s)
    lengths = np.array([parts_s[n] for n in names], dtype=float)
    starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    whole_s = float(lengths.sum())
    with figure(claim, height_in=0.9 + 0.42 * (len(names) + 1)) as axes:
        rows = np.arange(len(names) + 1)
        colours = [COLOURS["red"] if n in highlight else COLOURS["blue"] for n in names]
        axes.barh(rows[:-1], lengths, left=starts, color=colours, height=0.62)
        axes.barh(rows[-1:], [whole_s], color=COLOURS["grey"], height=0.62)
        ends = [*(starts + lengths), whole_s]
        for y, end, length in zip(rows, ends, [*lengths, whole_s], strict=True):
            share = "" if y == rows[-1] or length < 0.005 * whole_s else f"  {length / whole_s:.0%}"
            axes.annotate(f"{format_si(float(length), 's', 2)}{share}", (end, y), xytext=(5, 0),
                          textcoords="offset points", va="center", bbox=_HALO)  # fmt: skip
        axes.set_yticks(rows, [*names, total])
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        axes.set_xlim(0, 1.22 * max(whole_s, target_s or 0))
        axes.set_xlabel("seconds since the user pressed Enter")
        if target_s is not None:
            axes.set_title(claim, wrap=True, pad=18)  # room for the label of the line
            axes.axvline(target_s, color=COLOURS["black"], lw=1.2, ls="--")
            axes.annotate(f"promised: {format_si(target_s, 's', 2)}", (target_s, -0.5), xytext=(4, 2),
                          textcoords="offset points", va="bottom", fontsize=9)  # fmt: skip
    return axes


def _apart_pt(axes: Axes, ends: Sequence[float], gap_pt: float = 12.0) -> list[float]:
    """How far to lift the label of each line's end so that labels stand a gap apart [pt]."""
    fig: Figure = axes.figure  # type: ignore[assignment]
    low, high = sorted(axes.transScale.transform([(1.0, y) for y in axes.get_ylim()])[:, 1])
    heights = axes.transScale.transform([(1.0, y) for y in ends])[:, 1]
    tall_pt = 0.75 * 72 * fig.get_size_inches()[1]  # about what title and axis leave
    at_pt = (heights - low) / (high - low) * tall_pt
    placed = at_pt.copy()
    for _ in range(20 * len(ends)):  # push neighbours apart, both by half, until all stand clear
        order = np.argsort(placed, kind="stable")
        placed[order[0]] = max(gap_pt / 2, placed[order[0]])  # none on the axis
        for below, above in itertools.pairwise(order):
            lack = gap_pt - (placed[above] - placed[below])
            if lack > 0:
                placed[below] -= lack / 2
                placed[above] += lack / 2
    return list(placed - at_pt)


def sweep(
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    claim: str,
    x_label: str,
    y_label: str,
    log: str = "",
    target: tuple[float, str] | None = None,
) -> Axes:
    """Draw lines over a common axis, each labelled at its end; `log` is ``''``, ``'x'``, ``'y'`` or ``'xy'``."""
    palette = [COLOURS[c] for c in ("blue", "orange", "green", "red", "purple", "sky")]
    with figure(claim) as axes:
        if "x" in log:
            axes.set_xscale("log")
        if "y" in log:
            axes.set_yscale("log")
        for y, colour in zip(series.values(), palette, strict=False):
            axes.plot(x, y, color=colour)
        # A label stands where its line ends; on a line drawn leftwards, above that end.
        leftwards = float(x[-1]) < float(x[0])
        apart = _apart_pt(axes, [float(y[-1]) for y in series.values()])
        for (name, y), colour, up_pt in zip(series.items(), palette, apart, strict=False):
            axes.annotate(name, (float(x[-1]), float(y[-1])), color=colour,
                          xytext=(0, 3) if leftwards else (6, up_pt),
                          va="bottom" if leftwards else "center", bbox=_HALO,
                          textcoords="offset points", annotation_clip=False)  # fmt: skip
        if target is not None:
            axes.axhline(target[0], color=COLOURS["black"], lw=1.2, ls="--")
            axes.annotate(target[1], (1, target[0]), xycoords=("axes fraction", "data"), ha="right",
                          xytext=(-2, 3), textcoords="offset points", fontsize=9)  # fmt: skip
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
    return axes


def roofline(
    flops_per_s: float,
    bytes_per_s: float,
    work: Mapping[str, float],
    *,
    claim: str,
) -> Axes:
    """Draw what a machine can do at most over arithmetic intensity, and where each work stands.

    Parameters
    ----------
    flops_per_s, bytes_per_s : float
        The ceilings: computing [FLOP/s] and memory [B/s].
    work : mapping from name to intensity
        [FLOP/B].
    claim : str
    """
    ridge = flops_per_s / bytes_per_s
    ends = [*work.values(), ridge]
    intensity = np.geomspace(min(ends) / 3, max(ends) * 10, 200)
    with figure(claim) as axes:
        axes.plot(
            intensity, np.minimum(intensity * bytes_per_s, flops_per_s), color=COLOURS["grey"]
        )
        axes.axvline(ridge, color="#BBBBBB", lw=1, ls=":")
        axes.annotate(f"ridge {ridge:,.0f} FLOP/B", (ridge, flops_per_s), xytext=(4, 6),
                      textcoords="offset points", fontsize=9)  # fmt: skip
        palette = [COLOURS[c] for c in ("blue", "red", "green", "purple")]
        for (name, at), colour in zip(work.items(), palette, strict=False):
            reached = min(at * bytes_per_s, flops_per_s)
            axes.plot(at, reached, "o", ms=9, color=colour)
            axes.annotate(f"{name}: {100 * reached / flops_per_s:.3g} % of the computing ceiling",
                          (at, reached), xytext=(0, -14), textcoords="offset points", color=colour,
                          ha="left" if at < ridge else "center", va="top")  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("arithmetic intensity [FLOP/B]")
        axes.set_ylabel("at most [FLOP/s]")
    return axes


def bars(
    values: Mapping[str, float],
    *,
    claim: str,
    x_label: str,
    highlight: Sequence[str] = (),
    shown: str = "{:.3g}",
) -> Axes:
    """Draw one bar for each name, with its value at its end.

    Parameters
    ----------
    values : mapping from name to number, in the order to draw
    claim, x_label : str
    highlight : sequence of str
        Names that the claim is about.
    shown : str
        Format of a value, such as ``"{:.0%}"``.
    """
    with figure(claim, height_in=1.1 + 0.34 * len(values)) as axes:
        for y, (name, value) in enumerate(values.items()):
            axes.barh(y, value, height=0.62, color=COLOURS["red" if name in highlight else "blue"])
            axes.annotate(shown.format(value).replace("-", "−"), (max(value, 0.0), y), xytext=(5, 0), va="center",
                          textcoords="offset points", bbox=_HALO)  # fmt: skip
        axes.set_yticks(range(len(values)), list(values))
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        low, high = min(0.0, *values.values()), max(0.0, *values.values())
        axes.set_xlim(low, high + 0.14 * (high - low))  # room for the labels
        axes.set_xlabel(x_label)
    return axes


def tornado(frame: pd.DataFrame, *, claim: str, x_label: str, base: float, rows: int = 8) -> Axes:
    """Draw a tornado: how far each input moves the outcome over its own range.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `supercycle.decision.tornado`.
    claim, x_label : str
    base : float
        The outcome with every input at its base.
    rows : int
        How many inputs to show, widest first.
    """
    top = frame.head(rows)
    with figure(claim, height_in=1.2 + 0.4 * len(top)) as axes:
        for y, (_, row) in enumerate(top.iterrows()):
            swings = {end: float(row[f"at_{end}"]) - base for end in ("low", "high")}
            shorter = min(swings, key=lambda end: abs(swings[end]))
            same_side = swings["low"] * swings["high"] > 0  # the shorter bar lies on the longer
            for end in sorted(swings, key=lambda end: -abs(swings[end])):
                colour = COLOURS["sky" if end == "low" else "orange"]
                axes.barh(y, swings[end], left=base, height=0.6, color=colour)
                rightwards = (swings[end] > 0) != (same_side and end == shorter)
                axes.annotate(_plain(float(row[end])), (base + swings[end], y), va="center",
                              fontsize=8.5, xytext=(4 if rightwards else -4, 0),
                              textcoords="offset points",
                              ha="left" if rightwards else "right")  # fmt: skip
        axes.axvline(base, color=COLOURS["black"], lw=1.2)
        axes.set_yticks(range(len(top)), [str(name).replace("_", " ") for name in top.index])
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        axes.margins(x=0.16)
        if "USD" in x_label:
            axes.xaxis.set_major_formatter(lambda usd, _: format_usd(usd))
        axes.set_xlabel(x_label)
    return axes


def ledger(parts_usd: Mapping[str, float], *, claim: str, total: str, x_label: str) -> Axes:
    """Draw how a sum of money splits: gains to the right, losses to the left, the sum below.

    Parameters
    ----------
    parts_usd : mapping from part to USD
        They add up to the total.
    claim, total, x_label : str
        Title, name of the sum, and the axis.
    """
    from matplotlib.ticker import MaxNLocator

    sum_usd = float(sum(parts_usd.values()))
    names, amounts = [*parts_usd, total], [*parts_usd.values(), sum_usd]
    with figure(claim, height_in=1.0 + 0.34 * len(names)) as axes:
        for y, amount in enumerate(amounts):
            last = y == len(names) - 1
            colour = "grey" if last else "blue" if amount >= 0 else "red"
            axes.barh(y, amount, height=0.62, color=COLOURS[colour])
            share = "" if last else f"  {amount / sum_usd:.0%}".replace("-", "−")
            label = format_usd(amount) + share
            # a loss is labelled on the free side of the axis
            axes.annotate(label, (max(amount, 0.0), y), xytext=(5, 0), va="center",
                          textcoords="offset points", bbox=_HALO)  # fmt: skip
        axes.axvline(0, color=COLOURS["black"], lw=1.0)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        low, high = min(0.0, *amounts), max(0.0, *amounts)
        axes.set_xlim(low, high + 0.28 * (high - low))  # room for the labels
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(lambda usd, _: format_usd(usd))
        axes.set_xlabel(x_label)
    return axes


def strip(
    rows: Mapping[str, Mapping[str, float]],
    *,
    claim: str,
    x_label: str,
    target: tuple[float, str] | None = None,
) -> Axes:
    """Draw one line of points a row, such as one sum of money by several definitions.

    Parameters
    ----------
    rows : mapping from row to mapping from kind of point to number
        Top row first; the same kind has the same colour in every row.
    claim, x_label : str
    target : (number, label), optional
        Drawn as a line across all rows.
    """
    palette = [COLOURS[c] for c in ("blue", "orange", "green", "red", "purple", "sky", "grey")]
    kinds = list(dict.fromkeys(kind for points in rows.values() for kind in points))
    colour = dict(zip(kinds, palette, strict=False))
    legend_in = 0.6 if len(kinds) > 1 else 0.0  # beneath a title that may take two lines
    with figure(claim, height_in=1.3 + legend_in + 0.3 * len(rows)) as axes:
        for y, points in enumerate(rows.values()):
            axes.plot(
                [min(points.values()), max(points.values())], [y, y], color="#CCCCCC", zorder=1
            )
        for kind in kinds:
            at = [(points[kind], y) for y, points in enumerate(rows.values()) if kind in points]
            x, y_at = zip(*at, strict=True)
            axes.scatter(x, y_at, color=colour[kind], s=42, zorder=2, label=kind)
        if target is not None:
            axes.axvline(target[0], color=COLOURS["black"], lw=1.2, ls="--")
            axes.annotate(target[1], (target[0], -0.55), xytext=(-4, -2), ha="right", va="top",
                          textcoords="offset points", fontsize=9)  # fmt: skip
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.grid(False, axis="y")
        axes.set_xlabel(x_label)
        if len(kinds) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(kinds), borderpad=0,
                        columnspacing=1.0, handletextpad=0.1, fontsize=9)  # fmt: skip
            axes.set_title(axes.get_title(loc="left"), wrap=True, pad=24)
    return axes


def _plain(number: float) -> str:
    """A short label for an input's end: 0.05, 12, 6000 → 6 k, 3e+08 → 300 M."""
    if 1e-3 <= abs(number) < 999.5 or number == 0:
        return f"{number:.3g}"
    return format_si(number, "").strip()
