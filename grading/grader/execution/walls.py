"""The walls of a sandbox: what bubblewrap is asked to build, and what can be seen within."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.errors import GraderError

__all__ = [
    "HOME", "INSTALL", "PRIVATE", "bubblewrap_command", "build_walls", "system_walls", "visible",
    "wall_folders",
]  # fmt: skip

HOME = "/home/student"
#: Folders that are empty, private and of bounded size.
PRIVATE = ("/tmp", "/dev/shm", HOME)
INSTALL = "install the Debian package bubblewrap, or pass --unsafe-no-sandbox to run student code unprotected"  # fmt: skip


@functools.cache
def visible() -> tuple[str, ...]:
    """Return what of this machine a submission sees, read-only: system, Python, library, facts.

    A checkout's ``lib`` and ``grading`` stand on Python's path; of these only the package itself and
    its facts are shown, for solutions, tests, submissions and the gradebook lie beside them.
    """
    import supercycle

    package = Path(supercycle.__file__).resolve().parent
    shown = [
        sys.prefix,
        sys.base_prefix,
        *(p for p in sys.path if p.endswith("-packages")),
        sysconfig.get_paths()["stdlib"],
    ]
    shown += [str(package), str(package.parents[1] / "datasets")]
    real = {os.path.realpath(path) for path in shown} | {os.path.abspath(path) for path in shown}
    outer: list[str] = ["/usr"]
    for path in sorted(filter(os.path.exists, real)):
        if not any(path == seen or path.startswith(seen + "/") for seen in outer):
            outer.append(path)
    return tuple(outer[1:])


def system_walls() -> list[str]:
    """Return bubblewrap's arguments that show the system read-only, and of ``/etc`` what programs need."""
    walls = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        if os.path.islink(f"/{name}"):
            walls += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        else:
            walls += ["--ro-bind-try", f"/{name}", f"/{name}"]
    walls += ["--perms", "0755", "--dir", "/etc"]
    for path in ("alternatives", "ld.so.cache", "localtime", "fonts", "mime.types"):
        walls += ["--ro-bind-try", f"/etc/{path}", f"/etc/{path}"]
    return walls


def wall_folders(shown: Iterable[str], private: tuple[str, ...]) -> list[str]:
    """Return bubblewrap's arguments that show folders read-only; private ones already stand."""
    walls, made = list[str](), set[str]()
    for path in shown:
        for parent in map(str, reversed(Path(path).parents[:-1])):
            if parent not in made and parent not in private:  # a mount point must let others pass
                walls += ["--perms", "0755", "--dir", parent]
                made.add(parent)
        walls += ["--ro-bind", path, path]
    return walls


def bubblewrap_command(limits: Mapping[str, Any], info: int) -> list[str]:
    """Return the command that builds a sandbox and waits in it until its input ends."""
    program = shutil.which("bwrap")
    if program is None:
        raise GraderError(f"bubblewrap is not installed: {INSTALL}")
    spaces = [f"--unshare-{name}" for name in ("ipc", "pid", "net", "uts", "cgroup-try")]
    if (
        os.getuid() != 0
    ):  # root needs no user namespace to build, and makes its own in `_become_nobody`
        spaces += ["--unshare-user", *(["--disable-userns"] if _knows("--disable-userns") else [])]
    command = [program, *spaces, "--die-with-parent", "--new-session", "--clearenv"]
    command += system_walls()
    command += ["--proc", "/proc", "--dev", "/dev"]
    for path in PRIVATE:  # before what is shown: a course may itself lie in /tmp
        command += ["--size", str(limits["file_bytes"]), "--tmpfs", path]
    command += wall_folders(visible(), PRIVATE)
    # the root and /dev are file systems in memory, too: nobody may fill them
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*command, "--info-fd", str(info), "--", "/bin/sh", "-c", "echo; read _"]


@functools.cache
def _knows(option: str) -> bool:
    return option in subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


def build_walls(limits: Mapping[str, Any]) -> tuple[subprocess.Popen[bytes], int]:
    """Start bubblewrap; return it, and process 1 of the sandbox once its walls stand."""
    read, write = os.pipe()
    try:
        wall = subprocess.Popen(
            bubblewrap_command(limits, write),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(write,),
            env={},
        )
        os.close(write)
        write = -1
        info = b""
        while part := os.read(read, 4096):
            info += part
        assert wall.stdout is not None
        assert wall.stderr is not None
        if wall.stdout.read(1) != b"\n":
            said = wall.stderr.read(400).decode(errors="replace").strip().splitlines()
            wall.wait()
            raise GraderError(
                f"bubblewrap cannot run here ({(said or ['no reason given'])[-1]}): {INSTALL}"
            )
        wall.stderr.close()
        return wall, int(json.loads(info)["child-pid"])
    finally:
        os.close(read)
        if write >= 0:
            os.close(write)
