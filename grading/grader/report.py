"""What a class did: a table for the terminal, and one HTML page that needs nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import Course
from grader.grade import Result
from grader.source import Lab

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "ItemRate",
    "gradebook_table",
    "histogram_svg",
    "item_rates",
    "report_html",
    "write_report",
]

_WORDS = {
    "graded": "graded",
    "needs-manual": "tests done, written answers wait for you",
    "ungradable": "cannot be graded",
}


@dataclass(frozen=True)
class ItemRate:
    """How a class did on one item.

    Attributes
    ----------
    name : str
    max_score : float
    mean_share : float or None
        Mean score over the maximum [1]; None while a person still has to grade some.
    full, none, open : int
        Students with all points, with none, and those a person still has to grade.
    said : tuple of (sentence, count)
        What failing tests said, most often first.
    """

    name: str
    max_score: float
    mean_share: float | None
    full: int
    none: int
    open: int
    said: tuple[tuple[str, int], ...]


def item_rates(lab: Lab, results: Sequence[Result]) -> list[ItemRate]:
    """Return, item by item in the notebook's order, how those who could be graded did."""
    rates = []
    for item in lab.items:
        rows = [row for result in results for row in result.items if row.name == item.grade_id]
        closed = [row for row in rows if not row.manual]
        counts: dict[str, int] = {}
        for row in closed:
            if row.said:
                counts[row.said] = counts.get(row.said, 0) + 1
        share = None
        if item.points and len(closed) == len(rows) > 0:
            share = statistics.fmean(row.score / item.points for row in closed)
        rates.append(
            ItemRate(
                name=item.grade_id,
                max_score=item.points,
                mean_share=share,
                full=sum(row.score >= item.points for row in closed),
                none=sum(row.score == 0 for row in closed),
                open=len(rows) - len(closed),
                said=tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
            )
        )
    return rates


def gradebook_table(lab: Lab, results: Sequence[Result]) -> Table:
    """Return the gradebook of a lab as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{lab.name} · {lab.file.title}", title_justify="left")
    table.add_column("student")
    table.add_column("points", justify="right")
    table.add_column("tests", justify="right")
    table.add_column("time", justify="right")
    table.add_column("ended as", overflow="fold")
    style = {"graded": "green", "needs-manual": "yellow", "ungradable": "red"}
    for result in results:
        tested = [item for item in lab.items if not item.manual]
        scores = {item.name: item.score for item in result.items}
        passed = sum(scores.get(item.grade_id, 0.0) >= item.points for item in tested)
        graded = result.status != "ungradable"
        ended = result.status + "".join(f"; {flag}" for flag in result.flags)
        if result.reason:
            ended += f": {result.reason}"
        table.add_row(
            Text(result.student),
            f"{result.score:g} / {result.max_score:g}" if graded else "–",
            f"{passed} / {len(tested)}" if graded else "–",
            f"{result.seconds:.1f} s",
            Text(ended, style=style[result.status]),
        )
    return table


def write_report(course: Course, lab: Lab, results: Sequence[Result]) -> Path:
    """Write a class report and return its path."""
    course.reports.mkdir(parents=True, exist_ok=True)
    path = course.reports / f"{lab.name}.html"
    path.write_text(report_html(lab, results), encoding="utf-8")
    return path


def histogram_svg(shares: Sequence[float], *, bins: int = 10) -> str:
    """Draw how many students earned which share of the points.

    Parameters
    ----------
    shares : sequence of float
        Score over maximum, 0 to 1 [1].
    bins : int

    Returns
    -------
    str
        An SVG that scales to its column; a title says the same in words.
    """
    counts = [0] * bins
    for share in shares:
        counts[min(bins - 1, max(0, int(share * bins)))] += 1
    top = max(counts, default=0) or 1
    width, height, step = 400, 150, 400 / bins
    bars = []
    for index, count in enumerate(counts):
        tall = 98 * count / top
        x, y = index * step + 2, 120 - tall
        label = f'<text x="{x + step / 2 - 2:.1f}" y="{y - 4:.1f}">{count}</text>' if count else ""
        bars.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{step - 4:.1f}" height="{tall:.1f}" rx="2"/>{label}'
        )
    ticks = "".join(
        f'<text class="tick" x="{at * width:.0f}" y="140" text-anchor="{anchor}">{at:.0%}</text>'
        for at, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
    )
    said = ", ".join(
        f"{count} between {100 * i // bins} and {100 * (i + 1) // bins} %"
        for i, count in enumerate(counts)
        if count
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img"><title>Students by share of the points: '
        f'{said or "none"}</title><line x1="0" y1="120.5" x2="{width}" y2="120.5"/>'
        f"{''.join(bars)}{ticks}</svg>"
    )


def report_html(lab: Lab, results: Sequence[Result], *, now: datetime | None = None) -> str:
    """Return the class report: one self-contained page, readable on a phone and in print."""
    when = (now or datetime.now()).strftime("%Y-%m-%d %H:%M")
    graded = [r for r in results if r.status != "ungradable"]
    shares = [r.score / r.max_score for r in graded if r.max_score]
    facts = [
        ("submissions", f"{len(results)}"),
        ("waiting for you", f"{sum(r.status == 'needs-manual' for r in results)}"),
        ("cannot be graded", f"{sum(r.status == 'ungradable' for r in results)}"),
        ("median so far", f"{statistics.median(shares):.0%}" if shares else "–"),
        (
            "time per submission",
            f"{statistics.fmean(r.seconds for r in results):.1f} s" if results else "–",
        ),
    ]
    return _PAGE.format(
        title=escape(f"{lab.name}: class report"),
        heading=escape(lab.file.title),
        lab=escape(lab.name),
        when=when,
        release=escape(lab.release_id),
        facts="".join(f"<div><b>{value}</b>{escape(name)}</div>" for name, value in facts),
        histogram=histogram_svg(shares),
        students="".join(_student_row(result) for result in results),
        items="".join(_item_row(rate) for rate in item_rates(lab, results)),
        slow=_slow(results),
    )


def _student_row(result: Result) -> str:
    notes = [escape(result.reason)] if result.reason else []
    notes += [escape(flag) for flag in result.flags]
    points = "–"
    if result.status != "ungradable":
        points = f"{result.score:g}&#8239;/&#8239;{result.max_score:g}"
    return (
        f'<tr class="{escape(result.status)}"><th scope="row">{escape(result.student)}</th>'
        f'<td class="n">{points}</td><td>{_WORDS[result.status]}'
        f"{''.join(f'<small>{note}</small>' for note in notes)}</td>"
        f'<td class="n">{result.seconds:.1f}&#8239;s</td></tr>'
    )


def _item_row(rate: ItemRate) -> str:
    share = rate.mean_share
    bar = '<td class="n">–</td>'
    if share is not None:
        bar = f'<td class="n"><span class="bar" style="--s:{100 * share:.0f}%"></span>{share:.0%}</td>'
    said = "".join(
        f"<small>{f'{count} × ' if count > 1 else ''}{escape(text)}</small>"
        for text, count in rate.said[:3]
    )
    waits = f"<small>{rate.open} to grade by hand</small>" if rate.open else ""
    return (
        f'<tr><th scope="row">{escape(rate.name)}{said}{waits}</th>'
        f'<td class="n">{rate.max_score:g}</td>{bar}</tr>'
    )


def _slow(results: Sequence[Result]) -> str:
    rows = [
        f"<li><b>{escape(result.student)}</b>: {escape(cell)}, {seconds:.1f}&#8239;s</li>"
        for result in results
        for cell, seconds in result.slow
    ]
    return f"<h2>Slow cells</h2><ul>{''.join(rows)}</ul>" if rows else ""


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c2733; --soft: #5b6875; --line: #d9dfe5; --bar: #2f6f9f;
  --paper: #fff; --good: #1d7a46; --wait: #8a5a00; --bad: #b3261e; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e6ebf0; --soft: #a3afba; --line: #36424d;
  --bar: #6fb1de; --paper: #141a20; --good: #6cc792; --wait: #e0b25a; --bad: #ff8a80; }} }}
body {{ font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 46rem; margin: 0 auto; padding: 1rem; }}
h1 {{ font-size: 1.5rem; margin: 0; }} h2 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; }}
p, small {{ color: var(--soft); }} small {{ display: block; font-weight: normal; overflow-wrap: anywhere; }}
.facts {{ display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 1rem 0; font-size: .875rem;
  color: var(--soft); }}
.facts b {{ display: block; font-size: 1.4rem; color: var(--ink); }}
svg {{ width: 100%; max-width: 30rem; }} rect {{ fill: var(--bar); }} line {{ stroke: var(--line); }}
text {{ font-size: 12px; fill: var(--ink); }} svg :not(.tick) {{ text-anchor: middle; }} .tick {{ fill: var(--soft); }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .5rem .4rem 0;
  border-top: 1px solid var(--line); }}
thead th {{ border: 0; color: var(--soft); font-weight: normal; font-size: .875rem; }}
th[scope=row] {{ overflow-wrap: anywhere; }}
.n {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
.graded td:nth-child(3) {{ color: var(--good); }} .needs-manual td:nth-child(3) {{ color: var(--wait); }}
.ungradable td:nth-child(3) {{ color: var(--bad); }}
.bar {{ display: inline-block; width: 4rem; height: .6rem; margin-right: .5rem; border-radius: 2px;
  background: linear-gradient(90deg, var(--bar) var(--s), var(--line) var(--s));
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
@media print {{ body {{ max-width: none; }} tr {{ break-inside: avoid; }} }}
</style></head><body>
<h1>{heading}</h1>
<p>{lab} · class report of {when} · source {release}</p>
<div class="facts">{facts}</div>
<h2>Students by share of the points, so far</h2>
{histogram}
<h2>Students</h2>
<table><thead><tr><th>student</th><th class="n">points</th><th>ended as</th><th class="n">time</th></tr></thead>
<tbody>{students}</tbody></table>
<h2>Items</h2>
<p>Mean share of the points among those who could be graded, and what failed tests said, most often first.</p>
<table><thead><tr><th>item</th><th class="n">points</th><th class="n">earned</th></tr></thead>
<tbody>{items}</tbody></table>
{slow}
</body></html>
"""
