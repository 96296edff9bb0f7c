"""The autograded notebook that formgrader shows: written whole or not at all."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.execution.spec import LabSpec
from grader.handed_in import leads_elsewhere
from grader.record import Result

__all__ = ["notebook_path", "untouched_answers", "write_autograded"]


def notebook_path(course: Course, lab: str, student: str) -> Path:
    """Return where a student's autograded notebook lies, as nbgrader names it."""
    return course.autograded / student / lab / f"{lab}.ipynb"


def write_autograded(
    course: Course, spec: LabSpec, result: Result, notebook: Mapping[str, Any]
) -> None:
    """Write a student's autograded folder: the notebook, the lab's helper files, the time stamp.

    What else a student handed in stays in the submitted folder.

    Parameters
    ----------
    course : Course
    spec : LabSpec
    result : Result
        A reason, if it has one, stands above the first cell.
    notebook : mapping
        The executed notebook; an empty one stands for the release as it was given out.
    """
    path = notebook_path(course, spec.name, result.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    for name, data in spec.helper_files.items():
        _replace(path.parent / name, base64.b64decode(data))
    stamp = course.submitted / result.student / spec.name / "timestamp.txt"
    if stamp.is_file() and not (stamp.is_symlink() or leads_elsewhere(stamp.parent)):
        _replace(path.parent / "timestamp.txt", stamp.read_bytes()[:200])
    whole = dict(notebook) or _as_released(spec)
    if result.reason:
        whole["cells"] = [_remark(result), *whole["cells"]]
    _replace(path, (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode())


def _replace(path: Path, data: bytes) -> None:
    """Write a file that is read-only afterwards, as nbgrader leaves it."""
    fresh = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    fresh.write_bytes(data)
    fresh.chmod(0o444)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    fresh.replace(path)


def _remark(result: Result) -> dict[str, Any]:
    words = {"ungradable": "could not be graded", "partial": "could be graded in part"}
    said = words.get(result.status, "needs a review")
    return {
        "cell_type": "markdown",
        "id": "grader-remark",
        "metadata": {},
        "source": f"> **This submission {said}**: {result.reason}",
    }


def _as_released(spec: LabSpec) -> dict[str, Any]:
    cells: list[dict[str, Any]] = []
    for cell in spec.cells:
        row: dict[str, Any] = {
            "cell_type": cell.cell_type, "id": cell.id, "metadata": dict(cell.metadata),
            "source": cell.released,
        }  # fmt: skip
        if cell.cell_type == "code":
            row |= {"outputs": [], "execution_count": None}
        cells.append(row)
    return {
        "cells": cells, "metadata": dict(spec.metadata), "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip


def untouched_answers(spec: LabSpec, notebook: Mapping[str, Any]) -> frozenset[str]:
    """Return the answers that a student left as they were given out."""
    released = {cell.grade_id: cell.released for cell in spec.cells if cell.kind == "answer"}
    found = set()
    for cell in notebook.get("cells", ()):
        name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
        source = cell.get("source", "")
        text = "".join(source) if isinstance(source, list) else source
        if name in released and text.strip() == released[name].strip():
            found.add(name)
    return frozenset(found)
