"""What the cluster's hub adds to the chart: who comes from this course, and what a server gets.

The chart runs this file among its own settings (``hub.extraFiles`` in jupyterhub.yaml), where ``c``
and ``get_config`` are its names.
"""

import csv
from pathlib import Path

from tornado.web import HTTPError

CONTEXT = "https://purl.imsglobal.org/spec/lti/claim/context"
SEEDS = Path("/srv/seeds/codes.csv")
SERVERS = "/opt/supercycle/servers"
#: The gradebook's password comes from its Secret and is in no student's pod.
PASSWORD = {"valueFrom": {"secretKeyRef": {"name": "postgres", "key": "grader-password"}}}
GRADEBOOK = "postgresql://grader@postgres.supercycle.svc.cluster.local:5432/gradebook"


def admit(context):
    """Return a hook that lets in only launches from one course."""

    async def check(authenticator, handler, authentication):
        claims = authentication.get("auth_state") or {}
        if (claims.get(CONTEXT) or {}).get("id") != context:
            raise HTTPError(403, "Open the labs from the course's own page in the platform.")
        return {**authentication, "auth_state": None}  # the claims have served; they aren't kept

    return check


def equip(instructors, seeds=SEEDS):
    """Return a hook that gives each server its role's settings and its member's scenarios."""

    def prepare(spawner):
        name = spawner.user.name
        role = "instructor" if name in instructors else "student"
        spawner.extra_labels = {**spawner.extra_labels, "supercycle.course/role": role}
        own = codes(seeds, name)
        own["JUPYTER_CONFIG_PATH"] = f"{SERVERS}/{role}:{SERVERS}/everyone"
        own["SUPERCYCLE_SERVERS"] = SERVERS
        if role == "instructor":
            spawner.image = spawner.image.replace("/supercycle-student:", "/supercycle-grader:")
            own |= {"GRADER_GRADEBOOK": GRADEBOOK, "PGPASSWORD": PASSWORD}
        spawner.environment = {**spawner.environment, **own}

    return prepare


def codes(file, name):
    """Return a student's own lines of what `grader seeds` wrote: variable and code."""
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as lines:
        own = next((row for row in csv.DictReader(lines) if row["student"] == name), {})
    return {key: value for key, value in own.items() if key.startswith("SUPERCYCLE_SEED_")}


_instructors = set(get_config("custom.instructors", []))  # noqa: F821
c.Authenticator.post_auth_hook = admit(get_config("custom.context"))  # noqa: F821
c.Spawner.pre_spawn_hook = equip(_instructors)  # noqa: F821
