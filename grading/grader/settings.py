"""nbgrader as this course sets it: its folders, its gradebook, what lateness costs."""

from __future__ import annotations

from typing import Any

from grader.course import Course

__all__ = ["QUIET_KERNEL", "course_config", "nbgrader_config"]

#: Kernels listen on this machine only; their remark on plain TCP helps nobody here.
QUIET_KERNEL = ("--IPKernelApp.log_level=40",)


def nbgrader_config(course: Course) -> Any:
    """Return nbgrader's configuration for a course.

    How submissions are run is not nbgrader's affair here: see `converters`.

    Parameters
    ----------
    course : Course

    Returns
    -------
    traitlets.config.Config
    """
    from traitlets.config import Config

    from grader.policy import read_policy

    c = Config()
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.db_url = course.db_url
    for step in ("source", "release", "submitted", "autograded", "feedback"):
        c.CourseDirectory[f"{step}_directory"] = str(getattr(course, step).relative_to(course.root))
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
