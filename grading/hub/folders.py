"""What the hub keeps, and who is in the class.

::

    <data>/users.csv        name, role, password, first_name, last_name; only the hub reads it
    <data>/homes/<name>/    what that person sees as /home/<name>
    <data>/exchange/        releases, submissions and feedback on their way
    <data>/state/           the hub's own database, cookie secret, log
"""

from __future__ import annotations

import csv
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError

__all__ = ["CHECKOUT", "COURSE_ID", "DEMO_CLASS", "ROLES", "Hub", "Member"]

CHECKOUT = Path(__file__).resolve().parents[2]
COURSE_ID = "supercycle"
ROLES = ("instructor", "student", "outsider")
#: Who is in a class nobody wrote a list for. The outsider has a password, but no place in it.
DEMO_CLASS = (
    ("ina", "instructor", "Ina", "Sol"),
    ("ada", "student", "Ada", "Lund"),
    ("ben", "student", "Ben", "Okoro"),
    ("cleo", "student", "Cleo", "Tan"),
    ("oscar", "outsider", "Oscar", "Reed"),
)
_COLUMNS = ("name", "role", "password", "first_name", "last_name")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")


@dataclass(frozen=True)
class Member:
    """One line of ``users.csv``."""

    name: str
    role: str
    password: str
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True)
class Hub:
    """The folders of a hub.

    Attributes
    ----------
    root : Path
        Everything below it is the hub's; `make hub-clean` removes it.
    tools : Path
        Where npm put the proxy and MathJax.
    """

    root: Path
    tools: Path

    @classmethod
    def at(cls, root: Path | str, tools: Path | str | None = None) -> Hub:
        """Return the hub that keeps its data in a folder."""
        return cls(Path(root).resolve(), Path(tools or CHECKOUT / ".build" / "hub").resolve())

    @property
    def roster(self) -> Path:
        """The list of the class."""
        return self.root / "users.csv"

    @property
    def state(self) -> Path:
        """The hub's own files."""
        return self.root / "state"

    @property
    def exchange(self) -> Path:
        """Releases, submissions and feedback on their way."""
        return self.root / "exchange"

    def home(self, name: str) -> Path:
        """Return where a member's home lies on this machine."""
        return self.root / "homes" / name

    @property
    def instructor(self) -> Member:
        """The instructor, whose home holds the course."""
        return next(m for m in self.members() if m.role == "instructor")

    @property
    def course(self) -> Path:
        """The class's course: solutions, gradebook, collected submissions."""
        return self.home(self.instructor.name) / "course"

    @property
    def secret(self) -> Path:
        """The course's secret, where `grader` looks for it in the instructor's home."""
        return self.home(self.instructor.name) / ".config" / "supercycle" / "course-secret"

    def members(self) -> list[Member]:
        """Return everyone in ``users.csv``; who has no password yet gets one.

        Raises
        ------
        GraderError
            When a line can't be used; the sentence says which and why.
        """
        if not self.roster.is_file():
            _write(
                self.roster, [Member(name, role, "", *names) for name, role, *names in DEMO_CLASS]
            )
        with self.roster.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        members = [self._member(number, row) for number, row in enumerate(rows, 2)]
        names = [member.name for member in members]
        for name in names:
            if names.count(name) > 1:
                raise GraderError(f"{self.roster} names {name!r} twice: remove one line")
        if [m.role for m in members].count("instructor") != 1:
            raise GraderError(f"{self.roster} needs exactly one line with the role instructor")
        if any(not row.get("password") for row in rows):
            _write(self.roster, members)
        return members

    def _member(self, number: int, row: dict[str, str]) -> Member:
        name, role = (row.get("name") or "").strip(), (row.get("role") or "").strip()
        if not _NAME.fullmatch(name):
            raise GraderError(
                f"{self.roster}, line {number}: {name!r} can't be a name here: use up to 16 "
                "small letters, digits and hyphens, a letter first"
            )
        if role not in ROLES:
            raise GraderError(
                f"{self.roster}, line {number}: {role!r} is no role: use {', '.join(ROLES)}"
            )
        return Member(
            name, role, (row.get("password") or "").strip() or secrets.token_urlsafe(9),
            row.get("first_name") or "", row.get("last_name") or "",
        )  # fmt: skip


def _write(path: Path, members: list[Member]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with open(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline=""
    ) as file:
        out = csv.writer(file)
        out.writerow(_COLUMNS)
        out.writerows([getattr(member, column) for column in _COLUMNS] for member in members)
    fresh.replace(path)
