"""The walls around a member's server: what bubblewrap shows it, and as whom it runs.

A server sees the system, Python, the library and its facts read-only, its own home, and its part of
the exchange. Solutions, hidden tests, gradebook, other homes and the hub's files are not hidden: they
are not there. The network stays: a server listens on loopback, and talks to the hub there.

As root the walls are built by root, and `setpriv` then takes the member's account, every capability
gone: so the account needs no right to read the checkout, or a Python below ``/root``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import grader
from grader.execution.walls import system_walls, visible, wall_folders
from hub import exchange
from hub.accounts import account
from hub.folders import Hub, Member

__all__ = ["SERVERS", "TMP_BYTES", "name_users", "walled"]

SERVERS = Path(__file__).resolve().parent / "servers"
#: /tmp and /dev/shm of a server are in memory, and bounded.
TMP_BYTES = 1 << 30
#: What programs ask of /etc; passwd and group are our own.
_ETC = (
    "ssl", "ca-certificates", "nsswitch.conf", "hosts", "resolv.conf", "bash.bashrc",
    "inputrc", "terminfo", "protocols", "services",
)  # fmt: skip


def walled(hub: Hub, member: Member, command: Iterable[str]) -> list[str]:
    """Return the command that runs another within a member's walls, in the member's home.

    Parameters
    ----------
    hub : Hub
    member : Member
    command : iterable of str

    Returns
    -------
    list of str
    """
    as_root = os.getuid() == 0
    trusted = member.role == "instructor"
    walls = ["bwrap", "--die-with-parent", "--unshare-ipc", "--unshare-uts"]
    if as_root:
        walls += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    if as_root and trusted:
        # The grader builds a sandbox inside, and the kernel lets it mount a new /proc only where it
        # sees a whole one; bubblewrap's own, made by root, is covered in places.
        walls += ["--bind", "/proc", "/proc"]
    else:
        walls += ["--unshare-pid", "--proc", "/proc"]
    walls += [*system_walls(), "--dev", "/dev"]
    for name in _ETC:
        walls += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for name in ("passwd", "group"):
        walls += ["--ro-bind", str(hub.state / name / member.name), f"/etc/{name}"]
    for path in ("/tmp", "/dev/shm"):
        walls += ["--size", str(TMP_BYTES), "--perms", "1777", "--tmpfs", path]
    walls += ["--perms", "0755", "--dir", "/home"]
    shown = [*visible(), str(Path(grader.__file__).parent), str(SERVERS)]
    if trusted:
        shown.append(str(hub.tools / "node_modules" / "mathjax"))
    walls += wall_folders([path for path in shown if os.path.exists(path)], ("/tmp", "/home"))
    home = f"/home/{member.name}"
    walls += ["--bind", str(hub.home(member.name)), home]
    for source, target, writable in exchange.mounts(hub, member):
        for parent in reversed(Path(target).parents[:-1]):
            walls += ["--perms", "0755", "--dir", str(parent)]
        walls += ["--bind" if writable else "--ro-bind", str(source), target]
    walls += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", home, "--"]
    if as_root:
        walls += _become(hub, member)
    return [*walls, *command]


def _become(hub: Hub, member: Member) -> list[str]:
    entry = account(hub, member.name)
    return [
        shutil.which("setpriv") or "setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}",
        "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
    ]  # fmt: skip


def name_users(hub: Hub) -> None:
    """Write each member's ``passwd`` and ``group``: nbgrader takes the name of the Unix account.

    A student's list holds the student and the instructor, the instructor's everyone.
    """
    members = hub.members()
    for member in members:
        seen = [
            m for m in members
            if m is member or "instructor" in (member.role, m.role)
        ]  # fmt: skip
        if os.getuid() != 0:  # one Unix user for all: each is called by their own name
            seen = [member]
        users = [(m.name, *_ids(hub, m)) for m in seen]
        passwd = ["root:x:0:0::/:/usr/sbin/nologin", "nobody:x:65534:65534::/:/usr/sbin/nologin"]
        passwd += [f"{n}:x:{u}:{g}::/home/{n}:/bin/bash" for n, u, g in users]
        group = ["root:x:0:", "nogroup:x:65534:", *(f"{n}:x:{g}:" for n, u, g in users)]
        for file, lines in (("passwd", passwd), ("group", group)):
            path = hub.state / file / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(lines) + "\n")


def _ids(hub: Hub, member: Member) -> tuple[int, int]:
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    entry = account(hub, member.name)
    return entry.pw_uid, entry.pw_gid
