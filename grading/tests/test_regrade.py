"""A changed test is tried on everyone before it counts, and what a person gave stays."""

import dataclasses
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from grader import build
from grader.engine import grade_class
from grader.errors import GraderError
from grader.gradebook import open_gradebook
from grader.journal import Journal
from grader.regrade import apply_regrade, back_up, preview_regrade
from grader.scores import read_scores
from grader.source import read_lab
from grader.submission import fill
from grader.variants import read_variants
from grader.verify import hand_in, released

LAB = "lab00_tiny"


@pytest.fixture
def graded(course, alone):
    """Ada is right, ben and cleo add up wrongly; a person gave ben two points all the same."""
    build.release(course, read_lab(course, LAB))
    lab, release = read_lab(course, LAB), released(course, LAB)
    wrong = next(v for v in read_variants(lab) if v.name == "last_price")
    hand_in(course, LAB, "ada", fill(release, lab.answers))
    for student in ("ben", "cleo"):
        hand_in(course, LAB, student, fill(release, {**lab.answers, **wrong.answers}))
    grade_class(course, LAB, (), alone)
    with open_gradebook(course) as book:
        grade = book.find_grade("test_total_usd", LAB, LAB, "ben")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        book.db.commit()
    return course


def points(course, item="test_total_usd"):
    with open_gradebook(course) as book:
        scores = read_scores(book, read_lab(course, LAB))
    return {student: items[item].score for student, items in scores.items()}


def soften(script, edit):
    """Let the hidden test of the total accept the last price."""
    edit(
        script,
        "    total_usd([1.0, 2.0, 4.0]),\n    7.0,",
        "    total_usd([0.0, 0.0, 7.0]),\n    7.0,",
    )


def test_an_update_in_mid_course_leaves_old_submissions_with_their_tests(
    graded, alone, script, edit
):
    before = points(graded)
    soften(script, edit)
    build.release(graded, read_lab(graded, LAB))
    run = []
    grade_class(graded, LAB, (), alone, on_start=run.append)
    assert run == []
    assert points(graded) == before == {"ada": 2.0, "ben": 2.0, "cleo": 0.0}


def test_the_preview_names_who_moves_and_why_and_writes_nothing(graded, alone, script, edit):
    soften(script, edit)
    before = points(graded)
    preview = preview_regrade(graded, LAB, (), alone)
    moves = {m.student: m for m in preview.moves}
    assert set(moves) == {"ben", "cleo"}
    assert (moves["cleo"].item, moves["cleo"].before, moves["cleo"].after) == (
        "test_total_usd",
        0.0,
        2.0,
    )
    assert moves["cleo"].why == "no longer: the sum of three prices: only the last price is kept"
    assert moves["cleo"].overruled is None
    assert moves["ben"].overruled == 2.0
    assert preview.count == 3
    assert points(graded) == before
    run = []
    again = preview_regrade(graded, LAB, (), alone, on_start=run.append)
    assert run == []
    assert again.moves == preview.moves


def test_a_preview_leaves_what_an_item_can_earn_as_it_was(graded, alone, script, toml, edit):
    edit(script, '"grade_id": "test_total_usd", "locked": true, "points": 2', '"grade_id": "test_total_usd", "locked": true, "points": 4')  # fmt: skip
    edit(toml, "test_total_usd = 2", "test_total_usd = 4")

    def can_earn():
        with open_gradebook(graded) as book:
            return book.find_grade_cell("test_total_usd", LAB, LAB).max_score

    preview = preview_regrade(graded, LAB, (), alone)
    assert {m.student: (m.before, m.after) for m in preview.moves} == {"ada": (2.0, 4.0)}
    assert (can_earn(), points(graded)["ada"]) == (2.0, 2.0)
    backup = apply_regrade(graded, LAB, preview)
    assert (can_earn(), points(graded)["ada"]) == (4.0, 4.0)
    with closing(sqlite3.connect(backup)) as old:  # made before anything was written
        found = old.execute(
            "select max_score from grade_cells join base_cell using (id) where name = 'test_total_usd'"
        )
        assert found.fetchall() == [(2.0,)]


def test_applying_backs_up_keeps_a_persons_points_and_counts_for_who_comes_later(
    graded, alone, script, edit
):
    soften(script, edit)
    late = hand_in(graded, LAB, "dora", released(graded, LAB))
    late.write_bytes((graded.submitted / "cleo" / LAB / f"{LAB}.ipynb").read_bytes() + b"\n")
    backup = apply_regrade(graded, LAB, preview_regrade(graded, LAB, ["ada", "ben", "cleo"], alone))
    assert points(graded) == {"ada": 2.0, "ben": 2.0, "cleo": 2.0}
    with closing(sqlite3.connect(backup)) as old:
        rows = old.execute(
            "select auto_score from grade join base_cell on base_cell.id = cell_id where name = 'test_total_usd'"
        )
        assert sorted(score for (score,) in rows) == [0.0, 0.0, 2.0]
    with open_gradebook(graded) as book:
        assert book.find_grade("test_total_usd", LAB, LAB, "ben").needs_manual_grade
    run = []
    grade_class(graded, LAB, (), alone, on_start=run.append)
    assert run == ["dora"]
    assert points(graded)["dora"] == 2.0


def test_every_grade_has_its_history(graded, alone, script, edit):
    soften(script, edit)
    apply_regrade(graded, LAB, preview_regrade(graded, LAB, (), alone))
    first, second = Journal(graded, LAB).history("cleo")
    assert (first.result.score, second.result.score) == (3.0, 5.0)
    assert first.key.tests != second.key.tests
    assert first.key.answers == second.key.answers
    assert first.at < second.at


def test_a_harder_test_says_what_fails_now(graded, alone, script, edit):
    edit(script, "low=0, high=10", "low=0, high=0.5")
    preview = preview_regrade(graded, LAB, ["ada"], alone)
    (move,) = preview.moves
    assert (move.before, move.after) == (2.0, 0.0)
    assert "total_usd([1])" in move.why


def test_nothing_is_applied_without_a_backup(course, graded, alone):
    there = dataclasses.replace(graded, gradebook=graded.root / "elsewhere.db")
    with pytest.raises(GraderError, match="is missing: there is nothing to back up"):
        back_up(there)


def test_a_damaged_gradebook_leaves_no_empty_backup(graded):
    graded.gradebook.write_bytes(b"no gradebook " * 4000)
    before = set((graded.journal.parent / "backups").glob("*"))
    with pytest.raises(GraderError, match=r"cannot be backed up .*: it is damaged"):
        back_up(graded)
    assert set((graded.journal.parent / "backups").glob("*")) == before


def test_ctrl_c_ends_with_a_sentence():
    code = (
        "import sys; from grader import cli\n"
        "@cli.app.command()\n"
        "def wait(): raise KeyboardInterrupt\n"
        "sys.argv = ['grader', 'wait']; cli.main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 130
    assert ended.stderr == "grader: stopped; what was graded is kept\n"


def test_a_backup_in_postgresql_can_be_restored(course, alone, postgresql):
    import shutil

    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed (Debian: apt install postgresql-client)")
    there = dataclasses.replace(course, gradebook_url=postgresql.url)
    build.enter(there, LAB)
    path = back_up(there)
    assert path.read_bytes()[:5] == b"PGDMP"
