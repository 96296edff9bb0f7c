"""What the gradebook holds of a lab: points, a person's points, comments and penalties, one query each."""

from __future__ import annotations

from typing import Any

from grader.record import ItemResult
from grader.source import Lab

__all__ = ["read_comments", "read_manual_scores", "read_penalties", "read_scores"]


def _submitted(*columns: Any, row: Any, lab: str) -> Any:
    """Select columns of a kind of row, joined to its student, for one lab."""
    from nbgrader.api import Assignment, SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import select

    return (
        select(SubmittedAssignment.student_id, *columns)
        .select_from(row)
        .join(SubmittedNotebook, row.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .where(Assignment.name == lab)
    )


def read_scores(book: Any, lab: Lab) -> dict[str, dict[str, ItemResult]]:
    """Read the scores of a lab, student by student and item by item, in one query.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    lab : Lab
    """
    from nbgrader.api import BaseCell, Grade

    points = {item.grade_id: item.points for item in lab.items}
    rows = book.db.execute(
        _submitted(BaseCell.name, Grade.score, Grade.needs_manual_grade, row=Grade, lab=lab.name)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
    )  # fmt: skip
    scores: dict[str, dict[str, ItemResult]] = {}
    for student, name, score, waits in rows:
        item = ItemResult(name, float(score), points.get(name, 0.0), manual=bool(waits))
        scores.setdefault(student, {})[name] = item
    return scores


def read_manual_scores(book: Any, lab: str) -> dict[str, dict[str, float]]:
    """Read the points that a person gave, student by student and item by item."""
    from nbgrader.api import BaseCell, Grade

    rows = book.db.execute(
        _submitted(BaseCell.name, Grade.manual_score, row=Grade, lab=lab)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .where(Grade.manual_score.is_not(None))
    )
    found: dict[str, dict[str, float]] = {}
    for student, name, score in rows:
        found.setdefault(student, {})[name] = float(score)
    return found


def read_comments(book: Any, lab: str) -> dict[str, dict[str, str]]:
    """Read the comments on a lab, student by student and answer by answer."""
    from nbgrader.api import BaseCell, Comment

    rows = book.db.execute(
        _submitted(BaseCell.name, Comment.comment, row=Comment, lab=lab)
        .join(BaseCell, Comment.cell_id == BaseCell.id)
    )  # fmt: skip
    found: dict[str, dict[str, str]] = {}
    for student, name, text in rows:
        if text:
            found.setdefault(student, {})[name] = text
    return found


def read_penalties(book: Any, lab: str) -> dict[str, float]:
    """Read the points taken off for lateness, student by student."""
    from nbgrader.api import Assignment, SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import select

    rows = book.db.execute(
        select(SubmittedAssignment.student_id, SubmittedNotebook.late_submission_penalty)
        .select_from(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .where(Assignment.name == lab, SubmittedNotebook.late_submission_penalty.is_not(None))
    )
    return {student: float(penalty) for student, penalty in rows}
