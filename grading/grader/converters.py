"""nbgrader's own Autograde and Generate Feedback, done by this engine.

``nbgrader autograde`` and formgrader's buttons construct nbgrader's converters themselves, and
these read a submission before any preprocessor could help. So `install` puts two converters in their
place: what goes in (the submitted folder) and what comes out (autograded notebooks, gradebook rows,
feedback pages) stay where nbgrader and formgrader look for them.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import os
import re
import sys
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader
from jinja2 import pass_context as contextfilter
from nbconvert.exporters import HTMLExporter
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from traitlets import Bool, default

from grader.course import Course
from grader.engine import How, grade_class
from grader.errors import GraderError
from grader.feedback import write_feedback
from grader.gradebook import open_gradebook
from grader.record import Result
from grader.source import read_lab

__all__ = [
    "EngineAutograde",
    "EngineFeedback",
    "OfflineHTMLExporter",
    "course_of",
    "harmless",
    "install",
]

#: Tags that mark text up and do nothing else.
_TAGS = frozenset(
    ("a", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
     "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup",
     "table", "tbody", "td", "th", "thead", "tr", "ul")
)  # fmt: skip
_ATTRIBUTES = {"a": ["href", "title"], "td": ["align"], "th": ["align"], "ol": ["start"]}
#: What stands between these tags is no text.
_SCRIPTS = re.compile(r"<(script|style|svg|math|template)\b.*?(</\1\s*>|\Z)", re.S | re.I)


def course_of(coursedir: Any) -> Course:
    """Return the course that nbgrader's settings describe."""
    root = Path(coursedir.root).resolve()
    course = Course.at(root)
    folders = {
        step: root / getattr(coursedir, f"{step}_directory")
        for step in ("source", "release", "submitted", "autograded", "feedback")
    }
    url = coursedir.db_url
    if url == course.db_url:
        url = course.gradebook_url
    elif url.startswith("sqlite:///"):
        folders["gradebook"], url = root / url.removeprefix("sqlite:///"), ""
    return dataclasses.replace(course, **folders, gradebook_url=url)


class EngineAutograde(Autograde):
    """Autograde by the engine: any file in, a result out, none can stop the others."""

    def start(self) -> None:
        """Grade the submissions of the assignment and the students that are set."""
        course, lab = course_of(self.coursedir), self.coursedir.assignment_id
        here = os.getcwd()
        try:
            students = self._students(course, lab)
            self.run_pre_convert_hook()
            grade_class(
                course,
                lab,
                students,
                How(force=self.force),
                on_result=self._say,
            )
            self.run_post_convert_hook()
        except GraderError as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None
        finally:
            os.chdir(here)

    def _students(self, course: Course, lab: str) -> list[str]:
        excluded = set(filter(None, self.coursedir.student_id_exclude.split(",")))
        wanted = self.coursedir.student_id
        there = [name for name in course.students(lab) if name not in excluded]
        # a student's name may hold a bracket: exactly that name comes first
        found = [n for n in there if n == wanted] or fnmatch.filter(there, wanted)
        if not found:
            raise GraderError(f"no submission of {lab} by {wanted!r} in {course.submitted}")
        if not self.create_student:
            self._demand_known(course, found)
        return found

    def _demand_known(self, course: Course, students: list[str]) -> None:
        with open_gradebook(course) as book:
            known = {student.id for student in book.students}
        for student in students:
            if student not in known:
                raise GraderError(f"no student with ID {student!r} exists in the database")

    def _say(self, result: Result) -> None:
        points = f" {result.score:g}/{result.max_score:g}" if result.max_score else ""
        self.log.info("%s: %s%s", result.student, result.status, points)
        for remark in filter(None, (result.reason, *result.flags)):
            self.log.warning("%s: %s", result.student, remark)


class EngineFeedback(GenerateFeedback):
    """Feedback pages that need nothing from elsewhere and show no hidden test."""

    def start(self) -> None:
        """Write the pages of the assignment and the students that are set."""
        course, lab = course_of(self.coursedir), self.coursedir.assignment_id
        try:
            graded = sorted(p.parent.name for p in course.autograded.glob(f"*/{lab}"))
            wanted = self.coursedir.student_id
            students = [n for n in graded if n == wanted] or fnmatch.filter(graded, wanted)
            if not students:
                raise GraderError(f"nothing of {lab} by {wanted!r} is autograded yet")
            self.run_pre_convert_hook()
            with open_gradebook(course) as book:
                written = write_feedback(course, read_lab(course, lab), book, students)
            self.run_post_convert_hook()
            for student, path in written.items():
                self.log.info("Feedback of %s: %s", student, path)
        except GraderError as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None


class OfflineHTMLExporter(HTMLExporter):
    """Pages to grade by hand: nothing from elsewhere, and nothing a student wrote runs in them.

    Formgrader shows a student's Markdown and outputs on the grader's own page, where a script could
    give grades. So HTML is cut down to tags that only mark text up.
    """

    sanitize_html = Bool(True, help="Outputs are shown as text and pictures.").tag(config=True)
    exclude_anchor_links = Bool(True, help="Nobody links to a heading here.").tag(config=True)

    @default("extra_loaders")
    def _extra_loaders_default(self) -> list[Any]:
        return [FileSystemLoader(Path(__file__).parent / "templates")]

    @contextfilter
    def markdown2html(self, context: Any, source: str) -> str:
        """Render Markdown, then keep only tags, attributes and links that do nothing by themselves."""
        return harmless(super().markdown2html(context, source))


def harmless(page: str) -> str:
    """Return HTML without anything that runs, loads or imitates the page around it.

    Examples
    --------
    >>> harmless('<p>so <b>big</b><img src="x" onerror="grade()"></p>')
    '<p>so <b>big</b></p>'
    >>> harmless('<a href="javascript:grade()">a source</a>')
    '<a>a source</a>'
    """
    import bleach

    plain = _SCRIPTS.sub("", page)
    protocols = ("http", "https", "mailto")
    return str(bleach.clean(plain, _TAGS, _ATTRIBUTES, protocols=protocols, strip=True))


def install() -> None:
    """Put the engine in the place of nbgrader's converters, in command and formgrader alike."""
    import nbgrader.apps.api
    import nbgrader.apps.autogradeapp
    import nbgrader.apps.generatefeedbackapp
    import nbgrader.converters

    for module in (nbgrader.converters, nbgrader.apps.api, nbgrader.apps.autogradeapp):
        module.Autograde = EngineAutograde
    for module in (nbgrader.converters, nbgrader.apps.api, nbgrader.apps.generatefeedbackapp):
        module.GenerateFeedback = EngineFeedback
    # formgrader has loaded itself when it reads the course's configuration; nobody else needs it
    formgrader = sys.modules.get("nbgrader.server_extensions.formgrader.formgrader")
    if formgrader is not None:
        formgrader.HTMLExporter = OfflineHTMLExporter  # type: ignore[attr-defined]
