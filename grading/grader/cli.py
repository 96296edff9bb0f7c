"""The command ``grader``: build, grade, report, verify and demo."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from grader.course import Course
from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

    from grader.grade import Result

__all__ = ["app", "main"]

app = typer.Typer(
    help="Build labs from their source, grade submissions with nbgrader, test the tests.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Where = Annotated[
    Path,
    typer.Option("--course", envvar="GRADER_COURSE", help="A folder inside the course."),
]


@app.command()
def build(
    labs: Annotated[Optional[list[str]], typer.Argument(help="Labs; all when left out.")] = None,  # noqa: UP045
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if labs/ differs from a rebuild.")
    ] = False,
    execute: Annotated[
        bool, typer.Option(help="Run the whole solution first and demand full marks.")
    ] = True,
    course: _Where = Path(),
) -> None:
    """Turn solutions/<lab>/ into the notebook that students get in labs/<lab>/."""
    from grader import build as building
    from grader.source import read_lab

    where = Course.find(course)
    console = _console()
    drifts = []
    for lab in _labs(where, labs):
        with console.status(f"{lab}: running the solution" if execute else f"{lab}: building"):
            if not check:
                done = building.build(where, lab, run=execute)
                points = f"{done.auto_points:g} points by tests of {done.max_points:g}"
                _say(
                    console, f"{lab}: released to labs/{lab}/ ({points}, source {done.release_id})"
                )
                continue
            if execute:
                building.execute(read_lab(where, lab))
            found = building.check(where, lab)
        drifts += found
        if not found:
            _say(console, f"{lab}: labs/{lab}/ is what its source builds")
    if drifts:
        raise GraderError("\n".join(str(drift) for drift in drifts))


@app.command()
def grade(
    lab: Annotated[str, typer.Argument(help="The lab to grade.")],
    students: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--students", "-s", help="Only these students; repeat it, or use commas."),
    ] = None,
    timeout: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="Longest run of a cell in seconds; lab.toml's when left out.", min=1),
    ] = None,
    course: _Where = Path(),
) -> None:
    """Grade what lies in grading/submitted/<student>/<lab>/, write feedback and the class report."""
    from grader import grade as grading
    from grader.report import gradebook_table
    from grader.report_page import write_report
    from grader.source import read_lab

    where = Course.find(course)
    chosen = [name.strip() for entry in students or [] for name in entry.split(",") if name.strip()]
    console = _console()
    total = len(chosen) or len(where.students(lab))
    with _progress(console, total) as (on_start, on_result):
        grading.grade(where, lab, chosen, timeout_s=timeout, on_start=on_start, on_result=on_result)
    read, results = read_lab(where, lab), grading.current_results(where, lab)
    console.print(gradebook_table(read, results))
    _say(console, f"class report   {write_report(where, read, results)}")
    _say(console, f"feedback       {where.feedback}/<student>/{lab}/{lab}.html")


@app.command()
def report(
    lab: Annotated[str, typer.Argument(help="The lab to report on.")], course: _Where = Path()
) -> None:
    """Print the gradebook of a lab and write its class report, manual grades included."""
    from grader.grade import current_results
    from grader.report import gradebook_table
    from grader.report_page import write_report
    from grader.source import read_lab

    where = Course.find(course)
    read, results = read_lab(where, lab), current_results(where, lab)
    if not results:
        raise GraderError(f"nothing of {lab} is graded yet: run `grader grade {lab}`")
    console = _console()
    console.print(gradebook_table(read, results))
    _say(console, f"class report   {write_report(where, read, results)}")


@app.command()
def verify(
    labs: Annotated[Optional[list[str]], typer.Argument(help="Labs; all when left out.")] = None,  # noqa: UP045
    course: _Where = Path(),
) -> None:
    """Test the tests: solution 100 %, release 0 %, alternatives keep and mutants lose their points."""
    from rich.table import Table
    from rich.text import Text

    from grader import verify as verifying

    where = Course.find(course)
    console = _console()
    problems = []
    for lab in _labs(where, labs):
        with console.status(lab) as status:

            def on_step(step: str, name: str = lab) -> None:
                status.update(f"{name}: {step}")

            findings = verifying.verify(where, lab, on_step=on_step)
        table = Table(title=lab, title_justify="left", expand=True)
        table.add_column("")
        table.add_column("answers", overflow="fold", ratio=3)
        table.add_column("loses points in", overflow="fold", ratio=3)
        table.add_column("the first lost test says", no_wrap=True, overflow="ellipsis", ratio=3)
        for found in findings:
            mark = Text("✗", style="red") if found.problem else Text("✓", style="green")
            name = found.kind if found.kind == found.name else f"{found.kind} {found.name}"
            name += " (nbgrader)" if found.through == "nbgrader" else ""
            whole = found.kind == "release"
            lost = "every item" if whole else ", ".join(found.lost) or "–"
            table.add_row(mark, Text(name), Text(lost), Text("" if whole else found.said))
        console.print(table)
        problems += [f"{lab}: {f.kind} {f.name} {f.problem}" for f in findings if f.problem]
    if problems:
        raise GraderError("\n".join(problems))


@app.command()
def demo(
    lab: Annotated[str, typer.Option(help="The lab to show.")] = "lab03_ttft",
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Where the demo class lives; .build/demo when left out."),
    ] = None,
    course: _Where = Path(),
) -> None:
    """Build a lab and grade five submissions: right, partly right, blank, endless, damaged."""
    from grader.demo import STUDENTS, run_demo
    from grader.report import gradebook_table

    where = Course.find(course)
    console = _console()
    with _progress(console, len(STUDENTS)) as (on_start, on_result):
        aside, read, results, written = run_demo(
            where,
            lab,
            folder or where.root / ".build" / "demo",
            on_start=on_start,
            on_result=on_result,
            on_step=lambda step: _say(console, step),
        )
    console.print(gradebook_table(read, results))
    for student, what in STUDENTS.items():
        _say(console, f"  {student:5} {what}")
    page = f"{lab}/{lab}.html"
    _say(console, f"\nclass report   {_short(written)}")
    _say(console, f"feedback       {_short(aside.feedback)}/<student>/{page}")
    _say(console, f"gradebook      {_short(aside.gradebook)} (yours is untouched)")
    _say(console, "\nNext: type `make lab` to open the labs in JupyterLab and do one yourself.")


def _labs(course: Course, names: list[str] | None) -> list[str]:
    labs = names or course.labs()
    if not labs:
        raise GraderError(f"there is no lab in {course.solutions}")
    return labs


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _say(console: Console, sentence: str) -> None:
    """Print a sentence as it is: not wrapped, nothing in it taken for markup."""
    console.print(sentence, soft_wrap=True, markup=False)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


@contextlib.contextmanager
def _progress(
    console: Console, total: int
) -> Iterator[tuple[Callable[[str], None], Callable[[Result], None]]]:
    """Show a bar with what is being graded and how long it will take; one line for each that is done."""
    from rich.markup import escape
    from rich.progress import (  # fmt: skip
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=total or None)
        done = 0

        def on_start(student: str) -> None:
            bar.update(task, description=f"grading {escape(student)}")

        def on_result(result: Result) -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            points = (
                "" if result.status == "ungradable" else f" {result.score:g}/{result.max_score:g}"
            )
            _say(
                console,
                f"{done}/{total} {result.student}: {result.status}{points} in {result.seconds:.1f} s",
            )

        yield on_start, on_result


def main() -> None:
    """Run the command; problems end it with one sentence and exit status 1."""
    try:
        app()
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(
            f"grader: {error.strerror or error}: {error.filename or ''}".rstrip(": "),
            file=sys.stderr,
        )
        sys.exit(1)
    except KeyboardInterrupt:
        print("grader: stopped; what was graded is kept", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
