"""One Unix account a member, when the hub runs as root.

The accounts can't log in by themselves: only the hub starts processes as them. Their names begin with
a prefix drawn for this hub, so that they meet no account of the machine and `make hub-clean` knows
which ones it made.
"""

from __future__ import annotations

import pwd
import secrets
import subprocess

from grader.errors import GraderError
from hub.folders import Hub

__all__ = ["account", "make_account", "remove_accounts"]


def account(hub: Hub, name: str) -> pwd.struct_passwd:
    """Return a member's account.

    Raises
    ------
    GraderError
        When it is missing: the hub makes it at its next start.
    """
    try:
        return pwd.getpwnam(prefix(hub) + name)
    except KeyError:
        raise GraderError(f"{name} has no Unix account yet: start the hub again") from None


def prefix(hub: Hub) -> str:
    """Return how this hub's accounts begin, such as ``sc-5f0a-``."""
    file = hub.state / "account-prefix"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"sc-{secrets.token_hex(2)}-")
    return file.read_text()


def make_account(hub: Hub, name: str) -> pwd.struct_passwd:
    """Return a member's account; make it when it is missing."""
    try:
        return account(hub, name)
    except GraderError:
        _run(
            "useradd", "--no-create-home", "--home-dir", str(hub.home(name)), "--user-group",
            "--shell", "/usr/sbin/nologin", prefix(hub) + name,
        )  # fmt: skip
        return account(hub, name)


def remove_accounts(hub: Hub) -> int:
    """Remove this hub's accounts and return how many there were."""
    names = [entry.pw_name for entry in pwd.getpwall() if entry.pw_name.startswith(prefix(hub))]
    for name in names:
        _run("userdel", name)
    return len(names)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip() or f"exit status {done.returncode}"
        raise GraderError(f"{command[0]} failed: {said}")
