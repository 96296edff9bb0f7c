"""Who is in the class: imported into the gradebook, and taken out of everything again."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.errors import GraderError, nearest
from grader.gradebook import open_gradebook
from grader.journal import Journal

__all__ = [
    "TEST_STUDENT",
    "Member",
    "check_student",
    "enrolled",
    "forget_student",
    "import_roster",
    "members",
    "read_roster",
]

#: Whom Canvas adds to a course for its teacher to look through, and exports with the others.
TEST_STUDENT = "Student, Test"

_ID = re.compile(r"[^/\\\0+*?\[\]]{1,128}")

#: What a column may be called, in our own files and in those of Canvas and Moodle.
_COLUMNS = {
    "student": ("sis login id", "student", "username", "login", "user id", "identifier", "id"),
    "first_name": ("first_name", "first name", "given name"),
    "last_name": ("last_name", "last name", "surname", "family name"),
    "email": ("email", "email address", "e-mail"),
    "lms_user_id": ("lms_user_id", "lms user id", "canvas id", "id number", "participant", "id"),
    "name": ("name", "student name", "full name", "sortable name", "student"),
}


@dataclass(frozen=True)
class Member:
    """A student of the class, as nbgrader's gradebook knows them."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def name(self) -> str:
        """First and last name; the id of those whose name is not known."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or self.student


def read_roster(path: Path) -> list[Member]:
    """Read a CSV of students: our own columns, or an export of Canvas or Moodle.

    Raises
    ------
    GraderError
        For a file without a column of ids, an impossible id, or an id that stands twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except UnicodeDecodeError:
        raise GraderError(f"{path} is not UTF-8 text") from None
    if not rows:
        raise GraderError(f"{path} has no students")
    columns = {(name or "").strip().casefold(): name for name in rows[0]}
    taken: dict[str, str] = {}
    for field, names in _COLUMNS.items():
        found = next((columns[n] for n in names if n in columns and columns[n] not in taken.values()), None)  # fmt: skip
        if found is not None:
            taken[field] = found
    if "student" not in taken:
        raise GraderError(
            f"{path} has no column of student ids; name one of its columns 'student' "
            f"(it has {', '.join(sorted(filter(None, columns)))})"
        )
    members, seen = [], set()
    for number, row in enumerate(rows, start=2):
        about = {field: (row.get(column) or "").strip() for field, column in taken.items()}
        student = about["student"]
        name = about.get("name", "")
        if not student or "Points Possible" in name or name == TEST_STUDENT:
            continue
        if not _ID.fullmatch(student) or student in (".", ".."):
            raise GraderError(
                f"{path}, line {number}: {student!r} cannot be a student's id: "
                "it names a folder, so it may not hold / \\ + * ? [ ]"
            )
        if student in seen:
            raise GraderError(f"{path}, line {number}: {student!r} stands twice")
        seen.add(student)
        members.append(_member(about))
    if not members:
        raise GraderError(f"{path} has no students: its column {taken['student']!r} is empty")
    return members


def _member(about: dict[str, str]) -> Member:
    name = about.pop("name", "")
    if name and not about.get("last_name"):
        last, comma, first = name.partition(",")
        if not comma:
            first, _, last = name.rpartition(" ")
        about |= {"first_name": first.strip(), "last_name": last.strip()}
    return Member(**about)


def import_roster(course: Course, path: Path) -> list[Member]:
    """Enter students into the gradebook; who is there already gets what the file adds."""
    found = read_roster(path)
    with open_gradebook(course) as book:
        for member in found:
            about = {"first_name": member.first_name, "last_name": member.last_name,
                     "email": member.email, "lms_user_id": member.lms_user_id}  # fmt: skip
            book.update_or_create_student(
                member.student, **{key: value for key, value in about.items() if value}
            )
    _keep_ids(course, enrolled(course) | {member.student for member in found})
    return found


def _ids_path(course: Course) -> Path:
    return course.journal.parent / "roster.csv"


def _keep_ids(course: Course, students: set[str]) -> None:
    """Write who was imported: the gradebook also holds whoever handed something in."""
    path = _ids_path(course)
    fresh = path.with_suffix(".new")
    with fresh.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["student"], *([student] for student in sorted(students))])
    fresh.replace(path)


def enrolled(course: Course) -> set[str]:
    """Return the ids that `grader roster` took over; empty when it never ran."""
    path = _ids_path(course)
    if not path.is_file():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        return {row["student"] for row in csv.DictReader(file)}


def members(book: Any) -> list[Member]:
    """Return everyone in the gradebook, by id."""
    rows = sorted(book.students, key=lambda row: row.id)
    return [
        Member(r.id, r.first_name or "", r.last_name or "", r.email or "", r.lms_user_id or "")
        for r in rows
    ]


def check_student(course: Course, student: str) -> None:
    """Refuse a name that is neither in the gradebook nor on any file or grade.

    Raises
    ------
    GraderError
        Naming the nearest whom we know.
    """
    with open_gradebook(course) as book:
        known = {member.student for member in members(book)}
    for station in (course.submitted, course.autograded, course.feedback):
        known |= {path.name for path in station.glob("*")}
    for path in course.journal.glob("*.jsonl"):
        known |= set(Journal(course, path.stem).current())
    if student not in known:
        raise GraderError(
            f"there is no student {student!r} in the gradebook: {nearest(student, known)}"
        )


def forget_student(course: Course, student: str) -> list[str]:
    """Delete a student: gradebook rows, submissions, autograded notebooks, feedback, journal.

    Returns
    -------
    list of str
        What still names the student: backups, which nobody but you may delete.

    Raises
    ------
    GraderError
        For a student nobody knows.
    """
    from nbgrader.api import MissingEntry

    if not _ID.fullmatch(student) or student in (".", ".."):
        raise GraderError(f"{student!r} cannot be a student's id")
    places = [course.submitted / student, course.autograded / student, course.feedback / student]
    found = any(place.exists() for place in places)
    with open_gradebook(course) as book:
        try:
            book.remove_student(student)
            found = True
        except MissingEntry:
            pass
    for path in sorted(course.journal.glob("*.jsonl")):
        journal = Journal(course, path.stem)
        found = found or bool(journal.history(student))
        journal.erase(student)
    if not found:
        raise GraderError(f"nothing here belongs to {student!r}")
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
    if student in enrolled(course):
        _keep_ids(course, enrolled(course) - {student})
    for path in course.reports.glob("*"):
        path.unlink()  # made again from the gradebook by `grader report`
    return [str(path) for path in sorted((course.journal.parent / "backups").glob("*"))]
