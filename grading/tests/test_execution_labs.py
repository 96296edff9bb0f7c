"""The labs of this course: the engine gives what nbgrader gives, test by test, unchanged."""

import json

import pytest

from grader.course import Course
from grader.errors import GraderError
from grader.execution import Worker, describe, unsupported_idioms
from grader.replay import replay
from grader.source import read_lab
from grader.submission import fill
from grader.variants import Variant, read_variants
from grader.verify import released

COURSE = Course.find(__file__)


@pytest.fixture(scope="module", params=COURSE.labs())
def lab(request):
    read = read_lab(COURSE, request.param)
    release = released(COURSE, read.name)
    try:
        worker = Worker(describe(read, release))
    except GraderError as error:
        pytest.skip(str(error))
    yield read, release, worker
    worker.close()


def scores_of(lab, answers):
    _, release, worker = lab
    run = worker.grade(json.dumps(fill(release, answers)).encode())
    assert run.status == "graded", run.reason
    return {c.grade_id: c.score for c in run.cells if not c.manual}, run


def test_the_solution_earns_everything_and_leaves_no_sign(lab):
    read = lab[0]
    scores, run = scores_of(lab, read.answers)
    assert scores == {item.grade_id: item.points for item in read.items if not item.manual}
    assert run.flags == ()


def test_the_release_earns_nothing(lab):
    assert set(scores_of(lab, {})[0].values()) == {0.0}


def test_no_test_uses_an_unsupported_idiom(lab):
    for cell in lab[2].lab.cells:
        if cell.kind == "test":
            assert unsupported_idioms(cell.source, list(lab[0].answers)) == [], cell.id


@pytest.mark.slow
def test_every_variant_earns_what_it_earns_in_one_process(lab):
    read = lab[0]
    variants = [*read_variants(read), Variant("solution", "solution", {})]
    for name, items in replay(read, variants).items():
        variant = next(v for v in variants if f"{v.kind}/{v.name}" == name)
        ours, _ = scores_of(lab, {**read.answers, **variant.answers})
        assert {item: ours[item] for item in items} == {
            i: score for i, (score, _) in items.items()
        }, name
