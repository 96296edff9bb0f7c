"""Grading: run the tests, look at what came of it, run them again after a change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from grader.commands.shared import Where, all_labs, console, count, names, progress, say, short
from grader.course import Course
from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from grader.record import Result
    from grader.source import Lab

__all__ = ["feedback", "grade", "history", "regrade", "report", "status"]

#: A class above this is not listed whole.
SCREENFUL = 60

_Lab = Annotated[str, typer.Argument(help="The lab.")]
_Students = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--students", "-s", help="Only these students; repeat it, or use commas."),
]
_Timeout = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(help="Longest run of a cell in seconds; lab.toml's when left out.", min=1),
]
_Workers = Annotated[int, typer.Option(help="Submissions at a time; 0 for one a core.", min=0)]
_Scheduler = Annotated[str, typer.Option(help="Grade on a Dask cluster: tls://host:port.")]
_Unsafe = Annotated[
    bool,
    typer.Option(
        "--unsafe-no-sandbox",
        help="Run student code unprotected; every record will say so.",
    ),
]
_Force = Annotated[bool, typer.Option("--force", help="Grade again what is graded already.")]


def grade(
    lab: _Lab,
    students: _Students = None,
    timeout: _Timeout = None,
    workers: _Workers = 0,
    scheduler: _Scheduler = "",
    unsafe_no_sandbox: _Unsafe = False,
    force: _Force = False,
    course: Where = Path(),
) -> None:
    """Grade what lies in grading/submitted/<student>/<lab>/, write feedback and the class report."""
    from grader import grade as grading
    from grader.engine import How
    from grader.policy import read_policy
    from grader.report import gradebook_table
    from grader.report_page import write_report
    from grader.source import read_lab
    from grader.status import remarks

    where, out = Course.find(course), console()
    read_policy(where)  # what it refuses is said before an hour of grading
    chosen = names(students)
    how = How(workers, scheduler, not unsafe_no_sandbox, force, timeout)
    total = len(chosen) or len(where.students(lab))
    with progress(out, total) as (on_start, on_result):
        grading.grade(where, lab, chosen, how, on_start=on_start, on_result=on_result)
    read, results = read_lab(where, lab), grading.current_results(where, lab)
    _show(out, gradebook_table, read, results)
    for remark in remarks(where, lab):
        say(out, remark)
    say(out, f"class report   {short(write_report(where, read, results))}")
    say(out, f"feedback       {short(where.feedback)}/<student>/{lab}/{lab}.html")


def report(lab: _Lab, course: Where = Path()) -> None:
    """Print the gradebook of a lab and write its class report, manual grades included."""
    from grader.grade import current_results
    from grader.report import gradebook_table
    from grader.report_page import write_report
    from grader.source import read_lab

    where, out = Course.find(course), console()
    read, results = read_lab(where, lab), current_results(where, lab)
    if not results:
        raise GraderError(f"nothing of {lab} is graded yet: run `grader grade {lab}`")
    _show(out, gradebook_table, read, results)
    say(out, f"class report   {short(write_report(where, read, results))}")


def _show(
    out: Console, table: Callable[[Lab, list[Result]], Table], lab: Lab, results: list[Result]
) -> None:
    """Print everyone of a small class, and of a large one those who need a look."""
    shown = results
    if len(results) > SCREENFUL:
        shown = [r for r in results if r.status in ("ungradable", "needs-review", "partial")]
        say(out, f"{len(results)} submissions; these {len(shown)} need a look:")
    out.print(table(lab, shown))


def feedback(lab: _Lab, students: _Students = None, course: Where = Path()) -> None:
    """Write students' feedback pages again, with the grades and comments you gave since."""
    from grader.feedback import write_feedback
    from grader.gradebook import open_gradebook
    from grader.source import read_lab

    where, out = Course.find(course), console()
    with open_gradebook(where) as book:
        written = write_feedback(where, read_lab(where, lab), book, names(students))
    if not written:
        raise GraderError(f"nothing of {lab} is graded yet: run `grader grade {lab}`")
    say(out, f"{count(len(written), 'page')}: {short(where.feedback)}/<student>/{lab}/{lab}.html")


def regrade(
    lab: _Lab,
    apply: Annotated[
        bool, typer.Option("--apply/--preview", help="Write the new grades, or only show them.")
    ] = False,
    students: _Students = None,
    timeout: _Timeout = None,
    workers: _Workers = 0,
    scheduler: _Scheduler = "",
    unsafe_no_sandbox: _Unsafe = False,
    course: Where = Path(),
) -> None:
    """Grade with the tests of today: who moves and why; --apply backs up, then writes."""
    from rich.table import Table
    from rich.text import Text

    from grader.engine import How
    from grader.regrade import apply_regrade, preview_regrade

    where, out = Course.find(course), console()
    chosen = names(students)
    how = How(workers, scheduler, not unsafe_no_sandbox, timeout_s=timeout)
    total = len(chosen) or len(where.students(lab))
    with progress(out, total) as (on_start, on_result):
        preview = preview_regrade(where, lab, chosen, how, on_start=on_start, on_result=on_result)
    table = Table(title=f"{lab}: who moves", title_justify="left")
    for column in ("student", "item", "before", "after"):
        table.add_column(column, justify="right" if column in ("before", "after") else "left")
    table.add_column("why", overflow="fold")
    for move in preview.moves:
        why = move.why
        if move.overruled is not None:
            why = f"stays at {move.overruled:g}, which a person gave; {why}"
        table.add_row(
            Text(move.student), Text(move.item), f"{move.before:g}", f"{move.after:g}", Text(why)
        )
    if preview.moves:
        out.print(table)
    movers = len({move.student for move in preview.moves})
    say(
        out,
        f"{movers} of {count(preview.count, 'student')} move; {len(preview.new)} had no grade yet",
    )
    if apply:
        backup = apply_regrade(where, lab, preview)
        say(out, f"written; the gradebook as it was: {short(backup)}")
    elif preview.moves or preview.new:
        say(out, f"nothing is written yet: `grader regrade {lab} --apply` writes it")


def history(lab: _Lab, student: Annotated[str, typer.Argument()], course: Where = Path()) -> None:
    """Show every grade a student was given: when, by which tests, in which environment."""
    from grader.journal import Journal

    where, out = Course.find(course), console()
    journal = Journal(where, lab)
    entries = journal.history(student)
    if not entries:
        raise GraderError(f"{student!r} has no grade in {lab}")
    current = journal.in_gradebook(student)
    for entry in entries:
        result, key = entry.result, entry.key
        seed = f", scenario {key.seed}" if key.seed else ""
        say(
            out,
            f"{entry.at[:19].replace('T', ' ')} UTC  {result.score:g}/{result.max_score:g}  "
            f"{result.status}{'' if result.sandboxed else ' without the sandbox'}  "
            f"(tests {key.tests}, environment {key.environment}, answers {key.answers}{seed})"
            f"{'  counts' if entry is current else ''}",
        )


def status(course: Where = Path()) -> None:
    """Show lab by lab what is handed in, graded, waiting for you or changed since."""
    from rich import box
    from rich.table import Table

    from grader.policy import read_policy
    from grader.roster import enrolled
    from grader.status import lab_status, stray

    where, out = Course.find(course), console()
    read_policy(where)
    roster = enrolled(where)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False)
    table.add_column("lab", no_wrap=True)
    for column in ("handed in", "graded", "waiting", "review", "ungradable", "not yet", "mean"):
        table.add_column(column.replace(" ", "\n"), justify="right", vertical="bottom")
    for lab in all_labs(where, None):
        row = lab_status(where, lab)
        mean = "–" if row.mean_share is None else f"{row.mean_share:.0%}"
        counts = (row.submitted, row.graded, row.waiting, row.review, row.ungradable, row.todo)
        table.add_row(lab, *map(str, counts), mean)
    out.print(table)
    if roster:
        say(out, f"{count(len(roster), 'student')} in the roster")
    for remark in stray(where):
        say(out, remark)
