"""What a class did, item by item: how hard it was, whom it told apart, what wrong answers said."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.feedback import misconception
from grader.record import Result
from grader.source import Lab
from grader.variants import Variant

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["FEWEST", "ItemRate", "gradebook_table", "item_rates", "misconception_counts"]

_STYLE = {
    "graded": "green",
    "needs-manual": "yellow",
    "partial": "yellow",
    "needs-review": "magenta",
    "ungradable": "red",
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
    discrimination : float or None
        Correlation of the item's score with the score of all other items [1]: near 0 the item tells
        nobody apart, below 0 it favours those who fail the rest. None with fewer than `FEWEST`
        students or when everyone has the same.
    """

    name: str
    max_score: float
    mean_share: float | None
    full: int
    none: int
    open: int
    said: tuple[tuple[str, int], ...]
    discrimination: float | None = None


#: A correlation over fewer students says nothing.
FEWEST = 10


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
                discrimination=_discrimination(item.grade_id, results),
            )
        )
    return rates


def _discrimination(name: str, results: Sequence[Result]) -> float | None:
    own, rest = [], []
    for result in results:
        by_name = {item.name: item for item in result.items}
        if name in by_name and not by_name[name].manual:
            own.append(by_name[name].score)
            rest.append(sum(i.score for n, i in by_name.items() if n != name and not i.manual))
    if len(own) < FEWEST or len(set(own)) < 2 or len(set(rest)) < 2:
        return None
    return statistics.correlation(own, rest)


def misconception_counts(
    results: Sequence[Result], variants: Sequence[Variant]
) -> list[tuple[str, str, int]]:
    """Return (item, misconception, students), most often first, as failed tests point at them."""
    counts: dict[tuple[str, str], int] = {}
    for result in results:
        for item in result.items:
            believed = misconception(item, variants) if item.score < item.max_score else ""
            if believed:
                counts[item.name, believed] = counts.get((item.name, believed), 0) + 1
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(item, believed, count) for (item, believed), count in ordered]


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
            Text(ended, style=_STYLE[result.status]),
        )
    return table
