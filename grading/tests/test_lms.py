"""To an LMS and back: nothing is lost, nobody is mixed up, no file gets out of its folder."""

import csv
import json
import re
import shutil
import stat
import sys
import zipfile
from dataclasses import replace
from datetime import datetime

import pytest

from grader import build
from grader.anonymous import export_anonymous
from grader.cli import main
from grader.engine import grade_class
from grader.errors import GraderError
from grader.gradebook import open_gradebook
from grader.handed_in import read_handed_in
from grader.journal import Journal
from grader.lms import import_zip, write_csv
from grader.record import ItemResult, Result
from grader.roster import Member, enrolled, forget_student, import_roster, members, read_roster
from grader.scores import read_scores
from grader.source import read_lab
from grader.submission import fill
from grader.verify import hand_in, released

LAB = "lab00_tiny"
CANVAS_ROSTER = """Student,ID,SIS User ID,SIS Login ID,Section
    Points Possible,,,,
"Lovelace, Ada",101,s1,ada,A
"Hopper, Grace",102,s2,grace,A
"""
PEOPLE = [
    Member("ada", "Ada", "Lovelace", "ada@x.org", "101"),
    Member("grace", "Grace", "Hopper", "grace@x.org", "102"),
]


@pytest.fixture
def known(course, tmp_path):
    """A course that knows Ada and Grace."""
    path = tmp_path / "roster.csv"
    path.write_text(
        "student,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@x.org,101\ngrace,Grace,Hopper,grace@x.org,102\n"
    )
    import_roster(course, path)
    return course


def test_the_test_student_of_canvas_is_left_out_and_said(course, tmp_path, grader):
    path = tmp_path / "canvas.csv"
    path.write_text(CANVAS_ROSTER.partition('"Hopper')[0] + '"Student, Test",103,,f00dcafe,A\n')
    code, said = grader(course, "roster", str(path))
    assert code == 0
    assert "left out: 'Student, Test'" in said
    assert "1 student entered into the gradebook" in said
    assert enrolled(course) == {"ada"}


def test_a_roster_of_canvas_is_understood(course, tmp_path):
    path = tmp_path / "canvas.csv"
    path.write_text(CANVAS_ROSTER)
    assert import_roster(course, path) == [
        Member("ada", "Ada", "Lovelace", lms_user_id="101"),
        Member("grace", "Grace", "Hopper", lms_user_id="102"),
    ]
    with open_gradebook(course) as book:
        assert [m.name for m in members(book)] == ["Ada Lovelace", "Grace Hopper"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student\n../etc\n", "line 2: '../etc' cannot be a student's id"),
        ("student\n..\n", "line 2: '..' cannot be a student's id"),
        ("student\nada\nada\n", "line 3: 'ada' stands twice"),
        ("colour\nred\n", "has no column of student ids"),
        ("student\n", "has no students"),
        ("student,email\n,ada@uni.edu\n", "its column 'student' is empty"),
    ],
)
def test_a_roster_that_cannot_be_is_named(tmp_path, text, said):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(GraderError, match=said):
        read_roster(path)


def make_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_zip_of_canvas_finds_its_students_and_the_last_attempt_counts(known, tmp_path):
    path = make_zip(
        tmp_path / "submissions.zip",
        {
            "lovelaceada_101_9001_lab00_tiny.ipynb": "first",
            "lovelaceada_101_9003_lab00_tiny-2.ipynb": "third",
            "lovelaceada_101_9002_lab00_tiny-1.ipynb": "second",
            "hoppergrace_LATE_102_9004_Untitled.ipynb": "late",
            "strangerdan_103_9005_lab00_tiny.ipynb": "who",
            "hoppergrace_102_9006_notes.pdf": "no",
            "readme.txt": "no",
        },
    )
    report = {taken.file: taken for taken in import_zip(known, LAB, path)}
    there = {p.parts[-3]: p.read_text() for p in known.submitted.glob("*/*/*.ipynb")}
    assert there == {"ada": "third", "grace": "late"}
    assert (
        report["strangerdan_103_9005_lab00_tiny.ipynb"].why_not
        == "strangerdan (103) is not in the roster"
    )
    assert report["hoppergrace_102_9006_notes.pdf"].why_not == "is no notebook"


def test_a_zip_of_moodle_finds_its_students(known, tmp_path):
    path = make_zip(
        tmp_path / "moodle.zip",
        {
            "Ada Lovelace_555_assignsubmission_file_/lab00_tiny.ipynb": "by name",
            "Somebody Else_102_assignsubmission_file_/lab00_tiny.ipynb": "by number",
        },
    )
    import_zip(known, LAB, path)
    there = {p.parts[-3]: p.read_text() for p in known.submitted.glob("*/*/*.ipynb")}
    assert there == {"ada": "by name", "grace": "by number"}


def test_a_zip_cannot_write_elsewhere(known, tmp_path):
    path = tmp_path / "evil.zip"
    link = zipfile.ZipInfo("lovelaceada_101_1_link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../../hoppergrace_102_2_../../../evil.ipynb", "x")
        archive.writestr("/tmp/hoppergrace_102_2_abs.ipynb", "y")
    before = {p for p in known.root.rglob("*") if "submitted" not in p.parts}
    import_zip(known, LAB, path)
    assert {p for p in known.root.rglob("*") if "submitted" not in p.parts} == before
    assert [p.name for p in known.submitted.rglob("*.ipynb")] == [f"{LAB}.ipynb"]
    assert not any(p.is_symlink() for p in known.submitted.rglob("*"))
    (tmp_path / "no.zip").write_text("no")
    with pytest.raises(GraderError, match="is no zip file"):
        import_zip(known, LAB, tmp_path / "no.zip")


RESULTS = [
    Result(
        "ada",
        "graded",
        "",
        7.5,
        10,
        items=(ItemResult("test_total_usd", 2, 2), ItemResult("explain", 5, 5)),
    ),
    Result("grace", "ungradable", "cut off"),
    Result("=cmd()", "graded", '=HYPERLINK("http://x")', 10, 10),
]


@pytest.mark.parametrize("form", ["canvas", "moodle", "plain"])
def test_a_csv_is_quoted_and_no_cell_is_a_formula(course, tmp_path, form):
    path = tmp_path / "out.csv"
    odd = Member("ada", 'Ada "the\nfirst"', "Lovelace, Countess", "+ada@x.org", "101")
    assert (
        write_csv(
            read_lab(course, LAB),
            RESULTS,
            [odd, *PEOPLE[1:]],
            path,
            form=form,
            penalties={"ada": 0.5},
        )
        == 2
    )
    rows = list(csv.reader(path.open(newline="")))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell[:1] in "=+@-" and cell]
    assert any("7" in row for row in rows)
    assert not any("grace" in cell for row in rows for cell in row)


def test_the_columns_are_those_canvas_and_moodle_read(course, tmp_path):
    path = tmp_path / "out.csv"
    lab = read_lab(course, LAB)
    write_csv(lab, RESULTS[:1], PEOPLE, path, form="canvas")
    rows = list(csv.reader(path.open(newline="")))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LAB]
    assert rows[1] == ["Points Possible", "", "", "", "", "10"]
    assert rows[2] == ["Lovelace, Ada", "101", "", "ada", "", "7.5"]
    write_csv(lab, RESULTS[:1], PEOPLE, path, form="moodle")
    (row,) = csv.DictReader(path.open(newline=""))
    assert (row["Identifier"], row["Full name"], row["Grade"], row["Maximum Grade"]) == (
        "Participant 101", "Ada Lovelace", "7.5", "10",
    )  # fmt: skip
    with pytest.raises(GraderError, match="must be one of canvas, moodle, plain"):
        write_csv(lab, RESULTS, PEOPLE, path, form="excel")


@pytest.fixture
def graded(known, alone):
    """Ada's and Grace's submissions, graded."""
    build.release(known, read_lab(known, LAB))
    lab = read_lab(known, LAB)
    for student in ("ada", "grace"):
        answers = {**lab.answers, "explain": "I, Ada Lovelace (ada@x.org), asked grace."}
        hand_in(known, LAB, student, fill(released(known, LAB), answers))
    return known, grade_class(known, LAB, (), alone)


def test_an_export_without_names_names_nobody(graded, tmp_path):
    course, results = graded
    with open_gradebook(course) as book:
        people = members(book)
    assert export_anonymous(course, read_lab(course, LAB), results, people, tmp_path / "out") == 2
    scores = list(csv.DictReader((tmp_path / "out" / "scores.csv").open()))
    assert [row["test_total_usd"] for row in scores] == ["2", "2"]
    whole = (tmp_path / "out" / "answers.jsonl").read_text() + (
        tmp_path / "out" / "scores.csv"
    ).read_text()
    for name in ("ada", "Ada", "Lovelace", "grace", "Grace", "Hopper", "x.org", "101"):
        assert name not in whole
    first = json.loads(whole.splitlines()[0])
    assert first["answers"]["explain"] == "I, █ (█), asked █."
    assert "running_total_usd" in first["answers"]["total_usd"]


def test_a_student_who_is_forgotten_is_nowhere(graded, alone):
    course, _ = graded
    (course.reports).mkdir(parents=True, exist_ok=True)
    (course.reports / f"{LAB}.html").write_text("ada")
    assert forget_student(course, "ada") == []
    left = [
        p
        for p in (course.root / "grading").rglob("*")
        if p.is_file() and b"ada" in p.read_bytes() and p != course.gradebook
    ]
    assert left == [] or all(b'"ada"' not in p.read_bytes() for p in left)
    assert not [p for p in (course.root / "grading").rglob("ada")]
    with open_gradebook(course) as book:
        assert [m.student for m in members(book)] == ["grace"]
    assert set(Journal(course, LAB).current()) == {"grace"}
    grade_class(course, LAB, (), alone)
    with pytest.raises(GraderError, match="nothing here belongs to 'ada'"):
        forget_student(course, "ada")
    with pytest.raises(GraderError, match="cannot be a student's id"):
        forget_student(course, "../labs")


def test_the_commands_of_a_class_run(graded, tmp_path, monkeypatch, capsys):
    course, _ = graded
    (tmp_path / "due.csv").write_text(f"lab,due\n{LAB},2026-04-20T23:59:00-07:00\n")
    for words, said in (
        (["export", LAB, str(tmp_path / "c.csv"), "--format", "canvas"], "2 grades"),
        (["anonymise", LAB, str(tmp_path / "anon")], "2 students without names"),
        (["due", str(tmp_path / "due.csv")], f"{LAB} is due at 2026-04-21 06:59 UTC"),
        (["extend", "ada", LAB, "--days", "2"], "ada has 2 more days"),
        (["status"], LAB),
        (["feedback", LAB], "2 pages"),
        (["regrade", LAB, "--preview"], "0 of 2 students move"),
        (["report", LAB], "class report"),
        (["backup"], "gradebook-"),
        (["history", LAB, "ada"], "needs-manual"),
        (["forget", "ada", "--yes"], "still in the backup"),
    ):
        monkeypatch.setattr(sys, "argv", ["grader", *words, "--course", str(course.root)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0, words
        assert said in capsys.readouterr().out


@pytest.fixture
def grader(monkeypatch, capsys):
    """Run a command; return its exit status and what it said."""

    def run(course, *words):
        monkeypatch.setattr(sys, "argv", ["grader", *words, "--course", str(course.root)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out + said.err

    return run


@pytest.mark.parametrize("words", [["extend", "adda", LAB, "--days", "2"], ["forget", "adda"]])
def test_a_student_nobody_knows_is_refused_with_the_nearest(known, grader, words):
    code, said = grader(known, *words)
    assert code == 1
    assert "there is no student 'adda' in the gradebook: did you mean ada?" in said
    assert not (known.root / "grading" / "extensions.csv").exists()


def test_grading_says_who_is_not_in_the_roster_who_is_missing_and_what_is_stray(graded, grader):
    course, _ = graded
    shutil.move(course.submitted / "grace", course.submitted / "zoe")
    (course.submitted / "ada" / "lab00").mkdir()
    (course.submitted / "ada.ipynb").write_text("{}")
    for _ in range(2):  # the gradebook holds zoe from the first time on
        code, said = grader(course, "grade", LAB)
        assert code == 0
        assert "not in the roster, yet handed in: zoe\n" in said
        assert "1 of the roster handed in nothing: grace\n" in said
        assert "ada/lab00/ (no lab; did you mean lab00_tiny?)" in said
        assert "ada.ipynb (a notebook belongs into <student>/<lab>/)" in said
    forget_student(course, "grace")
    assert "handed in nothing" not in grader(course, "grade", LAB)[1]
    (course.root / "grading" / "roster.csv").unlink()
    assert "roster" not in grader(course, "grade", LAB)[1]


def test_a_zip_says_who_is_late_and_what_it_replaces_and_takes_no_time_from_it(
    known, tmp_path, grader
):
    file = {"hoppergrace_LATE_102_9004_lab00_tiny.ipynb": "late"}
    code, said = grader(known, "import-zip", LAB, str(make_zip(tmp_path / "1.zip", file)))
    assert code == 0
    assert "1 submission put into " in said
    assert "Canvas marks as late: grace\n" in said
    assert "no due date applies to these" in said
    assert "replaced" not in said
    folder = known.submitted / "grace" / LAB
    assert [path.name for path in folder.iterdir()] == [f"{LAB}.ipynb"]
    again = {"hoppergrace_102_9005_lab00_tiny-1.ipynb": "better"}
    _, said = grader(known, "import-zip", LAB, str(make_zip(tmp_path / "2.zip", again)))
    assert "another notebook was replaced, its timestamp.txt was not: grace\n" in said
    assert "late:" not in said
    when = "2026-04-20 23:59:00 UTC"  # as the command tells to write it
    (folder / "timestamp.txt").write_text(when)
    assert when in said
    assert read_handed_in(folder, LAB).timestamp == datetime(2026, 4, 20, 23, 59)


def test_the_status_fits_a_terminal_of_80_columns_with_its_headings_whole(
    graded, grader, monkeypatch
):
    course, _ = graded
    monkeypatch.setenv("COLUMNS", "80")
    long = course.solutions / "lab07_fab_choke_points"  # the longest name of the course
    long.mkdir()
    (long / f"{long.name}.py").write_text("")
    code, said = grader(course, "status")
    assert code == 0
    assert long.name in said
    for heading in ("handed", "graded", "waiting", "review", "ungradable", "not", "mean"):
        assert heading in said.split(LAB)[0].split()
    assert "2 students in the roster" in said


def test_a_backup_says_how_to_go_back_to_it_and_that_is_what_it_takes(graded, grader, alone):
    course, _ = graded
    code, said = grader(course, "backup")
    assert code == 0
    copy = re.search(r"`cp (\S+) (\S+)` while nobody grades", said)
    lab = read_lab(course, LAB)
    hand_in(course, LAB, "ben", fill(released(course, LAB), lab.answers))
    grade_class(course, LAB, ("ben",), alone)
    shutil.copyfile(copy[1], copy[2])
    with open_gradebook(course) as book:
        assert set(read_scores(book, lab)) == {"ada", "grace"}
    grade_class(course, LAB, (), replace(alone, force=True))
    with open_gradebook(course) as book:
        assert set(read_scores(book, lab)) == {"ada", "ben", "grace"}


@pytest.mark.parametrize(
    "when",
    [
        "2026-04-20 23:59:00 -0700",
        "2026-04-20 23:59:00 -07:00",
        "2026-04-20T23:59:00-07:00",
        "2026-04-20 23:59:00 US/Pacific",
        "2026-04-21 06:59:00 UTC",
    ],
)
def test_a_time_is_read_whatever_way_its_zone_is_written(tmp_path, when):
    (tmp_path / "timestamp.txt").write_text(when)
    (tmp_path / f"{LAB}.ipynb").write_text("{}")
    assert read_handed_in(tmp_path, LAB).timestamp == datetime(2026, 4, 21, 6, 59)
