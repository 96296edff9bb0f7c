"""nbgrader's own release of a lab, its answer in one sentence."""

from __future__ import annotations

import logging
import os
import re
import warnings
from typing import Any

from grader.course import Course
from grader.errors import GraderError
from grader.gradebook import open_gradebook, prepare
from grader.settings import nbgrader_config

__all__ = ["generate"]


def generate(course: Course, lab: str) -> None:
    """Make the students' version of a staged lab and enter its tests into the gradebook."""
    from nbgrader.converters import GenerateAssignment

    with open_gradebook(course):
        pass  # a new gradebook is made by us, as other databases than SQLite need it
    problem = _run(GenerateAssignment, course, lab)
    if problem:
        raise GraderError(f"nbgrader could not release {lab}: {problem}")


def _run(converter: Any, course: Course, lab: str) -> str | None:
    """Run a converter; return its complaint in one sentence, or None."""
    from nbgrader.coursedir import CourseDirectory
    from sqlalchemy.exc import SAWarning

    prepare()
    course.gradebook.parent.mkdir(parents=True, exist_ok=True)
    config = nbgrader_config(course)
    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id = lab
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
