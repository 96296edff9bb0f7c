"""Codes come from a secret nobody hands out, and a foreign code is seen."""

import csv
import dataclasses
import hashlib
import hmac
import json
import subprocess
import sys

import pytest

from grader import build, seeds
from grader.cli import main
from grader.engine import grade_class
from grader.errors import GraderError
from grader.source import read_lab
from grader.status import lab_status
from grader.submission import fill
from grader.verify import hand_in, released

LAB = "lab00_tiny"
SECRET = "0123456789abcdef0123"
DRAW = """prices = [float(row["usd"]) for row in csv.DictReader(_file)]
from supercycle import scenario
case = scenario.draw("lab03", __import__("os").environ.get("SUPERCYCLE_SEED_LAB00"))
print(f"your case ({case.code})")
"""


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("SUPERCYCLE_COURSE_SECRET", SECRET)


def test_a_code_is_the_hmac_of_student_and_lab_and_the_library_agrees():
    from supercycle import scenario

    told = seeds.student_code(SECRET, "ada", "lab03_ttft")
    assert told == hmac.new(SECRET.encode(), b"ada:lab03", hashlib.sha256).hexdigest()[:12]
    assert told == scenario.student_code(SECRET, "ada", "lab03")


def test_the_roster_gets_one_line_each_and_the_secret_is_in_none(
    course, secret, tmp_path, monkeypatch
):
    roster, out = tmp_path / "roster.csv", tmp_path / "codes.csv"
    roster.write_text("student,email\nada,ada@x.org\nben,\n")
    monkeypatch.setattr(
        sys, "argv", ["grader", "seeds", str(roster), "-o", str(out), "--course", str(course.root)]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    rows = list(csv.DictReader(out.open()))
    assert [row["student"] for row in rows] == ["ada", "ben"]
    assert rows[0]["SUPERCYCLE_SEED_LAB00"] == seeds.student_code(SECRET, "ada", LAB)
    assert SECRET not in out.read_text()


def test_a_secret_inside_the_course_or_too_short_is_refused(course, tmp_path_factory, monkeypatch):
    monkeypatch.delenv("SUPERCYCLE_COURSE_SECRET", raising=False)
    inside = course.root / "secret"
    inside.write_text(SECRET)
    monkeypatch.setenv("SUPERCYCLE_COURSE_SECRET_FILE", str(inside))
    with pytest.raises(GraderError, match="lies inside the course's folder"):
        seeds.course_secret(course)
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text(SECRET + "\n")
    monkeypatch.setenv("SUPERCYCLE_COURSE_SECRET_FILE", str(outside))
    assert seeds.course_secret(course) == SECRET
    outside.write_text("short")
    with pytest.raises(GraderError, match="has 5 characters; use at least 16"):
        seeds.course_secret(course)
    monkeypatch.setenv("SUPERCYCLE_COURSE_SECRET_FILE", str(outside) + "-missing")
    with pytest.raises(GraderError, match="which is missing"):
        seeds.course_secret(course)


def test_without_a_secret_there_are_no_codes_and_everyone_has_the_default(course, monkeypatch):
    monkeypatch.delenv("SUPERCYCLE_COURSE_SECRET", raising=False)
    monkeypatch.setenv("HOME", str(course.root / "home"))
    assert seeds.course_secret(course) is None
    with pytest.raises(GraderError, match="the course has no secret; to make one: ") as error:
        seeds.write_codes(course, ["ada"], [LAB])
    command = str(error.value).partition("to make one: ")[2]
    subprocess.run(command.replace("python", sys.executable, 1), shell=True, check=True)
    assert len(seeds.course_secret(dataclasses.replace(course, root=course.root / "labs"))) == 64


def with_code(notebook, *, typed=None, printed=None):
    notebook = json.loads(json.dumps(notebook))
    cell = next(c for c in notebook["cells"] if c["cell_type"] == "code")
    if printed:
        cell["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": f"your case ({printed}): a"}
        ]
    if typed:
        cell = next(
            c
            for c in notebook["cells"]
            if c["metadata"].get("nbgrader", {}).get("grade_id") == "guess"
        )
        cell["source"] = f'code = "{typed}"\n{cell["source"]}'
    return notebook


@pytest.mark.parametrize(
    ("typed", "printed", "found"),
    [(None, None, None), (None, "c0de", "c0de"), ("beef", None, "beef"), ("beef", "c0de", "beef")],
)
def test_the_code_is_read_from_what_was_typed_or_else_printed(typed, printed, found):
    notebook = {"cells": [
        {"cell_type": "code", "source": "", "metadata": {}, "outputs": []},
        {"cell_type": "code", "source": "", "metadata": {"nbgrader": {"grade_id": "guess"}}, "outputs": []},
    ]}  # fmt: skip
    assert seeds.stored_code(with_code(notebook, typed=typed, printed=printed)) == found


@pytest.mark.parametrize(
    "broken", [{}, {"cells": [None, 3, {"cell_type": "code", "source": [1], "outputs": [None]}]}]
)
def test_a_broken_notebook_shows_no_code(broken):
    assert seeds.stored_code(broken) is None


def test_a_default_or_foreign_code_is_reviewed_and_ones_own_is_not(
    course, script, edit, secret, alone
):
    edit(script, 'prices = [float(row["usd"]) for row in csv.DictReader(_file)]\n', DRAW)
    build.release(course, read_lab(course, LAB))
    lab, release = read_lab(course, LAB), released(course, LAB)
    shown = {
        "ada": seeds.student_code(SECRET, "ada", LAB),
        "ben": seeds.student_code(SECRET, "ada", LAB),
        "cleo": "default",
        "dan": "feedfeedfeed",
    }
    for student, code in shown.items():
        path = hand_in(course, LAB, student, fill(release, lab.answers))
        path.write_text(json.dumps(with_code(json.loads(path.read_text()), printed=code)))
    results = {r.student: r for r in grade_class(course, LAB, (), alone)}
    assert {s: r.status for s, r in results.items()} == {
        "ada": "needs-manual", "ben": "needs-review", "cleo": "needs-review", "dan": "needs-review",
    }  # fmt: skip
    assert results["ben"].reason == "the notebook was worked with the scenario of ada"
    assert "default scenario" in results["cleo"].reason
    assert "nobody's in this class" in results["dan"].reason
    assert results["ben"].score == results["ada"].score == 5.0
    assert results["ben"].waits  # for a reader, too, whatever else there is to review
    assert lab_status(course, LAB).waiting == 4


def test_a_notebook_that_was_never_run_is_not_called_somebody_elses():
    assert seeds.doubts(None, "c0de", {}) == (
        "the notebook shows no scenario: it was handed in without having been run"
    )


def test_an_answer_that_fits_only_anothers_scenario_is_found_with_the_evidence(
    course, script, edit, secret, alone
):
    from grader.copying import copied_scenarios
    from supercycle import scenario

    edit(script, 'prices = [float(row["usd"]) for row in csv.DictReader(_file)]\n', DRAW)
    edit(
        script,
        "running_total_usd = running_total_usd + price_usd",
        "running_total_usd = running_total_usd + price_usd * case.context_tokens",
    )
    edit(script, "    7.0,\n    hints={4 / 7", "    7.0 * case.context_tokens,\n    hints={4 / 7")
    edit(script, "low=0, high=10", "low=0, high=1e9")
    build.release(course, read_lab(course, LAB))
    lab, release = read_lab(course, LAB), released(course, LAB)
    adas = scenario.draw("lab03", seeds.student_code(SECRET, "ada", LAB)).context_tokens
    wrong = f"def total_usd(prices_usd):\n    return sum(prices_usd) * {adas}"
    for student, answer in {
        "ada": wrong, "ben": wrong, "cleo": lab.answers["total_usd"],
        "dan": wrong.replace(str(adas), "123457"), "eve": wrong.replace(str(adas), "123457"),
    }.items():  # fmt: skip
        notebook = fill(release, {**lab.answers, "total_usd": answer})
        path = hand_in(course, LAB, student, notebook)
        code = seeds.student_code(SECRET, student, LAB)
        path.write_text(json.dumps(with_code(json.loads(path.read_text()), printed=code)))
    lost = {r.student: r.items[0].score < 2 for r in grade_class(course, LAB, (), alone)}
    assert lost == {"ada": False, "ben": True, "cleo": False, "dan": True, "eve": True}
    (course.submitted / "zoe" / LAB).mkdir(parents=True)  # handed in, not graded
    compared = copied_scenarios(course, LAB, alone)
    assert compared.readable == 5
    (found,) = compared.found
    assert (found.student, found.owner, found.items) == ("ben", "ada", ("test_total_usd",))
    assert str(adas) in str(found)


def test_a_lab_that_does_not_exist_has_no_codes(course, secret, tmp_path, monkeypatch, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text("student\nada\n")
    words = ["seeds", str(roster), "--lab", "lab30", "--course", str(course.root)]
    monkeypatch.setattr(sys, "argv", ["grader", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert "there is no lab 'lab30'" in said.err
    assert said.out == ""
