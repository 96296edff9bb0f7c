"""`grader doctor` names each thing that is broken and how to mend it."""

import dataclasses
import http.server
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest
from postgres import Server, programs

from grader import doctor
from grader.build import build
from grader.doctor import Installation
from grader.exchange import admit, open_exchange
from grader.gradebook import open_gradebook

SERVERS = Path(__file__).resolve().parents[1] / "hub" / "servers"
LAB = "lab00_tiny"
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def secret(tmp_path_factory, monkeypatch):
    """The course's secret, outside the course."""
    file = tmp_path_factory.mktemp("private") / "course-secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    monkeypatch.delenv("SUPERCYCLE_COURSE_SECRET", raising=False)
    monkeypatch.setenv("SUPERCYCLE_COURSE_SECRET_FILE", str(file))
    return file


@pytest.fixture
def here(course, tmp_path_factory, secret):
    """An installation of the tiny course in which everything is as it should be."""
    exchange = tmp_path_factory.mktemp("exchange")
    servers = tmp_path_factory.mktemp("servers") / "servers"
    shutil.copytree(SERVERS, servers)
    return Installation(course, exchange, servers)


def told(check, here):
    finding = check(here)
    return finding.state, f"{finding.said} → {finding.advice}"


# -- the whole ---------------------------------------------------------------------------------------
def test_a_sound_installation_has_nothing_wrong(here, monkeypatch):
    build(here.course, LAB, run=False)
    monkeypatch.setattr("grader.execution.sandbox.bubblewrap_problem", lambda: None)
    findings = doctor.examine(here)
    assert [f.name for f in findings] == [check.__name__ for check in doctor.CHECKS]
    assert [f"{f.name}: {f.said}" for f in findings if f.state == "wrong"] == []


def test_the_command_prints_a_line_a_check_and_fails_on_a_wrong_one(here, secret):
    command = [Path(sys.executable).parent / "grader", "doctor", "--course", here.course.root]
    command += ["--exchange", here.exchange, "--servers", here.servers]
    env = {**os.environ, "COLUMNS": "200"}
    shown = subprocess.run(command, env=env, capture_output=True, text=True)
    marks = [line for line in shown.stdout.splitlines() if line[0] in "✓!✗"]
    assert shown.returncode == 1, shown.stderr
    assert [line.split()[1] for line in marks] == [check.__name__ for check in doctor.CHECKS]
    assert f"✗ labs       labs/{LAB}/{LAB}.ipynb is missing" in shown.stdout
    assert f"→ `grader build {LAB}` and commit it" in shown.stdout
    as_json = json.loads(subprocess.run([*command, "--json"], env=env, capture_output=True).stdout)
    assert next(f for f in as_json if f["name"] == "labs")["state"] == "wrong"


def test_a_check_that_stops_is_a_finding(here, monkeypatch):
    def broken(here):
        raise PermissionError("no")

    monkeypatch.setattr(doctor, "CHECKS", (broken, doctor.disk))
    first, second = doctor.examine(here)
    assert (first.name, first.state) == ("broken", "wrong")
    assert second.state == "ok"


# -- versions ----------------------------------------------------------------------------------------
@pytest.fixture
def pretend(monkeypatch):
    """Pretend that packages have other versions."""
    versions, real = {}, metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: versions.get(name) or real(name))
    return versions


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("nbgrader", "0.8.4", "nbgrader 0.8.4 is here"),
        ("jupyterhub", "4.0.0", "jupyterhub 4.0.0 is here"),
        ("notebook", "6.5.7", "wants notebook<8,>=7.2.0, not 6.5.7"),
        ("jupyterlab", "5.0.0", "wants jupyterlab<5,>=4.2.0, not 5.0.0"),
    ],
)
def test_versions_that_do_not_work_together_are_named(here, pretend, name, version, said):
    pretend[name] = version
    state, line = told(doctor.versions, here)
    assert state == "wrong"
    assert said in line
    assert "make venv" in line


# -- extensions --------------------------------------------------------------------------------------
def test_formgrader_on_a_students_server_is_named(here):
    (here.servers / "student" / "jupyter_server_config.json").unlink()
    state, line = told(doctor.extensions, here)
    assert state == "wrong"
    assert "formgrader is on for the student (server extension)" in line


def test_formgrader_in_a_students_lab_is_named(here):
    shutil.rmtree(here.servers / "student" / "labconfig")
    state, line = told(doctor.extensions, here)
    assert state == "wrong"
    assert "formgrader is on for the student (lab extension)" in line
    assert "create assignment is on for the student (lab extension)" in line


def test_a_students_server_without_validate_is_named(here):
    file = here.servers / "everyone" / "jupyter_server_config.json"
    off = {"nbgrader.server_extensions.validate_assignment": False}
    file.write_text(json.dumps({"ServerApp": {"jpserver_extensions": off}}))
    state, line = told(doctor.extensions, here)
    assert state == "wrong"
    assert "validate is off for the student" in line
    assert "validate is off for the instructor" in line


# -- proxy -------------------------------------------------------------------------------------------
def test_a_proxy_that_does_not_start_is_named(here, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: sys.executable)  # python stands for node
    script = here.course.root / doctor.PROXY
    script.parent.mkdir(parents=True)
    script.write_text("raise SystemExit('Cannot find module commander')")
    state, line = told(doctor.proxy, here)
    assert state == "wrong"
    assert "Cannot find module commander" in line
    script.write_text("print('5.3.0')")
    assert told(doctor.proxy, here)[0] == "ok"


def test_a_machine_without_node_is_told_when_it_needs_it(here, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    state, line = told(doctor.proxy, here)
    assert state == "note"
    assert "Node.js is not here" in line


def test_behind_a_hub_it_is_the_hub_that_must_answer(here, monkeypatch):
    class Hub(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/hub/api/" else 404)
            self.end_headers()
            self.wfile.write(b'{"version": "6.1.1"}')

        def log_message(self, *words):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/hub/api"
    monkeypatch.setenv("JUPYTERHUB_API_URL", url)
    assert told(doctor.proxy, here) == ("ok", "this server's hub answers: JupyterHub 6.1.1 → ")
    server.shutdown()
    server.server_close()
    state, line = told(doctor.proxy, here)
    assert state == "wrong"
    assert f"the hub at {url} does not answer" in line


# -- exchange ----------------------------------------------------------------------------------------
@pytest.fixture
def submission(here):
    """A submission that its owner and the instructor alone can read."""
    folder = here.exchange / "supercycle" / "inbound" / "ada+lab00_tiny"
    folder.mkdir(parents=True)
    file = folder / "lab00_tiny.ipynb"
    file.write_text("{}")
    file.chmod(0o640)
    for path in (here.exchange, here.exchange / "supercycle"):
        path.chmod(0o755)
    assert told(doctor.exchange, here)[0] == "ok"
    return file


def test_an_exchange_that_is_not_there_is_named(here):
    here.exchange.rmdir()
    state, line = told(doctor.exchange, here)
    assert state == "wrong"
    assert f"{here.exchange} is not there" in line


def test_a_submission_everyone_can_read_is_named(here, submission):
    submission.chmod(0o644)
    state, line = told(doctor.exchange, here)
    assert state == "wrong"
    assert f"{submission} can be read by everyone → chmod o-r {submission}" in line


def test_a_file_behind_a_closed_folder_is_as_good_as_closed(here, submission):
    submission.chmod(0o644)
    submission.parent.chmod(0o750)
    assert told(doctor.exchange, here)[0] == "ok"


def test_a_release_everyone_can_change_is_named(here):
    release = here.exchange / "outbound.ipynb"
    release.write_text("{}")
    release.chmod(0o666)
    here.exchange.chmod(0o755)
    state, line = told(doctor.exchange, here)
    assert state == "wrong"
    assert f"{release} can be changed by everyone" in line


def test_a_folder_in_which_everyone_may_remove_is_named(here, submission):
    inbound = submission.parents[1]
    inbound.chmod(0o733)  # as nbgrader makes it
    state, line = told(doctor.exchange, here)
    assert state == "wrong"
    assert f"chmod +t {inbound}" in line
    inbound.chmod(0o1733)
    assert told(doctor.exchange, here)[0] == "ok"


# -- the exchange of grader.exchange, with an account for each student --------------------------------
@pytest.fixture
def parts(here):
    """Our exchange for two students: each part is another account's, as far as this machine lets us."""
    layout = open_exchange(here.exchange, "supercycle", instructor=_pretended(1))
    for number, student in enumerate(("ada", "ben"), 2):
        admit(layout, student)
        if os.getuid() == 0:
            gate = layout.inbound(student).parent
            os.chown(layout.inbound(student), *_pretended(number))
            os.chown(gate, _pretended(1)[0], _pretended(number)[1])
            os.chown(gate / "feedback", *_pretended(1))
            gate.chmod(0o750)
    return layout


def _pretended(number):
    """An account's ids that nobody has; our own where only one account is to be had."""
    return (987_000 + number,) * 2 if os.getuid() == 0 else None


def test_our_exchange_is_understood(here, parts):
    state, line = told(doctor.exchange, here)
    assert "each of 2 students has a part of their own" in line
    if os.getuid() == 0:
        assert state == "ok"
        assert line.endswith("and a Unix account → ")
    else:
        assert state == "note"


def test_parts_that_only_walls_divide_are_a_note(here):
    layout = open_exchange(here.exchange, "supercycle")
    admit(layout, "ada")
    state, line = told(doctor.exchange, here)
    assert state == "note"
    assert "all of one Unix account → the walls of a hub's servers keep them apart" in line


@pytest.mark.parametrize(
    ("place", "mode", "said"),
    [
        ("students/ben", 0o755, "lets in whom it should keep out → chmod g-w,o-rwx "),
        ("students", 0o755, "lets others list the class → chmod go-rw "),
        ("students/ada/inbound", 0o777, "can be changed by others → chmod go-w "),
        ("students/ada/feedback", 0o775, "can be changed by others → chmod go-w "),
        ("outbound", 0o777, "can be changed by others → chmod go-w "),
    ],
)
def test_a_part_that_is_open_is_named(here, parts, place, mode, said):
    path = parts.folder / place
    path.chmod(mode)
    state, line = told(doctor.exchange, here)
    assert state == "wrong"
    assert line.startswith(f"{path} {said}")
    subprocess.run(line.rpartition(" → ")[2].split(), check=True)
    assert told(doctor.exchange, here)[0] != "wrong"


def test_a_released_file_that_others_can_change_is_named(here, parts):
    lab = parts.outbound / LAB
    lab.mkdir()
    (lab / f"{LAB}.ipynb").write_text("{}")
    (lab / f"{LAB}.ipynb").chmod(0o666)
    assert f"{lab}/{LAB}.ipynb can be changed by others" in told(doctor.exchange, here)[1]


def test_a_part_without_a_drop_folder_is_named(here, parts):
    parts.inbound("ada").rmdir()
    parts.inbound("ada").symlink_to(parts.outbound)
    state, line = told(doctor.exchange, here)
    assert state == "wrong"
    assert f"{parts.inbound('ada')} is not a folder → start the hub again" in line


@pytest.mark.skipif(os.getuid() != 0, reason="run the tests as root: only root gives files away")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: os.chown(p.inbound("ada").parent, 987_009, -1), "ada is not the instructor's"),
        (
            lambda p: os.chown(p.inbound("ben"), _pretended(2)[0], -1),
            "ben has the same Unix account as ada's",
        ),
        (
            lambda p: os.chown(p.inbound("ben").parent, -1, _pretended(2)[1]),
            "ben has the same Unix group as ada's",
        ),
        (lambda p: os.chown(p.outbound, 987_009, -1), "outbound is not for us to read and write"),
    ],
)
def test_a_part_of_somebody_else_is_named(here, parts, change, said):
    change(parts)
    state, line = told(doctor.exchange, here)
    assert state == "wrong"
    assert said in line
    assert "start the hub again" in line


# -- sandbox -----------------------------------------------------------------------------------------
def test_a_machine_without_bubblewrap_is_named(here, monkeypatch):
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "bwrap" else real(name))
    state, line = told(doctor.sandbox, here)
    assert state == "wrong"
    assert "bubblewrap is not installed → apt install bubblewrap" in line


# -- gradebook ---------------------------------------------------------------------------------------
def with_gradebook(here, change):
    with open_gradebook(here.course):
        pass
    assert told(doctor.gradebook, here)[0] == "ok"
    with sqlite3.connect(here.course.gradebook) as book:
        change(book)
    book.close()
    return told(doctor.gradebook, here)


def test_a_damaged_gradebook_is_named(here):
    with open_gradebook(here.course):
        pass
    here.course.gradebook.write_bytes(here.course.gradebook.read_bytes()[:5000] + b"\0" * 50000)
    state, line = told(doctor.gradebook, here)
    assert state == "wrong"
    assert "grading/backups/" in line


def test_a_gradebook_of_another_nbgrader_is_named(here):
    state, line = with_gradebook(
        here, lambda book: book.execute("UPDATE alembic_version SET version_num = '50a4d84c131a'")
    )
    assert state == "wrong"
    assert "has the form 50a4d84c131a" in line
    assert "nbgrader db upgrade" in line


def test_a_gradebook_that_is_not_there_yet_is_no_fault(here):
    assert told(doctor.gradebook, here)[0] == "note"


def test_a_database_server_that_is_down_is_named_without_its_password(here):
    url = "postgresql://grader:hush@127.0.0.1:9/book"
    away = dataclasses.replace(here, course=dataclasses.replace(here.course, gradebook_url=url))
    state, line = told(doctor.gradebook, away)
    assert state == "wrong"
    assert "does not answer" in line
    assert "hush" not in line


@pytest.mark.skipif(programs() is None, reason="needs a PostgreSQL server: apt install postgresql")
def test_a_gradebook_on_a_server_is_read_and_its_clock_compared(here):
    server = Server()
    try:
        book = dataclasses.replace(here.course, gradebook_url=server.database())
        away = dataclasses.replace(here, course=book)
        assert told(doctor.gradebook, away)[0] == "note"
        with open_gradebook(away.course):
            pass
        assert told(doctor.gradebook, away)[0] == "ok"
        assert told(doctor.clock, away) == ("ok", "3 agree within 2 s → ")
    finally:
        server.stop()


# -- clock and disk ----------------------------------------------------------------------------------
def test_a_clock_that_is_off_is_named(here, monkeypatch):
    assert told(doctor.clock, here)[0] == "ok"
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 90)
    state, line = told(doctor.clock, here)
    assert state == "wrong"
    assert "90 s ahead of this machine" in line
    assert "timedatectl" in line


def test_a_full_disk_is_named(here, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12, 10**9))
    state, line = told(doctor.disk, here)
    assert state == "wrong"
    assert line.startswith("1.0 GB free in")


# -- secret ------------------------------------------------------------------------------------------
def test_no_secret_is_named(here, tmp_path, monkeypatch):
    monkeypatch.delenv("SUPERCYCLE_COURSE_SECRET_FILE")
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    state, line = told(doctor.secret, here)
    assert state == "wrong"
    assert "secrets.token_hex" in line


def test_a_short_secret_is_named(here, secret):
    secret.write_text("12345")
    state, line = told(doctor.secret, here)
    assert state == "wrong"
    assert "has 5 characters" in line


def test_a_secret_others_can_read_is_named(here, secret):
    secret.chmod(0o644)
    assert told(doctor.secret, here) == ("wrong", f"others can read {secret} → chmod 600 {secret}")


def test_a_secret_inside_the_course_is_named(here, monkeypatch):
    inside = here.course.root / "course-secret"
    inside.write_text(SECRET)
    monkeypatch.setenv("SUPERCYCLE_COURSE_SECRET_FILE", str(inside))
    state, line = told(doctor.secret, here)
    assert state == "wrong"
    assert "lies inside the course's folder" in line


def test_a_secret_in_the_repository_is_named_and_not_shown(here):
    root = here.course.root
    subprocess.run(["git", "init", "-q", root], check=True)
    assert told(doctor.secret, here)[0] == "ok"
    (root / "values.yaml").write_text(f"env: {SECRET}\n")
    state, line = told(doctor.secret, here)
    assert state == "wrong"
    assert "values.yaml" in line
    assert SECRET not in line


# -- labs --------------------------------------------------------------------------------------------
def test_a_lab_that_differs_from_its_source_is_named(here, script, edit):
    build(here.course, LAB, run=False)
    assert told(doctor.labs, here)[0] == "ok"
    released = here.course.release / LAB / f"{LAB}.ipynb"
    released.write_text(released.read_text().replace("}", "} ", 1))
    state, line = told(doctor.labs, here)
    assert state == "wrong"
    assert f"labs/{LAB}/{LAB}.ipynb differs from a rebuild" in line


def test_a_source_that_cannot_be_built_is_a_finding(here, toml):
    toml.write_text("")
    finding = doctor.ask(doctor.labs, here)
    assert finding.state == "wrong"
    assert "lab.toml" in finding.said
