"""To and from a learning management system: grades as CSV, submissions as a zip.

Canvas names a file ``lovelaceada_12345_67890_lab03_ttft.ipynb`` (``_LATE`` after the name if it was
late, ``-1`` before the ending if it was handed in again), Moodle a folder
``Ada Lovelace_12345_assignsubmission_file_/``. Numbers are matched with the roster's ``lms_user_id``.

The times in such a zip are no times of handing in: Canvas gives each file the moment of the download,
and a zip's own times have no time zone. So none is taken.
"""

from __future__ import annotations

import csv
import re
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.errors import GraderError
from grader.gradebook import open_gradebook
from grader.handed_in import MAX_BYTES
from grader.record import Result
from grader.roster import Member, members
from grader.source import Lab

__all__ = ["FORMATS", "Taken", "import_zip", "safe_cell", "write_csv"]

_CANVAS = re.compile(
    r"(?P<name>[^/]+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<submission>\d+)_(?P<file>[^/]+)"
)
_MOODLE = re.compile(
    r"(?P<name>[^/]+?)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext)_?/?(?P<file>[^/]*)"
)


def safe_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(1)"), safe_cell("ada"), safe_cell(-1.5)
    ("'=HYPERLINK(1)", 'ada', -1.5)
    """
    if isinstance(value, str) and re.match(r"\s*[=+\-@\t\r|%]", value):
        return "'" + value
    return value


def _points(value: float) -> float | int:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def _canvas(lab: Lab, rows: Sequence[tuple[Member, Result, float]]) -> list[list[Any]]:
    title = lab.name
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]
    table: list[list[Any]] = [head, ["Points Possible", "", "", "", "", _points(lab.max_points)]]
    for member, _, score in rows:
        name = ", ".join(filter(None, (member.last_name, member.first_name))) or member.student
        table.append([name, member.lms_user_id, "", member.student, "", _points(score)])
    return table


def _moodle(lab: Lab, rows: Sequence[tuple[Member, Result, float]]) -> list[list[Any]]:
    table: list[list[Any]] = [
        ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Feedback comments"]
    ]
    for member, result, score in rows:
        identifier = f"Participant {member.lms_user_id}" if member.lms_user_id else member.student
        table.append(
            [
                identifier, member.name, member.email, _points(score), _points(lab.max_points),
                result.reason,
            ]
        )  # fmt: skip
    return table


def _plain(lab: Lab, rows: Sequence[tuple[Member, Result, float]]) -> list[list[Any]]:
    items = [item.grade_id for item in lab.items]
    table: list[list[Any]] = [
        ["student", "first_name", "last_name", "email", "status", "score", "max_score", *items]
    ]
    for member, result, score in rows:
        by_item = {item.name: item.score for item in result.items}
        table.append(
            [
                member.student, member.first_name, member.last_name, member.email, result.status,
                _points(score), _points(lab.max_points),
                *(_points(by_item[name]) if name in by_item else "" for name in items),
            ]
        )  # fmt: skip
    return table


FORMATS = {"canvas": _canvas, "moodle": _moodle, "plain": _plain}


def write_csv(
    lab: Lab,
    results: Sequence[Result],
    people: Sequence[Member],
    path: Path,
    *,
    form: str,
    penalties: dict[str, float] | None = None,
) -> int:
    """Write the grades of a lab as an LMS reads them and return how many there are.

    An ungradable submission has no row: it has no grade yet.

    Parameters
    ----------
    lab : Lab
    results : sequence of Result
    people : sequence of Member
    path : Path
    form : str
        ``canvas``, ``moodle`` or ``plain``.
    penalties : mapping from student to points
        Taken off for lateness.

    Raises
    ------
    GraderError
        For an unknown form.
    """
    if form not in FORMATS:
        raise GraderError(f"form = {form!r} must be one of {', '.join(FORMATS)}")
    known = {member.student: member for member in people}
    off = penalties or {}
    rows = [
        (known.get(r.student, Member(r.student)), r, r.score - off.get(r.student, 0.0))
        for r in results
        if r.status != "ungradable" or r.items
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerows([safe_cell(cell) for cell in row] for row in FORMATS[form](lab, rows))
    return len(rows)


@dataclass(frozen=True)
class Taken:
    """What became of one file of a zip: whose it is, or why it was left.

    Attributes
    ----------
    file, student, why_not : str
    late : bool
        Whether Canvas marks it as late.
    replaces : bool
        Whether another notebook lay in its place.
    """

    file: str
    student: str = ""
    why_not: str = ""
    late: bool = False
    replaces: bool = False


def import_zip(course: Course, lab: str, path: Path) -> list[Taken]:
    """Put the submissions of an LMS zip where the grader looks for them.

    The newest of several by one student counts. Nothing is written outside the submitted folder,
    whatever the zip says, and links and oversized files are left.

    Parameters
    ----------
    course : Course
    lab : str
    path : Path

    Raises
    ------
    GraderError
        When the file is no zip.
    """
    course.lab_folder(lab)
    with open_gradebook(course) as book:
        people = members(book)
    report: list[Taken] = []
    chosen: dict[str, tuple[Any, zipfile.ZipInfo, int]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.is_dir():
                    continue
                taken = _whose(info, people)
                report.append(taken)
                if taken.student:
                    order = (_attempt(info.filename), info.date_time)
                    if taken.student not in chosen or order >= chosen[taken.student][0]:
                        chosen[taken.student] = (order, info, len(report) - 1)
            for student, (_, info, number) in chosen.items():
                replaces = _place(course, lab, student, archive.read(info))
                report[number] = replace(report[number], replaces=replaces)
    except zipfile.BadZipFile:
        raise GraderError(f"{path} is no zip file") from None
    return report


def _attempt(name: str) -> int:
    """Return the number Canvas puts before the ending of what was handed in again."""
    found = re.search(r"-(\d+)\.ipynb$", name)
    return int(found[1]) if found else 0


def _whose(info: zipfile.ZipInfo, people: Sequence[Member]) -> Taken:
    name = info.filename
    if stat.S_ISLNK(info.external_attr >> 16):
        return Taken(name, why_not="is a link")
    if not name.endswith(".ipynb"):
        return Taken(name, why_not="is no notebook")
    if info.file_size > MAX_BYTES:
        return Taken(name, why_not=f"has {info.file_size / 1e6:.0f} MB")
    found = _MOODLE.match(name) or _CANVAS.fullmatch(name.rpartition("/")[2])
    if found is None:
        return Taken(name, why_not="is named neither as Canvas nor as Moodle names files")
    late = bool(found.groupdict().get("late"))
    for member in people:
        if found["user"] in (member.lms_user_id, member.student):
            return Taken(name, member.student, late=late)
    alike = [m for m in people if _squeezed(found["name"]) in _squeezed_names(m)]
    if len(alike) == 1:
        return Taken(name, alike[0].student, late=late)
    who = f"{found['name']} ({found['user']})"
    why = f"{len(alike)} in the roster are named {who}" if alike else f"{who} is not in the roster"
    return Taken(name, why_not=why)


def _squeezed(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _squeezed_names(member: Member) -> set[str]:
    first, last = _squeezed(member.first_name), _squeezed(member.last_name)
    return {first + last, last + first} if first or last else {_squeezed(member.student)}


def _place(course: Course, lab: str, student: str, data: bytes) -> bool:
    """Write a notebook and return whether it replaces another."""
    folder = course.submitted / student / lab
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{lab}.ipynb"
    fresh = folder / f".{lab}.new"
    replaces = target.is_file() and target.read_bytes() != data
    fresh.write_bytes(data)
    fresh.replace(target)
    return replaces
