"""nbgrader as this course sets it: its folders, what runs while grading, what feedback shows."""

from __future__ import annotations

from typing import Any

from grader.course import Course
from grader.source import EXPLORE

__all__ = ["QUIET_KERNEL", "course_config", "nbgrader_config"]

#: Kernels listen on this machine only; their remark on plain TCP helps nobody here.
QUIET_KERNEL = ("--IPKernelApp.log_level=40",)


def nbgrader_config(course: Course, *, timeout_s: float = 30.0) -> Any:
    """Return nbgrader's configuration for a course.

    Parameters
    ----------
    course : Course
    timeout_s : float
        Longest run of a cell before it is interrupted and fails [s].

    Returns
    -------
    traitlets.config.Config
    """
    from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
    from nbgrader.preprocessors import (
        AssignLatePenalties,
        CheckCellMetadata,
        Execute,
        GetGrades,
        IgnorePattern,
        LimitOutput,
        SaveAutoGrades,
    )
    from traitlets.config import Config

    from grader.policy import read_policy
    from grader.preprocessors import HideTests, RunGradedCells

    c = Config()
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.db_url = course.db_url
    for step in ("source", "release", "submitted", "autograded", "feedback"):
        c.CourseDirectory[f"{step}_directory"] = str(getattr(course, step).relative_to(course.root))

    c.Execute.timeout = max(1, round(timeout_s))
    c.Execute.extra_arguments = list(QUIET_KERNEL)
    c.Execute.interrupt_on_timeout = True
    c.Execute.skip_cells_with_tag = EXPLORE
    c.Autograde.autograde_preprocessors = [
        RunGradedCells,
        Execute,
        IgnorePattern,
        ClearMetadataPreprocessor,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    c.GenerateFeedback.preprocessors = [GetGrades, HideTests, CSSHTMLHeaderPreprocessor]
    late = read_policy(course).late
    if late:
        c.AssignLatePenalties.plugin_class = "grader.policy.LatePolicy"
        c.LatePolicy.update(late)
    return c


def course_config(course: Course) -> Any:
    """Return what the course's own ``nbgrader_config.py`` sets; ours when it has none."""
    from traitlets.config.loader import PyFileConfigLoader

    name = "nbgrader_config.py"
    if not (course.root / name).is_file():
        return nbgrader_config(course)
    return PyFileConfigLoader(name, path=str(course.root)).load_config()
