"""nbgrader's command and formgrader's buttons go through the engine: any file in, a result out."""

import re

import pytest
from formgrading import application, nbgrader, post

from grader import build
from grader.gradebook import open_gradebook
from grader.journal import Journal
from grader.scores import read_scores
from grader.source import read_lab
from grader.submission import fill
from grader.verify import hand_in, released

LAB = "lab00_tiny"


@pytest.fixture
def handed_in(course):
    """Two right answers, one damaged file, one folder without a notebook."""
    build.release(course, read_lab(course, LAB))
    lab, release = read_lab(course, LAB), released(course, LAB)
    for student in ("ada", "ben [2]"):
        hand_in(course, LAB, student, fill(release, lab.answers))
    path = hand_in(course, LAB, "eve", release)
    path.write_bytes(path.read_bytes()[:500])
    hand_in(course, LAB, "nil", release).unlink()
    return course


def scores(course):
    with open_gradebook(course) as book:
        found = read_scores(book, read_lab(course, LAB))
    return {student: items["test_mean_usd"].score for student, items in found.items()}


def test_the_command_grades_a_class_with_damaged_files_in_it(handed_in):
    done = nbgrader(handed_in, "autograde", LAB)
    assert done.returncode == 0, done.stderr[-2000:]
    assert scores(handed_in) == {"ada": 3.0, "ben [2]": 3.0, "eve": 0.0, "nil": 0.0}
    results = {s: e.result for s, e in Journal(handed_in, LAB).current().items()}
    assert {s: r.status for s, r in results.items()} == {
        "ada": "needs-manual", "ben [2]": "needs-manual", "eve": "ungradable", "nil": "ungradable",
    }  # fmt: skip
    assert "eve: the file is cut off" in done.stderr
    page = nbgrader(handed_in, "generate_feedback", LAB)
    assert page.returncode == 0, page.stderr[-2000:]
    for student in results:
        text = (handed_in.feedback / student / LAB / f"{LAB}.html").read_text()
        assert "http" not in text
        assert "HIDDEN" not in text


def test_the_command_takes_one_student_and_says_who_is_missing(handed_in):
    done = nbgrader(handed_in, "autograde", LAB, "--student", "ada")
    assert done.returncode == 0, done.stderr[-2000:]
    assert scores(handed_in) == {"ada": 3.0}
    done = nbgrader(handed_in, "autograde", LAB, "--student", "zoe")
    assert done.returncode == 1
    assert "no submission of lab00_tiny by 'zoe'" in done.stderr
    done = nbgrader(
        handed_in, "autograde", LAB, "--student", "eve", "--Autograde.create_student=False"
    )
    assert done.returncode == 1
    assert "no student with ID 'eve' exists" in done.stderr


@pytest.fixture
def formgrader(handed_in, monkeypatch):
    return application(handed_in.root, monkeypatch)


def test_formgraders_buttons_go_through_the_engine(formgrader, handed_in):
    for student, status in (("ada", "needs-manual"), ("eve", "ungradable")):
        answer = post(formgrader, f"/formgrader/api/submission/{LAB}/{student}/autograde")
        assert answer["success"], answer
        assert Journal(handed_in, LAB).current()[student].result.status == status
        answer = post(formgrader, f"/formgrader/api/assignment/{LAB}/{student}/generate_feedback")
        assert answer["success"], answer
        assert (handed_in.feedback / student / LAB / f"{LAB}.html").is_file()
    assert scores(handed_in) == {"ada": 3.0, "eve": 0.0}
    answer = post(formgrader, f"/formgrader/api/submission/{LAB}/zoe/autograde")
    assert not answer["success"]
    assert "no submission of lab00_tiny by 'zoe'" in answer["log"]


def test_a_page_to_grade_by_hand_needs_no_network(formgrader, handed_in):
    """The page that formgrader shows of an autograded notebook."""
    from nbgrader.server_extensions.formgrader import handlers

    assert nbgrader(handed_in, "autograde", LAB, "--student", "ada").returncode == 0
    exporter = formgrader.settings["nbgrader_exporter"]
    exporter.template_name = "formgrade"
    exporter.extra_template_basedirs = [handlers.template_path]
    resources = {
        "assignment_id": LAB, "notebook_id": LAB, "submission_id": "x", "notebook_path": "",
        "base_url": "", "index": 0, "total": 1, "last_name": "", "first_name": "", "student": "ada",
    }  # fmt: skip
    path = handed_in.autograded / "ada" / LAB / f"{LAB}.ipynb"
    page, _ = exporter.from_filename(str(path), resources=resources)
    assert "MathJax.Hub" not in page
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']*""", page) == []
