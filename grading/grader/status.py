"""Where a lab stands: counts for `grader status`, and what lies or lacks in `submitted/`."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from grader.course import Course
from grader.errors import few, nearest
from grader.grade import current_results
from grader.roster import enrolled

__all__ = ["LabStatus", "lab_status", "remarks", "stray"]


@dataclass(frozen=True)
class LabStatus:
    """Counts of submissions of a lab.

    Attributes
    ----------
    submitted, graded, waiting, review, ungradable, todo : int
        ``graded`` counts what needs nobody any more, ``todo`` what was never graded.
    mean_share : float or None
        Mean score over the maximum of those that have a score [1].
    """

    submitted: int
    graded: int
    waiting: int
    review: int
    ungradable: int
    todo: int
    mean_share: float | None


def lab_status(course: Course, lab: str) -> LabStatus:
    """Return where a lab stands."""
    submitted = course.students(lab)
    results = {r.student: r for r in current_results(course, lab)}
    kinds = [result.status for result in results.values()]
    shares = [r.score / r.max_score for r in results.values() if r.max_score]
    return LabStatus(
        submitted=len(submitted),
        graded=kinds.count("graded") + kinds.count("partial"),
        waiting=sum(result.waits for result in results.values()),
        review=kinds.count("needs-review"),
        ungradable=kinds.count("ungradable"),
        todo=sum(student not in results for student in submitted),
        mean_share=statistics.fmean(shares) if shares else None,
    )


def remarks(course: Course, lab: str) -> list[str]:
    """Say who handed in a lab and is not in the roster, who did not and is, and what is stray."""
    roster, submitted = enrolled(course), set(course.students(lab))
    said = []
    if roster and (strangers := sorted(submitted - roster)):
        said.append(f"not in the roster, yet handed in: {few(strangers)}")
    if missing := sorted(roster - submitted):
        said.append(f"{len(missing)} of the roster handed in nothing: {few(missing)}")
    return said + stray(course)


def stray(course: Course) -> list[str]:
    """Name what lies in ``submitted/`` where no lab is looked for: folders and notebooks."""
    labs = course.labs()
    said = []
    for path in sorted([*course.submitted.glob("*"), *course.submitted.glob("*/*")]):
        name = path.relative_to(course.submitted)
        if path.name.startswith("."):
            continue
        if path.suffix == ".ipynb" and not path.is_dir():
            said.append(f"{name} (a notebook belongs into <student>/<lab>/)")
        elif len(name.parts) == 2 and path.is_dir() and path.name not in labs:
            said.append(f"{name}/ (no lab; {nearest(path.name, labs)})")
    return [f"left alone in submitted/: {few(said)}"] if said else []
