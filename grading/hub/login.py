"""Who may enter: the names and passwords of ``users.csv``.

Good for one machine. Where people already have passwords, put JupyterHub's PAM, OAuth or LTI
authenticator in its place in ``jupyterhub_config.py``; roles are still taken from ``users.csv``.
"""

from __future__ import annotations

from secrets import compare_digest, token_urlsafe
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Instance

from hub.folders import Hub

__all__ = ["ClassAuthenticator"]


class ClassAuthenticator(Authenticator):
    """Compare with the class's list, which is read anew at each log-in."""

    course_hub = Instance(Hub, help="Whose list.").tag(config=True)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """Return the name if the password is right; a wrong name takes as long as a wrong password."""
        members = {member.name: member for member in self.course_hub.members()}
        member = members.get(data["username"])
        password = member.password if member else token_urlsafe()
        right = compare_digest(password.encode(), data["password"].encode())
        return member.name if member and right else None
