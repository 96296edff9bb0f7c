"""Every release of a lab is kept, so that an update in mid-course doesn't break old submissions.

A release stamps its notebook; a submission carries the stamp back. It is graded with the release it
was given out with, until a regrade replaces those tests by newer ones.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.execution.spec import LabSpec
from grader.source import Lab

__all__ = ["keep_version", "read_version", "stamp"]

_STAMP = re.compile(rb'"supercycle"\s*:\s*\{[^{}]*?"release"\s*:\s*"([0-9a-f]{12})"')


def keep_version(course: Course, lab: Lab, release: Any) -> LabSpec:
    """Keep a release under its stamp and return it as plain data.

    Parameters
    ----------
    course : Course
    lab : Lab
    release : nbformat.NotebookNode
        What students are given.
    """
    from grader.execution import describe

    spec = describe(lab, release)
    path = _path(course, lab.name, lab.release_id)
    data = json.dumps(spec.to_json(), ensure_ascii=False, indent=0)
    if not path.is_file() or path.read_text(encoding="utf-8") != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(data, encoding="utf-8")
        fresh.replace(path)
    return spec


def read_version(course: Course, lab: str, release: str) -> LabSpec | None:
    """Return the lab as it was released with a stamp; None for a stamp nobody here gave."""
    path = _path(course, lab, release)
    if not re.fullmatch("[0-9a-f]{12}", release) or not path.is_file():
        return None
    return LabSpec.from_json(json.loads(path.read_text(encoding="utf-8")))


def stamp(submission: bytes | None) -> str:
    """Return the release stamp of a submission, whatever else is wrong with it; empty without one.

    Examples
    --------
    >>> stamp(b'{"metadata": {"supercycle": {"lab": "lab03_ttft", "release": "0123456789ab"}}}')
    '0123456789ab'
    """
    found = _STAMP.findall(submission or b"")
    return found[-1].decode() if found else ""


def _path(course: Course, lab: str, release: str) -> Path:
    return course.versions / lab / f"{release}.json"
