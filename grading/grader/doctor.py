"""Pre-flight of a class's installation: what would stop a student or a grade, and how to mend it.

Each check looks at one thing and says one line; one that breaks is itself a finding, and the others
go on. What the library needs (Python, kernel, memory, facts) is `supercycle doctor`'s.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.errors import GraderError
from grader.exchange_rights import faults, keepers, ours
from supercycle.cli.doctor import Finding, ask, lacking

__all__ = ["CHECKS", "Installation", "examine"]

#: Packages that one hub runs together; each one's own demands are read from its metadata.
TOGETHER = (
    "nbgrader", "jupyterlab", "jupyterhub", "notebook", "jupyter-server", "jupyterlab-server",
    "nbclient", "nbconvert", "jupyter-client", "sqlalchemy", "alembic",
)  # fmt: skip
#: What a student's server must not offer, as server and as lab extension.
INSTRUCTORS_ONLY = {
    "formgrader": ("nbgrader.server_extensions.formgrader", "@jupyter/nbgrader:formgrader"),
    "course list": ("nbgrader.server_extensions.course_list", "@jupyter/nbgrader:course-list"),
    "create assignment": ("", "@jupyter/nbgrader:create-assignment"),
}
EVERYONES = {
    "assignment list": (
        "nbgrader.server_extensions.assignment_list",
        "@jupyter/nbgrader:assignment-list",
    ),
    "validate": (
        "nbgrader.server_extensions.validate_assignment",
        "@jupyter/nbgrader:validate-assignment",
    ),
}
#: A thousand students, nine labs: about 0.5 MB for each hand-in, its copies and its feedback page.
DISK_BYTES = 5e9
#: Deadlines are compared in whole seconds.
CLOCK_S = 2.0
PROXY = Path(".build/hub/node_modules/configurable-http-proxy/bin/configurable-http-proxy")


@dataclass(frozen=True)
class Installation:
    """What is examined.

    Attributes
    ----------
    course : Course
    exchange : Path or None
        Where releases and submissions pass; the local hub's or nbgrader's when None.
    servers : Path
        The settings of each role's servers: ``<role>/`` and ``everyone/``.
    """

    course: Course
    exchange: Path | None
    servers: Path


def examine(installation: Installation) -> list[Finding]:
    """Run every check."""
    return [ask(check, installation) for check in CHECKS]


def versions(here: Installation) -> Finding:
    """Whether the hub's packages are those that this course and their own makers ask for."""
    from packaging.requirements import Requirement

    wrong = {*lacking("labs"), *lacking("hub")}
    found: dict[str, str] = {}
    for name in TOGETHER:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    for name in found:
        for line in metadata.requires(name) or []:
            wanted = Requirement(line)
            have = found.get(wanted.name.lower())
            if have is None or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
                continue
            if not wanted.specifier.contains(have, prereleases=True):
                wrong.add(f"{name} {found[name]} wants {wanted.name}{wanted.specifier}, not {have}")
    if wrong:
        return Finding("versions", "wrong", "; ".join(sorted(wrong)),
                       "make venv installs versions tested together, or "
                       "pip install -r requirements.lock")  # fmt: skip
    said = ", ".join(f"{name} {version}" for name, version in list(found.items())[:4])
    return Finding("versions", "ok", said)


def extensions(here: Installation) -> Finding:
    """Whether each role's server offers what the role may use, and nothing else."""
    if not (here.servers / "student").is_dir():
        return Finding("extensions", "note", f"{here.servers} holds no settings of a hub's servers",
                       "name their folder with --servers")  # fmt: skip
    wrong = []
    for role in ("student", "instructor"):
        server, lab_off = _extensions(here.servers, role)
        for name, (module, plugin) in {**EVERYONES, **INSTRUCTORS_ONLY}.items():
            on = [
                what
                for what, enabled in (
                    ("server", bool(module) and server.get(module) is True),
                    ("lab", not lab_off.get(plugin)),
                )
                if enabled
            ]
            wanted = role == "instructor" or name in EVERYONES
            if wanted and len(on) < 1 + bool(module):
                wrong.append(f"{name} is off for the {role}")
            elif not wanted and on:
                wrong.append(f"{name} is on for the {role} ({' and '.join(on)} extension)")
    if wrong:
        return Finding("extensions", "wrong", "; ".join(wrong),
                       f"set it in jupyter_server_config.json and labconfig/page_config.json below "
                       f"{here.servers}")  # fmt: skip
    only = " and ".join(list(INSTRUCTORS_ONLY)[:2])
    return Finding("extensions", "ok", f"{only} for the instructor only")


def _extensions(servers: Path, role: str) -> tuple[dict[str, bool], dict[str, Any]]:
    """Return what a role's server loads, and what its JupyterLab leaves out: first come, first served."""
    from jupyter_core.paths import jupyter_config_path

    folders = [servers / role, servers / "everyone", *map(Path, jupyter_config_path())]
    server: dict[str, bool] = {}
    off: dict[str, Any] = {}
    for folder in reversed(folders):  # what comes first wins, so it is read last
        for file in (
            *sorted((folder / "jupyter_server_config.d").glob("*.json")),
            folder / "jupyter_server_config.json",
        ):
            server |= _read(file).get("ServerApp", {}).get("jpserver_extensions", {})
        off |= _read(folder / "labconfig" / "page_config.json").get("disabledExtensions", {})
    return server, off


def _read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def proxy(here: Installation) -> Finding:
    """Whether what stands in front of the hub runs."""
    if running := os.environ.get("JUPYTERHUB_API_URL"):
        return _hub(running)
    own = here.course.root / PROXY
    script = str(own) if own.is_file() else shutil.which("configurable-http-proxy")
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None or script is None:
        what = "Node.js" if node is None else "configurable-http-proxy"
        return Finding("proxy", "note", f"{what} is not here; only a hub on this machine needs it",
                       "apt install npm, then make hub")  # fmt: skip
    asked = subprocess.run([node, script, "--version"], capture_output=True, text=True, timeout=30)
    if asked.returncode:
        said = (asked.stderr.strip().splitlines() or ["it says nothing"])[-1]
        return Finding("proxy", "wrong", f"configurable-http-proxy does not start: {said}",
                       f"remove {Path(script).parents[2]}, then make hub")  # fmt: skip
    return Finding("proxy", "ok", f"configurable-http-proxy {asked.stdout.strip()}")


def _hub(url: str) -> Finding:
    """Whether the hub that started this server answers; its proxy is not to be seen from here."""
    from urllib.request import urlopen

    try:
        with urlopen(f"{url}/", timeout=10) as answer:
            version = json.load(answer)["version"]
    except (OSError, ValueError, KeyError) as error:
        return Finding("proxy", "wrong", f"the hub at {url} does not answer: {error}",
                       "start it again: servers and submissions outlive it")  # fmt: skip
    return Finding("proxy", "ok", f"this server's hub answers: JupyterHub {version}")


def exchange(here: Installation) -> Finding:
    """Whether submissions reach the instructor, and nobody else can read or change them."""
    root = _exchange(here)
    if not root.is_dir():
        return Finding("exchange", "wrong", f"{root} is not there",
                       "make hub makes one; name another with --exchange")  # fmt: skip
    for path, problem, mend in faults(root):
        return Finding("exchange", "wrong", f"{path} {problem}", mend)
    courses = ours(root)
    if not courses:
        if os.access(root, os.R_OK | os.W_OK | os.X_OK):
            return Finding("exchange", "ok", str(root))
        return Finding("exchange", "wrong", f"{root} can't be read and written by {_me()}",
                       f"give {_me()} the folder: chown -R {_me()} {root}")  # fmt: skip
    students, accounts = keepers(courses)
    said = f"{root}: each of {students} students has a part of their own"
    if accounts:
        return Finding("exchange", "ok", f"{said}, and a Unix account")
    return Finding("exchange", "note", f"{said}, all of one Unix account",
                   "the walls of a hub's servers keep them apart; with an account for each (a hub "
                   "that root starts) the kernel does, too")  # fmt: skip


def _exchange(here: Installation) -> Path:
    """Return the exchange: as told, or the local hub's, or where nbgrader would look."""
    own = here.course.root / "grading" / "hub" / "data" / "exchange"
    if here.exchange or own.is_dir():
        return here.exchange or own
    from nbgrader.exchange.default import Exchange

    from grader.settings import course_config

    return Path(course_config(here.course).Exchange.get("root") or Exchange().root)


def _me() -> str:
    import getpass

    return getpass.getuser()


def sandbox(here: Installation) -> Finding:
    """Whether students' code can be graded behind walls; it is tried."""
    from grader.execution.sandbox import bubblewrap_problem

    problem = bubblewrap_problem()
    if problem is None:
        return Finding("sandbox", "ok", "bubblewrap builds its walls here")
    return Finding("sandbox", "wrong", problem.partition(": install")[0],
                   "apt install bubblewrap; in a container see grading/hub/kubernetes/README.md "
                   "for the rights it needs")  # fmt: skip


def gradebook(here: Installation) -> Finding:
    """Whether the gradebook answers, is whole, can be written, and has nbgrader's present form."""
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from grader.gradebook import schema_version

    course = here.course
    shown = make_url(course.db_url).render_as_string(hide_password=True)
    if not course.gradebook_url:
        if not course.gradebook.exists():
            return Finding("gradebook", "note", f"none yet at {course.gradebook}",
                           "grader build makes it")  # fmt: skip
        if not os.access(course.gradebook, os.W_OK):
            return Finding("gradebook", "wrong", f"{course.gradebook} can't be written by {_me()}",
                           f"chown {_me()} {course.gradebook}")  # fmt: skip
    engine = create_engine(
        course.db_url, connect_args={} if not course.gradebook_url else {"connect_timeout": 5}
    )
    try:
        with engine.connect() as connection:
            if not course.gradebook_url:
                whole = connection.execute(text("PRAGMA quick_check")).scalar()
                if whole != "ok":
                    return Finding("gradebook", "wrong", f"{shown} is damaged: {whole}",
                                   "take back a copy from grading/backups/")  # fmt: skip
            if not inspect(connection).has_table("alembic_version"):
                return Finding("gradebook", "note", f"{shown} answers and is empty",
                               "grader build fills it")  # fmt: skip
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError as error:
        why = " ".join(str(getattr(error, "orig", None) or error).split())
        return Finding("gradebook", "wrong", f"{shown} does not answer: {why}",
                       "start the server, or correct GRADER_GRADEBOOK"
                       if course.gradebook_url
                       else "take back a copy from grading/backups/")  # fmt: skip
    finally:
        engine.dispose()
    if version != schema_version():
        return Finding("gradebook", "wrong",
                       f"{shown} has the form {version}, this nbgrader uses {schema_version()}",
                       f"grader backup, then nbgrader db upgrade --db={shown}")  # fmt: skip
    return Finding("gradebook", "ok", shown)


def clock(here: Installation) -> Finding:
    """Whether this machine, its file systems and the database agree on the time of a hand-in."""
    told = {}
    for folder in _folders(here):
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"?")
            file.flush()
            told[str(folder)] = os.fstat(file.fileno()).st_mtime - time.time()
    if here.course.gradebook_url:
        from sqlalchemy import create_engine, text

        engine = create_engine(here.course.db_url, connect_args={"connect_timeout": 5})
        with engine.connect() as connection:
            now = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar()
            told["the gradebook's server"] = float(now or 0) - time.time()
        engine.dispose()
    where, off = max(told.items(), key=lambda item: abs(item[1]))
    if abs(off) > CLOCK_S:
        way = "ahead of" if off > 0 else "behind"
        return Finding("clock", "wrong", f"{where} is {abs(off):.0f} s {way} this machine",
                       "let NTP set both clocks: timedatectl set-ntp true")  # fmt: skip
    return Finding("clock", "ok", f"{len(told)} agree within {CLOCK_S:g} s")


def disk(here: Installation) -> Finding:
    """Whether a class's submissions fit."""
    free = {str(folder): shutil.disk_usage(folder).free for folder in _folders(here)}
    where, least = min(free.items(), key=lambda item: item[1])
    said = f"{least / 1e9:.1f} GB free in {where}"
    if least >= DISK_BYTES:
        return Finding("disk", "ok", said)
    return Finding("disk", "wrong", f"{said}; a class of a thousand needs {DISK_BYTES / 1e9:g} GB",
                   "make room, or move the course to a larger disk")  # fmt: skip


def _folders(here: Installation) -> list[Path]:
    """Return where submissions and grades are written."""
    root = _exchange(here)
    folders = [here.course.root, *([course.folder for course in ours(root)] or [root])]
    return [path for path in folders if path.is_dir() and os.access(path, os.W_OK)]


def secret(here: Installation) -> Finding:
    """Whether the course has a secret that only the grader can read."""
    from grader.seeds import course_secret

    try:
        text = course_secret(here.course)
    except GraderError as error:
        said, _, mend = str(error).partition(": ")
        return Finding("secret", "wrong", said, mend or "name the file that holds it")
    make = "(umask 077; python -c 'import secrets; print(secrets.token_hex())' > ~/.config/supercycle/course-secret)"  # fmt: skip
    if text is None:
        return Finding("secret", "wrong", "none: every student would get the same case", make)
    if holder := _committed(here.course.root, text):
        return Finding("secret", "wrong", f"it stands in {holder}, which is in the repository",
                       f"remove it there and make a new one, for history keeps the old: {make}")  # fmt: skip
    file = Path(
        os.environ.get("SUPERCYCLE_COURSE_SECRET_FILE", "~/.config/supercycle/course-secret")
    )
    path = file.expanduser()
    if "SUPERCYCLE_COURSE_SECRET" not in os.environ and path.stat().st_mode & 0o077:
        return Finding("secret", "wrong", f"others can read {path}", f"chmod 600 {path}")
    return Finding("secret", "ok", "in place, not in the repository")


def _committed(root: Path, text: str) -> str:
    """Return the tracked file that holds a text; the text never shows in a list of processes."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return ""
    asked = subprocess.run(
        [git, "-C", str(root), "grep", "--untracked", "-lFf", "-"],
        input=text, capture_output=True, text=True,
    )  # fmt: skip
    return asked.stdout.splitlines()[0] if asked.stdout else ""


def labs(here: Installation) -> Finding:
    """Whether students get what the sources build."""
    from grader.build import check

    course = here.course
    drifts = [str(drift) for lab in course.labs() for drift in check(course, lab)]
    if drifts:
        first, _, mend = drifts[0].partition(": run ")
        more = f" (and {len(drifts) - 1} more files)" if len(drifts) > 1 else ""
        return Finding("labs", "wrong", first + more, mend)
    return Finding("labs", "ok", f"{len(course.labs())}, each what its source builds")


CHECKS: tuple[Callable[[Installation], Finding], ...] = (
    versions, extensions, proxy, exchange, sandbox, gradebook, clock, disk, secret, labs,
)  # fmt: skip
