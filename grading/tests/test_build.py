"""A release is made from its source, the same to the byte every time, and never half."""

import shutil
import sys

import nbformat
import pytest

from grader import build
from grader.cli import main
from grader.errors import GraderError
from grader.source import read_lab

LAB = "lab00_tiny"


def snapshot(folder):
    return {
        str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in folder.rglob("*")
        if p.is_file()
    }


def test_building_twice_gives_the_same_bytes_and_touches_nothing(course):
    build.build(course, LAB, run=False)
    first = snapshot(course.release)
    build.build(course, LAB, run=False)
    assert snapshot(course.release) == first
    nbformat.validate(nbformat.read(course.release / LAB / f"{LAB}.ipynb", as_version=4))


def test_another_checkout_builds_the_same_bytes(course, tmp_path):
    build.build(course, LAB, run=False)
    with_spaces = tmp_path / "another place"
    with_spaces.mkdir()
    elsewhere = course.aside(with_spaces)
    build.release(elsewhere, read_lab(course, LAB))
    assert build.drift(LAB, course.release / LAB, elsewhere.release / LAB) == []


def test_check_finds_every_drift_and_changes_nothing(course, script, edit):
    assert [d.what for d in build.check(course, LAB)] == ["is missing"] * 2
    build.build(course, LAB, run=False)
    assert build.check(course, LAB) == []
    (course.release / LAB / "notes.txt").write_text("by hand")
    edit(course.release / LAB / "prices.csv", "6", "7")
    edit(script, "A tiny lab", "A very tiny lab")
    before = snapshot(course.root)
    found = {d.file: d.what for d in build.check(course, LAB)}
    assert found == {
        "lab00_tiny.ipynb": "differs from a rebuild",
        "notes.txt": "is not built from solutions/",
        "prices.csv": "differs from a rebuild",
    }
    assert snapshot(course.root) == before


def test_the_check_command_fails_on_drift(course, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(sys, "argv", ["grader", "build", "--check", "--no-execute"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert (
        "labs/lab00_tiny/lab00_tiny.ipynb is missing: run `grader build lab00_tiny`"
        in capsys.readouterr().err
    )


def test_the_solution_is_run_to_full_marks_with_its_exploring_cells(course):
    notebook = build.execute(read_lab(course, LAB))
    explored = next(cell for cell in notebook.cells if cell.id == "test_total_usd--1")
    assert explored.outputs[0].text == "exploring 9.0\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("return running_total_usd\n", "return price_usd\n", "fails in cell test_total_usd: CheckError: the sum of three prices: only the last price is kept"),
        ('print("exploring", sum(prices))', "1 / 0", "fails in cell test_total_usd--1: ZeroDivisionError"),
        ('check.ok("total_usd has the right size")', 'import sys; print("hm", file=sys.stderr)', "earns 0 of 2 points in cell test_total_usd; nbgrader counts any stderr"),
        ("guess_usd = 12.0 + len(prices)", "while True: pass", "cell guess ran longer than 3 s"),
    ],
)  # fmt: skip
def test_a_solution_that_fails_is_not_released_and_the_cell_is_named(
    course, script, edit, old, new, said
):
    edit(script, old, new)
    with pytest.raises(GraderError) as error:
        build.build(course, LAB)
    assert said in str(error.value)
    assert not course.release.exists()


def test_a_build_whose_graded_cells_changed_under_submissions_says_so(course, script, toml, edit):
    from grader.grade import grade

    build.build(course, LAB, run=False)
    shutil.copytree(course.release / LAB, course.submitted / "zoe" / LAB)
    grade(course, LAB)
    edit(script, '"grade_id": "test_mean_usd"', '"grade_id": "test_average_usd"')
    edit(toml, "test_mean_usd", "test_average_usd")
    with pytest.raises(GraderError, match=r"Cannot add or remove cells .* submissions"):
        build.build(course, LAB, run=False)
    assert "test_mean_usd" in (course.release / LAB / f"{LAB}.ipynb").read_text()


def test_a_test_that_looks_into_a_function_is_refused_by_cell_and_line(course, script):
    text = script.read_text()
    hidden = "### BEGIN HIDDEN TESTS\n"
    script.write_text(text.replace(hidden, hidden + "assert total_usd.__code__\n", 1))
    with pytest.raises(GraderError, match=rf"{LAB}, test_total_usd, line \d+: __code__ looks into"):
        build.build(course, LAB, run=False)
    assert not (course.release / LAB).exists()
