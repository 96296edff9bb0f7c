"""nbgrader's gradebook, written directly: one transaction a submission, repeated until it holds.

What nbgrader's steps ``SaveAutoGrades`` and ``AssignLatePenalties`` write is written here, in the
same tables: manual grades and comments stay, late penalties come from the course's plugin. Writing
the same result twice changes nothing.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.course import Course
from grader.errors import GraderError
from grader.record import ItemResult, Result
from grader.source import Lab

__all__ = [
    "Writer",
    "open_gradebook",
    "prepare",
    "schema_version",
]

#: How long a writer waits for a locked or restarting database [s].
PATIENCE_S = 60.0


@contextlib.contextmanager
def open_gradebook(course: Course) -> Iterator[Any]:
    """Open the course's gradebook, which is made if there is none.

    Yields
    ------
    nbgrader.api.Gradebook

    Raises
    ------
    GraderError
        When there is no gradebook at its address.
    """
    from sqlalchemy.exc import SQLAlchemyError

    prepare()
    if not course.gradebook_url:
        course.gradebook.parent.mkdir(parents=True, exist_ok=True)
    try:
        # two graders may make a new gradebook at once: the later one finds what the earlier made
        book = _patiently(
            lambda: _opened(course), on_failure=lambda: None, patience_s=_first(course)
        )
    except SQLAlchemyError as error:
        raise GraderError(
            f"{_where(course)} cannot be opened as a gradebook: {_why(error)}"
        ) from None
    try:
        with book, warnings.catch_warnings():
            _ignore_cascades()
            yield book
    except SQLAlchemyError as error:
        raise GraderError(
            f"{_where(course)} failed: {_why(error)}; what was graded is kept, run the command again"
        ) from None
    finally:
        book.engine.dispose()


def _opened(course: Course) -> Any:
    from nbgrader.api import Course as Row
    from nbgrader.api import Gradebook

    book = Gradebook(course.db_url)
    # nbgrader gives assignments a course without a name, and has no row for it: PostgreSQL minds
    if course.gradebook_url and book.db.get(Row, "") is None:
        book.db.add(Row(id=""))
        book.db.commit()
    return book


def _first(course: Course) -> float:
    """A file that is no gradebook stays none; a server may be restarting."""
    return 30.0 if course.gradebook_url else 2.0


def _where(course: Course) -> str:
    if not course.gradebook_url:
        return str(course.gradebook)
    from sqlalchemy.engine import make_url

    return make_url(course.db_url).render_as_string(hide_password=True)


def _why(error: Exception) -> str:
    return " ".join(str(error.__cause__ or error).split())[:200]


def _ignore_cascades() -> None:
    """Pass over a remark of SQLAlchemy 2 on how nbgrader 0.9 adds its rows."""
    from sqlalchemy.exc import SAWarning

    warnings.simplefilter("ignore", SAWarning)


@functools.cache
def prepare() -> None:
    """Teach this process two things about gradebooks.

    nbgrader looks up its schema's version with a call of ``alembic`` by name for every new
    gradebook; the call fails where the environment's programs are not on PATH, and takes two seconds
    where they are. A test compares its answer with ours. And SQLite gives up on a lock after five
    seconds; a class that is graded twice at once needs longer.
    """
    import nbgrader.api
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    nbgrader.api.get_alembic_version = schema_version

    @event.listens_for(Engine, "connect")
    def wait_for_locks(connection: Any, record: Any) -> None:
        if type(connection).__module__.startswith("sqlite3"):
            connection.execute(f"PRAGMA busy_timeout = {round(1000 * PATIENCE_S)}")


@functools.cache
def schema_version() -> str:
    """Return the version of nbgrader's gradebook schema."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return str(ScriptDirectory(ALEMBIC_DIR).get_current_head())


def _patiently(
    work: Callable[[], Any], *, on_failure: Callable[[], None], patience_s: float = PATIENCE_S
) -> Any:
    """Repeat a whole transaction while another writer, a lock or a restart is in its way."""
    from sqlalchemy.exc import DBAPIError

    start, pause_s = time.monotonic(), 0.02
    while True:
        try:
            return work()
        except DBAPIError:
            on_failure()
            if time.monotonic() - start > patience_s:
                raise
            time.sleep(pause_s)
            pause_s = min(1.0, 2 * pause_s)


@dataclass(frozen=True)
class _Cells:
    """The rows of a lab that every submission refers to."""

    assignment_id: str
    notebook_id: str
    graded: Mapping[str, str]
    commented: Mapping[str, str]


@dataclass
class Writer:
    """The one writer of a lab's rows.

    Parameters
    ----------
    course : Course
    lab : Lab
    book : nbgrader.api.Gradebook
        An open gradebook that has the lab.
    config : traitlets.config.Config
        The course's settings; the plugin of late penalties is taken from it.
    """

    course: Course
    lab: Lab
    book: Any
    config: Any
    _cells: _Cells = field(init=False)
    _policy: Any = field(init=False)
    _late: Any = field(init=False)

    def __post_init__(self) -> None:
        from nbgrader.preprocessors import AssignLatePenalties

        from grader.policy import read_policy

        self._policy = read_policy(self.course)
        self._cells = self._find_cells()
        self._late = AssignLatePenalties(config=self.config)
        self._late.log = logging.getLogger("grader.late")
        self._late.log.setLevel(logging.CRITICAL)
        self._late.init_plugin()

    def _find_cells(self) -> _Cells:
        notebook = self.book.find_notebook(self.lab.name, self.lab.name)
        due = self._policy.due.get(self.lab.name)
        if due is not None:
            notebook.assignment.duedate = due
        graded = {c.name: c.id for c in (*notebook.grade_cells, *notebook.task_cells)}
        commented = {c.name: c.id for c in (*notebook.solution_cells, *notebook.task_cells)}
        cells = _Cells(notebook.assignment_id, notebook.id, graded, commented)
        self.book.db.commit()
        return cells

    def write(
        self,
        result: Result,
        *,
        untouched: frozenset[str] = frozenset(),
        timestamp: Any = None,
        look_again: bool = False,
    ) -> None:
        """Write how a submission ended.

        Parameters
        ----------
        result : Result
        untouched : frozenset of str
            Written answers left as they were given out: these get 0 and "No response.".
        timestamp : datetime, optional
            When it was handed in, UTC.
        look_again : bool
            Whether answers or tests changed since a person graded; their points stay, and the
            cells are marked for another look, as nbgrader does.

        Raises
        ------
        GraderError
            When the gradebook cannot be written for a minute.
        """
        from sqlalchemy.exc import SQLAlchemyError

        def transaction() -> None:
            self._write(result, untouched, timestamp, look_again)
            self.book.db.commit()

        try:
            _patiently(transaction, on_failure=self.book.db.rollback)
        except SQLAlchemyError as error:
            self.book.db.rollback()
            raise GraderError(
                f"{_where(self.course)} cannot be written: {_why(error)}; what was graded is kept, "
                f"run `grader grade {self.lab.name}` again"
            ) from None

    def _write(
        self, result: Result, untouched: frozenset[str], timestamp: Any, look_again: bool
    ) -> None:
        submission, notebook = self._submission(result.student)
        if timestamp is not None:
            submission.timestamp = timestamp
        if result.status == "needs-review":
            notebook.flagged = True
        self._write_grades(result, notebook, untouched, look_again)
        self._write_comments(notebook, untouched)
        self.book.db.flush()
        self._write_penalty(submission, notebook)

    def update_penalty(self, student: str) -> None:
        """Work out a student's late penalty again, after a due date or an extension changed."""

        def transaction() -> None:
            submission, notebook = self._submission(student)
            self._write_penalty(submission, notebook)
            self.book.db.commit()

        _patiently(transaction, on_failure=self.book.db.rollback)

    def _submission(self, student: str) -> tuple[Any, Any]:
        """Return a student's rows for this lab, made if there are none."""
        from nbgrader.api import Student, SubmittedAssignment, SubmittedNotebook
        from sqlalchemy import select

        db, cells = self.book.db, self._cells
        if db.get(Student, student) is None:
            db.add(Student(id=student))
            db.flush()
        submission = db.scalar(
            select(SubmittedAssignment).where(
                SubmittedAssignment.assignment_id == cells.assignment_id,
                SubmittedAssignment.student_id == student,
            )
        )
        if submission is None:
            submission = SubmittedAssignment(assignment_id=cells.assignment_id, student_id=student)
            db.add(submission)
            db.flush()
        notebook = db.scalar(
            select(SubmittedNotebook).where(
                SubmittedNotebook.assignment_id == submission.id,
                SubmittedNotebook.notebook_id == cells.notebook_id,
            )
        )
        if notebook is None:
            notebook = SubmittedNotebook(
                assignment_id=submission.id, notebook_id=cells.notebook_id, flagged=False
            )
            db.add(notebook)
            db.flush()
        return submission, notebook

    def _write_grades(
        self, result: Result, notebook: Any, untouched: frozenset[str], look_again: bool
    ) -> None:
        from nbgrader.api import Grade

        rows = self._rows(Grade, notebook)
        items = {item.name: item for item in result.items}
        for name, cell_id in self._cells.graded.items():
            row = rows.get(cell_id)
            if row is None:
                row = Grade(cell_id=cell_id, notebook_id=notebook.id)
                self.book.db.add(row)
            score = _auto_score(result, items.get(name), name in untouched)
            changed = row.auto_score != score
            row.auto_score = score
            if row.manual_score is None:
                row.needs_manual_grade = score is None
            elif look_again or changed:
                row.needs_manual_grade = True

    def _write_comments(self, notebook: Any, untouched: frozenset[str]) -> None:
        from nbgrader.api import Comment

        rows = self._rows(Comment, notebook)
        for name, cell_id in self._cells.commented.items():
            row = rows.get(cell_id)
            if row is None:
                row = Comment(cell_id=cell_id, notebook_id=notebook.id)
                self.book.db.add(row)
            row.auto_comment = "No response." if name in untouched else None

    def _rows(self, kind: Any, notebook: Any) -> dict[str, Any]:
        from sqlalchemy import select

        found = self.book.db.scalars(select(kind).where(kind.notebook_id == notebook.id))
        return {row.cell_id: row for row in found}

    def _write_penalty(self, submission: Any, notebook: Any) -> None:
        notebook.late_submission_penalty = None
        submission.extension = self._policy.extensions.get((submission.student_id, self.lab.name))
        if submission.assignment is None or submission.assignment.duedate is None:
            return
        late_s = submission.total_seconds_late
        if late_s > 0:
            self.book.db.expire(notebook, ["score"])
            penalty = self._late.plugin_inst.late_submission_penalty(
                submission.student_id, notebook.score, late_s
            )
            if penalty is not None:
                notebook.late_submission_penalty = self._late._check_late_penalty(notebook, penalty)


def _auto_score(result: Result, item: ItemResult | None, untouched: bool) -> float | None:
    """What the tests gave; None where a person has to grade."""
    if item is None:  # nothing could be run: a person decides, not a silent zero
        return None
    if item.manual:
        return 0.0 if untouched else None
    return item.score
