"""Each student's own scenario: a code from the course's secret, and what a submission shows of it.

The secret is in the environment variable ``SUPERCYCLE_COURSE_SECRET``, or in a file outside the
repository that ``SUPERCYCLE_COURSE_SECRET_FILE`` names (``~/.config/supercycle/course-secret``
without it). Students get only their code: the hub sets ``SUPERCYCLE_SEED_<LAB>``, others type what
``grader seeds`` prints.
"""

from __future__ import annotations

import ast
import csv
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.errors import GraderError
from grader.execution.spec import LabSpec

__all__ = [
    "NO_SECRET",
    "course_secret",
    "doubts",
    "has_scenario",
    "seed_variable",
    "short_name",
    "stored_code",
    "student_code",
    "write_codes",
]  # fmt: skip

_DRAWS = re.compile(r"\bscenario\.draw\(|\bfrom supercycle\.scenario import\b")
_PRINTED = re.compile(r"your (?:own )?case \(([0-9a-z]+)\)")
SHORTEST_SECRET = 16
NO_SECRET = (
    "the course has no secret; to make one: mkdir -p ~/.config/supercycle && "
    "python -c 'import secrets; print(secrets.token_hex())' > ~/.config/supercycle/course-secret"
)


def course_secret(course: Course) -> str | None:
    """Return the course's secret; None when it has none, then everyone has the default case.

    Raises
    ------
    GraderError
        When the secret lies inside the course's folder, or is too short to be one.
    """
    secret = os.environ.get("SUPERCYCLE_COURSE_SECRET")
    where = "SUPERCYCLE_COURSE_SECRET"
    if secret is None:
        named = os.environ.get("SUPERCYCLE_COURSE_SECRET_FILE")
        path = Path(named or Path.home() / ".config" / "supercycle" / "course-secret").expanduser()
        if not path.is_file():
            if named:
                raise GraderError(f"SUPERCYCLE_COURSE_SECRET_FILE names {path}, which is missing")
            return None
        if path.resolve().is_relative_to(course.root):
            raise GraderError(
                f"the secret {path} lies inside the course's folder: move it out, "
                "or it will be committed"
            )
        secret, where = path.read_text(encoding="utf-8"), str(path)
    secret = secret.strip()
    if len(secret) < SHORTEST_SECRET:
        raise GraderError(
            f"the secret in {where} has {len(secret)} characters; "
            f"use at least {SHORTEST_SECRET} random ones: python -c 'import secrets; "
            "print(secrets.token_hex())'"
        )
    return secret


def short_name(lab: str) -> str:
    """Return the name under which a lab draws its scenarios.

    Examples
    --------
    >>> short_name("lab03_ttft")
    'lab03'
    """
    return lab.partition("_")[0]


def seed_variable(lab: str) -> str:
    """Return the variable in which a student's environment holds the code.

    Examples
    --------
    >>> seed_variable("lab03_ttft")
    'SUPERCYCLE_SEED_LAB03'
    """
    return f"SUPERCYCLE_SEED_{short_name(lab).upper()}"


def student_code(secret: str, student: str, lab: str) -> str:
    """Return a student's code for a lab, the same as `supercycle.scenario.student_code` gives."""
    from supercycle import scenario

    return scenario.student_code(secret, student, short_name(lab))


def has_scenario(spec: LabSpec) -> bool:
    """Whether a lab's own cells draw a case for each student."""
    return any(_DRAWS.search(cell.source) for cell in spec.cells if cell.kind == "setup")


def stored_code(notebook: Mapping[str, Any]) -> str | None:
    """Return the code a submitted notebook shows: the last one typed, or else printed by its set-up.

    A typed code is a text assigned to ``code`` or ``my_code`` in any code cell. None without one.
    """
    printed = typed = None
    for cell in notebook.get("cells", ()):
        if not isinstance(cell, Mapping) or cell.get("cell_type") != "code":
            continue
        typed = _typed(_text(cell.get("source", ""))) or typed
        for output in cell.get("outputs") or ():
            if isinstance(output, Mapping):
                found = _PRINTED.search(_text(output.get("text", "")))
                printed = found[1] if found else printed
    return typed or printed


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _typed(source: str) -> str | None:
    if "code" not in source:
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id in ("code", "my_code") for t in node.targets)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            return node.value.value.strip() or None
    return None


def doubts(stored: str | None, expected: str, others: Mapping[str, str]) -> str:
    """Say why a submission's code needs a review; empty when it is the student's own.

    Parameters
    ----------
    stored : str or None
        What the notebook shows.
    expected : str
        The student's code.
    others : mapping from code to student
        Everyone's codes.

    Examples
    --------
    >>> doubts("c0de", "c0de", {})
    ''
    >>> doubts("beef", "c0de", {"beef": "ben"})
    'the notebook was worked with the scenario of ben'
    """
    if stored == expected:
        return ""
    if stored is None:
        return "the notebook shows no scenario: it was handed in without having been run"
    if stored == "default":
        return "the notebook was worked with the default scenario, not with the student's own"
    if stored in others:
        return f"the notebook was worked with the scenario of {others[stored]}"
    return f"the notebook shows the code {stored[:20]!r}, which is nobody's in this class"


def write_codes(
    course: Course, students: Iterable[str], labs: Iterable[str], path: Path | None = None
) -> list[dict[str, str]]:
    """Return, and write as CSV if a path is given, every student's codes.

    Raises
    ------
    GraderError
        When the course has no secret.
    """
    secret = course_secret(course)
    if secret is None:
        raise GraderError(NO_SECRET)
    labs = list(labs)
    rows = [
        {"student": student, **{seed_variable(lab): student_code(secret, student, lab) for lab in labs}}
        for student in students
    ]  # fmt: skip
    if path is not None:
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, ["student", *(seed_variable(lab) for lab in labs)])
            out.writeheader()
            out.writerows(rows)
    return rows
