"""What keeps the members apart on this machine: it is tried, not guessed."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError
from hub.folders import Hub

__all__ = ["SYSTEMD", "Isolation", "how"]

SYSTEMD = Path("/run/systemd/system")


@dataclass(frozen=True)
class Isolation:
    """How servers are kept apart.

    Attributes
    ----------
    walls : bool
        Each server sees only its own home.
    accounts : bool
        Each member is a Unix account.
    cgroups : bool
        Systemd limits memory, processor and processes of a whole server.
    sentence : str
        The same for a person.
    """

    walls: bool
    accounts: bool
    cgroups: bool
    sentence: str


@functools.cache
def how(hub: Hub) -> Isolation:
    """Return what this machine offers.

    Raises
    ------
    GraderError
        As root without bubblewrap: servers would see the whole machine.
    """
    root, problem = os.getuid() == 0, _problem()
    if problem and root:
        raise GraderError(
            f"as root the hub needs bubblewrap, and {problem}: apt install bubblewrap, "
            "or start the hub as an ordinary user for a demo"
        )
    if problem:
        return Isolation(
            False, False, False,
            f"DEMO, NOT ISOLATED: {problem}, so every server runs as you and sees what you see. "
            "Let nobody in whom you would not give your own account.",
        )  # fmt: skip
    if not root:
        return Isolation(
            True, False, False,
            "Each server has walls of its own (bubblewrap), all run as you; memory is limited for "
            "each process. Start the hub as root for one Unix account a member.",
        )  # fmt: skip
    cgroups = SYSTEMD.is_dir() and shutil.which("systemd-run") is not None
    limits = (
        "systemd limits each server's memory, processor and processes"
        if cgroups
        else "systemd does not run here, so memory is limited for each process, not for a server"
    )
    return Isolation(
        True, True, cgroups,
        f"Each server has walls of its own (bubblewrap) and a Unix account of its own; {limits}.",
    )  # fmt: skip


def _problem() -> str:
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    spaces = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--proc", "/proc"]
    done = subprocess.run(
        ["bwrap", *spaces, "--ro-bind", "/usr", "/usr", "--ro-bind-try", "/lib", "/lib",
         "--ro-bind-try", "/lib64", "/lib64", "/usr/bin/true"],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"bubblewrap cannot run here ({said})"
    return ""
