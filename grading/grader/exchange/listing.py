"""What is released, and what was submitted: for ``nbgrader list`` and the list in JupyterLab."""

from __future__ import annotations

import filecmp
import os
from pathlib import Path
from typing import Any

from nbgrader.exchange import default

from grader.exchange.base import ClassExchange
from grader.exchange.layout import Dropped, Layout

__all__ = ["List"]


class List(ClassExchange, default.ExchangeList):
    """List what the caller may see, in the form that nbgrader's list has.

    A student's submissions are read from the drop folder itself, so that the list tells what is truly
    there; nbgrader's copy in the student's home is not needed.
    """

    def init_dest(self) -> None:
        """Find the released labs, or the submissions of one student or of all."""
        wanted = "" if self.coursedir.assignment_id in ("", "*") else self.lab
        self._found: list[tuple[Layout, Any]] = []
        for layout in self._courses():
            if self.inbound or self.cached:
                for student in self._students(layout):
                    self._found += [(layout, d) for d in _dropped(layout, student, wanted)]
            else:
                labs = sorted(layout.outbound.glob("*")) if layout.outbound.is_dir() else []
                self._found += [(layout, lab) for lab in labs if wanted in ("", lab.name)]
        #: What `remove` removes.
        self.assignments = [str(found.path if isinstance(found, Dropped) else found) for _, found in self._found]  # fmt: skip

    def _courses(self) -> list[Layout]:
        if self.coursedir.course_id not in ("", "*"):
            return [self.layout]
        folders = sorted(self.root_path.glob("*")) if self.root_path.is_dir() else []
        return [Layout(self.root_path, folder.name) for folder in folders]

    def _students(self, layout: Layout) -> list[str]:
        """Return whose submissions are meant: with `inbound` everyone's, for who may list them."""
        if self.inbound and self.coursedir.student_id in ("", "*"):
            try:
                return sorted(os.listdir(layout.students))
            except PermissionError:
                pass  # a student: the own ones
        return [self.student]

    def parse_assignments(self) -> list[dict[str, Any]]:
        """Return what was found, as JupyterLab's list and ``nbgrader list --json`` expect it."""
        courses = None
        if self.authenticator is not None and self.coursedir.student_id:
            courses = self.authenticator.get_student_courses(self.coursedir.student_id)
        found = [pair for pair in self._found if courses is None or pair[0].course in courses]
        if not (self.inbound or self.cached):
            return [self._released(layout, lab) for layout, lab in found]
        groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for layout, dropped in found:
            key = (layout.course, dropped.student, dropped.lab)
            groups.setdefault(key, []).append(self._submitted(layout, dropped))
        return [
            {
                "course_id": course, "student_id": student, "assignment_id": lab,
                "status": submissions[0]["status"], "submissions": submissions,
            }
            for (course, student, lab), submissions in sorted(groups.items())
        ]  # fmt: skip

    def _work(self, layout: Layout, lab: str) -> Path:
        course = (layout.course,) if self.path_includes_course else ()
        return Path(self.assignment_dir, *course, lab).absolute()

    def _released(self, layout: Layout, lab: Path) -> dict[str, Any]:
        work = self._work(layout, lab.name)
        path = work if work.exists() else lab
        status = "removed" if self.remove else "fetched" if work.exists() else "released"
        return {
            "course_id": layout.course, "assignment_id": lab.name, "status": status,
            "path": str(path),
            "notebooks": [
                {"notebook_id": page.stem, "path": str(page)} for page in sorted(path.glob("*.ipynb"))
            ],
        }  # fmt: skip

    def _submitted(self, layout: Layout, dropped: Dropped) -> dict[str, Any]:
        fetched = self._work(layout, dropped.lab) / "feedback" / dropped.timestamp
        pages = layout.feedback(dropped.student, dropped)
        notebooks = []
        for notebook in sorted(dropped.path.glob("*.ipynb")):
            here, there = fetched / f"{notebook.stem}.html", pages / f"{notebook.stem}.html"
            both = here.is_file() and there.is_file()
            notebooks.append(
                {
                    "notebook_id": notebook.stem, "path": str(notebook),
                    "has_local_feedback": here.is_file(),
                    "has_exchange_feedback": there.is_file(),
                    "local_feedback_path": str(here) if here.is_file() else None,
                    "feedback_updated": both and not filecmp.cmp(here, there, shallow=False),
                }
            )  # fmt: skip

        def every(key: str) -> bool:
            return bool(notebooks) and all(notebook[key] for notebook in notebooks)

        return {
            "course_id": layout.course, "student_id": dropped.student,
            "assignment_id": dropped.lab, "timestamp": dropped.timestamp,
            "status": "removed" if self.remove else "submitted", "path": str(dropped.path),
            "notebooks": notebooks,
            "has_local_feedback": every("has_local_feedback"),
            "has_exchange_feedback": every("has_exchange_feedback"),
            "feedback_updated": any(notebook["feedback_updated"] for notebook in notebooks),
            "local_feedback_path": str(fetched) if every("has_local_feedback") else None,
        }  # fmt: skip


def _dropped(layout: Layout, student: str, lab: str) -> list[Dropped]:
    """Return a student's submissions; none for who has no drop folder, such as the instructor."""
    try:
        return layout.dropped(student, lab)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
