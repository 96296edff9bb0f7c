"""What an author writes, and what is refused in one sentence."""

import subprocess
import sys

import nbformat
import pytest

from grader.cli import main
from grader.errors import GraderError
from grader.source import read_lab, read_script

LAB = "lab00_tiny"


def one_sentence(error):
    """A message for a person: one line, no traceback."""
    text = str(error.value)
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def test_a_lab_knows_its_items_answers_and_points(course):
    lab = read_lab(course, LAB)
    assert [(i.grade_id, i.points, i.manual) for i in lab.items] == [
        ("test_total_usd", 2, False),
        ("test_mean_usd", 3, False),
        ("explain", 5, True),
    ]
    assert lab.items_of["guess"] == ()
    assert lab.items_of["total_usd"] == ("test_total_usd",)
    assert (lab.auto_points, lab.max_points) == (5, 10)


def test_the_notebook_is_valid_and_names_no_machine_and_no_jupytext(course):
    notebook = read_lab(course, LAB).notebook
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info", "supercycle"}
    assert notebook.metadata.kernelspec["name"] == "python3"
    assert "jupytext" not in nbformat.writes(notebook)


def test_cell_ids_are_grade_ids_and_an_inserted_cell_moves_only_its_neighbours(script):
    text = script.read_text()
    before = [cell.id for cell in read_script(text).cells]
    assert before[:4] == ["title", "setup", "setup--1", "guess"]
    assert len(set(before)) == len(before)
    at = '# %% tags=["explore"]'
    after = [cell.id for cell in read_script(text.replace(at, f"# %%\n1 + 1\n\n{at}")).cells]
    assert set(after) - set(before) == {"test_total_usd--2"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"grade_id": "total_usd"', '"grade_id": "mean_usd"', "the grade_id 'mean_usd' is used twice"),
        ('"grade_id": "total_usd"', '"grade_id": "total usd"', "use letters, digits, _ and -"),
        ('{"grade": false, "grade_id": "title"', '{"grade": false "grade_id": "title"', "line 1: the cell's nbgrader metadata is not valid JSON"),
        ('nbgrader={"grade": false, "grade_id": "title"', 'nbgrader = {"grade": false, "grade_id": "title"', "line 1: the cell's nbgrader metadata"),
        ('tags=["explore"]', "tags=[explore]", "the cell's tags metadata is not valid JSON"),
        ('"schema_version": 3', '"schema_version": 2', "schema_version = 2 must be 3"),
        ('"points": 2, ', "", "points = None must be a number"),
        ('"points": 2', '"points": -2', "points = -2 must be a number"),
        ('"grade": true, "grade_id": "test_total_usd", "locked": true', '"grade": true, "grade_id": "test_total_usd", "locked": false', "must be a locked code cell"),
        ('"grade_id": "guess", "locked": false', '"grade_id": "guess", "locked": "no"', "locked = 'no' must be true or false"),
        ('"grade_id": "guess", "locked": false', '"grade_id": "guess", "locked": true', "it must not be locked"),
        ('"grade_id": "guess",', '"grade_id": "guess", "colour": 1,', "unknown nbgrader key 'colour'"),
        ("    ### END SOLUTION", "    # the end", "a BEGIN SOLUTION has no END SOLUTION"),
        ('# %% tags=["explore"]', '# %% tags=["explore"]\n### BEGIN HIDDEN TESTS', "hidden tests but no metadata"),
        ('# %% nbgrader={"grade": true, "grade_id": "test_total_usd"', '# %% tags=["explore"] nbgrader={"grade": true, "grade_id": "test_total_usd"', "grading would skip it"),
    ],
)  # fmt: skip
def test_malformed_metadata_is_refused_by_name(course, script, edit, old, new, said):
    edit(script, old, new)
    with pytest.raises(GraderError) as error:
        read_lab(course, LAB)
    assert said in one_sentence(error)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "A tiny lab"\n', "", "lacks the key 'title'"),
        (
            "[points]\ntest_total_usd = 2\ntest_mean_usd = 3\nexplain = 5\n",
            "",
            "lacks the key 'points'",
        ),
        ("title", "titel", "lacks the key 'title'"),
        ("minutes", "minute", "unknown key 'minute'; did you mean minutes?"),
        ("minutes = 5", 'minutes = "5"', "minutes = '5' is a str, expected int or float"),
        ("timeout_s = 3", "timeout_s = 0", "timeout_s = 0 must be positive"),
        (
            "test_mean_usd = 3",
            "test_mean_usd = 4",
            "test_mean_usd has 4 points, 3 in the notebook: make the line test_mean_usd of [points] there "
            'and "points" of the cell test_mean_usd in ',
        ),
        ("test_mean_usd = 3\n", "", "points lacks the item test_mean_usd"),
        (
            "explain = 5",
            "explain = 5\nother = 1",
            "points names other, which the notebook does not grade",
        ),
        ("prices.csv", "price.csv", "the helper file 'price.csv' is not beside the lab"),
        ("prices.csv", "../lab00_tiny.py", "is not beside the lab"),
        ("claims = [", "claims = ", "is not valid TOML"),
        ("[points]", '[tests]\nmeen_usd = ["test_mean_usd"]\n[points]', "did you mean mean_usd?"),
    ],
)
def test_a_wrong_lab_toml_is_refused_by_key(course, toml, edit, old, new, said):
    edit(toml, old, new)
    with pytest.raises(GraderError) as error:
        read_lab(course, LAB)
    assert said in one_sentence(error)


def test_points_may_be_given_as_one_sum(course, toml):
    toml.write_text('title = "x"\npoints = 10\nhelper_files = ["prices.csv"]\n')
    assert read_lab(course, LAB).max_points == 10
    toml.write_text('title = "x"\npoints = 9\nhelper_files = ["prices.csv"]\n')
    with pytest.raises(GraderError, match="points = 9, but the notebook's items sum to 10"):
        read_lab(course, LAB)


def test_a_missing_lab_names_the_nearest(course):
    with pytest.raises(GraderError, match="did you mean lab00_tiny"):
        read_lab(course, "lab00_tinny")


@pytest.mark.parametrize(
    "words",
    [
        ["build", "lab00_tinny", "--no-execute"],
        ["grade", "lab00_tinny"],
        ["grade", "lab00_tiny"],
        ["grade", "lab00_tiny", "-s", "nobody"],
        ["report", "lab00_tiny"],
        ["verify", "lab00_tinny"],
        ["demo", "--lab", "lab00_tinny"],
        ["demo", "--lab", "lab00_tiny", "--folder", "solutions"],
    ],
)
def test_the_command_ends_a_problem_with_one_sentence_and_status_1(
    course, monkeypatch, capsys, words
):
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(sys, "argv", ["grader", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    err = capsys.readouterr().err
    assert err.startswith("grader: ")
    assert err.count("\n") == 1


def test_outside_a_course_the_command_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["grader", "build"])
    with pytest.raises(SystemExit):
        main()
    assert "is not inside a course" in capsys.readouterr().err


def test_the_command_line_loads_nothing_heavy_before_it_is_needed():
    code = "import sys, grader.cli; print([m for m in ('nbgrader','nbconvert','jupytext','nbformat','torch','pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
