"""Grade again with the tests of today: first who would move and why, then, if wanted, for real."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.autograded import notebook_path
from grader.course import Course
from grader.engine import (
    THIS_MACHINE,
    How,
    Plan,
    choose,
    ensure_entered,
    make_plans,
    run_plans,
    write,
)
from grader.errors import GraderError
from grader.gradebook import Writer, open_gradebook
from grader.journal import Journal
from grader.record import ItemResult, Result
from grader.scores import read_manual_scores
from grader.settings import course_config
from grader.source import Lab, read_lab

__all__ = ["Move", "Preview", "apply_regrade", "back_up", "preview_regrade"]


@dataclass(frozen=True)
class Move:
    """A student's points in one item, before and after.

    Attributes
    ----------
    student, item : str
    before, after : float
        Points by the tests.
    why : str
        What the failing test says, or said.
    overruled : float or None
        Points that a person gave: they stay, whatever the tests say.
    """

    student: str
    item: str
    before: float
    after: float
    why: str
    overruled: float | None = None


@dataclass(frozen=True)
class Preview:
    """What a regrade would change.

    Attributes
    ----------
    moves : tuple of Move
    count : int
        Submissions that were graded again.
    new : tuple of str
        Students who had no grade yet.
    """

    moves: tuple[Move, ...]
    count: int
    new: tuple[str, ...]
    plans: tuple[Plan, ...] = dataclasses.field(repr=False)
    results: tuple[Result, ...] = dataclasses.field(repr=False)


def preview_regrade(
    course: Course,
    lab_name: str,
    students: Sequence[str] = (),
    how: How = THIS_MACHINE,
    *,
    on_start: Callable[[str], None] = lambda student: None,
    on_result: Callable[[Result], None] = lambda result: None,
) -> Preview:
    """Grade submissions with the tests of today and compare; the gradebook is left alone.

    Results go into the journal, so that applying them grades nothing twice.

    Raises
    ------
    GraderError
        As `engine.grade_class` does.
    """
    lab = read_lab(course, lab_name)
    chosen = choose(course, lab_name, students)
    with tempfile.TemporaryDirectory() as folder:  # a preview changes no item's points either
        elsewhere = dataclasses.replace(
            course, gradebook=Path(folder, "gradebook.db"), gradebook_url=""
        )
        spec = ensure_entered(elsewhere, lab)
    journal = Journal(course, lab_name)
    plans = list(make_plans(course, lab, spec, journal, chosen, how, tests_of_today=True))
    results: dict[str, Result] = {}
    todo = []
    for plan in plans:
        entry = None if how.force else journal.find(plan.student, plan.key)
        if entry is None:
            todo.append(plan)
        else:
            results[plan.student] = entry.result
            on_result(entry.result)
    # the notebooks of a preview lie aside: formgrader goes on showing those that count
    aside = dataclasses.replace(course, autograded=_previews(course))
    for plan, result in run_plans(aside, todo, how, on_start=on_start):
        journal.graded(plan.student, plan.key, result)
        results[plan.student] = result
        on_result(result)
    with open_gradebook(course) as book:
        manual = read_manual_scores(book, lab_name)
    moves: list[Move] = []
    new = []
    for plan in plans:
        before = journal.in_gradebook(plan.student)
        if before is None:
            new.append(plan.student)
        else:
            moves += _moves(before.result, results[plan.student], manual.get(plan.student, {}))
    ordered = tuple(results[plan.student] for plan in plans)
    return Preview(tuple(moves), len(plans), tuple(new), tuple(plans), ordered)


def _previews(course: Course) -> Path:
    return course.journal / "previews"


def _moves(before: Result, after: Result, manual: dict[str, float]) -> list[Move]:
    old = {item.name: item for item in before.items}
    new = {item.name: item for item in after.items}
    moves = []
    for name in dict.fromkeys([*new, *old]):
        nothing = ItemResult(name, 0.0, 0.0)
        was, becomes = old.get(name, nothing), new.get(name, nothing)
        if was.score == becomes.score:
            continue
        why = becomes.said if becomes.score < was.score else was.said and f"no longer: {was.said}"
        why = why or after.reason or before.reason
        moves.append(
            Move(after.student, name, was.score, becomes.score, why, overruled=manual.get(name))
        )
    return moves


def apply_regrade(course: Course, lab_name: str, preview: Preview) -> Path:
    """Back the gradebook up, then write what a preview found; points given by a person stay.

    From then on the tests of today count for every release.

    Returns
    -------
    Path
        The backup.
    """
    lab = read_lab(course, lab_name)
    backup = back_up(course)
    ensure_entered(course, lab)
    journal = Journal(course, lab_name)
    with open_gradebook(course) as book:
        writer = Writer(course, lab, book, course_config(course))
        for plan, result in zip(preview.plans, preview.results, strict=True):
            fresh = notebook_path(
                dataclasses.replace(course, autograded=_previews(course)), lab_name, plan.student
            )
            target = notebook_path(course, lab_name, plan.student)
            if fresh.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                fresh.replace(target)
            if not journal.is_written(plan.student, plan.key):
                write(writer, journal, plan, result)
    for release in _older_releases(course, lab):
        journal.tests_replaced(release, lab.release_id)
    shutil.rmtree(_previews(course), ignore_errors=True)
    return backup


def _older_releases(course: Course, lab: Lab) -> list[str]:
    kept = sorted(path.stem for path in (course.versions / lab.name).glob("*.json"))
    return [release for release in kept if release != lab.release_id]


def back_up(course: Course, now: datetime | None = None) -> Path:
    """Copy the gradebook, whole and consistent, even while others write.

    Returns
    -------
    Path
        ``grading/backups/gradebook-<time>.db`` or ``.dump`` of PostgreSQL.

    Raises
    ------
    GraderError
        When it cannot be copied: nothing should be changed then.
    """
    folder = course.journal.parent / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    when = (now or datetime.now()).strftime("%Y%m%d-%H%M%S-%f")
    if course.gradebook_url:
        return _dump(course, folder / f"gradebook-{when}.dump")
    path = folder / f"gradebook-{when}.db"
    if not course.gradebook.is_file():
        raise GraderError(f"{course.gradebook} is missing: there is nothing to back up")
    with (
        closing(sqlite3.connect(course.gradebook, timeout=60)) as book,
        closing(sqlite3.connect(path)) as copy,
    ):
        try:
            book.backup(copy)
        except sqlite3.DatabaseError as error:
            path.unlink(missing_ok=True)
            raise GraderError(
                f"{course.gradebook} cannot be backed up ({error}): it is damaged; go back to an "
                f"earlier backup in {folder}"
            ) from None
    return path


def _dump(course: Course, path: Path) -> Path:
    url = course.gradebook_url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        done = subprocess.run(
            ["pg_dump", "--format=custom", f"--file={path}", url], capture_output=True, text=True
        )
    except FileNotFoundError:
        raise GraderError(
            "pg_dump is not installed: the gradebook cannot be backed up before it is changed "
            "(Debian: apt install postgresql-client)"
        ) from None
    if done.returncode:
        why = " ".join(done.stderr.split())[:200]
        raise GraderError(f"pg_dump could not back the gradebook up: {why}")
    return path
