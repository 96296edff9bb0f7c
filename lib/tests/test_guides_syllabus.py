"""The syllabus says of the labs, the lecture and the readings what their own files say."""

import importlib.util
import re
from pathlib import Path

import pytest

GUIDES = Path(__file__).resolve().parents[2] / "course" / "guides"
SOLUTIONS = GUIDES.parents[1] / "solutions"
PAGE = (GUIDES / "3_instructor.md").read_text(encoding="utf-8")
WEEKS = re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.M)


@pytest.fixture(scope="module")
def syllabus():
    spec = importlib.util.spec_from_file_location("syllabus", GUIDES / "syllabus.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", [f"lab{n:02d}" for n in range(1, 10)])
def test_each_objective_serves_a_row_and_every_graded_answer_serves_an_objective(syllabus, name):
    found = syllabus.objectives(name)
    assert all(o.says and o.rows and o.cells for o in found)
    lab = syllabus.labs()[name]
    assert {row for o in found for row in o.rows} == set(lab["claims"])
    assert {cell for o in found for cell in o.cells} == set(syllabus.points(lab))


@pytest.mark.parametrize(
    ("slip", "kind"),
    [
        (('"S15"', '"S16"'), "rows"),
        (('"decode_s_per_token"', '"decode_s"'), "cells"),
        (('{ rows = ["S15"], cells = ["latency_value_usd_per_year", "decide"] },', ""), "objectives"),
    ],
)  # fmt: skip
def test_a_map_that_does_not_fit_the_lab_is_refused(syllabus, tmp_path, monkeypatch, slip, kind):
    text = (GUIDES / "objectives.toml").read_text(encoding="utf-8")
    assert text.count(slip[0]) == 1
    (tmp_path / "objectives.toml").write_text(text.replace(*slip), encoding="utf-8")
    monkeypatch.setattr(syllabus, "GUIDES", tmp_path)
    with pytest.raises(ValueError, match=f"lab03: {kind} that do not agree"):
        syllabus.objectives("lab03")


def test_what_to_watch_leads_to_its_second_of_the_recording(syllabus):
    said = syllabus.watch({"claims": ["S14", "S15"]})  # 29:00–32:35 and 32:46–33:04: 233 s
    assert said.startswith("4 min: [29:00–32:35](https://www.youtube.com/watch?v=")
    assert "&t=1740s)" in said
    assert said.endswith("&t=1966s)")


def test_ten_weeks_watch_every_lab_and_name_readings_of_the_bibliography():
    book = (GUIDES.parent / "reference" / "bibliography.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\((\w+)\)=$", book, re.M))
    assert [int(week) for week, _ in WEEKS] == list(range(1, 11))
    assert [int(n) for n in re.findall(r"watch\((\d)\)", PAGE)] == list(range(1, 10))
    for week, row in WEEKS[:-1]:  # in the last week teams read each other
        read = set(re.findall(r"\]\(#(\w+)\)", row))
        assert read, f"week {week} has nothing to read"
        assert read <= known, f"week {week}"


def test_the_lecture_page_says_which_rows_the_capstone_quotes(syllabus):
    last = syllabus.LECTURE.rpartition("Lab 9")[2]
    assert set(re.findall(r"S\d+", last)) == set(syllabus.labs()["lab09"]["claims"])


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("lab*/rubric.md")), ids=lambda p: p.parent.name)  # fmt: skip
def test_a_rubrics_rows_add_up_to_the_points_of_its_answer(syllabus, path):
    most = syllabus.points(syllabus.labs()[path.parent.name[:5]])
    parts = re.split(r"^## (\w+) \((\d+) points\)$", path.read_text(encoding="utf-8"), flags=re.M)
    read = {}
    for answer, said, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        read[answer] = sum(float(row) for row in re.findall(r"^\| ([\d.]+) \|", text, re.M))
        assert read[answer] == float(said) == most[answer]
    assert sum(read.values()) == syllabus.read(syllabus.labs()[path.parent.name[:5]])


def test_a_peer_review_has_a_point_for_each_question_and_one_for_its_use(syllabus):
    form = (GUIDES / "5_peer_review.md").read_text(encoding="utf-8")
    questions = re.findall(r"^> \*\*\d · ", form, re.M)
    assert len(questions) == 4
    assert syllabus.review_points() == len(questions) + 1
