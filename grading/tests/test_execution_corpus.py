"""Damaged submissions end as they must, cheats earn nothing, and neither touches the next one."""

import json
import sys
from pathlib import Path

import pytest

from grader import build
from grader.errors import GraderError
from grader.execution import Worker, describe
from grader.source import read_lab
from grader.verify import released

sys.path.insert(0, str(Path(__file__).parent))

from corpus.cheats import CHEATS
from corpus.faults import FAULTS
from corpus.given import LIMITS, MEAN, TOTAL, Given

LAB = "lab00_tiny"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, new_course):
    """The tiny lab as plain data, and what students have of it."""
    course = new_course(tmp_path_factory.mktemp("corpus"))
    build.build(course, LAB, run=False)
    lab, release = read_lab(course, LAB), released(course, LAB)
    return describe(lab, release, limits=LIMITS), Given.of(lab, release)


@pytest.fixture(scope="module")
def worker(tiny):
    """One warm worker for the whole corpus: what one submission does must not reach the next."""
    try:
        made = Worker(tiny[0])
    except GraderError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def told(run):
    """Everything an instructor is told about a run."""
    return "\n".join([run.reason, *run.flags, *(cell.said for cell in run.cells)])


def judge(case, run):
    scores = {cell.grade_id: cell.score for cell in run.cells}
    assert run.status in case.status.split("|"), told(run)
    assert (scores[TOTAL], scores[MEAN]) == (case.total, case.mean), told(run)
    assert case.says in told(run)
    assert run.sandboxed
    assert bool(run.reason) == (run.status != "graded")
    text = json.dumps(run.to_json(), allow_nan=False)
    assert len(text) < 1_000_000, "what was printed without end is cut, not stored"
    assert "\\u001b" not in json.dumps([c.get("outputs") for c in run.notebook["cells"]])
    assert "text/html" not in text


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_a_fault_ends_as_it_must(worker, tiny, case):
    judge(case, worker.grade(case.raw(tiny[1])))


@pytest.mark.parametrize("case", CHEATS, ids=lambda case: case.name)
def test_a_cheat_earns_nothing_and_shows(worker, tiny, case):
    run = worker.grade(case.raw(tiny[1]), environment={"SUPERCYCLE_SEED_LAB00": "its own"})
    judge(case, run)
    shown = [o.get("text", "") for c in run.notebook["cells"] for o in c.get("outputs", [])]
    shown = "".join(shown)
    assert "FOUND" not in shown
    assert "wrote" not in shown


def test_after_all_that_an_honest_submission_earns_everything(worker, tiny):
    run = worker.grade(json.dumps(tiny[1].right()).encode())
    assert (run.status, run.flags) == ("graded", ())
    assert [(c.score, c.manual) for c in run.cells] == [(2.0, False), (3.0, False), (0.0, True)]
