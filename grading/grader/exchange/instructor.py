"""The instructor's verbs towards students: release a lab, release feedback."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

from nbgrader.exchange import default

from grader.errors import GraderError, nearest
from grader.exchange.base import ClassExchange
from grader.exchange.files import (
    appearing,
    clear,
    copy,
    in_turn,
    opened,
    recover,
    survey,
    write_synced,
)
from grader.exchange.layout import Dropped, open_exchange

__all__ = ["ReleaseAssignment", "ReleaseFeedback"]


class ReleaseAssignment(ClassExchange, default.ExchangeReleaseAssignment):
    """Put a lab where all students can read it."""

    def ensure_root(self) -> None:
        """Make the course's exchange where nobody has made one."""
        if not self.layout.outbound.is_dir():
            open_exchange(self.layout.root, self.layout.course)

    def init_src(self) -> None:
        """Find what was built for students."""
        release = self.coursedir.format_path(self.coursedir.release_directory, ".", self.lab)
        self.src_path = Path(release)
        if not self.src_path.is_dir():
            above = self.src_path.parent
            there = [p.name for p in above.glob("*")] if above.is_dir() else []
            raise GraderError(f"{self.lab} is not built yet; {nearest(self.lab, there)}")

    def init_dest(self) -> None:
        """Find its place; with `force` what is there is replaced at one blow."""
        self.dest_path = self.layout.outbound / self.lab
        if self.dest_path.exists() and not self.force:
            raise GraderError(f"{self.lab} is released already: add --force to replace it")

    def copy_files(self) -> None:
        """Copy, and let it appear whole."""
        # locked by a folder that no student can open, and so none can lock
        with opened(self.src_path) as folder, in_turn(self.layout.students):
            clear(self.layout.outbound)
            recover(self.dest_path)
            with appearing(self.dest_path) as fresh:
                copy(folder, survey(folder, self.rules()), fresh)
        self.log.info("Released as: %s %s", self.coursedir.course_id, self.lab)


class ReleaseFeedback(ClassExchange, default.ExchangeReleaseFeedback):
    """Put each student's pages where only that student can read them."""

    if_it_fails = "the pages before it are released; do it again for the others"

    def init_src(self) -> None:
        """Find the pages that were written."""
        of = self.coursedir.feedback_directory
        wanted = self.coursedir.student_id or "*"
        excluded = set(filter(None, self.coursedir.student_id_exclude.split(",")))
        folder = Path(self.coursedir.format_path(of, "x", self.lab)).parents[1]
        there = sorted(p.parent.name for p in folder.glob(f"*/{self.lab}"))
        chosen = [n for n in there if n == wanted] or fnmatch.filter(there, wanted)
        self.pages = {
            student: sorted((folder / student / self.lab).glob("*.html"))
            for student in chosen
            if student not in excluded
        }

    def init_dest(self) -> None:
        """Each submission has its own place."""

    def copy_files(self) -> None:
        """Copy page by page; a newer one replaces an older one at one blow."""
        for student, pages in self.pages.items():
            gate = self.layout.inbound(student).parent
            for page in pages:
                token = _token(page.parent)
                if not token or not gate.is_dir():
                    self.log.warning(
                        "%s handed in %s by another way: give the page %s to them yourself",
                        student, self.lab, page,
                    )  # fmt: skip
                    continue
                dropped = Dropped(student, self.lab, "", token, gate)
                target = self.layout.feedback(student, dropped) / page.name
                for folder in (target.parent.parent, target.parent):
                    folder.mkdir(exist_ok=True)
                    folder.chmod(0o755)
                write_synced(target, page.read_bytes())
                self.log.info("Feedback on %s released to %s", self.lab, student)


def _token(folder: Path) -> str:
    """Return under which token the submission came, as `collect` noted it; empty without one."""
    receipt = folder / "submission_secret.txt"
    found = receipt.read_text(encoding="utf-8", errors="replace") if receipt.is_file() else ""
    return found if re.fullmatch(r"[0-9a-f]{32}", found) else ""
