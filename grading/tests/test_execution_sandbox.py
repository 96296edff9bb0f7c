"""What surrounds student code, looked at from inside; and what an engine without it says."""

import ctypes
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.execution import Worker, describe, sandbox, walls
from grader.execution.spec import Limits
from grader.source import Lab, LabFile, read_script

PR_GET_CHILD_SUBREAPER = 37

# Each name is found out inside, and judged outside.
PROBE = '''
import json, os, socket, sys

status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
walls = int(status["CapEff"], 16) == 0

def ask(question):
    if not walls:
        return "not tried"  # where a privilege is left, an attack would harm this machine
    try:
        return question()
    except BaseException as error:
        return type(error).__name__

def solutions():
    known, found = {"/proc", "/usr", "/dev", sys.prefix, sys.base_prefix}, []
    for folder, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in known]
        found += [folder for name in files if name in ("lab.toml", "gradebook.db") and "nbgrader/tests" not in folder]
    return found

found = {
    "capabilities": [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "no new privileges": status["NoNewPrivs"].strip(),
    "filter": status["Seccomp"].strip(),
    "processes seen": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
    "own number": os.getpid(),
    "beside the notebook": sorted(os.listdir(".")),
    "home": [name for name in os.listdir(os.path.expanduser("~")) if name != "lab"],
    "temporary": os.listdir("/tmp"),
    "environment": dict(os.environ),
    "open files": [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")],
    "interfaces": [name for _, name in socket.if_nameindex()],
    "network": ask(lambda: socket.create_connection(("127.0.0.1", 22), 1)),
    "write system": ask(lambda: open("/usr/x", "w")),
    "write root": ask(lambda: open("/x", "w")),
    "write device": ask(lambda: open("/dev/x", "w")),
    "write library": ask(lambda: open(__import__("supercycle").__file__, "a")),
    "write home": ask(lambda: open(os.path.expanduser("~/x"), "w").write("x")),
    "end the first process": ask(lambda: os.kill(1, 9)),
    "become root": ask(lambda: os.setuid(0)),
    "mount": ask(lambda: __import__("ctypes").CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    "new namespace": ask(lambda: __import__("ctypes").CDLL(None).unshare(0x10000000)),
    "clone into a namespace": ask(lambda: __import__("ctypes").CDLL(None).syscall(56, 0x10000000 | 17, 0, 0, 0, 0)),
    "hidden memory": ask(lambda: os.memfd_create("x")),
    "solutions": solutions(),
    "shadow": ask(lambda: open("/etc/shadow").read()),
    "scipy": ask(lambda: __import__("scipy.optimize").__name__),
}
'''  # fmt: skip

HEADER = "# %% nbgrader={}\n"


def probe_lab(answer="found = None"):
    """A lab that gives out nothing; the probe is only ever a submission, and so only run inside."""

    def header(grade_id, **marks):
        meta = {"grade": False, "solution": False, "locked": True, "task": False, **marks}
        return HEADER.format(json.dumps({**meta, "grade_id": grade_id, "schema_version": 3}))

    answer = header("found", solution=True, locked=False) + answer
    test = header("test_found", grade=True, points=1) + "import json\nprint(json.dumps(found))\n"
    notebook = read_script(f"{answer}\n\n{test}")
    lab = Lab("probe", Path(), LabFile("Probe", 1), notebook, "0")
    return describe(lab, notebook, limits=Limits(cell_s=20, notebook_s=60)), notebook


def look(environment):
    spec, _ = probe_lab()
    _, notebook = probe_lab(PROBE)
    try:
        with Worker(spec) as worker:
            run = worker.grade(json.dumps(notebook).encode(), environment=environment)
    except GraderError as error:
        pytest.skip(str(error))
    assert run.cells[0].score == 1.0, (run.cells, run.notebook["cells"][0]["outputs"])
    return json.loads(run.notebook["cells"][1]["outputs"][0]["text"])


@pytest.fixture(scope="module")
def seen():
    os.environ["COURSE_SECRET"] = "not for students"
    try:
        return look({"SUPERCYCLE_SEED_PROBE": "code"})
    finally:
        del os.environ["COURSE_SECRET"]


def test_there_is_no_privilege_inside(seen):
    assert seen["capabilities"] == [0] * 5
    assert (seen["no new privileges"], seen["filter"]) == ("1", "2")
    assert seen["become root"] in ("PermissionError", "OSError")
    assert seen["mount"] == seen["new namespace"] == -1
    assert seen["clone into a namespace"] == -1
    assert seen["hidden memory"] == "PermissionError"


def test_no_other_process_and_no_network_is_seen(seen):
    assert len(seen["processes seen"]) <= 3
    assert seen["own number"] in seen["processes seen"]
    assert seen["end the first process"] in ("PermissionError", None)
    assert set(seen["interfaces"]) <= {"lo"}
    assert seen["network"] in ("OSError", "ConnectionRefusedError")


def test_only_private_folders_can_be_written(seen):
    for place in ("system", "root", "device", "library"):
        assert seen[f"write {place}"] in ("OSError", "PermissionError"), place
    assert seen["write home"] == 1
    # where this Python or this checkout lies below /tmp, the way to it is there, too
    here = [Path(sys.prefix), Path(sys.base_prefix), Path(walls.__file__)]
    ways = {path.parts[2] for path in here if path.parts[:2] == ("/", "tmp")}
    assert set(seen["temporary"]) <= ways
    assert seen["home"] == seen["beside the notebook"] == []


def test_nothing_of_the_course_is_there(seen):
    assert seen["solutions"] == []
    assert seen["shadow"] == "FileNotFoundError"
    assert not any(
        name.startswith("/") and not name.startswith(("/dev/null", "/proc"))
        for name in seen["open files"]
    )


def test_the_environment_holds_what_was_given_and_no_secret(seen):
    assert seen["environment"]["SUPERCYCLE_SEED_PROBE"] == "code"
    assert "COURSE_SECRET" not in seen["environment"]
    assert "not for students" not in str(seen)
    assert set(seen["environment"]) <= {
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "MPLBACKEND", "MPLCONFIGDIR", "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "SUPERCYCLE_SEED_PROBE",
    }  # fmt: skip


def test_libraries_can_still_be_imported(seen):
    assert seen["scipy"] == "scipy"


def test_without_bubblewrap_one_sentence_says_what_to_install(monkeypatch, tmp_path):
    (tmp_path / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        GraderError, match=r"bubblewrap is not installed: install .* or pass --unsafe-no-sandbox"
    ):
        Worker(probe_lab()[0])


def test_a_bubblewrap_that_cannot_run_is_found_out(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(
        GraderError, match=r"cannot run here \(bwrap: No permissions .*--unsafe-no-sandbox"
    ):
        Worker(probe_lab()[0])


def test_without_a_sandbox_it_grades_and_says_so():
    spec, notebook = probe_lab()
    notebook.cells[0].source = "found = 1"
    with Worker(spec, sandbox=False) as worker:
        run = worker.grade(json.dumps(notebook).encode())
    assert (run.sandboxed, run.cells[0].score) == (False, 1.0)


def test_nothing_of_a_checkout_but_library_and_facts_is_shown():
    shown = [Path(path) for path in walls.visible()]
    here = Path(__file__).resolve().parents[2]
    own = {path.relative_to(here).parts[0] for path in shown if here in path.parents}
    assert own <= {"lib", "datasets", ".venv"}
    assert here not in shown
    assert not any((path / "lab.toml").exists() for path in shown)


def _python_for_everyone():
    """This Python, or the system's of the same version with this one's packages."""
    base = Path(sys.base_prefix).resolve()
    if all(folder.stat().st_mode & 0o001 for folder in (base, *base.parents)):
        return sys.executable, ""
    system = f"/usr/bin/python3.{sys.version_info.minor}"
    return (system if Path(system).exists() else None), os.pathsep.join(
        p for p in sys.path if "lib/python3" not in p or p.endswith("-packages")
    )


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become an ordinary user")
def test_an_ordinary_user_is_as_safe():
    """The same look from inside, as a user: bubblewrap then makes the user namespace itself."""
    if subprocess.run(["setpriv", "--version"], capture_output=True).returncode:
        pytest.skip("setpriv is not installed")
    python, path = _python_for_everyone()
    if python is None:
        pytest.skip(f"an ordinary user cannot read Python in {sys.base_prefix}")
    nobody = pwd.getpwnam("nobody")
    done = subprocess.run(
        ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", python,
         "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "privilege or process or private or course"],
        capture_output=True, text=True, cwd="/tmp", env={**os.environ, "HOME": "/tmp", "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert done.stdout.startswith("...."), done.stdout


@pytest.mark.parametrize("installed", [True, False])
def test_asking_for_a_sandbox_adopts_nobodys_orphans(monkeypatch, installed):
    if not installed:
        monkeypatch.setattr(walls.shutil, "which", lambda name: None)
    problem = sandbox.bubblewrap_problem()
    assert (problem is not None) == (not installed), problem
    adopts = ctypes.c_int(-1)
    ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(adopts), 0, 0, 0)
    assert adopts.value == 0
