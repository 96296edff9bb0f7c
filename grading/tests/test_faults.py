"""`kill -9` of the engine, a worker or the database at twenty random moments: the same gradebook after."""

import dataclasses
import os
import random
import signal
import sqlite3
import time
from contextlib import closing, suppress

import pytest
from test_gradebook import rows
from test_pool import _children, _is_worker, class_aside, graded_by_student, start_engine

from grader.engine import grade_class

LAB = "lab00_tiny"
MOMENTS = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def undisturbed(course, hand_in_class, how, tmp_path):
    """A class of ten, and what the gradebook holds when nothing happens."""
    names = hand_in_class(10)
    aside = class_aside(course, tmp_path / "undisturbed")
    grade_class(aside, LAB, names, how)
    return names, rows(aside)


def _worker_of(engine):
    """Return one of an engine's workers, drawn at random; None while there is none."""
    workers = [pid for pid in _children(engine) if _is_worker(pid)]
    return random.choice(workers) if workers else None


def _kill(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_the_engine_may_die_at_any_moment(course, undisturbed, how, how_source, tmp_path):
    names, expected = undisturbed
    rng = random.Random(6)
    done = {}
    for _ in range(MOMENTS):
        process = start_engine(course, tmp_path, how_source)
        time.sleep(rng.uniform(0.5, 5.0))
        process.kill()
        process.communicate()
        before, done = done, graded_by_student(course) if _has_journal(course) else {}
        assert all(done.get(student) == count for student, count in before.items())
        if len(done) == len(names):
            _start_over(course)
            done = {}
    grade_class(course, LAB, names, how)
    assert rows(course) == expected
    assert set(graded_by_student(course).values()) == {1}


def _has_journal(course):
    return (course.journal / f"{LAB}.jsonl").is_file()


def _start_over(course):
    """Forget every grade, so that there is something to interrupt again."""
    (course.journal / f"{LAB}.jsonl").unlink()
    with closing(sqlite3.connect(course.gradebook)) as book:
        for table in ("grade", "comment", "submitted_notebook", "submitted_assignment", "student"):
            book.execute(f"delete from {table}")
        book.commit()


def test_workers_may_die_at_any_moment(course, undisturbed, how, how_source, tmp_path):
    _, expected = undisturbed
    rng = random.Random(7)
    killed = 0
    while killed < MOMENTS:
        process = start_engine(course, tmp_path, how_source)
        while process.poll() is None:
            time.sleep(rng.uniform(1.0, 8.0))
            victim = _worker_of(process.pid)
            if victim is not None and killed < MOMENTS:
                _kill(victim)
                killed += 1
        _, said = process.communicate()
        assert process.returncode == 0, said.decode()
        if killed < MOMENTS:
            _start_over(course)
    assert rows(course) == expected
    assert set(graded_by_student(course).values()) == {1}


def test_the_database_may_die_at_any_moment(
    course, undisturbed, how, how_source, tmp_path, postgresql
):
    names, expected = undisturbed
    there = dataclasses.replace(course, gradebook_url=postgresql.url)
    rng = random.Random(8)
    process = start_engine(course, tmp_path, how_source, url=postgresql.url)
    for _ in range(MOMENTS):
        time.sleep(rng.uniform(0.5, 4.0))
        postgresql.server.kill()
        time.sleep(rng.uniform(0.0, 1.0))
        postgresql.server.start()
        if process.poll() is not None:
            # an engine that gives up says in one sentence that the gradebook failed
            said = process.stderr.read().decode()
            assert process.returncode == 0 or "GraderError: " in said, said
            if process.returncode == 0:
                _start_over_in(postgresql.url, course)
            process = start_engine(course, tmp_path, how_source, url=postgresql.url)
    process.communicate(timeout=300)
    grade_class(there, LAB, names, how)
    assert rows(there) == expected
    assert set(graded_by_student(course).values()) == {1}


def _start_over_in(url, course):
    import psycopg

    (course.journal / f"{LAB}.jsonl").unlink()
    with psycopg.connect(url, autocommit=True) as book:
        book.execute("truncate grade, comment, submitted_notebook, submitted_assignment, student")
