"""Grade a class: what is new goes to the workers, every grade into the journal, then the gradebook.

    handed in → key → already graded? → workers → autograded notebook → journal → gradebook

The order of the last three makes ``kill -9`` harmless: a grade without a line in the journal is
computed again, a line without a row in the gradebook is written on the next run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import build, seeds
from grader.autograded import notebook_path, untouched_answers, write_autograded
from grader.course import Course
from grader.environment import environment_digest
from grader.errors import GraderError, nearest
from grader.execution import Run
from grader.execution.spec import LabSpec
from grader.gradebook import Writer, open_gradebook
from grader.handed_in import HandedIn, read_handed_in
from grader.journal import Journal, Key
from grader.pool import Grading, Job, _worker, grade_jobs
from grader.record import SLOW_S, ItemResult, Result
from grader.settings import course_config
from grader.source import Lab, read_lab
from grader.versions import read_version, stamp

__all__ = [
    "THIS_MACHINE",
    "How",
    "Plan",
    "choose",
    "ensure_entered",
    "grade_class",
    "make_plans",
    "run_jobs",
    "run_plans",
    "write",
]


@dataclass(frozen=True)
class How:
    """How a class is graded.

    Attributes
    ----------
    workers : int
        Submissions at a time; 0 for one a core.
    scheduler : str
        Address of a Dask cluster; this machine alone when empty.
    sandbox : bool
        False runs student code unprotected, and every record says so.
    force : bool
        Grade again what has a grade already.
    timeout_s : float or None
        Longest run of a cell [s]; lab.toml's when None.
    make : callable
        Makes a worker.
    """

    workers: int = 0
    scheduler: str = ""
    sandbox: bool = True
    force: bool = False
    timeout_s: float | None = None
    make: Grading = _worker


THIS_MACHINE = How()


def with_sandbox_if_possible(how: How = THIS_MACHINE) -> How:
    """Return how code of our own is graded: in the sandbox, or without it where none can run.

    For submissions of students the sandbox is never left out unasked.
    """
    from grader.execution.sandbox import bubblewrap_problem

    return dataclasses.replace(how, sandbox=how.sandbox and bubblewrap_problem() is None)


@dataclass(frozen=True)
class Plan:
    """One submission, with all that its grade depends on."""

    student: str
    spec: LabSpec
    key: Key
    handed_in: HandedIn
    environment: Mapping[str, str]
    doubt: str = ""

    @property
    def job(self) -> Job:
        """The work it is."""
        return Job(
            self.student, self.handed_in.notebook, self.spec, self.key.tests, self.environment
        )


def grade_class(
    course: Course,
    lab_name: str,
    students: Sequence[str] = (),
    how: How = THIS_MACHINE,
    *,
    on_start: Callable[[str], None] = lambda student: None,
    on_result: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Grade submissions of a lab.

    Parameters
    ----------
    course : Course
    lab_name : str
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
        For an unknown lab or student, when nobody has submitted, or when the machine, the cluster
        or the gradebook fails; what was graded until then is kept.
    """
    lab = read_lab(course, lab_name)
    chosen = choose(course, lab_name, students)
    spec = ensure_entered(course, lab)
    journal = Journal(course, lab_name)
    results: dict[str, Result] = {}
    with open_gradebook(course) as book:
        writer = Writer(course, lab, book, course_config(course))
        todo = []
        for plan in make_plans(course, lab, spec, journal, chosen, how):
            entry = None if how.force else journal.find(plan.student, plan.key)
            if entry is None or not notebook_path(course, lab_name, plan.student).is_file():
                todo.append(plan)
                continue
            if not journal.is_written(plan.student, plan.key):
                write(writer, journal, plan, entry.result)
            results[plan.student] = entry.result
            on_result(entry.result)
        for plan, result in run_plans(course, todo, how, on_start=on_start):
            journal.graded(plan.student, plan.key, result)
            write(writer, journal, plan, result)
            results[plan.student] = result
            on_result(result)
    return [results[student] for student in chosen]


def choose(course: Course, lab: str, students: Sequence[str]) -> list[str]:
    """Return whose submissions are meant; everyone's when none is named.

    Raises
    ------
    GraderError
        When nobody, or not everyone named, has submitted.
    """
    course.lab_folder(lab)
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


def ensure_entered(course: Course, lab: Lab) -> LabSpec:
    """Enter the lab's items into the gradebook and keep its release, unless that is done already.

    Two graders at once take turns.
    """
    with _one_at_a_time(course.versions / ".lock"):
        entered = read_version(course, lab.name, lab.release_id)
        if entered is None or not _in_gradebook(course, lab):
            build.enter(course, lab.name)
            entered = read_version(course, lab.name, lab.release_id)
    assert entered is not None  # build keeps every release it makes
    return entered


def _in_gradebook(course: Course, lab: Lab) -> bool:
    from nbgrader.api import MissingEntry

    with open_gradebook(course) as book:
        try:
            notebook = book.find_notebook(lab.name, lab.name)
        except MissingEntry:
            return False
        cells = {c.name: c.max_score for c in (*notebook.grade_cells, *notebook.task_cells)}
    return cells == {item.grade_id: item.points for item in lab.items}


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_plans(
    course: Course,
    lab: Lab,
    spec: LabSpec,
    journal: Journal,
    students: Sequence[str],
    how: How,
    *,
    tests_of_today: bool = False,
) -> Iterator[Plan]:
    """Read what students handed in and find out what each grade depends on.

    Parameters
    ----------
    course, lab, spec, journal, students, how
        ``spec`` is the lab of today.
    tests_of_today : bool
        Grade old releases with the tests of today, too.
    """
    today = _limited(spec, how)
    versions, digests = {lab.release_id: today}, {lab.release_id: today.digest[:16]}
    codes = _codes(course, lab.name, spec, students)
    owners = {code: student for student, code in codes.items()}
    for student in students:
        handed_in = read_handed_in(course.submitted / student / lab.name, lab.name)
        raw = handed_in.notebook
        release = journal.tests_for(stamp(raw)) if not tests_of_today else lab.release_id
        if release not in versions:
            old = read_version(course, lab.name, release)
            versions[release] = today if old is None else _limited(old, how)
            digests[release] = versions[release].digest[:16]
        code = codes.get(student, "")
        if release != lab.release_id and versions[release] is today and release:
            remark = f"its release {release} is unknown here: graded with today's"
            handed_in = dataclasses.replace(handed_in, flags=(*handed_in.flags, remark))
        yield Plan(
            student=student,
            spec=versions[release],
            key=Key(_hash(raw), digests[release], environment_digest(), code),
            handed_in=handed_in,
            environment={seeds.seed_variable(lab.name): code} if code else {},
            doubt=seeds.doubts(seeds.stored_code(_loaded(raw)), code, owners) if code else "",
        )


def _limited(spec: LabSpec, how: How) -> LabSpec:
    if how.timeout_s is None:
        return spec
    limits = dataclasses.replace(
        spec.limits, cell_s=how.timeout_s, notebook_s=max(spec.limits.notebook_s, how.timeout_s)
    )
    return dataclasses.replace(spec, limits=limits)


def _codes(course: Course, lab: str, spec: LabSpec, students: Sequence[str]) -> dict[str, str]:
    """Return everyone's code, if the lab draws scenarios and the course has a secret."""
    secret = seeds.course_secret(course) if seeds.has_scenario(spec) else None
    if secret is None:
        return {}
    everyone = dict.fromkeys([*course.students(lab), *students])
    return {student: seeds.student_code(secret, student, lab) for student in everyone}


def _hash(raw: bytes | None) -> str:
    return "none" if raw is None else hashlib.sha256(raw).hexdigest()[:16]


def _loaded(raw: bytes | None) -> Mapping[str, Any]:
    try:
        notebook = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        return {}
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return notebook if isinstance(cells, list) else {}


def run_plans(
    course: Course,
    plans: Sequence[Plan],
    how: How,
    *,
    on_start: Callable[[str], None] = lambda student: None,
) -> Iterator[tuple[Plan, Result]]:
    """Grade submissions and write their autograded notebooks; yield each as it is done."""
    by_student = {plan.student: plan for plan in plans}
    for job, run in run_jobs([plan.job for plan in plans], how, on_start=on_start):
        plan = by_student[job.student]
        result = as_result(plan, run)
        write_autograded(course, plan.spec, result, run.notebook)
        yield plan, result


def run_jobs(
    jobs: Sequence[Job], how: How, *, on_start: Callable[[str], None] = lambda student: None
) -> Iterator[tuple[Job, Run]]:
    """Grade jobs here or on a cluster; keep nothing."""
    if how.scheduler:
        from grader.cluster import grade_on_cluster

        return grade_on_cluster(
            jobs, scheduler=how.scheduler, sandbox=how.sandbox, make=how.make, on_start=on_start
        )
    workers = min(how.workers or os.cpu_count() or 1, max(1, len(jobs)))
    return grade_jobs(jobs, workers=workers, sandbox=how.sandbox, make=how.make, on_start=on_start)


def as_result(plan: Plan, run: Run) -> Result:
    """Turn what came of a submission into its record."""
    status, reason = run.status, plan.handed_in.reason or run.reason
    items = tuple(
        ItemResult(c.grade_id, c.score, c.max_score, c.manual, "" if c.score == c.max_score else c.said)
        for c in run.cells
    )  # fmt: skip
    if status == "graded" and plan.doubt:
        status, reason = "needs-review", plan.doubt
    if status == "graded" and any(item.manual for item in items):
        status = "needs-manual"
    ungradable = status == "ungradable"
    return Result(
        student=plan.student,
        status=status,
        reason=reason,
        score=0.0 if ungradable else sum(item.score for item in items),
        max_score=0.0 if ungradable else sum(item.max_score for item in items),
        seconds=round(run.seconds, 3),
        items=() if ungradable else items,
        slow=tuple((c.grade_id, round(c.seconds, 1)) for c in run.cells if c.seconds > SLOW_S),
        flags=(*plan.handed_in.flags, *run.flags),
        sandboxed=run.sandboxed,
    )


def write(writer: Writer, journal: Journal, plan: Plan, result: Result) -> None:
    """Bring a result into the gradebook and note that it is there."""
    course, lab = writer.course, writer.lab.name
    before = journal.in_gradebook(plan.student)
    notebook = json.loads(notebook_path(course, lab, plan.student).read_text(encoding="utf-8"))
    writer.write(
        result,
        untouched=untouched_answers(plan.spec, notebook),
        timestamp=plan.handed_in.timestamp,
        look_again=before is not None and before.key != plan.key,
    )
    journal.written(plan.student, plan.key)
