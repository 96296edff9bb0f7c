"""What the commands share: where the course is, how things are said, the progress bar."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.course import Course
from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

    from grader.record import Result

__all__ = ["Where", "all_labs", "console", "count", "names", "progress", "say", "short"]

Where = Annotated[
    Path,
    typer.Option("--course", envvar="GRADER_COURSE", help="A folder inside the course."),
]


def all_labs(course: Course, chosen: list[str] | None) -> list[str]:
    """Return the labs that are named, or all of them; one that does not exist is refused."""
    labs = chosen or course.labs()
    if not labs:
        raise GraderError(f"there is no lab in {course.solutions}")
    for lab in labs:
        course.lab_folder(lab)
    return labs


def count(number: int, what: str) -> str:
    """Say how many there are.

    Examples
    --------
    >>> count(1, "student"), count(2, "student")
    ('1 student', '2 students')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def names(entries: list[str] | None) -> list[str]:
    """Return names given one by one or with commas."""
    return [name.strip() for entry in entries or [] for name in entry.split(",") if name.strip()]


def short(path: Path) -> Path:
    """Return a path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def say(out: Console, sentence: str) -> None:
    """Print a sentence as it is: not wrapped, nothing in it taken for markup."""
    out.print(sentence, soft_wrap=True, markup=False)


def console() -> Console:
    """Return the terminal."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


@contextlib.contextmanager
def progress(
    out: Console, total: int
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
    with Progress(*columns, console=out, transient=True) as bar:
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
            say(
                out,
                f"{done}/{total} {result.student}: {result.status}{points} in {result.seconds:.1f} s",
            )

        yield on_start, on_result
