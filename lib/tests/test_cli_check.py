"""A self-learner's own notebook: what passes, what one sentence says about the rest, what is kept."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from supercycle.cli import check_notebook, check_progress, check_run

ROOT = Path(__file__).resolve().parents[2]
LAB = "lab03_ttft"
RELEASE = ROOT / "labs" / LAB / f"{LAB}.ipynb"
LABS = sorted(path.parent.name for path in (ROOT / "labs").glob("*/*.ipynb"))


def solved(lab):
    """Answers of the course, by grade id."""
    cells = jupytext.read(ROOT / "solutions" / lab / f"{lab}.py").cells
    named = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in cells}
    return {k: c.source for k, c in named.items() if k and c.metadata["nbgrader"]["solution"]}


def write(folder, answers, lab=LAB):
    """Put a release with these answers into a student's folder of labs."""
    notebook = nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    path = folder / lab / f"{lab}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def run(path, limit_s=20.0):
    results = check_run.run(check_notebook.read(path), limit_s=limit_s)
    return {r.check.answer: (r.state, r.said) for r in results}


def command(folder, *words):
    env = {**os.environ, "COLUMNS": "160", "SUPERCYCLE_PROGRESS": str(folder / "progress.json")}
    supercycle = Path(sys.executable).parent / "supercycle"
    return subprocess.run(
        [supercycle, "check", *words], cwd=folder, env=env, capture_output=True, text=True
    )


@pytest.mark.parametrize("lab", LABS)
def test_a_release_has_checks_and_none_of_its_answers_is_begun(lab):
    notebook = check_notebook.read(ROOT / "labs" / lab / f"{lab}.ipynb")
    assert 5 <= len(notebook.checks) <= 10
    assert not [cell.name for cell in notebook.cells if cell.changed]
    assert {r.state for r in check_run.run(notebook, limit_s=1)} == {"open"}  # without a kernel


@pytest.mark.parametrize(
    "lab", [LAB, *(pytest.param(lab, marks=pytest.mark.slow) for lab in LABS if lab != LAB)]
)
def test_the_courses_own_answers_pass_every_visible_check(lab, tmp_path):
    outcome = run(write(tmp_path, solved(lab), lab))
    assert outcome == dict.fromkeys(outcome, ("passed", ""))
    assert len(outcome) >= 5


def test_each_kind_of_failure_costs_its_own_cell_and_one_sentence(tmp_path):
    answers = {
        **solved(LAB),
        "prefill_flop": "def prefill_flop(model, new, cached=0):\n    return my_helper(new)",
        "kv_bytes_per_token": "while True:\n    try:\n        pass\n    except BaseException:\n        pass",
        "decode_s_per_token": "import os\nos._exit(1)",
        "kv_reload_s": "def kv_reload_s(",
        "amdahl_speedup": "def amdahl_speedup(share, factor):\n    return 1000",
    }
    outcome = run(write(tmp_path, answers), limit_s=6)
    said = {name: what for name, (state, what) in outcome.items() if state == "failed"}
    assert "my_helper" in said["prefill_flop"]
    assert "cells of your own" in said["prefill_flop"]
    assert said["kv_bytes_per_token"].endswith("still running after 6 s: stopped")
    assert "the kernel died here" in said["decode_s_per_token"]
    assert "SyntaxError" in said["kv_reload_s"]
    assert said["amdahl_speedup"].startswith("amdahl_speedup(0.5, 2) = 1000 is implausibly")
    assert not [what for what in said.values() if "\n" in what]
    passed = {name for name, (state, _) in outcome.items() if state == "passed"}
    assert passed == set(outcome) - set(said)  # the cells between and after them go on
    assert {"ttft_s", "required_hit_rate", "latency_value_usd_per_year"} <= passed


def test_a_function_that_never_returns_is_stopped_inside_its_check(tmp_path):
    endless = "def ttft_s(*_, **__):\n    while True:\n        print('.', end='')"
    outcome = run(write(tmp_path, {**solved(LAB), "ttft_s": endless}), limit_s=6)
    assert outcome["ttft_s"] == ("failed", "still running after 6 s: stopped")
    assert outcome["amdahl_speedup"][0] == "passed"


def test_an_answer_that_was_deleted_or_renamed_is_named(tmp_path):
    renamed = solved(LAB)["kv_bytes_per_token"].replace("def kv_bytes_per_token", "def kv_bytes")
    path = write(tmp_path, {**solved(LAB), "kv_bytes_per_token": renamed})
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != "ttft_s"
    ]  # fmt: skip
    nbformat.write(notebook, path)
    outcome = run(path)
    assert len(outcome) == 8
    assert outcome["kv_reload_s"] == ("passed", "")  # the answer above the one that is gone
    assert outcome["ttft_s"] == (
        "failed", "its answer cell is gone: fetch the notebook again and paste your answers in",
    )  # fmt: skip
    assert outcome["kv_bytes_per_token"] == (
        "failed", "your cell defines no kv_bytes_per_token: was it renamed?",
    )  # fmt: skip


def test_a_check_that_was_edited_does_not_pass(tmp_path):
    answers = {"amdahl_speedup": "amdahl_speedup = None", "test_amdahl_speedup": "pass"}
    assert run(write(tmp_path, answers))["amdahl_speedup"] == (
        "failed", "this check was edited: put back what was released",
    )  # fmt: skip


def test_progress_is_kept_and_shown_over_all_labs(tmp_path):
    write(tmp_path, {"amdahl_speedup": solved(LAB)["amdahl_speedup"], "explain": "Words. " * 30})
    shown = command(tmp_path, "lab03")
    assert shown.returncode == 0
    assert "✓ amdahl_speedup" in shown.stdout
    assert "· ttft_s: not begun" in shown.stdout
    assert "✎ explain: 30 words" in shown.stdout
    overview = command(tmp_path).stdout
    row = next(line for line in overview.splitlines() if line.strip().startswith(LAB))
    assert row.split()[-4:-1] == ["1/8", "2/19", "1/2"]
    kept = json.loads((tmp_path / "progress.json").read_text())
    assert kept[LAB]["passed"] == ["test_amdahl_speedup"]
    assert kept[LAB]["release"] == nbformat.read(RELEASE, 4).metadata.supercycle.release
    kept[LAB]["release"] = "000000000000"
    (tmp_path / "progress.json").write_text(json.dumps(kept))
    assert "an earlier release" in command(tmp_path).stdout


def test_a_failing_check_is_a_non_zero_exit(tmp_path):
    write(tmp_path, {"amdahl_speedup": "def amdahl_speedup(share, factor):\n    return 'twice'"})
    shown = command(tmp_path, "lab03")
    assert shown.returncode == 1
    assert "✗ amdahl_speedup" in shown.stdout
    assert shown.stderr == ""


def test_a_solution_is_shown_after_an_attempt_and_not_before(tmp_path):
    write(tmp_path, {})
    early = command(tmp_path, "lab03", "--solution", "amdahl_speedup")
    assert early.returncode == 1
    assert "try it first" in early.stderr
    write(tmp_path, {"amdahl_speedup": "amdahl_speedup = max", "explain": "My words."})
    shown = command(tmp_path, "lab03", "--solution", "test_amdahl_speedup").stdout
    assert "return 1 / ((1 - share) + share / factor)" in shown
    assert "SOLUTION" not in shown
    assert "amdahl_via_times.py: new time over old time" in shown
    assert "rubric.md" in command(tmp_path, "lab03", "--solution", "explain").stdout


def test_without_solutions_beside_it_the_command_says_so(tmp_path, monkeypatch):
    path = write(tmp_path, {"amdahl_speedup": "amdahl_speedup = max"})
    monkeypatch.setattr(
        "supercycle.__file__", str(tmp_path / "site" / "supercycle" / "__init__.py")
    )
    from supercycle.cli import check

    with pytest.raises(ValueError, match="this installation has none"):
        check.check(str(path), "amdahl_speedup", 30.0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("lab99",), "must name one of lab"),
        (("lab0",), "must name one of lab"),
        (("nowhere.ipynb",), "no such file"),
        (("lab03", "--solution", "tftt"), "must be one of predictions"),
        (("damaged.ipynb",), "is not a notebook"),
        (("other.ipynb",), "is not a lab of this course"),
    ],
)
def test_what_is_wrong_costs_one_sentence(words, sentence, tmp_path):
    (tmp_path / "damaged.ipynb").write_text('{"cells": [')
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "other.ipynb")
    outcome = command(tmp_path, *words)
    assert outcome.returncode == 1
    assert sentence in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("marks", [{}, {"solution": True}, {"grade": True, "grade_id": "x", "points": "many"}, "?"])  # fmt: skip
def test_a_notebook_whose_marks_an_editor_lost_is_named(marks, tmp_path):
    notebook = nbformat.read(RELEASE, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        if marks and cell.cell_type == "code":
            cell.metadata["nbgrader"] = marks
    path = tmp_path / "mine.ipynb"
    nbformat.write(notebook, path)
    with pytest.raises(ValueError, match="fetch the notebook again and paste your answers in"):
        check_notebook.read(path)


def test_a_damaged_progress_file_is_named_and_not_overwritten(tmp_path, monkeypatch):
    file = tmp_path / "progress.json"
    monkeypatch.setenv("SUPERCYCLE_PROGRESS", str(file))
    for text in ("{", "[]", '{"lab03_ttft": 3}'):
        file.write_text(text)
        with pytest.raises(ValueError, match="delete it to start anew"):
            check_progress.read()
        assert file.read_text() == text


def test_help_names_the_unit_of_the_time_limit(tmp_path):
    assert "Longest run of a cell, in seconds." in command(tmp_path, "--help").stdout


def test_the_nearest_copy_of_a_lab_is_taken(tmp_path):
    mine = write(tmp_path / "home", {})
    assert check_notebook.find("lab03", tmp_path / "home" / LAB) == mine
    assert check_notebook.find("lab3", tmp_path / "home" / LAB) == mine
    flat = tmp_path / "flat" / f"{LAB}.ipynb"
    flat.parent.mkdir()
    shutil.copy(mine, flat)
    assert check_notebook.find("lab03", flat.parent) == flat
