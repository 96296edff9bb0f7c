"""Where a lab stands: counts for the one line that `grader status` prints."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from grader.course import Course
from grader.grade import current_results

__all__ = ["LabStatus", "lab_status"]


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
        waiting=kinds.count("needs-manual"),
        review=kinds.count("needs-review"),
        ungradable=kinds.count("ungradable"),
        todo=sum(student not in results for student in submitted),
        mean_share=statistics.fmean(shares) if shares else None,
    )
