"""Any bytes are read without an error, and an answer that still has its id is always found."""

import copy
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import build
from grader.execution import describe
from grader.execution.rebuild import rebuild
from grader.execution.signs import signs_in
from grader.source import read_lab
from grader.submission import fill
from grader.verify import released

LAB = "lab00_tiny"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, new_course):
    course = new_course(tmp_path_factory.mktemp("rebuild"))
    build.build(course, LAB, run=False)
    lab, release = read_lab(course, LAB), released(course, LAB)
    return describe(lab, release), json.loads(json.dumps(fill(release, lab.answers)))


def by_id(notebook):
    metas = [(c["metadata"].get("nbgrader", {}), c["source"]) for c in notebook["cells"]]
    return {meta["grade_id"]: source for meta, source in metas if meta.get("solution")}


def test_an_untouched_submission_gives_its_answers_and_no_sign(tiny):
    lab, notebook = tiny
    found = rebuild(json.dumps(notebook).encode(), lab)
    assert found.answers == by_id(notebook)
    assert (found.flags, found.review, found.reason) == ([], [], "")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["cells", "metadata", "nbgrader", "grade_id", "source", "cell_type", "nbformat", "worksheets", "outputs", "solution"]), inner | st.sampled_from(["total_usd", "code", "markdown", 4]), max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(data=json_like | st.dictionaries(st.just("cells"), json_like) | st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_whatever_is_handed_in_is_answers_or_a_reason(tiny, data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    found = rebuild(raw, tiny[0])
    assert bool(found.answers) != bool(found.reason)
    assert "\n" not in found.reason
    signs_in(found.answers, tiny[0])


@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_moving_copying_and_dropping_cells_never_changes_an_answer_with_its_id(tiny, seed):
    lab, notebook = copy.deepcopy(tiny)
    chance = random.Random(seed)
    cells = notebook["cells"]
    cells += [copy.deepcopy(cell) for cell in chance.sample(cells, chance.randint(0, 4))]
    chance.shuffle(cells)
    del cells[: chance.randint(0, 5)]
    there = by_id(notebook)
    if not there:
        return
    found = rebuild(json.dumps(notebook).encode(), lab)
    assert {name: found.answers[name] for name in there} == there


@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_flipped_bytes_are_read_or_refused_in_one_sentence(tiny, seed):
    lab, notebook = tiny
    chance, raw = random.Random(seed), bytearray(json.dumps(notebook).encode())
    for _ in range(chance.randint(1, 30)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    found = rebuild(bytes(raw[: chance.randint(1, len(raw))]), lab)
    assert bool(found.answers) != bool(found.reason)
