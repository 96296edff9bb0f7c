"""A class's day through the exchange: release, fetch, submit, collect, feedback, and what they refuse."""

import json
import os
import subprocess
import sys
from datetime import datetime

import pytest
from exchanging import LAB, TEACHER, Classroom, VerbError

from grader.errors import GraderError
from grader.exchange import mounts


@pytest.fixture
def room(tmp_path):
    """Two students and an instructor on one account; a lab is released."""
    made = Classroom(tmp_path, ["ada", "ben"])
    made.release()
    return made


def names(room, student):
    return sorted(os.listdir(room.layout.inbound(student)))


def give_feedback(room, student, text):
    folder = room.course / "feedback" / student / LAB
    folder.mkdir(parents=True, exist_ok=True)
    receipt = room.course / "submitted" / student / LAB / "submission_secret.txt"
    (folder / "submission_secret.txt").write_text(receipt.read_text())
    (folder / f"{LAB}.html").write_text(text)


def test_what_a_student_submits_is_what_the_instructor_collects(room):
    room.acts("fetch", "ada")
    assert (room.home("ada") / LAB / f"{LAB}.ipynb").exists()
    room.hand_in("ada", '{"answer": 42}')
    room.acts("collect", TEACHER)
    assert room.collected("ada") == '{"answer": 42}'
    assert room.collected("ben") is None


def test_time_of_submission_is_written_as_nbgrader_does(room):
    room.hand_in("ada")
    room.acts("collect", TEACHER)
    written = (room.course / "submitted" / "ada" / LAB / "timestamp.txt").read_text()
    when = datetime.strptime(written, "%Y-%m-%d %H:%M:%S.%f %Z")
    assert abs((datetime.utcnow() - when).total_seconds()) < 60
    assert [written] == [d.timestamp for d in room.layout.dropped("ada")]


def test_a_second_submission_keeps_the_first_and_update_takes_the_second(room):
    room.hand_in("ada", "1")
    room.acts("collect", TEACHER)
    room.hand_in("ada", "2")
    room.acts("collect", TEACHER)
    assert room.collected("ada") == "1"
    room.acts("collect", TEACHER, ExchangeCollect__update=True)
    assert room.collected("ada") == "2"
    texts = [(d.path / f"{LAB}.ipynb").read_text() for d in room.layout.dropped("ada")]
    assert texts == ["1", "2"]


def test_the_last_submission_in_time_is_taken_if_asked_for(room):
    from nbgrader.api import Gradebook

    room.hand_in("ada", "in time")
    due = datetime.utcnow()
    with Gradebook(f"sqlite:///{room.course / 'gradebook.db'}") as book:
        book.update_or_create_assignment(LAB, duedate=due)
    room.hand_in("ada", "late")
    room.acts("collect", TEACHER, ExchangeCollect__before_duedate=True)
    assert room.collected("ada") == "in time"


def test_feedback_reaches_the_submission_it_is_about(room):
    room.hand_in("ada")
    room.hand_in("ben")
    room.acts("collect", TEACHER)
    give_feedback(room, "ada", "well done")
    room.acts("release_feedback", TEACHER)
    room.acts("fetch_feedback", "ada")
    room.acts("fetch_feedback", "ben")
    when = room.layout.dropped("ada")[0].timestamp
    page = room.home("ada") / LAB / "feedback" / when / f"{LAB}.html"
    assert page.read_text() == "well done"
    assert not (room.home("ben") / LAB / "feedback").exists()


def test_the_list_tells_what_jupyterlab_shows(room):
    def submitted():
        ((group,), _) = room.acts("list", "ada", lab="", ExchangeList__cached=True)
        assert group["student_id"] == "ada"
        return group["submissions"][-1]

    (released,), _ = room.acts("list", "ada", lab="")
    assert (released["status"], released["assignment_id"]) == ("released", LAB)
    room.acts("fetch", "ada")
    (fetched,), _ = room.acts("list", "ada", lab="")
    assert fetched["status"] == "fetched"
    assert [n["notebook_id"] for n in fetched["notebooks"]] == [LAB]
    room.acts("submit", "ada")
    room.acts("collect", TEACHER)
    assert not submitted()["has_exchange_feedback"]
    give_feedback(room, "ada", "one")
    room.acts("release_feedback", TEACHER)
    assert submitted()["has_exchange_feedback"]
    assert not submitted()["has_local_feedback"]
    room.acts("fetch_feedback", "ada")
    assert submitted()["has_local_feedback"]
    assert not submitted()["feedback_updated"]
    give_feedback(room, "ada", "two")
    room.acts("release_feedback", TEACHER)
    assert submitted()["feedback_updated"]


def test_the_list_has_the_fields_of_nbgraders_own(room, tmp_path):
    from nbgrader.exchange import default

    room.acts("fetch", "ada")
    room.hand_in("ada")
    plain = tmp_path / "plain"
    (plain / "home").mkdir(parents=True)
    (plain / "exchange").mkdir(mode=0o777)
    (plain / "exchange").chmod(0o777)
    config = room.config("ada")
    config.Exchange.update(root=str(plain / "exchange"), cache=str(plain / "cache"))
    for verb, cls in (
        ("release_assignment", default.ExchangeReleaseAssignment), ("list", default.ExchangeList),
        ("fetch_assignment", default.ExchangeFetchAssignment), ("submit", default.ExchangeSubmit),
    ):  # fmt: skip
        config.ExchangeFactory[verb] = cls
    room.config = lambda name: config.copy()
    config.Exchange.assignment_dir = str(plain / "home")
    for verb in ("release", "fetch", "submit"):
        room.acts(verb, TEACHER)
    theirs_released, _ = room.acts("list", TEACHER, lab="")
    theirs, _ = room.acts("list", TEACHER, lab="", ExchangeList__cached=True)
    del room.config
    ours_released, _ = room.acts("list", "ada", lab="")
    ours, _ = room.acts("list", "ada", lab="", ExchangeList__cached=True)
    for one, other in ((ours_released[0], theirs_released[0]), (ours[0], theirs[0])):
        assert one.keys() == other.keys()
        assert one["status"] == other["status"]
    one, other = ours[0]["submissions"][0], theirs[0]["submissions"][0]
    assert one.keys() == other.keys()
    assert one["notebooks"][0].keys() == other["notebooks"][0].keys()


def test_the_instructor_lists_everyone_and_takes_a_lab_back(room):
    room.hand_in("ada")
    room.hand_in("ben")
    groups, _ = room.acts("list", TEACHER, lab="", ExchangeList__inbound=True)
    assert [group["student_id"] for group in groups] == ["ada", "ben"]
    room.acts("list", TEACHER, ExchangeList__remove=True)
    assert not list(room.layout.outbound.glob("*"))
    with pytest.raises(VerbError, match="not released"):
        room.acts("fetch", "ada")


def test_a_release_is_replaced_only_by_force(room):
    with pytest.raises(VerbError, match="released already"):
        room.acts("release", TEACHER)
    room.build(cells=[{"cell_type": "raw", "source": "new", "metadata": {}, "id": "a"}])
    room.acts("release", TEACHER, ExchangeReleaseAssignment__force=True)
    assert "new" in (room.layout.outbound / LAB / f"{LAB}.ipynb").read_text()


def test_work_that_was_fetched_is_never_overwritten(room):
    room.acts("fetch", "ada")
    room.write("ada", "mine")
    with pytest.raises(VerbError, match="already"):
        room.acts("fetch", "ada")
    room.acts("fetch", "ada", ExchangeFetchAssignment__replace_missing_files=True)
    assert (room.home("ada") / LAB / f"{LAB}.ipynb").read_text() == "mine"


@pytest.mark.parametrize("bad", ["../ben", "..", ".hidden", "a/b", "a?b", "*?", "a\nb", "~ben", ""])
def test_a_name_that_leads_elsewhere_is_no_name(room, bad):
    room.acts("fetch", "ada")
    for verb, name in (
        ("fetch", "ada"),
        ("submit", "ada"),
        ("collect", TEACHER),
        ("release", TEACHER),
    ):
        with pytest.raises(VerbError, match=r"ExchangeError: .* is no name of a lab"):
            room.acts(verb, name, lab=bad)
    with pytest.raises(GraderError, match="is no name of a student"):
        room.admit(bad)
    if bad not in ("", "*?"):
        with pytest.raises(VerbError, match="is no name of a student"):
            room.acts("submit", "ada", CourseDirectory__student_id=bad)


def test_who_is_not_in_the_class_is_told_so_in_one_sentence(room):
    home = room.home("eve") / LAB
    home.mkdir(parents=True)
    with pytest.raises(VerbError, match="no drop folder") as failed:
        room.hand_in("eve")
    assert "\n" not in failed.value.sentence


def too_many(folder):
    for number in range(2001):
        (folder / f"{number}.txt").touch()


def too_deep(folder):
    (folder / "/".join("d" * 20)).mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "data.csv").symlink_to("/etc/passwd"), "'data.csv' is a link"),
        (lambda f: (f / "data").symlink_to("/etc"), "'data' is a link"),
        (lambda f: os.mkfifo(f / "pipe"), "'pipe' is neither a file nor a folder"),
        (
            lambda f: os.truncate(f / f"{LAB}.ipynb", 101 * 10**6),
            r"has 101\.0 MB, more than the 100",
        ),
        (too_many, "more than 2000 files"),
        (too_deep, "more than 16 folders deep"),
    ],
    ids=["link", "linked folder", "pipe", "too large", "too many", "too deep"],
)
def test_what_can_not_be_submitted_is_refused_by_name(room, spoil, said):
    room.hand_in("ada", "before")
    before = names(room, "ada")
    spoil(room.home("ada") / LAB)
    with pytest.raises(VerbError, match=said) as failed:
        room.acts("submit", "ada")
    assert failed.value.kind == "ExchangeError"
    assert "what was submitted before is still there" in failed.value.sentence
    assert "\n" not in failed.value.sentence
    assert names(room, "ada") == before


def test_a_walled_student_sees_the_own_part_only(room):
    shown = mounts(room.layout, "ada")
    assert all(source.is_dir() for source, _, _ in shown)
    assert [below for _, below, writable in shown if writable] == [
        "supercycle/students/ada/inbound"
    ]
    assert not any("ben" in str(source) for source, _, _ in shown)


def test_nbgraders_commands_use_it(room, tmp_path):
    home = room.home("ada")
    (home / "nbgrader_config.py").write_text(
        "import sys\n"
        f"sys.path[:0] = {[p for p in sys.path if p.endswith('grading')]!r}\n"
        "from grader.exchange import use_exchange\nc = get_config()\n"
        f"use_exchange(c, root={str(room.layout.root)!r})\n"
        "c.CourseDirectory.student_id = 'ada'\n"
    )
    environment = {
        **os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
    }  # fmt: skip

    def nbgrader(*words):
        command = [sys.executable, "-m", "nbgrader", *words]
        return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)

    done = nbgrader("fetch_assignment", LAB)
    assert done.returncode == 0, done.stderr
    done = nbgrader("submit", f"{LAB}/")
    assert done.returncode == 0, done.stderr
    done = nbgrader("list", "--cached")
    assert f"supercycle ada {LAB}" in done.stderr
    (home / LAB / "link").symlink_to("/etc/passwd")
    done = nbgrader("submit", LAB)
    assert done.returncode == 1
    assert "'link' is a link" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((home / LAB / f"{LAB}.ipynb").read_text())["nbformat"] == 4
