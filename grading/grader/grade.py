"""Grade a lab and write what students and instructors read: grades, feedback, today's results."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from grader.course import Course
from grader.engine import THIS_MACHINE, How, grade_class
from grader.feedback import write_feedback
from grader.gradebook import open_gradebook
from grader.journal import Journal
from grader.record import Result
from grader.scores import read_scores
from grader.source import read_lab

__all__ = ["current_results", "grade"]


def grade(
    course: Course,
    lab: str,
    students: Sequence[str] = (),
    how: How = THIS_MACHINE,
    *,
    on_start: Callable[[str], None] = lambda student: None,
    on_result: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Grade submissions of a lab and write their feedback pages; see `engine.grade_class`."""
    results = grade_class(course, lab, students, how, on_start=on_start, on_result=on_result)
    with open_gradebook(course) as book:
        write_feedback(course, read_lab(course, lab), book, [result.student for result in results])
    return results


def current_results(course: Course, lab: str) -> list[Result]:
    """Return how the submissions of a lab ended, with today's scores from the gradebook.

    A person may have graded written answers since the tests ran.
    """
    entries = Journal(course, lab).current()
    if not entries:
        return []
    with open_gradebook(course) as book:
        scores = read_scores(book, read_lab(course, lab))
    return [entry.result.with_scores(scores.get(student, {})) for student, entry in entries.items()]
