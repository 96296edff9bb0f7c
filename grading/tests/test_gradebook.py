"""The gradebook holds what nbgrader itself would have written, in SQLite and in PostgreSQL."""

import dataclasses
import re
import shutil
import sys
import threading

import pytest

from grader import build
from grader.cli import main
from grader.demo import make_class
from grader.engine import grade_class
from grader.errors import GraderError
from grader.grade import current_results
from grader.gradebook import Writer, open_gradebook
from grader.policy import add_extension, import_due, read_policy
from grader.record import ItemResult, Result
from grader.scores import read_comments, read_penalties, read_scores
from grader.settings import course_config, nbgrader_config
from grader.source import read_lab
from grader.submission import fill
from grader.verify import hand_in, released

LAB = "lab00_tiny"
LATE = "[late]\nper_day = 0.1\ngrace_minutes = 10\nat_most = 0.5\n[due]\nlab00_tiny = 2026-01-10T12:00:00+01:00\n"


def rows(course):
    """Return every grade, comment and submission as plain values."""
    from nbgrader.api import Comment, Grade, SubmittedAssignment

    with open_gradebook(course) as book:
        grades = {
            (g.student.id, g.name): (
                g.auto_score,
                g.manual_score,
                g.needs_manual_grade,
                g.score,
                g.max_score,
            )
            for g in book.db.query(Grade)
        }
        comments = {
            (c.student.id, c.name): (c.auto_comment, c.manual_comment)
            for c in book.db.query(Comment)
        }
        submissions = {
            s.student.id: (
                s.timestamp,
                s.score,
                s.max_score,
                s.late_submission_penalty,
                s.needs_manual_grade,
            )
            for s in book.db.query(SubmittedAssignment)
        }
    return grades, comments, submissions


def plain_nbgrader(course, student):
    """Autograde with nbgrader's own converter, as it comes."""
    from nbgrader.converters.autograde import Autograde
    from nbgrader.coursedir import CourseDirectory

    config = nbgrader_config(course)
    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id, coursedir.student_id = LAB, student
    converter = Autograde(coursedir=coursedir, config=config)
    converter.force = True
    converter.start()


def test_the_rows_are_those_that_nbgrader_writes(course, alone, tmp_path):
    (course.root / "grading").mkdir()
    (course.root / "grading" / "course.toml").write_text(LATE)
    build.release(course, read_lab(course, LAB))
    make_class(course, read_lab(course, LAB))
    shutil.rmtree(course.submitted / "eve")
    shutil.rmtree(course.submitted / "dan")
    for student, when in (
        ("ada", "2026-01-10 10:30:00 UTC"),
        ("ben", "2026-01-12T11:30:00+01:00"),
        ("cleo", "2026-01-10 11:05:00 UTC"),
    ):
        (course.submitted / student / LAB / "timestamp.txt").write_text(when)
    theirs = dataclasses.replace(course, gradebook=course.root / "theirs.db")
    build.enter(theirs, LAB)
    with open_gradebook(theirs) as book:
        book.update_or_create_assignment(LAB, duedate=read_policy(course).due[LAB])
    for student in course.students(LAB):
        plain_nbgrader(theirs, student)
    grade_class(course, LAB, (), alone)
    assert rows(course) == rows(theirs)
    assert rows(course)[2]["ben"][3] == 0.0
    with open_gradebook(course) as book:
        assert read_comments(book, LAB)["cleo"]["explain"] == "No response."


def test_lateness_costs_a_share_of_the_earned_points_until_an_extension(course, alone):
    (course.root / "grading").mkdir()
    (course.root / "grading" / "course.toml").write_text(LATE)
    build.release(course, read_lab(course, LAB))
    lab = read_lab(course, LAB)
    for student, when in (
        ("early", "2026-01-10 11:00:00 UTC"),
        ("graced", "2026-01-10 11:09:59 UTC"),
        ("late", "2026-01-11 11:30:00 UTC"),
        ("very-late", "2026-02-11 11:30:00 UTC"),
    ):
        hand_in(course, LAB, student, fill(released(course, LAB), lab.answers))
        (course.submitted / student / LAB / "timestamp.txt").write_text(when)
    grade_class(course, LAB, (), alone)
    with open_gradebook(course) as book:
        # 5 points earned; two days begun cost 20 %, never more than half
        assert read_penalties(book, LAB) == {"late": 1.0, "very-late": 2.5}
        add_extension(course, "late", LAB, 1)
        writer = Writer(course, lab, book, course_config(course))
        writer.update_penalty("late")
        assert read_penalties(book, LAB) == {"late": 0.5, "very-late": 2.5}
        add_extension(course, "late", LAB, 2)
        Writer(course, lab, book, course_config(course)).update_penalty("late")
        assert read_penalties(book, LAB) == {"very-late": 2.5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[late", "is not valid TOML"),
        ("[lat]", "unknown table 'lat'; did you mean late?"),
        ("[late]\nper_day = 2", "late.per_day = 2 must be a number from 0 to 1"),
        ("[late]\nperday = 1", "unknown key late.perday; did you mean per_day?"),
        ("[late]\nper_day = 10", "late.per_day = 10 must be a number from 0 to 1"),
        ("late = 3", "late = 3 must be a table: [late] and its lines"),
        ("[due]\nlab00_tiny = 2026-01-10T12:00:00", "must be a time with its offset"),
        (
            "[due]\nlab00_tyni = 2026-01-10T12:00:00Z",
            "no lab 'lab00_tyni'; did you mean lab00_tiny?",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_named_by_every_command(course, text, said, monkeypatch, capsys):
    (course.root / "grading").mkdir()
    (course.root / "grading" / "course.toml").write_text(text)
    with pytest.raises(GraderError, match=re.escape(said)):
        read_policy(course)
    for words in (["grade", LAB], ["status"]):
        monkeypatch.setattr(sys, "argv", ["grader", *words, "--course", str(course.root)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr().err
        assert ended.value.code == 1
        assert told.startswith("grader: ")
        assert said in told


@pytest.fixture
def graded(course, alone):
    """A class of two with a manual grade and a comment."""
    build.release(course, read_lab(course, LAB))
    lab = read_lab(course, LAB)
    for student in ("ada", "ben"):
        hand_in(course, LAB, student, fill(released(course, LAB), lab.answers))
    grade_class(course, LAB, (), alone)
    with open_gradebook(course) as book:
        grade = book.find_grade("explain", LAB, LAB, "ada")
        grade.manual_score, grade.needs_manual_grade = 4.0, False
        overruled = book.find_grade("test_mean_usd", LAB, LAB, "ada")
        overruled.manual_score, overruled.extra_credit, overruled.needs_manual_grade = (
            1.0,
            0.5,
            False,
        )
        book.find_comment("explain", LAB, LAB, "ada").manual_comment = "well said"
        book.db.commit()
    return course


def test_points_and_comments_of_a_person_stay(graded, alone):
    grade_class(graded, LAB, (), dataclasses.replace(alone, force=True))
    with open_gradebook(graded) as book:
        items = read_scores(book, read_lab(graded, LAB))["ada"]
        assert {n: (i.score, i.manual) for n, i in items.items()} == {
            "test_total_usd": (2.0, False), "test_mean_usd": (1.5, False), "explain": (4.0, False),
        }  # fmt: skip
        assert read_comments(book, LAB)["ada"]["explain"] == "well said"


def test_a_new_submission_asks_the_person_to_look_again_and_keeps_the_points(graded, alone):
    path = graded.submitted / "ada" / LAB / f"{LAB}.ipynb"
    path.write_text(path.read_text().replace("hides its spread", "hides how wide its spread is"))
    grade_class(graded, LAB, (), alone)
    with open_gradebook(graded) as book:
        scores = read_scores(book, read_lab(graded, LAB))
    assert (scores["ada"]["explain"].score, scores["ada"]["explain"].manual) == (4.0, True)
    assert scores["ada"]["test_total_usd"].manual is False


def test_an_ungradable_submission_waits_for_a_person_and_is_no_silent_zero(graded, alone):
    path = graded.submitted / "ben" / LAB / f"{LAB}.ipynb"
    path.write_text(path.read_text()[:200])
    grade_class(graded, LAB, (), alone)
    grades = {name: row for (student, name), row in rows(graded)[0].items() if student == "ben"}
    assert {row[:3] for row in grades.values()} == {(None, None, True)}
    shown = (graded.autograded / "ben" / LAB / f"{LAB}.ipynb").read_text()
    assert "**This submission could not be graded**" in shown
    assert next(r for r in current_results(graded, LAB) if r.student == "ben").items == ()
    with open_gradebook(graded) as book:
        given = book.find_grade("explain", LAB, LAB, "ben")
        given.manual_score, given.needs_manual_grade = 3.0, False
        book.db.commit()
    assert next(r for r in current_results(graded, LAB) if r.student == "ben").score == 3.0


def test_a_submission_to_be_reviewed_is_flagged_in_formgrader(graded):
    result = Result("cy", "needs-review", "odd", items=(ItemResult("test_total_usd", 2.0, 2.0),))
    with open_gradebook(graded) as book:
        writer = Writer(graded, read_lab(graded, LAB), book, course_config(graded))
        writer.write(result)
        assert book.find_submission_notebook(LAB, LAB, "cy").flagged is True


def write_many(course, students, errors):
    try:
        with open_gradebook(course) as book:
            writer = Writer(course, read_lab(course, LAB), book, course_config(course))
            for number, student in enumerate(students):
                items = (
                    ItemResult("test_total_usd", number % 3, 2.0),
                    ItemResult("explain", 0, 5, True),
                )
                writer.write(Result(student, "needs-manual", items=items))
    except Exception as error:  # the test shows it
        errors.append(error)


def at_once(course, count=20):
    """Let two writers write the same students at the same time; return the errors and the scores."""
    students, errors = [f"s{n:02d}" for n in range(count)], []
    writers = [
        threading.Thread(target=write_many, args=(course, students, errors)) for _ in range(2)
    ]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    with open_gradebook(course) as book:
        scores = read_scores(book, read_lab(course, LAB))
    return errors, {s: scores[s]["test_total_usd"].score for s in students}


def test_two_writers_of_the_same_students_lose_no_row(course):
    build.enter(course, LAB)
    errors, scores = at_once(course)
    assert errors == []
    assert scores == {f"s{n:02d}": float(n % 3) for n in range(20)}


def test_two_writers_of_the_same_students_lose_no_row_in_postgresql(course, postgresql):
    there = dataclasses.replace(course, gradebook_url=postgresql.url)
    build.enter(there, LAB)
    errors, scores = at_once(there)
    assert errors == []
    assert scores == {f"s{n:02d}": float(n % 3) for n in range(20)}


def test_postgresql_and_sqlite_hold_the_same_rows(course, alone, postgresql):
    build.release(course, read_lab(course, LAB))
    make_class(course, read_lab(course, LAB))
    shutil.rmtree(course.submitted / "dan")
    grade_class(course, LAB, (), alone)
    there = dataclasses.replace(course, gradebook_url=postgresql.url)
    grade_class(there, LAB, (), dataclasses.replace(alone, force=True))
    assert rows(there) == rows(course)


def test_a_password_is_not_told_when_the_database_is_away(course, monkeypatch):
    monkeypatch.setattr("grader.gradebook._first", lambda course: 0.1)
    there = dataclasses.replace(course, gradebook_url="postgresql://me:sesame@127.0.0.1:1/course")
    with pytest.raises(GraderError) as error, open_gradebook(there):
        pass
    assert "sesame" not in str(error.value)
    assert "cannot be opened as a gradebook" in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lab,due\n", "has no due dates"),
        (
            f"lab,due\n{LAB},24.11.2026\n",
            "due at '24.11.2026', which must be a time with its offset",
        ),
        (f"lab,due\n{LAB},2026-11-24 23:59\n", "line 2: lab00_tiny is due at '2026-11-24 23:59'"),
        ("lab,deadline\nx,2026-11-24 23:59Z\n", "needs the columns lab and due"),
    ],
)
def test_due_dates_that_cannot_be_leave_those_before_them(course, tmp_path, text, said):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(f"lab,due\n{LAB},2026-01-10T12:00Z\n")
    bad.write_text(text)
    before = import_due(course, good)
    with pytest.raises(GraderError, match=re.escape(said)):
        import_due(course, bad)
    assert read_policy(course).due == before


def test_a_lab_that_a_new_file_leaves_out_is_due_no_more_and_costs_nobody_anything(
    course, alone, tmp_path, monkeypatch, capsys
):
    (course.root / "grading").mkdir()
    (course.root / "grading" / "course.toml").write_text("[late]\nper_day = 0.1\n")
    other = course.solutions / "lab01_other"
    other.mkdir()
    (other / "lab01_other.py").write_text("")
    build.release(course, read_lab(course, LAB))
    hand_in(course, LAB, "ada", fill(released(course, LAB), read_lab(course, LAB).answers))
    (course.submitted / "ada" / LAB / "timestamp.txt").write_text("2026-01-11 11:30:00 UTC")
    both, one = tmp_path / "both.csv", tmp_path / "one.csv"
    both.write_text(f"lab,due\n{LAB},2026-01-10T11:00Z\nlab01_other,2026-02-01T11:00Z\n")
    one.write_text("lab,due\nlab01_other,2026-02-01T11:00Z\n")
    import_due(course, both)
    grade_class(course, LAB, (), alone)
    with open_gradebook(course) as book:
        assert read_penalties(book, LAB) == {"ada": 1.0}
    monkeypatch.setattr(sys, "argv", ["grader", "due", str(one), "--course", str(course.root)])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"{LAB} is due no more: the file leaves it out" in said
    assert "lab01_other is due at 2026-02-01 11:00 UTC" in said
    with open_gradebook(course) as book:
        assert read_penalties(book, LAB) == {}
        assert book.find_assignment(LAB).duedate is None
