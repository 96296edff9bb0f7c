"""The walk through a notebook: what dies is started again, what hangs is ended, what is hidden stays so."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.execution import Worker, describe
from grader.execution import worker as working
from grader.execution.run import Run
from grader.execution.spec import LabSpec, Limits
from grader.source import Lab, LabFile, read_script

SETUP = '''
import os
import sys
import numpy as np
from supercycle import check, models
check.withhold("models.TransformerConfig.kv_bytes_per_token")
code = os.environ.get("SUPERCYCLE_SEED_ENGINE", "none")
model = models.get("llama-2-7b")
'''  # fmt: skip

#: grade id → (answer, test).
CELLS = {
    "early": ("def early(x):\n    return 2 * x", "assert early(2) == 4"),
    "middle": ("def middle():\n    return 3", "assert middle() == 3"),
    "again": ("again = early(10) if 'early' in globals() else 0", "assert again == 20 and early(3) == 6"),
    "hidden": ("def hidden():\n    return 42", "assert callable(hidden)\n### BEGIN HIDDEN TESTS\n_want = 42\nassert hidden() == _want\n### END HIDDEN TESTS"),
    "large": ("def large():\n    return 10", "assert sum(range(large())) == 45"),
    "case": ("mine = code", "assert mine == code == 'abc'"),
    "bytes_": ("def bytes_(m):\n    return 2 * m.layers * m.kv_heads * m.head_dim * 2", "check.agrees('a token', bytes_(model), 524288)"),
}  # fmt: skip

#: Tests of a careless author: grade id → (test, what it earns of 2 points).
CARELESS = {
    "nan": ("float('nan')", 0.0),
    "too_many": ("3", 0.0),
    "negative": ("-1.0", 0.0),
    "part": ("0.5", 0.5),
    "numpy_part": ("np.float64(1.5)", 1.5),
    "nothing": ("0", 0.0),
    "a_text": ("'fine'", 2.0),
    "truth": ("True", 2.0),
    "stderr": ("print('careful', file=sys.stderr)", 2.0),
    "warning": ("import warnings; warnings.warn('old')", 2.0),
}


def header(grade_id, **marks):
    meta = {"grade": False, "solution": False, "locked": True, "task": False, **marks}
    return f"# %% nbgrader={json.dumps({**meta, 'grade_id': grade_id, 'schema_version': 3})}\n"


def notebook_of(answers):
    parts = [header("setup") + SETUP]
    for name, (answer, test) in CELLS.items():
        parts.append(header(name, solution=True, locked=False) + answers.get(name, answer))
        parts.append(header(f"test_{name}", grade=True, points=1) + test)
    parts.append('# %% tags=["explore"]\nraise RuntimeError("exploring")')
    return read_script("\n\n".join(parts) + "\n")


def start(notebook, points, **limits):
    lab = Lab("engine", Path(), LabFile("Engine", points), notebook, "0")
    spec = describe(lab, notebook, limits=Limits(**{"cell_s": 1.0, "notebook_s": 30.0, **limits}))
    try:
        return Worker(spec)
    except GraderError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def worker():
    made = start(notebook_of({}), len(CELLS))
    yield made
    made.close()


@pytest.fixture
def grade(worker):
    """Grade right answers with some replaced; return the run and what each test earned."""

    def graded(**answers):
        raw = json.dumps(notebook_of(answers)).encode()
        run = worker.grade(raw, environment={"SUPERCYCLE_SEED_ENGINE": "abc"})
        return run, {c.grade_id.removeprefix("test_"): c.score for c in run.cells}

    return graded


def lost(scores):
    return {name for name, score in scores.items() if score == 0}


def test_right_answers_earn_everything_and_exploring_cells_are_not_run(grade):
    run, scores = grade()
    assert (run.status, run.flags, lost(scores)) == ("graded", (), set())
    assert run.notebook["cells"][-1]["outputs"] == []


def test_a_crash_costs_its_cell_and_what_came_before_is_replayed(grade):
    run, scores = grade(middle="def middle():\n    import os; os._exit(7)")
    assert (run.status, lost(scores)) == ("partial", {"middle"})
    assert "ended itself with status 7" in run.reason
    assert "the student's process had to be started again 1 times" in run.flags


def test_what_truly_depends_on_a_crashed_cell_is_lost_with_it(grade):
    run, scores = grade(early="import os; os._exit(7)\ndef early(x): return 2 * x")
    assert (run.status, lost(scores)) == ("partial", {"early", "again"})


def test_a_process_that_dies_in_every_cell_ends_and_is_told(grade):
    run, scores = grade(**dict.fromkeys(CELLS, "import os; os._exit(1)"))
    assert run.status == "partial"
    assert lost(scores) == set(CELLS)


def test_a_hidden_tests_variables_stay_with_the_tests(grade):
    run, scores = grade(hidden="def hidden():\n    return globals().get('_want') or _want")
    assert lost(scores) == {"hidden"}
    assert "NameError" in next(c.said for c in run.cells if c.grade_id == "test_hidden")


def test_a_test_that_hangs_on_a_value_is_ended_and_the_others_are_graded(grade, monkeypatch):
    monkeypatch.setattr(working, "PATIENCE_S", 1.0)
    run, scores = grade(large="def large():\n    return 10**13")
    assert (run.status, lost(scores)) == ("partial", {"large"})
    assert "test_large: the cell could not be finished" in run.reason


def test_the_scenario_reaches_both_processes_and_no_other_run(worker, grade):
    assert not lost(grade()[1])
    raw = json.dumps(notebook_of({})).encode()
    assert [c.score for c in worker.grade(raw).cells if c.grade_id == "test_case"] == [0.0]


def test_a_withheld_function_is_refused_and_flagged(grade):
    run, scores = grade(bytes_="def bytes_(m):\n    return m.kv_bytes_per_token()")
    assert lost(scores) == {"bytes_"}
    assert any("calls what the lab withholds: kv_bytes_per_token" in flag for flag in run.flags)
    run, _ = grade(bytes_="def bytes_(m):\n    return type(m).kv_bytes_per_token.__wrapped__(m)")
    assert any("reaches behind a withheld function" in flag for flag in run.flags)


def test_a_run_and_a_lab_survive_json(worker, grade):
    run, _ = grade()
    assert Run.from_json(json.loads(json.dumps(run.to_json()))) == run
    lab = worker.lab
    assert LabSpec.from_json(json.loads(json.dumps(lab.to_json()))) == lab
    assert lab.digest == LabSpec.from_json(json.loads(json.dumps(lab.to_json()))).digest


def test_partial_credit_must_be_a_finite_number_in_range():
    parts = [header("setup") + SETUP]
    for name, (test, _) in CARELESS.items():
        parts.append(header(name, grade=True, points=2) + test)
    parts.append(header("x", solution=True, locked=False) + "x = 1")
    notebook = read_script("\n\n".join(parts) + "\n")
    with start(notebook, 2 * len(CARELESS)) as worker:
        run = worker.grade(json.dumps(notebook).encode())
    assert {c.grade_id: c.score for c in run.cells} == {
        n: earned for n, (_, earned) in CARELESS.items()
    }
    assert run.status == "needs-review"
    assert "the test gives nan of 2 points: an error of the lab" in run.reason


def test_a_notebooks_time_is_shared_by_its_cells():
    with start(notebook_of({}), len(CELLS), cell_s=1.0, notebook_s=2.0) as worker:
        answers = {name: "import time; time.sleep(0.9)" for name in CELLS}
        run = worker.grade(json.dumps(notebook_of(answers)).encode())
    assert run.status == "partial"
    assert "the notebook's 2 s were used up before" in run.reason


def test_the_same_answers_earn_the_same_on_a_fresh_worker_and_in_any_order(worker, grade):
    odd = {"middle": "def middle():\n    return 4", "large": "def large(): yield"}
    first = [grade(**odd)[1], grade()[1], grade(**odd)[1]]
    with start(notebook_of({}), len(CELLS)) as fresh:
        raw = json.dumps(notebook_of(odd)).encode()
        run = fresh.grade(raw, environment={"SUPERCYCLE_SEED_ENGINE": "abc"})
    assert first[0] == first[2] == {c.grade_id.removeprefix("test_"): c.score for c in run.cells}


def test_nothing_is_left_running_when_the_grader_is_killed():
    code = (
        "import json, os, sys; sys.path[:0] = json.loads(sys.argv[1])\n"
        "from grader.execution import Worker; from grader.execution.spec import LabSpec\n"
        "worker = Worker(LabSpec.from_json(json.load(open(sys.argv[2]))))\n"
        "print(worker.process.pid, flush=True)\n"
        "worker.grade(open(sys.argv[3], 'rb').read())\n"
    )
    notebook = notebook_of({"middle": "import time; time.sleep(20)"})
    with start(notebook, len(CELLS)) as worker:
        spec = worker.lab.to_json()
    with tempfile.TemporaryDirectory() as folder:
        lab, file = Path(folder, "lab.json"), Path(folder, "lab.ipynb")
        lab.write_text(json.dumps({**spec, "limits": {**spec["limits"], "cell_s": 25.0}}))
        file.write_text(json.dumps(notebook))
        grader = subprocess.Popen(
            [sys.executable, "-c", code, json.dumps(sys.path), str(lab), str(file)],
            stdout=subprocess.PIPE,
            text=True,
        )
        server = int(grader.stdout.readline())
        deadline = time.monotonic() + 20
        while len(family(server)) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        there = family(server)
        assert len(there) >= 5, "server, nursery, a fork of each, and a sandbox"
        grader.kill()
        grader.wait()
        deadline = time.monotonic() + 20
        while any(Path(f"/proc/{pid}").exists() for pid in there) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [pid for pid in there if Path(f"/proc/{pid}").exists()] == []


def family(pid):
    """A process and all that it and its children started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(p for child in children for p in family(int(child)))]


def test_html_of_a_students_is_never_html_for_the_grader():
    written = header("why", solution=True, grade=True, locked=False, points=2).replace(
        "%% ", "%% [markdown] "
    )
    text = "# a < b and <b>bold</b> <script>alert(1)</script> <img src=x onerror=alert(1)>"
    given = read_script(header("setup") + SETUP + "\n\n" + written + "# YOUR ANSWER HERE\n")
    handed_in = read_script(header("setup") + SETUP + "\n\n" + written + text + "\n")
    with start(given, 2) as worker:
        run = worker.grade(json.dumps(handed_in).encode())
        untouched = worker.grade(json.dumps(given).encode())
    assert run.notebook["cells"][1]["source"] == (
        "a < b and <b>bold</b> &lt;script>alert(1)&lt;/script> &lt;img src=x onerror=alert(1)>"
    )
    assert "the answer why holds HTML: it is shown as text" in run.flags
    assert [(c.score, c.manual) for c in run.cells + untouched.cells] == [(0.0, True), (0.0, False)]


def test_a_locked_cell_that_builds_on_a_missing_answer_is_no_error_of_the_lab():
    parts = [
        header("setup") + SETUP,
        header("size", solution=True, locked=False) + "def size(): return 3",
        header("checkpoint") + "table = [0] * size()",
        header("test_table", grade=True, points=1) + "assert len(table) == 3",
    ]
    given = "\n\n".join(parts)
    with start(read_script(given), 1) as worker:
        handed_in = read_script(given.replace("return 3", "raise NotImplementedError"))
        run = worker.grade(json.dumps(handed_in).encode())
        right = worker.grade(json.dumps(read_script(given)).encode())
    assert (run.status, run.cells[0].score) == ("graded", 0.0)
    assert (right.status, right.cells[0].score) == ("graded", 1.0)


def test_a_locked_cell_that_fails_by_itself_is_an_error_of_the_lab():
    script = header("setup") + "1 / 0\n\n" + header("x", solution=True, locked=False) + "x = 1\n\n"
    notebook = read_script(script + header("t", grade=True, points=1) + "assert x == 1\n")
    with start(notebook, 1) as worker:
        run = worker.grade(json.dumps(notebook).encode())
    assert run.status == "needs-review"
    assert run.reason == "the set-up cell setup fails: ZeroDivisionError: division by zero"
