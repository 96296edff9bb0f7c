"""A server for each member: within walls, with limits, and with the member's own scenarios."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Instance, Integer

from grader.course import Course
from grader.seeds import seed_variable, student_code
from hub import exchange
from hub.assistants import show_pages
from hub.folders import Hub, Member
from hub.isolation import how
from hub.walls import SERVERS, walled

__all__ = ["ClassSpawner"]

#: The keeper outlives a hub that is killed, so that nobody's work ends with it; it takes the walls
#: along when it ends, for bubblewrap dies with its parent.
_KEEPER = ("/bin/sh", "-c", '"$@" & wait "$!"', "keeper")


class ClassSpawner(LocalProcessSpawner):
    """Start a member's server on this machine."""

    course_hub = Instance(Hub, help="The class.").tag(config=True)
    address_space = Integer(
        16 << 30,
        help="Most memory that one process of a student may map [bytes]; torch alone maps several GiB.",
    ).tag(config=True)
    processes = Integer(256, help="Most processes and threads of a student.").tag(config=True)
    file_size = Integer(2 << 30, help="Largest file of a student [bytes].").tag(config=True)

    @property
    def member(self) -> Member:
        """Who the server is for."""
        return next(m for m in self.course_hub.members() if m.name == self.user.name)

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Return the environment of a server: its home, its role's settings, its scenarios."""
        isolated = how(self.course_hub).walls
        name, role = self.user.name, self.member.role
        env.update(
            USER=name, LOGNAME=name, SHELL="/bin/bash", LANG="C.UTF-8",
            HOME=f"/home/{name}" if isolated else str(self.course_hub.home(name)),
            # what comes first wins
            JUPYTER_CONFIG_PATH=f"{SERVERS / role}{os.pathsep}{SERVERS / 'everyone'}",
            SUPERCYCLE_EXCHANGE=exchange.INSIDE if isolated else str(self.course_hub.exchange),
            SUPERCYCLE_SERVERS=str(SERVERS),  # for `grader doctor`
            HUB_MATHJAX=str(self.course_hub.tools / "node_modules" / "mathjax"),
        )  # fmt: skip
        return {**env, **self._scenarios()}

    def _scenarios(self) -> dict[str, str]:
        """Return the codes that `grader seeds` gives in the instructor's home, from the secret there."""
        secret, name = self.course_hub.secret.read_text(encoding="utf-8").strip(), self.user.name
        labs = Course.at(self.course_hub.course).labs()
        return {seed_variable(lab): student_code(secret, name, lab) for lab in labs}

    async def start(self) -> tuple[str, int]:
        """Start the server behind its walls."""
        plain = list(self.cmd)  # type: ignore[has-type]  # a trait of the parent
        if self.member.role == "student":
            try:
                show_pages(self.course_hub.home(self.user.name))
            except OSError as error:  # a full disk, say: no reason to keep anyone out
                self.log.warning("no pages for assistants in %s's home: %s", self.user.name, error)
        if how(self.course_hub).walls:
            self.cmd = [*_KEEPER, *self._cgroup(), *walled(self.course_hub, self.member, plain)]
        try:
            return await super().start()
        finally:
            self.cmd = plain

    async def _signal(self, sig: int) -> bool:
        """Signal everyone within the walls, too, and tell whether anyone was there.

        The instructor's server would outlive its keeper: it is another user, in no namespace of
        processes that ends. Jupyter asks back at an interrupt, which nobody here would answer.
        """
        try:
            os.killpg(self.pid, signal.SIGTERM if sig == signal.SIGINT else sig)
        except ProcessLookupError:
            return False
        return True

    def _cgroup(self) -> list[str]:
        """Return the prefix that puts a whole server under limits, where systemd runs."""
        if not how(self.course_hub).cgroups or self.member.role == "instructor":
            return []
        return [
            "systemd-run", "--scope", "--quiet", "--collect",
            f"--property=MemoryMax={self.mem_limit or 4 << 30}",
            f"--property=CPUQuota={100 * (self.cpu_limit or 2):.0f}%",
            f"--property=TasksMax={self.processes}",
        ]  # fmt: skip

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what runs just before a server does: limits for a student, nothing for the instructor.

        The account is taken behind the walls, not here: it could not build them.
        """
        home = self.course_hub.home(name)
        accounts = how(self.course_hub).accounts
        limited = self.member.role != "instructor"

        def before() -> None:
            os.chdir(home)
            os.umask(0o077)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if limited:
                os.nice(5)  # hub and proxy answer first
                _bound(resource.RLIMIT_AS, self.address_space)
                _bound(resource.RLIMIT_FSIZE, self.file_size)
                if accounts:  # processes are counted for a Unix user, not for a server
                    _bound(resource.RLIMIT_NPROC, self.processes)

        return before


def _bound(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))
