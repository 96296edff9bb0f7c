"""A full disk, `kill -9` at random moments: no half submission, nothing lost, and it goes on."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from exchanging import LAB, TEACHER, Classroom

MOMENTS = 20
FILES = 40

FULL_DISK = """
import json, os, sys
sys.path[:0] = {paths!r}
from exchanging import LAB, TEACHER, Classroom, VerbError
room = Classroom({folder!r}, ["ada", "ben"])
room.release()
room.hand_in("ada", "small")
room.write("ada", "x" * 3_000_000)
answer = {{"before": os.listdir(room.layout.inbound("ada"))}}
try:
    room.acts("submit", "ada")
except VerbError as error:
    answer["said"] = error.sentence
answer["after"] = os.listdir(room.layout.inbound("ada"))
room.hand_in("ben", "also small")
_, answer["log"] = room.acts("collect", TEACHER)
answer["collected"] = [room.collected("ada"), room.collected("ben")]
print(json.dumps(answer))
"""


def test_on_a_full_disk_a_submit_leaves_nothing_and_says_so(tmp_path):
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed (Debian: apt install bubblewrap)")
    (tmp_path / "class" / "exchange").mkdir(parents=True)
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    done = subprocess.run(
        ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--size", "2000000",
         "--tmpfs", str(tmp_path / "class" / "exchange"), sys.executable, "-c",
         FULL_DISK.format(paths=paths, folder=str(tmp_path / "class"))],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["said"] == (
        "the disk is full; nothing was submitted now, and what was submitted before is still there"
    )
    assert answer["after"] == answer["before"]
    assert answer["collected"] == ["small", "also small"]


@pytest.fixture
def room(tmp_path):
    """A class of six whose submissions are of many files, so that a kill finds one being written."""
    made = Classroom(tmp_path, [f"s{number}" for number in range(6)])
    made.release()
    return made


def write_work(room, student, text):
    """Write work whose every file says the same."""
    folder = room.home(student) / LAB
    folder.mkdir(exist_ok=True)
    (folder / f"{LAB}.ipynb").write_text(text)
    for number in range(FILES):
        (folder / f"{number}.txt").write_text(text)


def whole(folder):
    """Return what every file of a submission says; None when they do not agree or one is missing."""
    texts = [p.read_text() for p in (*folder.glob("[0-9]*.txt"), folder / f"{LAB}.ipynb")]
    receipts = (folder / "timestamp.txt").exists() and (folder / "submission_secret.txt").exists()
    return texts[0] if len(texts) == FILES + 1 and len(set(texts)) == 1 and receipts else None


def begun(work):
    """Begin a function in a child and return its number."""
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        try:
            work()
        finally:
            os._exit(0)
    return child


def killed(work, after_s):
    """Begin a function and kill it; return whether it was killed before its end."""
    child = begun(work)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def duration_s(work):
    begin = time.monotonic()
    os.waitpid(begun(work), 0)
    return time.monotonic() - begin


@pytest.mark.slow
def test_a_submit_may_be_killed_at_any_moment(room):
    rng = random.Random(8)
    write_work(room, "s0", "0")
    usual_s = duration_s(lambda: room.do("submit", "s0"))
    there, cut = {"0"}, 0
    for number in range(1, MOMENTS + 1):
        write_work(room, "s0", str(number))
        cut += killed(lambda: room.do("submit", "s0"), rng.uniform(0, usual_s))
        texts = [whole(d.path) for d in room.layout.dropped("s0")]
        assert None not in texts
        assert there <= set(texts) <= there | {str(number)}
        there = set(texts)
    assert cut >= MOMENTS // 4  # or nothing was tried
    write_work(room, "s0", "last")
    room.do("submit", "s0")
    assert {whole(d.path) for d in room.layout.dropped("s0")} == there | {"last"}
    assert not list(room.layout.inbound("s0").glob(".*"))


@pytest.mark.slow
def test_a_collect_may_be_killed_at_any_moment(room):
    rng = random.Random(9)

    def collect():
        room.do("collect", TEACHER, ExchangeCollect__update=True)

    def submit(text):
        for student in room.students:
            write_work(room, student, text)
            room.do("submit", student)

    submit("0")
    usual_s = duration_s(collect)
    cut = 0
    for number in range(1, MOMENTS + 1):
        submit(str(number))
        cut += killed(collect, rng.uniform(0, usual_s))
        for student in room.students:
            folder = room.course / "submitted" / student / LAB
            aside = folder.with_name(f".{LAB}.old")
            assert whole(folder if folder.exists() else aside) in (str(number - 1), str(number))
        collect()
        for student in room.students:
            assert whole(room.course / "submitted" / student / LAB) == str(number)
            assert os.listdir(room.course / "submitted" / student) == [LAB]
            assert len(room.layout.dropped(student)) == number + 1
    assert cut >= MOMENTS // 4
