"""The whole fault corpus through nbgrader's command and formgrader's button, every fault a student.

Each ends as it must, and nobody else's submission, notebook or grade is changed by it: honest students
stand between the damaged ones, and get what they would get alone.
"""

import dataclasses
import hashlib
import json
import os
from types import SimpleNamespace

import pytest
from corpus.faults import FAULTS
from corpus.folders import FOLDERS
from corpus.given import LIMITS, MEAN, TOTAL, Given
from formgrading import application, nbgrader, post

from grader import build
from grader.engine import ensure_entered
from grader.execution.sandbox import bubblewrap_problem
from grader.gradebook import open_gradebook
from grader.journal import Journal
from grader.scores import read_scores
from grader.source import read_lab
from grader.verify import hand_in, released

LAB = "lab00_tiny"
#: One fault of each family, where time is short: a file, its cells, its code, its folder.
FEW = {
    "truncated", "UTF-16", "all metadata gone", "answer and test merged", "endless loop",
    "memory in many processes", "os._exit in the cell itself", "segfault",
    "background process left behind", "deletes the builtins", "the folder is another's",
    "the student's folder is another's", "a helper file leads to another's notebook",
    "the notebook is a folder",
}  # fmt: skip

pytestmark = pytest.mark.skipif(bubblewrap_problem() is not None, reason=str(bubblewrap_problem()))


@pytest.fixture
def hand_in_corpus(course):
    """Hand in cases, an honest student before every tenth, the limits being the corpus's own."""

    def hand_in_them(cases):
        lab = read_lab(course, LAB)
        build.release(course, lab)
        spec = dataclasses.replace(ensure_entered(course, lab), limits=LIMITS)
        path = course.versions / LAB / f"{lab.release_id}.json"
        path.write_text(json.dumps(spec.to_json()))
        release = released(course, LAB)
        given, honest, faults = Given.of(lab, release), [], {}
        for number, case in enumerate(cases):
            if number % 10 == 0:
                honest.append(f"{number:03d} honest")
                _write(
                    hand_in(course, LAB, honest[-1], release), json.dumps(given.right()).encode()
                )
            student = f"{number:03d} x"
            faults[student] = case
            path = hand_in(course, LAB, student, release)
            if case in FOLDERS:
                _write(path, json.dumps(given.right()).encode())
                case.spoil(path.parent, course.submitted / honest[0] / LAB)
            else:
                _write(path, case.raw(given))
        return SimpleNamespace(course=course, honest=honest, faults=faults)

    return hand_in_them


def _write(path, raw):
    path.unlink()
    if raw is not None:
        path.write_bytes(raw)


def fingerprint(folder):
    """All there is below a folder: names, links and contents."""
    found = {}
    for above, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(above, name)
            if os.path.islink(path):
                found[path] = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[path] = hashlib.sha256(file.read()).hexdigest()
            else:
                found[path] = oct(os.lstat(path).st_mode)
    return found


def graded(course):
    """What is known of each student: the notebook shown, the points, the record."""
    with open_gradebook(course) as book:
        scores = read_scores(book, read_lab(course, LAB))
    return {
        student: (fingerprint(course.autograded / student), scores[student], entry.result)
        for student, entry in Journal(course, LAB).current().items()
    }


def judge(case, known):
    _, scores, result = known
    told = "\n".join([result.reason, *result.flags, *(item.said for item in result.items)])
    wanted = {{"graded": "needs-manual"}.get(s, s) for s in case.status.split("|")}
    assert result.status in wanted, f"{case.name}: {result.status}: {told}"
    assert (scores[TOTAL].score, scores[MEAN].score) == (case.total, case.mean), (
        f"{case.name}: {told}"
    )
    assert case.says in told, f"{case.name}: {told}"
    assert result.sandboxed


def judge_honest(known):
    """They answered alike, so they must be graded alike, to the byte of the notebook shown."""
    for _, scores, result in known:
        assert (result.status, result.reason, result.flags) == ("needs-manual", "", ())
        assert (scores[TOTAL].score, scores[MEAN].score) == (2.0, 3.0)
    shown = [[h for path, h in files.items() if path.endswith(".ipynb")] for files, _, _ in known]
    assert all(one == shown[0] != [] for one in shown)


def test_one_command_grades_a_class_of_faults(hand_in_corpus):
    handed_in = hand_in_corpus([*FAULTS, *FOLDERS])
    course = handed_in.course
    before = fingerprint(course.submitted)
    done = nbgrader(course, "autograde", LAB)
    assert done.returncode == 0, done.stderr[-3000:]
    assert fingerprint(course.submitted) == before
    known = graded(course)
    assert set(known) == {*handed_in.honest, *handed_in.faults}
    for student, case in handed_in.faults.items():
        judge(case, known[student])
    judge_honest([known[student] for student in handed_in.honest])


@pytest.mark.parametrize(
    "everything",
    [False, pytest.param(True, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
    ids=["one of each family", "all"],
)
def test_the_button_grades_each_fault_and_nothing_else(hand_in_corpus, everything, monkeypatch):
    cases = [case for case in (*FAULTS, *FOLDERS) if everything or case.name in FEW]
    handed_in = hand_in_corpus(cases)
    course = handed_in.course
    formgrader = application(course.root, monkeypatch)
    before, known = fingerprint(course.submitted), {}
    for student in sorted([*handed_in.honest, *handed_in.faults]):
        path = f"/formgrader/api/submission/{LAB}/{student.replace(' ', '%20')}/autograde"
        answer = post(formgrader, path)
        assert answer["success"], answer
        now = graded(course)
        assert {**now, student: None} == {**known, student: None}
        known = now
        if student in handed_in.faults:
            judge(handed_in.faults[student], known[student])
    assert fingerprint(course.submitted) == before
    judge_honest([known[student] for student in handed_in.honest])
