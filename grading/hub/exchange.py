"""The class's exchange: each student has a part that nobody else but the instructor sees.

What lies where, and who may do what with it, is `grader.exchange`; here it meets the hub's accounts
and walls.
"""

from __future__ import annotations

from pathlib import Path

from grader.exchange import Layout, admit, open_exchange
from grader.exchange import mounts as shown
from hub.accounts import account
from hub.folders import COURSE_ID, Hub, Member
from hub.isolation import how

__all__ = ["INSIDE", "layout", "mounts", "prepare", "released"]

#: Where walled servers find it.
INSIDE = "/srv/exchange"


def layout(hub: Hub) -> Layout:
    """Return which folder is whose."""
    return Layout(hub.exchange, COURSE_ID)


def prepare(hub: Hub) -> None:
    """Make the exchange, and each student's part of it."""
    instructor = _ids(hub, hub.instructor)
    open_exchange(hub.exchange, COURSE_ID, instructor=instructor)
    for member in hub.members():
        if member.role == "student":
            admit(layout(hub), member.name, account=_ids(hub, member), instructor=instructor)


def mounts(hub: Hub, member: Member) -> list[tuple[Path, str, bool]]:
    """Return what a member's server sees of the exchange: source, target, whether it may write."""
    student = None if member.role == "instructor" else member.name
    return [(path, f"{INSIDE}/{name}", may) for path, name, may in shown(layout(hub), student)]


def released(hub: Hub) -> set[str]:
    """Return the labs that students can fetch."""
    return {path.name for path in layout(hub).outbound.glob("*")}


def _ids(hub: Hub, member: Member) -> tuple[int, int] | None:
    if not how(hub).accounts:
        return None
    entry = account(hub, member.name)
    return entry.pw_uid, entry.pw_gid
