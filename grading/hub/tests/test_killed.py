"""`kill -9` in the middle of a submit and of a collection: nothing half, nothing lost, nothing twice.

Each test waits until a copy has begun, stops whoever copies, kills, and looks that the copy is half:
so the kill falls into the action, not beside it. Killed are the process of a student's server in a
submit, of the instructor's server in a collection, and hub and proxy together in both, which then go
on without a hub, and without the browser that asked for them.
"""

import contextlib
import os
import re
import signal
import time

import pytest
from pages import LAB, Visits
from running import RunningHub

from grader.course import Course
from grader.journal import Journal

FILES, FILE_BYTES = 15, 4_000_000  # enough that a copy can be caught


@pytest.fixture(scope="module")
def hub(proxy, tmp_path_factory):
    """A hub of its own: nobody else's session is disturbed."""
    with RunningHub(tmp_path_factory.mktemp("killed") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def visit(hub, browser, screenshots):
    """Browsers of its members."""
    return Visits(hub, browser, screenshots)


@pytest.fixture(scope="module")
def work(hub, visit):
    """Each student has fetched the lab and put much beside it; return whose work holds what."""

    def of(name):
        folder = hub.folders.home(name) / LAB
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    for name in ("ada", "ben", "cleo"):
        visitor = visit(name)
        visitor.assignments()
        visitor.in_list("released", "Fetch").click()
        visitor.in_list("fetched", "Submit").wait_for()
        folder = hub.folders.home(name) / LAB
        for number in range(FILES):
            path = folder / f"{name}-{number:02}.bin"
            path.write_bytes(os.urandom(FILE_BYTES))
            os.chown(path, folder.stat().st_uid, folder.stat().st_gid)
    return of


class caught:  # noqa: N801
    """Wait until a copy is half done below a folder, and stop its process; let it go on at the end."""

    def __init__(self, process, folder, files=1, seconds=20):
        self.process = process
        until = time.monotonic() + seconds
        while True:
            assert time.monotonic() < until, f"no copy begins in {folder}"
            self.part = next(iter(parts(folder)), None)
            if self.part and len(listed(self.part)) >= files:
                break
        os.kill(process, signal.SIGSTOP)
        self.files = listed(self.part)
        assert 0 < len(self.files) < FILES, "the copy was over before it was caught"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGCONT)


def parts(folder):
    """Return what is being copied below a folder: the exchange's name for it."""
    return [path for path in folder.glob("**/.*.part") if path.is_dir()]


def listed(folder):
    """Return the names in a folder that may vanish."""
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def held(folder):
    """Return what a folder holds, without the two files that the exchange adds."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir()
        if path.name not in ("timestamp.txt", "submission_secret.txt")
    }  # fmt: skip


def submit(visitor):
    """Press Submit."""
    visitor.in_list("fetched", "Submit").click()


def submitted(visitor, number):
    """Wait until the list shows a number of submissions."""
    rows = visitor.page.locator("#submitted_assignments_list").get_by_text(
        re.compile(r"^20.* UTC$")
    )
    rows.nth(number - 1).wait_for()
    assert rows.count() == number


def start_again(hub, visit):
    """Start the hub that was killed; everyone loads their page again, no server has ended."""
    names = list(visit.visitors)
    servers = [hub.server(name) for name in names]
    hub.start()
    for name in names:
        visit(name).reload()
        if name != "ina":
            visit(name).assignments()
    assert [hub.server(name) for name in names] == servers


def gone(process, seconds=10):
    """Wait until a process has ended."""
    wait(lambda: not os.path.exists(f"/proc/{process}"), seconds)


def wait(done, seconds=60):
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize("files", [1, FILES - 3])
def test_a_students_server_is_killed_in_a_submit(hub, visit, work, files):
    ben, before, earlier = visit("ben"), work("ben"), len(hub.dropped("ben"))
    process, inbound = hub.server("ben"), hub.layout().inbound("ben")
    submit(ben)
    with caught(process, inbound, files) as copy:
        os.kill(process, signal.SIGKILL)
        gone(process)
    assert held(copy.part) != before
    assert len(hub.dropped("ben")) == earlier  # nothing half
    ben.restart_server()
    ben.assignments()
    assert work("ben") == before  # nothing lost
    submit(ben)
    submitted(ben, earlier + 1)
    assert [held(folder) == before for folder in hub.dropped("ben")] == [True] * (earlier + 1)
    assert parts(inbound) == []


def test_hub_and_proxy_are_killed_in_a_submit(hub, visit, work):
    cleo, before, inbound = visit("cleo"), work("cleo"), hub.layout().inbound("cleo")
    submit(cleo)
    with caught(hub.server("cleo"), inbound) as copy:
        hub.kill()
        assert held(copy.part) != before
    wait(lambda: hub.dropped("cleo"))  # without a hub
    start_again(hub, visit)
    submitted(cleo, 1)
    assert [held(folder) == before for folder in hub.dropped("cleo")] == [True]
    submit(cleo)
    submitted(cleo, 2)
    assert parts(inbound) == []


def test_the_instructors_server_is_killed_in_a_collection(hub, visit, work):
    ada, ina, course = visit("ada"), visit("ina"), Course.at(hub.folders.course)
    submit(ada)
    submitted(ada, 1)
    process, frame = hub.server("ina"), ina.formgrader()
    frame.locator("tr", has_text=LAB).locator("td.collect a").click()
    with caught(process, course.submitted / "ben", FILES // 2):
        os.kill(process, signal.SIGKILL)
        gone(process)
    assert course.students(LAB) == ["ada"]  # ben's is half, cleo's not begun
    ina.restart_server()
    assert "2 collected, 0 refused" in ina.press(ina.formgrader(), "collect")[1]
    assert collected(hub, course) == {"ada": True, "ben": True, "cleo": True}


def test_hub_and_proxy_are_killed_in_a_collection(hub, visit, work):
    ina, course = visit("ina"), Course.at(hub.folders.course)
    for name in ("ada", "ben", "cleo"):
        visit(name).write(f"{LAB}/note.txt", "newer")
        submit(visit(name))
        submitted(visit(name), len(hub.dropped(name)))
    frame = ina.formgrader()
    frame.locator("tr", has_text=LAB).locator("td.collect a").click()
    with caught(hub.server("ina"), course.submitted / "ben", FILES // 2):
        hub.kill()
    wait(lambda: "note.txt" in held(course.submitted / "cleo" / LAB))  # without a hub
    start_again(hub, visit)
    assert "0 collected, 0 refused" in ina.press(ina.formgrader(), "collect")[1]
    assert collected(hub, course) == {"ada": True, "ben": True, "cleo": True}


def test_each_submission_is_graded_once(hub, visit):
    ina, course = visit("ina"), Course.at(hub.folders.course)
    for _ in range(2):
        said = ina.terminal(f"cd ~/course && grader grade {LAB}", seconds=120)
        assert course.students(LAB) == ["ada", "ben", "cleo"], said
    journal = Journal(course, LAB)
    assert {name: len(journal.history(name)) for name in ("ada", "ben", "cleo")} == {
        "ada": 1, "ben": 1, "cleo": 1,
    }  # fmt: skip


def collected(hub, course):
    """Tell whether what was collected of each student is what they last submitted, and all is whole."""
    assert parts(course.submitted) == []
    return {
        name: held(course.submitted / name / LAB) == held(hub.dropped(name)[-1])
        for name in course.students(LAB)
    }
