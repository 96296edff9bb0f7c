"""Every submission ends with a result, from nbgrader's own gradebook, and none stops the others."""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grader import build
from grader.demo import STUDENTS, run_demo
from grader.errors import GraderError
from grader.grade import current_results, grade
from grader.gradebook import open_gradebook, schema_version
from grader.journal import Journal
from grader.source import read_lab
from grader.submission import fill
from grader.verify import hand_in, released, verify

LAB = "lab00_tiny"
NEXT_TO_PYTHON = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory, new_course):
    """The class of five, graded once."""
    course = new_course(tmp_path_factory.mktemp("course"))
    before = sorted(p.name for p in course.root.iterdir())
    aside, lab, results, report = run_demo(course, LAB, course.root / ".build" / "demo")
    assert sorted(p.name for p in course.root.iterdir() if p.name != ".build") == before
    return aside, lab, {result.student: result for result in results}, report


def test_the_five_of_the_demo_end_as_they_should(demo):
    _, _, results, _ = demo
    assert {name: (r.status, r.score) for name, r in results.items()} == {
        "ada": ("needs-manual", 5.0),
        "ben": ("needs-manual", 0.0),
        "cleo": ("graded", 0.0),
        "dan": ("needs-manual", 2.0),
        "eve": ("ungradable", 0.0),
    }
    assert set(results) == set(STUDENTS)


def test_an_endless_loop_costs_its_own_points_and_is_flagged(demo):
    dan = demo[2]["dan"]
    assert [item.said for item in dan.items] == ["", "ran longer than 3 s", ""]
    assert [(i.name, i.score) for i in dan.items] == [
        ("test_total_usd", 2.0), ("test_mean_usd", 0.0), ("explain", 0.0)
    ]  # fmt: skip
    assert dan.slow[0][0] == "test_mean_usd"


def test_a_damaged_file_is_ungradable_for_a_reason(demo):
    assert demo[2]["eve"].reason.startswith("the file is cut off at line ")


def test_a_failed_check_is_one_sentence_in_results_and_in_feedback(demo):
    aside, _, results, _ = demo
    said = {item.name: item.said for item in results["ben"].items}
    assert said["test_total_usd"] == "the sum of three prices: only the last price is kept"
    page = (aside.feedback / "ben" / LAB / f"{LAB}.html").read_text()
    assert "✗ the sum of three prices: only the last price is kept" in page
    assert "Traceback (most recent call last)" not in page


def test_feedback_shows_no_hidden_test(demo):
    aside, _, _, _ = demo
    for student in ("ada", "ben", "cleo", "dan"):
        page = (aside.feedback / student / LAB / f"{LAB}.html").read_text()
        assert "HIDDEN TESTS" not in page
        words = re.sub(r"<[^>]+>", "", page)
        assert "total_usd([1.0])" in words
        assert "2.0, " not in words
        assert "mean of three" not in words


def test_exploring_cells_are_skipped_while_grading(demo):
    aside = demo[0]
    notebook = nbformat.read(aside.autograded / "ada" / LAB / f"{LAB}.ipynb", as_version=4)
    explored = [cell for cell in notebook.cells if "explore" in cell.metadata.get("tags", [])]
    assert explored
    assert not any(cell.outputs for cell in explored)


def test_the_report_is_self_contained_and_escapes(demo, tmp_path):
    import dataclasses

    from grader.report_page import report_html

    _, lab, results, path = demo
    page = path.read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    for student in STUDENTS:
        assert f">{student}</th>" in page
    bad = dataclasses.replace(results["eve"], student="<b>x", reason="<img src=x>")
    nasty = report_html(lab, [bad])
    assert "<b>x" not in nasty
    assert "<img" not in nasty


def test_an_item_rate_counts_only_those_who_could_be_graded(demo):
    from grader.report import item_rates

    _, lab, results, _ = demo
    total, mean, explain = item_rates(lab, list(results.values()))
    assert (total.full, total.none, total.mean_share) == (2, 2, 0.5)
    assert (mean.full, mean.none, mean.mean_share) == (1, 3, 0.25)
    assert (explain.open, explain.none) == (3, 1)


def test_a_second_demo_starts_afresh_and_a_foreign_folder_is_left_alone(demo, tmp_path):
    from grader.demo import fresh

    aside = demo[0]
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(GraderError, match="holds something else"):
        fresh(aside, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    again = fresh(aside, fresh(aside, tmp_path / "new").root)
    assert [p.name for p in again.root.iterdir()] == [".grader-demo"]


def test_a_manual_grade_given_in_nbgrader_shows_in_the_report(demo):
    aside = demo[0]
    with open_gradebook(aside) as gradebook:
        cell = gradebook.find_grade("explain", LAB, LAB, "ada")
        cell.manual_score, cell.needs_manual_grade = 4.0, False
        gradebook.db.commit()
    ada = next(r for r in current_results(aside, LAB) if r.student == "ada")
    assert (ada.status, ada.score) == ("graded", 9.0)


def _cell(notebook, grade_id):
    return next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def test_tests_are_run_whatever_a_submission_tags_or_edits(course):
    build.build(course, LAB, run=False)
    notebook = released(course, LAB)
    _cell(notebook, "test_total_usd").metadata["tags"] = ["explore"]
    _cell(notebook, "test_mean_usd").source = "pass"
    hand_in(course, LAB, "sly", notebook)
    (result,) = grade(course, LAB)
    assert (result.status, result.score) == ("graded", 0.0)


def test_students_are_taken_one_by_one_and_regraded_in_place(course):
    build.build(course, LAB, run=False)
    release, lab = released(course, LAB), read_lab(course, LAB)
    hand_in(course, LAB, "amy", fill(release, lab.answers))
    hand_in(course, LAB, "bob lee", fill(release, lab.answers))
    hand_in(course, LAB, "bob*", release)
    seen = []
    results = grade(course, LAB, ["bob lee"], on_start=seen.append)
    assert seen == ["bob lee"]
    assert [r.score for r in results] == [5.0]
    hand_in(course, LAB, "bob lee", release)
    again = grade(course, LAB, ["bob lee", "bob*"])
    assert [(r.score, r.status) for r in again] == [(0.0, "graded"), (0.0, "graded")]
    assert {r.student for r in current_results(course, LAB)} == {"bob lee", "bob*"}
    with pytest.raises(GraderError, match="'bo' has not submitted lab00_tiny"):
        grade(course, LAB, ["bo"])


def test_metadata_that_would_stop_nbgrader_costs_nobody_else_anything(course):
    build.build(course, LAB, run=False)
    lab = read_lab(course, LAB)
    path = hand_in(course, LAB, "odd", fill(released(course, LAB), lab.answers))
    hand_in(course, LAB, "zoe", fill(released(course, LAB), lab.answers))
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader"):
            cell["metadata"]["nbgrader"] = {"grade": True}
    path.write_text(json.dumps(notebook))
    odd, zoe = grade(course, LAB)
    assert odd.status in ("ungradable", "needs-review")
    assert odd.reason
    assert "\n" not in odd.reason
    assert (zoe.status, zoe.score) == ("needs-manual", 5.0)


def test_a_notebook_under_another_name_is_taken_and_flagged(course):
    build.build(course, LAB, run=False)
    path = hand_in(course, LAB, "amy", fill(released(course, LAB), read_lab(course, LAB).answers))
    path.rename(path.with_name("Untitled.ipynb"))
    (result,) = grade(course, LAB)
    assert result.score == 5.0
    assert result.flags == (f"the notebook is named Untitled.ipynb instead of {LAB}.ipynb",)
    path.with_name("Untitled.ipynb").rename(path.with_name("notes.txt"))
    (result,) = grade(course, LAB)
    assert result.status == "ungradable"
    assert result.reason == f"no notebook was handed in: there is no {LAB}.ipynb"


def test_a_link_out_of_the_folder_is_not_followed(course, tmp_path_factory):
    build.build(course, LAB, run=False)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "other.ipynb"
    path = hand_in(course, LAB, "amy", fill(released(course, LAB), read_lab(course, LAB).answers))
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    (result,) = grade(course, LAB)
    assert result.status == "ungradable"
    assert f"{LAB}.ipynb is a link; links are not followed" in result.flags


def test_a_damaged_gradebook_is_named_and_blames_no_student(course):
    build.build(course, LAB, run=False)
    hand_in(course, LAB, "amy", released(course, LAB))
    course.gradebook.write_bytes(b"not a database, but long enough to look at" * 99)
    with pytest.raises(
        GraderError, match=r"gradebook\.db cannot be opened as a gradebook: file is not a"
    ):
        grade(course, LAB)
    assert Journal(course, LAB).current() == {}


def test_nbgraders_own_commands_work_at_the_root_of_a_course(course):
    """Also with `alembic` found by name, as nbgrader calls it for a new gradebook."""
    build.build(course, LAB, run=False)
    course.gradebook.unlink()
    lab = read_lab(course, LAB)
    hand_in(course, LAB, "amy", fill(released(course, LAB), lab.answers))
    for words in (
        ["generate_assignment", LAB, "--force"],
        ["autograde", LAB],
        ["generate_feedback", LAB],
    ):
        done = subprocess.run(
            ["nbgrader", *words],
            cwd=course.root,
            env=NEXT_TO_PYTHON,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
    assert build.check(course, LAB) == []
    with contextlib.closing(sqlite3.connect(course.gradebook)) as db:
        assert sum(s for (s,) in db.execute("select auto_score from grade") if s) == 5.0
    page = (course.feedback / "amy" / LAB / f"{LAB}.html").read_text()
    assert "HIDDEN TESTS" not in page


def test_the_schema_version_is_the_one_alembic_tells():
    from nbgrader.dbutil import _temp_alembic_ini

    with _temp_alembic_ini("sqlite://") as ini:
        told = subprocess.run(
            ["alembic", "-c", ini, "heads"],
            env=NEXT_TO_PYTHON,
            capture_output=True,
            text=True,
            check=True,
        )
    assert told.stdout.split()[0] == schema_version()


def test_verify_passes_the_tiny_lab_and_blames_a_wrong_variant(course, edit):
    assert [f"{f.kind} {f.name}: {f.problem}" for f in verify(course, LAB) if f.problem] == []
    folder = course.solutions / LAB
    edit(folder / "mutants" / "last_price.py", "total = price_usd", "total += price_usd")
    edit(folder / "mutants" / "empty_is_zero.py", "should raise ValueError", "nothing like it")
    edit(folder / "alternatives" / "builtins.py", "fmean", "median")
    problems = {f.name: f.problem for f in verify(course, LAB) if f.problem}
    assert problems["last_price"] == "keeps its points in test_total_usd"
    assert problems["empty_is_zero"].startswith(
        "loses its points, but no test says 'nothing like it'"
    )
    assert problems["builtins"].startswith("loses points in test_mean_usd too")
    assert len(problems) == 3


def test_replay_and_nbgrader_give_every_variant_the_same_score(course):
    from grader.replay import replay
    from grader.variants import blanks, read_variants

    build.build(course, LAB, run=False)
    lab, release = read_lab(course, LAB), released(course, LAB)
    sets = [*read_variants(lab), *blanks(lab, release)]
    played = replay(lab, sets)
    for variant in sets:
        hand_in(course, LAB, variant.name, fill(release, {**lab.answers, **variant.answers}))
    for result in grade(course, LAB):
        (name,) = [n for n in played if n.partition("/")[2] == result.student]
        by_nbgrader = {item.name: item.score for item in result.items if item.name != "explain"}
        assert {item: score for item, (score, _) in played[name].items()} == by_nbgrader
