"""nbgrader's own converters, called one submission at a time, their answer in one sentence."""

from __future__ import annotations

import logging
import os
import re
import warnings
from typing import Any

from grader.course import Course
from grader.errors import GraderError
from grader.gradebook import open_gradebook, prepare, schema_version
from grader.settings import nbgrader_config

__all__ = ["autograde", "feedback", "generate", "gradebook", "schema_version"]

gradebook = open_gradebook


def generate(course: Course, lab: str) -> None:
    """Make the students' version of a staged lab and enter its tests into the gradebook."""
    from nbgrader.converters import GenerateAssignment

    with open_gradebook(course):
        pass  # a new gradebook is made by us, as other databases than SQLite need it
    problem = _run(GenerateAssignment, course, lab, student=None)
    if problem:
        raise GraderError(f"nbgrader could not release {lab}: {problem}")


def autograde(course: Course, lab: str, student: str, *, timeout_s: float) -> str | None:
    """Grade one submission; return what went wrong, or None."""
    from nbgrader.converters import Autograde

    return _run(Autograde, course, lab, student=student, timeout_s=timeout_s)


def feedback(course: Course, lab: str, student: str) -> str | None:
    """Write one student's feedback page; return what went wrong, or None."""
    from nbgrader.converters import GenerateFeedback

    return _run(GenerateFeedback, course, lab, student=student)


def _run(
    converter: Any, course: Course, lab: str, *, student: str | None, timeout_s: float = 30.0
) -> str | None:
    """Run a converter; return its complaint in one sentence, or None."""
    from nbgrader.coursedir import CourseDirectory
    from sqlalchemy.exc import SAWarning

    prepare()
    course.gradebook.parent.mkdir(parents=True, exist_ok=True)
    config = nbgrader_config(course, timeout_s=timeout_s)
    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id = lab
    if student is not None:
        coursedir.student_id = student
    app = converter(coursedir=coursedir, config=config)
    app.force = True
    log = _Complaints()
    app.log = logging.getLogger(f"grader.{converter.__name__}")
    app.log.propagate = False
    app.log.handlers = [log]
    app.log.setLevel(logging.INFO)
    here = os.getcwd()
    try:
        with warnings.catch_warnings():
            # nbgrader 0.9 on SQLAlchemy 2.1: objects it creates are added to the session later
            warnings.simplefilter("ignore", SAWarning)
            app.start()
    except KeyboardInterrupt:
        raise
    except (Exception, SystemExit) as error:
        return log.sentence() or _sentence(f"{type(error).__name__}: {error}")
    finally:
        os.chdir(here)
    return None


class _Complaints(logging.Handler):
    """Keep what a converter says, for the one sentence that matters: the end of the traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self.errors.append(record.getMessage())

    def sentence(self) -> str:
        for message in self.errors:
            if "Traceback (most recent call last)" in message:
                return _sentence(_raised(message))
        return _sentence(self.errors[0]) if self.errors else ""


def _raised(trace: str) -> str:
    """Return the last line of a traceback that names an exception."""
    lines = [
        line for line in trace.splitlines() if re.match(r"^[\w.]+(Error|Exception|Entry)?: ", line)
    ]
    return lines[-1] if lines else trace.strip().splitlines()[-1]


def _sentence(text: str) -> str:
    return " ".join(text.split())[:300]
