"""Grade submissions through nbgrader, one after another, none of which can stop the others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grader import build, pipeline
from grader.course import Course
from grader.engine import THIS_MACHINE, How
from grader.errors import GraderError, nearest
from grader.record import SLOW_S, ItemResult, Result
from grader.source import Lab, read_lab
from grader.submission import why_ungradable

__all__ = [
    "ItemResult",
    "Result",
    "current_results",
    "grade",
    "grade_one",
    "load_results",
    "read_scores",
    "save_results",
]


def grade(
    course: Course,
    lab: str,
    students: Sequence[str] = (),
    how: How = THIS_MACHINE,
    *,
    on_result: Callable[[Result], None] = lambda result: None,
    on_start: Callable[[str], None] = lambda student: None,
) -> list[Result]:
    """Grade submissions of a lab and write their feedback pages.

    Parameters
    ----------
    course : Course
    lab : str
    students : sequence of str
        Whose submissions; everyone's when empty.
    how : How
    on_start, on_result : callable
        Called before and after each submission.

    Returns
    -------
    list of Result
        One a submission, in the order of students.

    Raises
    ------
    GraderError
        For an unknown lab or student, or when nobody has submitted.
    """
    read = read_lab(course, lab)
    chosen = _chosen(course, lab, students)
    _ensure_in_gradebook(course, read)
    results = []
    for student in chosen:
        on_start(student)
        result = grade_one(course, lab, student, timeout_s=how.timeout_s or read.file.timeout_s)
        results.append(result)
        save_results(course, lab, [result])
        on_result(result)
    return results


def _chosen(course: Course, lab: str, students: Iterable[str]) -> list[str]:
    there = course.students(lab)
    if not there:
        raise GraderError(
            f"nobody has submitted {lab}: {course.submitted}/<student>/{lab}/ is empty"
        )
    chosen = list(dict.fromkeys(students)) or there
    for student in chosen:
        if student not in there:
            raise GraderError(f"{student!r} has not submitted {lab}; {nearest(student, there)}")
    return chosen


def _ensure_in_gradebook(course: Course, lab: Lab) -> None:
    """Enter the lab's tests into the gradebook, unless the same ones are there."""
    import nbformat
    from nbgrader.api import MissingEntry

    with pipeline.gradebook(course) as gradebook:
        try:
            gradebook.find_notebook(lab.name, lab.name)
            known = True
        except MissingEntry:
            known = False
    staged = course.source / lab.name / f"{lab.name}.ipynb"
    if known and staged.is_file():
        stamp = nbformat.read(staged, as_version=4).metadata.get("supercycle", {})
        if stamp.get("release") == lab.release_id:
            return
    build.enter(course, lab.name)


def grade_one(course: Course, lab: str, student: str, *, timeout_s: float) -> Result:
    """Grade one submission; whatever is in it, a result comes back."""
    start = time.perf_counter()
    try:
        problem = _why_no_student(student) or why_ungradable(course.submitted / student / lab, lab)
        problem = problem or pipeline.autograde(course, lab, student, timeout_s=timeout_s)
        if problem:
            return _ungradable(student, problem, start)
        score, max_score, items = read_scores(course, lab, student)
        items, slow, flags = _look(course.autograded / student / lab / f"{lab}.ipynb", items)
        unwritten = pipeline.feedback(course, lab, student)
        flags += (f"no feedback page: {unwritten}",) if unwritten else ()
    except GraderError:
        raise
    except Exception as error:  # whatever a submission provokes must not stop the others
        return _ungradable(
            student, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}", start
        )
    return Result(
        student=student,
        status="needs-manual" if any(item.manual for item in items) else "graded",
        score=score,
        max_score=max_score,
        seconds=time.perf_counter() - start,
        items=tuple(items),
        slow=slow,
        flags=flags,
    )


def _why_no_student(student: str) -> str | None:
    """Say why nbgrader could take one student for another: it reads names as file patterns."""
    if set(student) & set("*?[]"):
        return f"the folder {student!r} has one of * ? [ ] in its name, which nbgrader misreads: rename it"
    return None


def _ungradable(student: str, reason: str, start: float) -> Result:
    return Result(student, "ungradable", reason=reason, seconds=time.perf_counter() - start)


def read_scores(course: Course, lab: str, student: str) -> tuple[float, float, list[ItemResult]]:
    """Read a submission's score, its maximum and its items from nbgrader's gradebook."""
    with pipeline.gradebook(course) as gradebook:
        notebook = gradebook.find_submission_notebook(lab, lab, student)
        items = [
            ItemResult(
                name=grade.name,
                score=float(grade.score or 0.0),
                max_score=float(grade.max_score),
                manual=bool(grade.needs_manual_grade),
            )
            for grade in notebook.grades
        ]
        return float(notebook.score), float(notebook.max_score), items


def _look(
    path: Path, items: list[ItemResult]
) -> tuple[list[ItemResult], tuple[tuple[str, float], ...], tuple[str, ...]]:
    """Read from the executed notebook what failed tests said, and which cells were slow."""
    import dataclasses

    import nbformat

    said: dict[str, str] = {}
    slow: list[tuple[str, float]] = []
    order: list[str] = []
    flags: list[str] = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            order.append(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            continue
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "a cell")
        order.append(name)
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors:
            said[name] = _said(errors[-1])
        if any(error.ename == "CellTimeoutError" for error in errors):
            flags.append(f"{name} ran into the time limit")
        if any(error.ename == "DeadKernelError" for error in errors):
            flags.append(f"the kernel died in {name}")
        seconds = _seconds(cell)
        if seconds > SLOW_S:
            slow.append((name, round(seconds, 1)))
    items = sorted(
        items, key=lambda item: order.index(item.name) if item.name in order else len(order)
    )
    told = [
        dataclasses.replace(i, said="" if i.score == i.max_score else said.get(i.name, ""))
        for i in items
    ]
    return told, tuple(slow), tuple(flags)


def _said(error: Any) -> str:
    if error.ename == "CellTimeoutError":
        return "ran into the time limit"
    if error.ename == "NotImplementedError" and not error.evalue:
        return "not answered"
    sentence = " ".join(error.evalue.split())[:300]
    if error.ename in ("CheckError", "AssertionError") and sentence:
        return sentence
    return f"{error.ename}: {sentence}" if sentence else error.ename


def _seconds(cell: Any) -> float:
    from datetime import datetime

    times = cell.metadata.get("execution", {})
    begin, end = times.get("iopub.execute_input"), times.get("shell.execute_reply")
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def save_results(course: Course, lab: str, results: Sequence[Result]) -> None:
    """Keep how submissions ended, beside what the gradebook keeps; later results replace earlier."""
    kept = {result.student: result for result in load_results(course, lab)}
    kept |= {result.student: result for result in results}
    course.reports.mkdir(parents=True, exist_ok=True)
    rows = [asdict(kept[student]) for student in sorted(kept)]
    path = course.reports / f"{lab}.json"
    fresh = path.with_suffix(".json.new")
    fresh.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    fresh.replace(path)


def load_results(course: Course, lab: str) -> list[Result]:
    """Read how the submissions of a lab ended."""
    path = course.reports / f"{lab}.json"
    if not path.is_file():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [
            Result(
                **{
                    **row,
                    "items": tuple(ItemResult(**item) for item in row["items"]),
                    "slow": tuple((cell, seconds) for cell, seconds in row["slow"]),
                    "flags": tuple(row["flags"]),
                }
            )
            for row in rows
        ]
    except (ValueError, TypeError, KeyError):
        raise GraderError(
            f"{path} is damaged: delete it and run `grader grade {lab}` again"
        ) from None


def current_results(course: Course, lab: str) -> list[Result]:
    """Return how the submissions of a lab ended, with today's scores from the gradebook.

    A person may have graded written answers since the tests ran.
    """
    import dataclasses

    fresh = []
    for result in load_results(course, lab):
        if result.status != "ungradable":
            score, max_score, items = read_scores(course, lab, result.student)
            said = {item.name: item.said for item in result.items}
            order = [item.name for item in result.items]
            items.sort(
                key=lambda item: order.index(item.name) if item.name in order else len(order)
            )
            result = dataclasses.replace(
                result,
                status="needs-manual" if any(item.manual for item in items) else "graded",
                score=score,
                max_score=max_score,
                items=tuple(dataclasses.replace(i, said=said.get(i.name, "")) for i in items),
            )
        fresh.append(result)
    return fresh
