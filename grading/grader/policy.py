"""The course's rules of time: due dates, late penalties, extensions.

``grading/course.toml``::

    [late]
    grace_minutes = 15     # not counted as late
    per_day = 0.10         # share of the earned points, for each day begun
    at_most = 0.50         # no submission loses more than this share

    [due]
    lab03_ttft = 2026-04-20T23:59:00-07:00

``grading/due.csv`` (columns lab, due) says more due dates and goes first. ``grading/extensions.csv``
has the columns student, lab, days. What the gradebook holds of both comes from there.
"""

from __future__ import annotations

import contextlib
import csv
import math
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

from grader.course import Course
from grader.errors import GraderError, nearest

__all__ = ["LatePolicy", "Policy", "add_extension", "import_due", "read_due", "read_policy"]

_DAY_S = 86_400.0
_LATE = {"grace_minutes", "per_day", "at_most"}


class LatePolicy(LateSubmissionPlugin):
    """A share of the earned points for each day begun after a grace period.

    Examples
    --------
    >>> LatePolicy(grace_s=900, per_day=0.1, at_most=0.5).late_submission_penalty("ada", 20.0, 3600.0)
    2.0
    """

    grace_s = Float(0.0, help="Lateness that costs nothing [s].").tag(config=True)
    per_day = Float(0.0, help="Share of the points lost for each day begun [1].").tag(config=True)
    at_most = Float(1.0, help="Largest share lost [1].").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the points taken off, or None for none."""
        if total_seconds_late <= self.grace_s or not self.per_day:
            return None
        days = math.ceil(total_seconds_late / _DAY_S)
        return round(score * min(self.at_most, days * self.per_day), 6)


@dataclass(frozen=True)
class Policy:
    """What ``course.toml`` and ``extensions.csv`` say.

    Attributes
    ----------
    due : mapping from lab to datetime
        UTC, without a time zone, as nbgrader keeps it.
    extensions : mapping from (student, lab) to timedelta
    late : mapping
        The settings of `LatePolicy`; empty when nothing is taken off.
    """

    due: dict[str, datetime]
    extensions: dict[tuple[str, str], timedelta]
    late: dict[str, float]


def read_policy(course: Course) -> Policy:
    """Read the course's rules of time.

    Raises
    ------
    GraderError
        Naming the file, the key and what would be valid.
    """
    path = course.journal.parent / "course.toml"
    table: dict[str, Any] = {}
    if path.is_file():
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise GraderError(f"{path} is not valid TOML: {error}") from None
    for key, value in table.items():
        if key not in ("late", "due"):
            raise GraderError(f"{path}: unknown table {key!r}; {nearest(key, ['late', 'due'])}")
        if not isinstance(value, dict):
            raise GraderError(f"{path}: {key} = {value!r} must be a table: [{key}] and its lines")
    for lab in table.get("due", {}):
        if lab not in course.labs():
            raise GraderError(f"{path}: due names no lab {lab!r}; {nearest(lab, course.labs())}")
    due = {lab: _due(path, lab, when) for lab, when in table.get("due", {}).items()}
    due |= read_due(_due_path(course)) if _due_path(course).is_file() else {}
    return Policy(due, _read_extensions(course), _late(path, table.get("late", {})))


def _due_path(course: Course) -> Path:
    return course.journal.parent / "due.csv"


def read_due(path: Path) -> dict[str, datetime]:
    """Read a CSV of due dates: lab, and a time with its offset.

    Raises
    ------
    GraderError
        Naming the file and the line.
    """
    found = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            where = f"{path}, line {number}"
            lab, said = row.get("lab"), row.get("due")
            if lab is None or said is None:
                raise GraderError(f"{where}: needs the columns lab and due")
            try:
                found[lab] = _due(path, lab, datetime.fromisoformat(said.strip()))
            except (ValueError, GraderError):
                raise GraderError(_no_time(where, lab, said)) from None
    if not found:
        raise GraderError(f"{path} has no due dates: it needs the columns lab and due, and lines")
    return found


def import_due(course: Course, path: Path) -> dict[str, datetime | None]:
    """Take over a CSV of due dates, which replaces the one before it.

    Returns
    -------
    dict from lab to datetime
        None for a lab that was due and is so no more.

    Raises
    ------
    GraderError
        For a lab that is none, or a time without its offset.
    """
    found = read_due(path)
    for lab in found:
        course.lab_folder(lab)
    target = _due_path(course)
    before: dict[str, datetime] = {}
    with contextlib.suppress(GraderError, FileNotFoundError):  # a damaged one is replaced, too
        before = read_due(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.write_bytes(path.read_bytes())
    fresh.replace(target)
    after = read_policy(course).due
    _take_away(course, after)
    return {lab: after.get(lab) for lab in [*found, *(set(before) - set(found))]}


def _take_away(course: Course, due: dict[str, datetime]) -> None:
    """Clear the dates of labs that are due no more: the grader's writer only sets dates."""
    from grader.gradebook import open_gradebook

    with open_gradebook(course) as book:
        for assignment in book.assignments:
            if assignment.name not in due:
                assignment.duedate = None
        book.db.commit()


def _due(path: Path, lab: str, when: Any) -> datetime:
    if not isinstance(when, datetime) or when.tzinfo is None:
        raise GraderError(_no_time(path, lab, when))
    return when.astimezone(UTC).replace(tzinfo=None)


def _no_time(where: object, lab: str, said: object) -> str:
    return (
        f"{where}: {lab} is due at '{said}', which must be a time with its offset, "
        "such as 2026-04-20T23:59:00-07:00"
    )


def _late(path: Path, table: dict[str, Any]) -> dict[str, float]:
    for key, value in table.items():
        if key not in _LATE:
            raise GraderError(f"{path}: unknown key late.{key}; {nearest(key, _LATE)}")
        top = math.inf if key == "grace_minutes" else 1.0
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= top:
            raise GraderError(f"{path}: late.{key} = {value!r} must be a number from 0 to {top:g}")
    if not table.get("per_day"):
        return {}
    return {
        "grace_s": 60.0 * table.get("grace_minutes", 0.0),
        "per_day": float(table["per_day"]),
        "at_most": float(table.get("at_most", 1.0)),
    }


def _extensions_path(course: Course) -> Path:
    return course.journal.parent / "extensions.csv"


def _read_extensions(course: Course) -> dict[tuple[str, str], timedelta]:
    path = _extensions_path(course)
    if not path.is_file():
        return {}
    found = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                found[row["student"], row["lab"]] = timedelta(days=float(row["days"]))
            except (KeyError, TypeError, ValueError, OverflowError):
                raise GraderError(
                    f"{path}, line {number}: needs the columns student, lab and days (a number)"
                ) from None
    return found


def add_extension(course: Course, student: str, lab: str, days: float) -> None:
    """Give a student more time for a lab; a later extension replaces an earlier one, 0 takes it back."""
    if not math.isfinite(days) or days < 0:
        raise GraderError(f"days = {days!r} must be a number ≥ 0")
    extensions = _read_extensions(course)
    extensions[student, lab] = timedelta(days=days)
    path = _extensions_path(course)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["student", "lab", "days"])
        for (name, which), more in sorted(extensions.items()):
            if more:
                out.writerow([name, which, f"{more / timedelta(days=1):g}"])
    fresh.replace(path)
