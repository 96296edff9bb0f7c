"""The student's verbs: fetch a lab, submit it, fetch the feedback."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from nbgrader.exchange import default
from nbgrader.utils import find_all_notebooks

from grader.errors import GraderError, nearest
from grader.exchange.base import ClassExchange
from grader.exchange.files import appearing, clear, copy, in_turn, opened, survey, write_synced

__all__ = ["FetchAssignment", "FetchFeedback", "Submit"]


def _fetched(exchange: ClassExchange) -> Path:
    """Return where a student works on the lab."""
    course = (exchange.coursedir.course_id,) if exchange.path_includes_course else ()
    return Path(exchange.assignment_dir, *course, exchange.lab).absolute()


def _demand_access(exchange: ClassExchange) -> None:
    authenticator = exchange.authenticator
    if authenticator is not None and not authenticator.has_access(
        exchange.coursedir.student_id, exchange.coursedir.course_id
    ):
        raise GraderError(f"you do not take part in the course {exchange.coursedir.course_id}")


def _release(exchange: ClassExchange) -> Path:
    folder = exchange.layout.outbound / exchange.lab
    if not folder.is_dir():
        outbound = exchange.layout.outbound
        there = [p.name for p in outbound.glob("*")] if outbound.is_dir() else []
        raise GraderError(f"{exchange.lab} is not released; {nearest(exchange.lab, there)}")
    return folder


class FetchAssignment(ClassExchange, default.ExchangeFetchAssignment):
    """Copy a release into the student's folder."""

    def init_src(self) -> None:
        """Find the release."""
        _demand_access(self)
        self.src_path = _release(self)

    def init_dest(self) -> None:
        """Find the place for it; work that is there is not touched."""
        self.dest_path = _fetched(self)
        if self.dest_path.exists() and not self.replace_missing_files:
            raise GraderError(
                f"you have {self.lab} already: rename the folder to fetch it anew, or add "
                "--replace to fetch only the files that are missing"
            )

    def copy_files(self) -> None:
        """Copy everything, or what is missing."""
        self.dest_path.parent.mkdir(parents=True, exist_ok=True)
        if self.dest_path.exists():
            super().copy_files()
            return
        with opened(self.src_path) as folder, appearing(self.dest_path) as fresh:
            copy(folder, survey(folder, self.rules()), fresh)
        self.log.info("Fetched %s into %s", self.lab, self.dest_path)


class Submit(ClassExchange, default.ExchangeSubmit):
    """Copy the student's folder into the student's drop folder, beside what was submitted before."""

    if_it_fails = "nothing was submitted now, and what was submitted before is still there"

    def init_src(self) -> None:
        """Find the student's folder."""
        self.src_path = _fetched(self)
        if self.src_path.is_symlink() or not self.src_path.is_dir():
            raise GraderError(f"there is no folder {self.src_path}")

    def init_dest(self) -> None:
        """Find the drop folder."""
        _demand_access(self)
        self.inbound_path = self.layout.inbound(self.student)
        if not os.access(self.inbound_path, os.W_OK | os.X_OK):
            raise GraderError(
                f"{self.student} has no drop folder of their own in the course "
                f"{self.coursedir.course_id}: ask your instructor to add you to the class"
            )

    def copy_files(self) -> None:
        """Copy, sync to disk, and let it appear whole under its final name."""
        self.release_path = _release(self)
        self.check_filename_diff()
        token = secrets.token_hex(16)
        place = self.inbound_path / f"{self.lab}+{self.timestamp}+{token}"
        with opened(self.src_path) as folder, in_turn(self.inbound_path):
            clear(self.inbound_path)
            seen = survey(folder, self.rules())
            if not seen.files:
                raise GraderError(f"{self.src_path} is empty")
            with appearing(place) as fresh:
                copy(folder, seen, fresh)
                write_synced(fresh / "timestamp.txt", self.timestamp.encode())
                write_synced(fresh / "submission_secret.txt", token.encode())
        self.log.info("Submitted as: %s %s %s", self.coursedir.course_id, self.lab, self.timestamp)

    def check_filename_diff(self) -> None:
        """Say which notebooks are missing or too many; with `strict` a missing one ends it."""
        released = set(find_all_notebooks(str(self.release_path)))
        there = set(find_all_notebooks(str(self.src_path)))
        missing, extra = sorted(released - there), sorted(there - released)
        if missing and self.strict:
            raise GraderError(f"{self.src_path} lacks {', '.join(missing)}")
        for names, what in ((missing, "lacks"), (extra, "holds, beside what was released,")):
            if names:
                self.log.warning("%s %s %s", self.src_path, what, ", ".join(names))


class FetchFeedback(ClassExchange, default.ExchangeFetchFeedback):
    """Copy the pages on the student's submissions beside the student's work."""

    def init_src(self) -> None:
        """Find the pages there are."""
        self.feedback_files: list[tuple[str, str, str]] = []
        for dropped in self.layout.dropped(self.student, self.lab):
            pages = sorted(self.layout.feedback(self.student, dropped).glob("*.html"))
            self.feedback_files += [(page.stem, dropped.timestamp, str(page)) for page in pages]
        if not self.feedback_files:
            self.log.warning("There is no feedback on %s yet", self.lab)

    def init_dest(self) -> None:
        """Find the place for them."""
        self.dest_path = _fetched(self) / "feedback"

    def copy_files(self) -> None:
        """Copy them; a newer page replaces an older one."""
        for notebook, timestamp, page in self.feedback_files:
            target = self.dest_path / timestamp / f"{notebook}.html"
            target.parent.mkdir(parents=True, exist_ok=True)
            write_synced(target, Path(page).read_bytes())
            self.log.info("Fetched feedback: %s", target)
