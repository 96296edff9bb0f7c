"""Answers that fit another student's scenario and not one's own: copied from a variant.

Whoever lost points is compared with those who share something telling in the same answer: its
wording, or a number that neither the release nor the solution has. Then the submission is graded once
more with the other's scenario. Points that appear only there are the evidence.
"""

from __future__ import annotations

import io
import tokenize
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from grader.course import Course
from grader.engine import THIS_MACHINE, How, Plan, ensure_entered, make_plans, run_jobs
from grader.errors import GraderError
from grader.journal import Journal
from grader.record import ItemResult
from grader.report_page import answers_of
from grader.seeds import NO_SECRET, course_secret, has_scenario
from grader.similarity import wording
from grader.source import Lab, read_lab
from grader.submission import without_markers

__all__ = ["Compared", "Copied", "copied_scenarios", "telling_marks"]

#: Others whose scenario is tried for one student.
TRIED = 3
#: A number of fewer digits is anyone's.
FEWEST_DIGITS = 3


@dataclass(frozen=True)
class Copied:
    """A student whose answers fit someone else's scenario.

    Attributes
    ----------
    student, owner : str
    items : tuple of str
        Items that fail with the student's own scenario and pass with the owner's.
    shared : tuple of str
        What the answers share: numbers, or ``wording``.
    """

    student: str
    owner: str
    items: tuple[str, ...]
    shared: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.student}: {', '.join(self.items)} fails with {self.student}'s own scenario and "
            f"passes with that of {self.owner}; both typed {', '.join(self.shared)}"
        )


@dataclass(frozen=True)
class Compared:
    """What came of comparing a class.

    Attributes
    ----------
    readable : int
        Graded submissions whose answers could be read.
    found : tuple of Copied
    """

    readable: int
    found: tuple[Copied, ...]


def telling_marks(source: str) -> set[str]:
    r"""Return the numbers of an answer that have enough digits to tell something.

    Examples
    --------
    >>> sorted(telling_marks("x = 412.75 * 10  # 1e3\ny = 1_234"))
    ['1234', '412.75']
    """
    found = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NUMBER:
                text = token.string.replace("_", "")
                digits = text.lower().partition("e")[0].replace(".", "").strip("0")
                if len(digits) >= FEWEST_DIGITS:
                    found.add(text)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        pass
    return found


def copied_scenarios(course: Course, lab_name: str, how: How = THIS_MACHINE) -> Compared:
    """Return whose answers fit another's scenario, with the evidence.

    Raises
    ------
    GraderError
        When the lab has no scenarios, or the course no secret.
    """
    lab = read_lab(course, lab_name)
    spec = ensure_entered(course, lab)
    if not has_scenario(spec):
        raise GraderError(f"{lab_name} has no individual scenarios: everyone has the same numbers")
    if course_secret(course) is None:
        raise GraderError(NO_SECRET)
    journal = Journal(course, lab_name)
    graded = journal.current()
    students = [name for name in course.students(lab_name) if name in graded]
    plans = {p.student: p for p in make_plans(course, lab, spec, journal, students, how)}
    marks = _marks(course, lab, students)
    tried = []
    for student in students:
        lost = _lost(graded[student].result.items)
        for owner, shared in _candidates(lab, marks, student, lost):
            tried.append((plans[student], owner, lost, shared))
    return Compared(sum(map(bool, marks.values())), _confirmed(tried, plans, how))


def _lost(items: tuple[ItemResult, ...]) -> frozenset[str]:
    return frozenset(i.name for i in items if not i.manual and i.score < i.max_score)


def _marks(course: Course, lab: Lab, students: list[str]) -> dict[str, dict[str, set[str]]]:
    """Return student by student and answer by answer what is neither the lab's nor the solution's."""
    common = {name: telling_marks(without_markers(text)) for name, text in lab.answers.items()}
    given = set().union(*(telling_marks(cell.source) for cell in lab.notebook.cells))
    found: dict[str, dict[str, set[str]]] = {}
    for student in students:
        found[student] = {}
        for name, source in answers_of(course, lab, student).items():
            own = telling_marks(source) - common.get(name, set()) - given
            words = wording(source)
            found[student][name] = own | ({f"#{words}"} if words else set())
    return found


def _candidates(
    lab: Lab, marks: Mapping[str, Mapping[str, set[str]]], student: str, lost: frozenset[str]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return who shares most with a student in the answers that lost points, and what."""
    wrong = [name for name, items in lab.items_of.items() if lost & set(items)]
    count: Counter[str] = Counter()
    shared: dict[str, set[str]] = defaultdict(set)
    for other in marks:
        for name in wrong if other != student else ():
            both = marks[student].get(name, set()) & marks[other].get(name, set())
            count[other] += len(both)
            shared[other] |= {"the same words" if m.startswith("#") else m for m in both}
    likeliest = [(o, n) for o, n in count.most_common(TRIED) if n]
    return [(other, tuple(sorted(shared[other]))) for other, _ in likeliest]


def _confirmed(
    tried: list[tuple[Plan, str, frozenset[str], tuple[str, ...]]],
    plans: Mapping[str, Plan],
    how: How,
) -> tuple[Copied, ...]:
    """Grade with the other's scenario and keep those who gain by it."""
    jobs, about = [], {}
    for plan, owner, lost, shared in tried:
        name = f"{plan.student}\0{owner}"
        about[name] = (plan.student, owner, lost, shared)
        jobs.append(replace(plan.job, student=name, environment=plans[owner].environment))
    found = []
    for job, run in run_jobs(jobs, how):
        student, owner, lost, shared = about[job.student]
        gained = tuple(
            c.grade_id for c in run.cells if c.grade_id in lost and c.score == c.max_score
        )
        if gained:
            found.append(Copied(student, owner, gained, shared))
    return tuple(sorted(found, key=lambda c: (c.student, c.owner)))
