r"""The journal of a lab: one line for each thing that happened to a grade, never rewritten.

A result is a line here before it is a row in the gradebook, so ``kill -9`` between the two loses
nothing: the next run writes the rows that are missing and grades what has no line. A line that a
kill cut short is no line; the next append ends it. The lines are the history of every grade too:
with which tests, in which environment, and when.

Kinds of lines::

    {"kind": "graded",  "student": …, "key": {…}, "result": {…}, "at": …}   the tests were run
    {"kind": "written", "student": …, "key": "…", "at": …}                  the gradebook has it
    {"kind": "tests",   "old": "…", "new": "…", "at": …}                    a regrade replaced tests
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.errors import GraderError
from grader.record import Result

__all__ = ["Entry", "Journal", "Key"]


@dataclass(frozen=True)
class Key:
    """What a grade depends on; the same key gives the same grade, so it is not computed twice.

    Attributes
    ----------
    answers : str
        Hash of the submission.
    tests : str
        Release of the lab whose tests were run.
    environment : str
        Hash of the library and of every installed package.
    seed : str
        The scenario's code; empty where everyone has the same case.
    """

    answers: str
    tests: str
    environment: str
    seed: str = ""

    @property
    def digest(self) -> str:
        """The key in sixteen letters."""
        parts = "\0".join((self.answers, self.tests, self.environment, self.seed))
        return hashlib.sha256(parts.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Entry:
    """A grade as the journal keeps it."""

    key: Key
    result: Result
    at: str


class Journal:
    """The journal of one lab, read once and then kept up to date by what is appended.

    Parameters
    ----------
    course : Course
    lab : str

    Raises
    ------
    GraderError
        When a whole line is damaged.
    """

    def __init__(self, course: Course, lab: str) -> None:
        self.path = course.journal / f"{lab}.jsonl"
        self.lab = lab
        self._inode = self._read_bytes = 0
        self._entries: dict[str, list[Entry]] = {}
        self._written: dict[str, str] = {}
        self._newer_tests: dict[str, str] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the lines that another process appended since."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._inode:  # another process erased a student
                self._inode, self._read_bytes = inode, 0
                self._entries, self._written, self._newer_tests = {}, {}, {}
            file.seek(self._read_bytes)
            whole = file.read().rpartition(b"\n")[0]
        if not whole:
            return
        for line in whole.split(b"\n"):
            if line.strip():
                self._take(line)
        self._read_bytes += len(whole) + 1

    def _take(self, line: bytes) -> None:
        try:
            row = json.loads(line)
            kind = row["kind"]
            if kind == "graded":
                entry = Entry(Key(**row["key"]), Result.from_json(row["result"]), row["at"])
                self._entries.setdefault(row["student"], []).append(entry)
            elif kind == "written":
                self._written[row["student"]] = row["key"]
            elif kind == "tests":
                self._newer_tests[row["old"]] = row["new"]
        except (ValueError, TypeError, KeyError):
            raise GraderError(
                f"{self.path} is damaged: move it away and run `grader grade {self.lab}` again"
            ) from None

    def graded(self, student: str, key: Key, result: Result) -> Entry:
        """Append a result."""
        at = _now()
        self._append(
            {
                "kind": "graded", "student": student, "key": asdict(key),
                "result": result.as_json(), "at": at,
            }
        )  # fmt: skip
        return Entry(key, result, at)

    def written(self, student: str, key: Key) -> None:
        """Append that the gradebook has a result."""
        self._append({"kind": "written", "student": student, "key": key.digest, "at": _now()})

    def tests_replaced(self, old: str, new: str) -> None:
        """Append that submissions with the release `old` are graded with the tests of `new`."""
        self._append({"kind": "tests", "old": old, "new": new, "at": _now()})

    def erase(self, student: str) -> None:
        """Forget a student: here every line of theirs is taken out, the only rewriting there is."""
        with _locked(self.path):
            self.refresh()
            lines = self.path.read_bytes().splitlines() if self.path.is_file() else []
            kept = [line for line in lines if line and json.loads(line).get("student") != student]
            fresh = self.path.with_suffix(".new")
            fresh.write_bytes(b"".join(line + b"\n" for line in kept))
            fresh.replace(self.path)
        self.refresh()

    def _append(self, row: Mapping[str, Any]) -> None:
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(self.path), self.path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    _drop_torn_line(file, size)
            file.write(line)
            file.flush()
            if row["kind"] == "graded":
                os.fsync(file.fileno())
        self.refresh()

    def find(self, student: str, key: Key) -> Entry | None:
        """Return a student's grade for a key, if it was computed already."""
        for entry in reversed(self._entries.get(student, [])):
            if entry.key == key:
                return entry
        return None

    def history(self, student: str) -> list[Entry]:
        """Return every grade a student's submissions were given, oldest first."""
        return list(self._entries.get(student, []))

    def is_written(self, student: str, key: Key) -> bool:
        """Whether the gradebook has the grade of this key, and none after it."""
        return self._written.get(student) == key.digest

    def in_gradebook(self, student: str) -> Entry | None:
        """Return the grade of a student that the gradebook has."""
        digest = self._written.get(student)
        for entry in reversed(self._entries.get(student, [])):
            if entry.key.digest == digest:
                return entry
        return None

    def current(self) -> dict[str, Entry]:
        """Return, student by student, the grades that the gradebook has."""
        found = {student: self.in_gradebook(student) for student in sorted(self._written)}
        return {student: entry for student, entry in found.items() if entry is not None}

    def tests_for(self, release: str) -> str:
        """Return the tests by which submissions of a release are graded: its own, or newer ones."""
        seen = set()
        while release in self._newer_tests and release not in seen:
            seen.add(release)
            release = self._newer_tests[release]
        return release


def _drop_torn_line(file: Any, size: int) -> None:
    """Take away what a kill left of a line."""
    file.seek(0)
    end = file.read(size).rfind(b"\n") + 1
    file.truncate(end)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that dies with its holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
