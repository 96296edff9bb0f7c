"""Collect: what lies in the drop folders goes to ``submitted/``, unless it can't be what it claims.

A drop folder is its student's, who may do there what they like. So nothing in it is believed: whose it
is says the folder it lies in and the owner of every file; when it was submitted says the kernel's
clock, with which the name must agree.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange import default
from nbgrader.utils import parse_utc
from traitlets import Bool, Float

from grader.errors import GraderError
from grader.exchange.base import ClassExchange
from grader.exchange.files import (
    Survey,
    appearing,
    clear,
    copy,
    in_turn,
    opened,
    recover,
    survey,
    why,
    write_synced,
)
from grader.exchange.layout import Dropped

__all__ = ["Collect"]

#: Submissions of one student that are looked at: who makes thousands keeps nobody waiting.
LOOKED_AT = 200


class Collect(ClassExchange, default.ExchangeCollect):
    """Copy each student's last good submission; refuse others by name and go on."""

    if_it_fails = "what was collected until then is kept"

    trust_timestamps = Bool(
        False,
        help="Believe the time a submission claims. For an exchange that was restored from a backup, "
        "where the kernel's times are those of the restoring.",
    ).tag(config=True)

    tolerance_s = Float(
        600.0,
        help="How far a claimed time may lie from the kernel's: a slow copy, a wrong clock [s].",
    ).tag(config=True)

    def init_src(self) -> None:
        """Find whose submissions are meant, and when the lab is due."""
        wanted = self.coursedir.student_id
        if not self.layout.students.is_dir():
            raise GraderError(f"there is no exchange for {self.coursedir.course_id} in {self.root}")
        everyone = sorted(os.listdir(self.layout.students))
        self.students = everyone if wanted in ("", "*") else [self.student]
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as book:
            try:
                self.duedate = book.find_assignment(self.lab).duedate
            except MissingEntry:
                self.duedate = None

    def init_dest(self) -> None:
        """Every student has a folder."""
        self.submitted = Path(
            self.coursedir.format_path(self.coursedir.submitted_directory, "x", self.lab)
        ).parents[1]
        self.submitted.mkdir(parents=True, exist_ok=True)

    def copy_files(self) -> None:
        """Collect student by student; what is refused is an error in the log and stops nobody."""
        self.collected = self.refused = 0
        with in_turn(self.submitted):
            for student in self.students:
                try:
                    self._collect(student)
                except (GraderError, OSError) as error:
                    self._refuse(student, error)
        self.log.info(
            "%s: %d collected, %d refused", self.lab, self.collected, self.refused
        )  # fmt: skip

    def _refuse(self, student: str, error: GraderError | OSError, name: str = "") -> None:
        self.refused += 1
        said = why(error) if isinstance(error, OSError) else str(error)
        of = f"{student}'s submission {name}" if name else f"{student}'s drop folder"
        self.log.error("Refused: %s: %s", of, said)

    def _collect(self, student: str) -> None:
        target = self.submitted / student / self.lab
        recover(target)
        clear(target.parent)
        if target.exists() and not (self.update or self.before_duedate):
            self.log.info("%s has %s already: --update takes a newer one", student, self.lab)
            return
        gate = self.layout.inbound(student).parent
        with opened(gate) as own, opened("inbound", own) as inbound:
            owner = os.fstat(inbound).st_uid
            choice = self._choose(student, inbound, owner)
            if choice is None:
                return
            dropped, when, seen = choice
            there = _collected_at(target)
            if there is not None and (when == there or (when < there and not self.before_duedate)):
                self.log.info("%s has submitted no newer %s", student, self.lab)
                return
            try:
                with opened(dropped.path.name, inbound) as folder:
                    self._copy(folder, dropped, when, seen, target)
            except (GraderError, OSError) as error:
                self._refuse(student, error, dropped.path.name)

    def _choose(
        self, student: str, inbound: int, owner: int
    ) -> tuple[Dropped, datetime, Survey] | None:
        """Return the submission to take: the last one, or the last one in time."""
        good = []
        for dropped in self.layout.dropped(student, self.lab)[-LOOKED_AT:]:
            try:
                with opened(dropped.path.name, inbound) as folder:
                    seen = survey(folder, self.rules(owner))
                good.append((dropped, self._when(dropped, seen), seen))
            except NotADirectoryError:
                self._refuse(student, GraderError("it is a link or no folder"), dropped.path.name)
            except (GraderError, OSError) as error:
                self._refuse(student, error, dropped.path.name)
        good.sort(key=lambda found: found[1])
        in_time = [g for g in good if self.duedate is None or g[1] <= self.duedate]
        pool = in_time if self.before_duedate and in_time else good
        return pool[-1] if pool else None

    def _when(self, dropped: Dropped, seen: Survey) -> datetime:
        """Return when it was submitted, UTC: as claimed, unless the kernel's clock says otherwise."""
        changed = datetime.fromtimestamp(seen.changed_s, UTC).replace(tzinfo=None)
        try:
            claimed = parse_utc(dropped.timestamp)
        except (ValueError, OverflowError):
            claimed = None
        if claimed is not None and (
            self.trust_timestamps or abs((claimed - changed).total_seconds()) <= self.tolerance_s
        ):
            return claimed
        self.log.error(
            "%s's submission %s claims a time that is not the one at which its files last changed, "
            "%s UTC: that one counts", dropped.student, dropped.path.name, f"{changed:%F %T}",
        )  # fmt: skip
        return changed

    def _copy(
        self, folder: int, dropped: Dropped, when: datetime, seen: Survey, target: Path
    ) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        local = when.replace(tzinfo=UTC).astimezone(ZoneInfo(self.timezone))
        with appearing(target) as fresh:
            copy(folder, seen, fresh)
            write_synced(fresh / "timestamp.txt", local.strftime(self.timestamp_format).encode())
            write_synced(fresh / "submission_secret.txt", dropped.token.encode())
        self.collected += 1
        self.log.info("Collected %s of %s, submitted at %s", self.lab, dropped.student, local)


def _collected_at(folder: Path) -> datetime | None:
    """Return the time of what was collected before."""
    try:
        text = (folder / "timestamp.txt").read_text(encoding="utf-8").strip()
        return parse_utc(text) if text else None
    except (OSError, ValueError, OverflowError):
        return None
