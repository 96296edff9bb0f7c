"""The class report: one HTML page that needs nothing else, readable on a phone and in print."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from grader.autograded import notebook_path
from grader.course import Course
from grader.record import Result
from grader.report import ItemRate, item_rates, misconception_counts
from grader.similarity import Group, reference_copies, similar_groups
from grader.source import Lab
from grader.submission import without_markers
from grader.variants import Variant, read_variants

__all__ = ["answers_of", "histogram_svg", "report_html", "write_report"]

_WORDS = {
    "graded": "graded",
    "needs-manual": "tests done, written answers wait for you",
    "partial": "graded in part",
    "needs-review": "needs a review",
    "ungradable": "cannot be graded",
}


def write_report(course: Course, lab: Lab, results: Sequence[Result]) -> Path:
    """Write a class report and return its path."""
    course.reports.mkdir(parents=True, exist_ok=True)
    path = course.reports / f"{lab.name}.html"
    released = _released(course, lab)
    answers = {
        result.student: answers_of(course, lab, result.student)
        for result in results
        if result.status != "ungradable"
    }
    page = report_html(
        lab, results, variants=read_variants(lab),
        groups=similar_groups(lab, released, answers),
        copies=reference_copies(lab, released, answers),
    )  # fmt: skip
    path.write_text(page, encoding="utf-8")
    return path


def _released(course: Course, lab: Lab) -> dict[str, str]:
    """Return what students were given as answers."""
    from grader.versions import read_version

    spec = read_version(course, lab.name, lab.release_id)
    return {c.grade_id: c.released for c in spec.cells if c.kind == "answer"} if spec else {}


def answers_of(course: Course, lab: Lab, student: str) -> dict[str, str]:
    """Return a student's code answers by grade id, as they were graded."""
    path = notebook_path(course, lab.name, student)
    if not path.is_file():
        return {}
    found = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in lab.answers and cell["cell_type"] == "code":
            source = cell["source"]
            found[name] = without_markers("".join(source) if isinstance(source, list) else source)
    return found


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


def report_html(
    lab: Lab,
    results: Sequence[Result],
    *,
    variants: Sequence[Variant] = (),
    groups: Sequence[Group] = (),
    copies: Mapping[str, Sequence[str]] | None = None,
    now: datetime | None = None,
) -> str:
    """Return the class report: one self-contained page, readable on a phone and in print.

    Parameters
    ----------
    lab : Lab
    results : sequence of Result
    variants : sequence of Variant
        The lab's mutants, which name misconceptions.
    groups : sequence of Group
        Students whose rare answers are alike.
    copies : mapping from student to answers
        Answers that are word for word the solution or an alternative.
    """
    when = (now or datetime.now()).strftime("%Y-%m-%d %H:%M")
    graded = [r for r in results if r.status != "ungradable"]
    shares = [r.score / r.max_score for r in graded if r.max_score]
    facts = [
        ("submissions", f"{len(results)}"),
        ("waiting for you", f"{sum(r.waits for r in results)}"),
        ("to be reviewed", f"{sum(r.status == 'needs-review' for r in results)}"),
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
        beliefs=_beliefs(results, variants),
        slow=_slow(results),
        flags=_flags(results),
        alike=_alike(groups, copies or {}),
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
        f'<td class="n">{rate.max_score:g}</td>{bar}<td class="n">{_signed(rate.discrimination)}</td></tr>'
    )


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


def _list(title: str, lead: str, rows: Sequence[str]) -> str:
    if not rows:
        return ""
    items = "".join(f"<li>{row}</li>" for row in rows)
    return f"<h2>{title}</h2>{f'<p>{lead}</p>' if lead else ''}<ul>{items}</ul>"


def _beliefs(results: Sequence[Result], variants: Sequence[Variant]) -> str:
    rows = [
        f"{count} × {escape(believed)} <small>{escape(item)}</small>"
        for item, believed, count in misconception_counts(results, variants)
    ]
    return _list("Misconceptions", "What failed tests point at, most often first.", rows)


def _slow(results: Sequence[Result]) -> str:
    cells = sorted(((s, r.student, c) for r in results for c, s in r.slow), reverse=True)
    rows = [f"<b>{escape(who)}</b>: {escape(cell)}, {s:.1f}&#8239;s" for s, who, cell in cells[:20]]
    return _list("Slow cells", "The slowest twenty." if len(cells) > 20 else "", rows)


def _flags(results: Sequence[Result]) -> str:
    rows = [
        f"<b>{escape(result.student)}</b>: {escape(flag)}"
        for result in results
        for flag in result.flags
    ]
    if any(not result.sandboxed for result in results):
        rows.insert(0, "Some submissions ran without the sandbox.")
    return _list("Worth a look", "Signs, not proofs.", rows)


def _alike(groups: Sequence[Group], copies: Mapping[str, Sequence[str]]) -> str:
    rows = [
        f"<b>{escape(', '.join(group.students))}</b>"
        + "".join(f"<small>{escape(text)}</small>" for text in group.evidence[:12])
        for group in groups
    ]
    rows += [
        f"<b>{escape(student)}</b> <small>word for word the course's own answer: "
        f"{escape(', '.join(names))}</small>"
        for student, names in copies.items()
    ]
    lead = "Answers that few others have, in wording or structure. Ask before you judge."
    return _list("Alike", lead, rows)


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
.graded td:nth-child(3) {{ color: var(--good); }}
.needs-manual td:nth-child(3), .partial td:nth-child(3), .needs-review td:nth-child(3) {{ color: var(--wait); }}
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
<h2>Items</h2>
<p>Mean share of the points among those who could be graded, and what failed tests said, most often first.
<i>Tells apart</i>: correlation with the points of all other items; near 0 the item tells nobody apart.</p>
<table><thead><tr><th>item</th><th class="n">points</th><th class="n">earned</th><th class="n">tells apart</th></tr></thead>
<tbody>{items}</tbody></table>
{beliefs}
{alike}
{flags}
{slow}
<h2>Students</h2>
<table><thead><tr><th>student</th><th class="n">points</th><th>ended as</th><th class="n">time</th></tr></thead>
<tbody>{students}</tbody></table>
</body></html>
"""
