"""How the hub wires the exchange: who may see which part of it, and what nbgrader is told.

Only this module knows the exchange's layout, so another exchange is a change here and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.folders import COURSE_ID, Hub, Member

__all__ = ["INSIDE", "configure", "mounts", "prepare", "released"]

#: Where servers find it.
INSIDE = "/srv/exchange"


def configure(c: Any, root: str) -> None:
    """Tell nbgrader which course this is and where its exchange lies."""
    c.CourseDirectory.course_id = COURSE_ID
    c.Exchange.root = root


def prepare(hub: Hub) -> None:
    """Make the exchange's folders, each with the rights it needs."""
    hub.exchange.mkdir(parents=True, exist_ok=True)
    hub.exchange.chmod(0o777)


def mounts(hub: Hub, member: Member) -> list[tuple[Path, str, bool]]:
    """Return what a member's server sees of the exchange: source, target, whether it may write."""
    return [(hub.exchange, INSIDE, True)]


def released(hub: Hub) -> set[str]:
    """Return the labs that students can fetch."""
    return {path.name for path in (hub.exchange / COURSE_ID / "outbound").glob("*")}
