"""Set a class up: accounts, homes, the course in the instructor's home, labs into the exchange."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.course import Course
from grader.errors import GraderError
from hub import exchange
from hub.accounts import account, make_account, remove_accounts
from hub.folders import Hub, Member
from hub.isolation import how
from hub.walls import SERVERS, name_users, walled

__all__ = [
    "as_instructor",
    "claim_folder",
    "make_class",
    "own_ports",
    "proxy_command",
    "remove_class",
]

_MARK = "made by `make hub`; `make hub-clean` removes this folder\n"
_COURSE_CONFIG = """\
# Lets `grader` and `nbgrader` work in this folder; the hub's own settings lie with the hub.
load_subconfig("nbgrader_config.py", path={folder!r})
"""


def proxy_command(tools: Path) -> list[str]:
    """Return the command of the proxy that npm installed.

    Raises
    ------
    GraderError
        When node or the proxy is missing.
    """
    script = tools / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None or not script.is_file():
        missing = "Node.js" if node is None else f"the proxy in {tools}"
        raise GraderError(
            f"{missing} is missing: install npm (apt install npm), then type make hub"
        )
    return [node, str(script)]


def listens(port: int) -> bool:
    """Say whether something answers on a port of this machine."""
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex(("127.0.0.1", port)) == 0


def known_ports(hub: Hub) -> tuple[int, int]:
    """Return the ports of hub and proxy that were drawn; zeros before the first start."""
    file = hub.state / "ports"
    own, proxy = file.read_text().split() if file.is_file() else ("0", "0")
    return int(own), int(proxy)


def check_port(hub: Hub, port: int) -> None:
    """Refuse a port on which somebody else answers; a proxy that outlived its hub is ours.

    Raises
    ------
    GraderError
    """
    _, proxy = known_ports(hub)
    if listens(port) and not (proxy and listens(proxy)):
        raise GraderError(
            f"port {port} is taken: choose another, as in make hub HUB_PORT={port + 1}"
        )


def own_ports(hub: Hub) -> dict[str, str]:
    """Return the ports of hub and proxy: free when first asked for, the same after a restart.

    Servers that outlived a killed hub look for it where it was.
    """
    file = hub.state / "ports"
    if not file.is_file():
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            file.write_text(f"{one.getsockname()[1]} {two.getsockname()[1]}")
    own, proxy = file.read_text().split()
    return {"HUB_OWN_PORT": own, "HUB_PROXY_PORT": proxy}


def make_class(hub: Hub, solutions: Path, *, say: Callable[[str], None]) -> None:
    """Make what is missing of a class; what is there, grades included, stays.

    Parameters
    ----------
    hub : Hub
    solutions : Path
        The labs' sources; copied into the instructor's course.
    say : callable
        Told each step.
    """
    claim_folder(hub)
    members = hub.members()
    for member in members:
        _home(hub, member)
    name_users(hub)
    exchange.prepare(hub)
    _course(hub, solutions)
    labs = [lab for lab in Course.at(hub.course).labs() if lab not in exchange.released(hub)]
    if labs:
        say(f"Releasing {len(labs)} labs ...")
        as_instructor(hub, ["grader", "build", "--no-execute", *labs])
        for lab in labs:
            as_instructor(hub, ["nbgrader", "release_assignment", lab])
    known = set(as_instructor(hub, ["nbgrader", "db", "student", "list"]).split())
    new = [m for m in members if m.role == "student" and m.name not in known]
    if new:
        _import(hub, new)


def _import(hub: Hub, students: Sequence[Member]) -> None:
    """Enter students into the gradebook with one command: a class of hundreds starts in time."""
    path = hub.course / "new-students.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("id", "first_name", "last_name"))
        out.writerows((m.name, m.first_name, m.last_name) for m in students)
    path.chmod(0o644)  # behind the instructor's home, which is closed to others
    as_instructor(hub, ["nbgrader", "db", "student", "import", path.name])
    path.unlink()


def as_instructor(hub: Hub, command: Sequence[str]) -> str:
    """Run a command of this environment in the course, as the instructor's server would.

    Raises
    ------
    GraderError
        With what it said last, when it fails.
    """
    member, inside = hub.instructor, how(hub).walls
    home = Path(f"/home/{member.name}") if inside else hub.home(member.name)
    environment = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), "USER": member.name,
        "JUPYTER_CONFIG_PATH": str(SERVERS / "instructor"), "OMP_NUM_THREADS": "1",
        "SUPERCYCLE_EXCHANGE": exchange.INSIDE if inside else str(hub.exchange),
    }  # fmt: skip
    script = 'cd "$HOME/course" && exec "$@"'
    whole = ["/bin/sh", "-c", script, "sh", *command]
    done = subprocess.run(
        walled(hub, member, whole) if inside else whole,
        env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise GraderError(f"`{' '.join(command)}` failed: {' '.join(said[-3:])}")
    return done.stdout


def remove_class(hub: Hub) -> int:
    """Remove a hub's folder and its accounts; return how many accounts.

    Raises
    ------
    GraderError
        When the folder isn't one that a hub made, or its hub is running.
    """
    if not (hub.root / "README").is_file() or (hub.root / "README").read_text() != _MARK:
        raise GraderError(f"{hub.root} was not made by a hub: nothing is removed")
    own, _ = known_ports(hub)
    if own and listens(own):
        raise GraderError(f"the hub of {hub.root} is running: end it first (Ctrl-C where it runs)")
    gone = remove_accounts(hub) if os.getuid() == 0 else 0
    shutil.rmtree(hub.root)
    return gone


def claim_folder(hub: Hub) -> None:
    """Make the hub's folder and mark it as a hub's own, so that `remove_class` may remove it.

    Raises
    ------
    GraderError
        When the folder holds something else.
    """
    mark = hub.root / "README"
    if not mark.is_file():
        if hub.root.is_dir() and any(hub.root.iterdir()):
            raise GraderError(f"{hub.root} holds something else: give the hub an empty folder")
        hub.root.mkdir(parents=True, exist_ok=True)
        mark.write_text(_MARK)
    hub.root.chmod(0o711)
    hub.state.mkdir(exist_ok=True, mode=0o700)


def _home(hub: Hub, member: Member) -> None:
    home = hub.home(member.name)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    if how(hub).accounts:
        entry = make_account(hub, member.name)
        os.chown(home, entry.pw_uid, entry.pw_gid)


def _course(hub: Hub, solutions: Path) -> None:
    """Put sources, configuration and secret into the instructor's home; never touch the grades."""
    shutil.copytree(
        solutions, hub.course / "solutions", dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"),
    )  # fmt: skip
    config = hub.course / "nbgrader_config.py"
    config.write_text(_COURSE_CONFIG.format(folder=str(SERVERS / "instructor")))
    if not hub.secret.is_file():
        hub.secret.parent.mkdir(parents=True)
        hub.secret.touch(mode=0o600)
        hub.secret.write_text(secrets.token_hex())
    if how(hub).accounts:
        entry = account(hub, hub.instructor.name)
        home = hub.home(hub.instructor.name)
        for path in (home, *home.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
