"""Many workers, any order, any interruption: the same grades, each computed once."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader import engine
from grader.engine import grade_class
from grader.errors import GraderError
from grader.gradebook import open_gradebook
from grader.journal import Journal
from grader.scores import read_scores
from grader.source import read_lab

LAB = "lab00_tiny"


def scores(results):
    return {r.student: (r.status, [(i.name, i.score, i.manual) for i in r.items]) for r in results}


def gradebook(course):
    with open_gradebook(course) as book:
        return read_scores(book, read_lab(course, LAB))


def test_one_worker_and_three_give_the_same_grades_in_any_order(course, hand_in_class, how):
    names = hand_in_class(8)
    alone = grade_class(course, LAB, names, dataclasses.replace(how, workers=1))
    book = gradebook(course)
    many = dataclasses.replace(how, workers=3, force=True)
    together = grade_class(course, LAB, names[::-1], many)
    assert scores(alone) == scores(together)
    assert [r.student for r in together] == names[::-1]
    assert gradebook(course) == book
    assert len({str(items) for _, items in scores(alone).values()}) > 2


def test_what_is_graded_is_not_graded_again_and_a_change_of_anything_is(
    course, hand_in_class, how, script, edit, monkeypatch
):
    names = hand_in_class(3)
    run = []

    def grade(**changes):
        run.clear()
        grade_class(course, LAB, names, dataclasses.replace(how, **changes), on_start=run.append)
        return sorted(run)

    assert grade() == names
    assert grade() == []
    assert grade(force=True) == names
    path = course.submitted / names[1] / LAB / f"{LAB}.ipynb"
    path.write_text(path.read_text() + "\n")
    assert grade() == [names[1]]
    assert grade(timeout_s=2.0) == names
    (course.autograded / names[2] / LAB / f"{LAB}.ipynb").unlink()
    assert grade(timeout_s=2.0) == [names[2]]
    monkeypatch.setattr(engine, "environment_digest", lambda: "another environment")
    assert grade(timeout_s=2.0) == names


def test_a_grade_without_its_row_is_written_not_computed(course, hand_in_class, how):
    names = hand_in_class(3)
    grade_class(course, LAB, names, how)
    whole = gradebook(course)
    lines = (course.journal / f"{LAB}.jsonl").read_text().splitlines()
    graded = [line for line in lines if json.loads(line)["kind"] == "graded"]
    (course.journal / f"{LAB}.jsonl").write_text("\n".join(graded) + "\n")
    with open_gradebook(course) as book:
        for name in names:
            book.remove_student(name)
    run = []
    grade_class(course, LAB, names, how, on_start=run.append)
    assert run == []
    assert gradebook(course) == whole


def test_a_line_that_a_kill_cut_short_is_no_line(course, hand_in_class, how):
    names = hand_in_class(2)
    grade_class(course, LAB, names, how)
    path = course.journal / f"{LAB}.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines()[0][:90])
    assert set(Journal(course, LAB).current()) == set(names)
    Journal(course, LAB).tests_replaced("aaaaaaaaaaaa", "bbbbbbbbbbbb")
    assert Journal(course, LAB).tests_for("aaaaaaaaaaaa") == "bbbbbbbbbbbb"
    assert set(Journal(course, LAB).current()) == set(names)
    path.write_bytes(whole[:40] + b"\n" + whole[41:])
    with pytest.raises(GraderError, match="is damaged: move it away"):
        Journal(course, LAB)


def _children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry))
    return found


def class_aside(course, folder):
    """Return the same class in a course of its own."""
    shutil.copytree(course.submitted, folder / "submitted")
    return course.aside(folder)


SCRIPT = """
import dataclasses, os, sys
sys.path.insert(0, {tests!r})
from grader.course import Course
from grader import engine
from grader.engine import How, grade_class
engine.environment_digest = lambda: "0" * 16
{how}
if __name__ == "__main__":
    course = dataclasses.replace(Course.at({root!r}), gradebook_url={url!r})
    grade_class(course, {lab!r}, (), how)
"""


def start_engine(course, tmp_path, how_source, url=""):
    path = tmp_path / "engine_script.py"
    tests = os.path.dirname(__file__)
    path.write_text(
        SCRIPT.format(tests=tests, how=how_source, root=str(course.root), lab=LAB, url=url)
    )
    return subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def _count_lines(course):
    path = course.journal / f"{LAB}.jsonl"
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def _kill_once_some_are_done(engine_process, course, lines):
    deadline = time.monotonic() + 60
    while _count_lines(course) < lines and engine_process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    engine_process.kill()
    engine_process.wait()


def graded_by_student(course):
    count = {}
    for line in (course.journal / f"{LAB}.jsonl").read_bytes().splitlines():
        row = json.loads(line)
        if row["kind"] == "graded":
            count[row["student"]] = count.get(row["student"], 0) + 1
    return count


def test_an_engine_that_is_killed_goes_on_where_it_was(
    course, hand_in_class, how, how_source, tmp_path
):
    names = hand_in_class(8)
    first = start_engine(course, tmp_path, how_source)
    _kill_once_some_are_done(first, course, 3)
    done_before = graded_by_student(course)
    assert 1 <= len(done_before) < 8
    results = grade_class(course, LAB, names, how)
    assert len(results) == 8
    assert set(graded_by_student(course).values()) == {1}
    undisturbed = class_aside(course, tmp_path / "undisturbed")
    again = grade_class(undisturbed, LAB, names, how)
    assert scores(results) == scores(again)
    assert gradebook(course) == gradebook(undisturbed)


def test_a_worker_that_is_killed_costs_nothing(course, hand_in_class, how):
    names = hand_in_class(6)
    killed = []

    def kill_one(student):
        workers = [pid for pid in _children(os.getpid()) if _is_worker(pid)]
        if len(killed) < 2 and len(workers) > 1:
            killed.append(workers[0])
            os.kill(workers[0], signal.SIGKILL)

    results = grade_class(course, LAB, names, how, on_start=kill_one)
    assert len(killed) == 2
    assert not [r for r in results if r.status == "ungradable"]
    assert set(graded_by_student(course).values()) == {1}


def _is_worker(pid):
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_submission_that_ends_every_worker_is_given_up_and_the_others_go_on(
    course, hand_in_class, alone
):
    from dying_worker import dying_worker

    names = hand_in_class(3)
    path = course.submitted / names[1] / LAB / f"{LAB}.ipynb"
    path.write_text(path.read_text().replace("A tiny lab", "kill the worker"))
    results = grade_class(course, LAB, names, dataclasses.replace(alone, make=dying_worker))
    assert [r.status == "ungradable" for r in results] == [False, True, False]
    assert results[1].reason == "3 grading processes ended while it ran"


def test_two_engines_on_one_gradebook_lose_nothing(
    course, hand_in_class, how_source, how, tmp_path
):
    names = hand_in_class(6)
    engines = [start_engine(course, tmp_path, how_source) for _ in range(2)]
    for process in engines:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    book = gradebook(course)
    assert set(book) == set(names)
    undisturbed = class_aside(course, tmp_path / "alone")
    grade_class(undisturbed, LAB, names, how)
    assert gradebook(undisturbed) == book


def test_a_problem_of_the_machine_is_said_once_and_blames_no_student(course, hand_in_class, alone):
    from dying_worker import refusing_worker

    hand_in_class(2)
    with pytest.raises(GraderError, match="install bubblewrap"):
        grade_class(course, LAB, (), dataclasses.replace(alone, make=refusing_worker))
    assert not (course.journal / f"{LAB}.jsonl").exists()


def test_a_cluster_gives_the_same_grades(course, hand_in_class, how):
    from distributed import LocalCluster

    names = hand_in_class(4)
    here = grade_class(course, LAB, names, how)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp://",
        host="127.0.0.1", dashboard_address=None,
    ) as cluster:  # fmt: skip
        there = dataclasses.replace(how, scheduler=cluster.scheduler_address, force=True)
        assert scores(grade_class(course, LAB, names, there)) == scores(here)


@pytest.fixture
def certificate(tmp_path):
    """Dask's settings for TLS with a certificate of our own."""
    import dask
    import distributed  # its import completes the settings that the test then changes

    assert distributed
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        ["openssl", *words.split(), "-keyout", key, "-out", cert], check=True, capture_output=True
    )
    tls = {"ca-file": str(cert)}
    for party in ("client", "scheduler", "worker"):
        tls |= {f"{party}.key": str(key), f"{party}.cert": str(cert)}
    with dask.config.set({f"distributed.comm.tls.{name}": path for name, path in tls.items()}):
        yield


def test_an_encrypted_cluster_gives_the_same_grades(course, hand_in_class, how, certificate):
    from distributed import LocalCluster
    from distributed.security import Security

    names = hand_in_class(2)
    here = grade_class(course, LAB, names, how)
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tls://", host="127.0.0.1",
        dashboard_address=None, security=Security(require_encryption=True),
    ) as cluster:  # fmt: skip
        assert cluster.scheduler_address.startswith("tls://")
        there = dataclasses.replace(how, scheduler=cluster.scheduler_address, force=True)
        assert scores(grade_class(course, LAB, names, there)) == scores(here)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://10.0.0.7:8786", "is beyond this machine: use tls://"),
        ("tcp://example.edu:8786", "is beyond this machine: use tls://"),
        ("example.edu:8786", "is no address"),
        ("tcp://127.0.0.1:1", "no scheduler answers at tcp://127.0.0.1:1"),
    ],
)
def test_a_cluster_that_could_be_overheard_is_refused(
    course, hand_in_class, how, address, said, monkeypatch
):
    monkeypatch.setattr("grader.cluster.CONNECT_S", 0.5)
    hand_in_class(1)
    with pytest.raises(GraderError, match=said):
        grade_class(course, LAB, (), dataclasses.replace(how, scheduler=address))
