"""What surrounds student code: a fresh bubblewrap sandbox for each submission, entered by a fork.

Starting Python inside bubblewrap would import the scientific stack anew for every submission, 0.5
CPU-seconds and more. So bubblewrap builds the walls around a tiny process that only holds them up
(``sh -c "echo; read _"``), and a fork of the warm process walks in through ``setns(2)``, as
``nsenter`` does. Building, and taking down, the walls costs about 5 ms; all mounts are made by
bubblewrap, none by us. What holds inside, and against what:

* **mount namespace**: a read-only system, Python and library; a private empty home, ``/tmp`` and
  ``/dev/shm`` of bounded size. Tests, gradebook and other submissions are not hidden, they are
  not there.
* **network namespace**: not even loopback is up.
* **pid and ipc namespaces**: no other process is visible; all of them, however they were started,
  end with the sandbox.
* **user namespace**, no capability, ``no_new_privs``, a system-call filter (`seccomp`), and as
  root a user id of its own, for `RLIMIT_NPROC` does not bind the host's root.
* **limits** on memory, CPU time, processes, file size and open files; the warm process, which
  stays outside, also watches the memory of all processes of the sandbox together.

The environment, the open files and the memory of the fork hold nothing of the course: it is made
from a process that never knew more than the lab's set-up imports.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.execution.seccomp import deny_dangerous_calls
from grader.execution.walls import HOME, INSTALL, PRIVATE, build_walls

__all__ = ["Sandbox", "bubblewrap_problem", "mapped_bytes", "open_sandbox"]

WORK = f"{HOME}/lab"

_NS_GET_USERNS = 0xB701
_CLONE_NEWUSER = 0x10000000
(
    _PR_SET_DUMPABLE,
    _PR_CAPBSET_DROP,
    _PR_SET_CHILD_SUBREAPER,
    _PR_SET_NO_NEW_PRIVS,
    _PR_CAP_AMBIENT,
) = 4, 24, 36, 38, 47
_libc = ctypes.CDLL(None, use_errno=True)


class Sandbox:
    """A running sandbox, seen from outside.

    Attributes
    ----------
    pid : int
        The student process, as this side numbers it.
    wall : subprocess.Popen or None
        The bubblewrap process; None without a sandbox.
    init : int
        Process 1 of the sandbox; its end is everyone's end.
    """

    def __init__(
        self, pid: int, wall: subprocess.Popen[bytes] | None, init: int, folder: str
    ) -> None:
        self.pid, self.wall, self.init, self.folder = pid, wall, init, folder
        self.ended: str | None = None
        self.warm_bytes = _status_kib(pid, "VmRSS:", "status") * 1024
        self._namespace = _inode(init, "pid") if wall else None

    def poll(self) -> str | None:
        """Return how the student process ended, or None while it runs."""
        if self.ended is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self.ended = _how(status) if pid else None
            except ChildProcessError:
                self.ended = "the process ended"
        return self.ended

    def kill(self, why: str | None = None) -> None:
        """End every process of the sandbox and leave nothing behind."""
        if why and self.ended is None:
            self.ended = why
        for pid in (self.pid, self.init):
            if pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
        if self.wall is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self.wall.kill()
            self.wall.wait()
            for pipe in (self.wall.stdin, self.wall.stdout):
                if pipe:
                    pipe.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def memory_bytes(self) -> int:
        """Memory of all processes of the sandbox; shared pages are counted once (their `Pss`)."""
        pids = list(self._pids())
        resident = sum(_status_kib(pid, "VmRSS:", "status") for pid in pids) * 1024
        if resident < 256 << 20 or len(pids) < 2:
            return resident
        return sum(_status_kib(pid, "Pss:", "smaps_rollup") for pid in pids) * 1024

    def _pids(self) -> Iterator[int]:
        if self.wall is None:
            yield self.pid
            return
        for name in os.listdir("/proc"):
            if name.isdigit() and _inode(int(name), "pid") == self._namespace:
                yield int(name)


def _inode(pid: int, namespace: str) -> int | None:
    try:
        return os.stat(f"/proc/{pid}/ns/{namespace}").st_ino
    except OSError:
        return None


def _status_kib(pid: int, key: str, file: str) -> int:
    with (
        contextlib.suppress(OSError, ValueError),
        open(f"/proc/{pid}/{file}", encoding="utf-8") as lines,
    ):
        for line in lines:
            if line.startswith(key):
                return int(line.split()[1])
    return 0


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"the process was ended by {signal.Signals(number).name}"
    return f"the process ended itself with status {os.WEXITSTATUS(status)}"


def bubblewrap_problem() -> str | None:
    """Say why student code cannot be sandboxed here, or None; it is tried, not guessed.

    Namespaces may be forbidden although bubblewrap is installed, as in many containers.
    """
    limits = {"file_bytes": 1 << 20, "memory_bytes": 1 << 30, "processes": 16, "notebook_s": 10.0}
    try:
        sandbox = open_sandbox(limits, {}, {}, lambda: None)
        until = time.monotonic() + 10
        while sandbox.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        ended = sandbox.ended
        sandbox.kill()
    except (GraderError, OSError) as error:
        return str(error)
    finally:  # whoever asked may not want to inherit other processes' orphans
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    return (
        None
        if ended == "the process ended itself with status 0"
        else f"the sandbox does not work here ({ended}): {INSTALL}"
    )


def open_sandbox(
    limits: Mapping[str, Any],
    environment: Mapping[str, str],
    helper_files: Mapping[str, bytes],
    inside: Callable[[], None],
    *,
    walls: bool = True,
    keep: tuple[int, ...] = (),
) -> Sandbox:
    """Fork, enter a new sandbox, and run a function there.

    Parameters
    ----------
    limits : mapping
        As `grader.execution.spec.Limits`.
    environment : mapping from str to str
        What the student code finds besides the little that every program needs.
    helper_files : mapping from name to bytes
        The only files beside the notebook.
    inside : callable
        The student process.
    walls : bool
        False only for ``--unsafe-no-sandbox``.
    keep : tuple of int
        Open files that the student process keeps.
    """
    if walls:
        _libc.prctl(
            _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0
        )  # the student process becomes ours to wait for
    # asked out here: inside, a user may look like root, and a parent has no number
    as_root, opener = walls and os.getuid() == 0, os.getpid()
    folder = "" if walls else tempfile.mkdtemp(prefix="grader-unsafe-")
    wall, init = build_walls(limits) if walls else (None, 0)
    spaces = _namespaces(init) if walls else []
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            os.setsid()
            for space in spaces:
                _call("setns", space, 0)
            student = (
                os.fork() if walls else 0
            )  # a new process is the first inside the pid namespace
            if student:
                os.write(write, str(student).encode())
                os._exit(0)
            os.write(write, str(os.getpid()).encode()) if not walls else None
            if as_root:
                _become_nobody(opener)
            _settle(limits, environment, helper_files, walls, folder, {*keep})
            inside()
            os._exit(0)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(125)  # whatever happens, a fork never goes on as its parent
    os.close(write)
    for space in spaces:
        os.close(space)
    told = os.read(read, 20)
    os.close(read)
    if walls:
        os.waitpid(child, 0)
    if not told:
        if wall:
            wall.kill()
            wall.wait()
        raise GraderError(f"the sandbox could not be entered: {INSTALL}")
    return Sandbox(int(told), wall, init, folder)


def _namespaces(init: int) -> list[int]:
    """Open the namespaces of a sandbox in the order in which they can be entered.

    The user namespace that owns the mounts comes first: whoever made it has there every capability
    that entering the others takes. Last comes the one in which the sandbox's own processes live, in
    which a user is nobody special. As root there is neither: bubblewrap makes none.
    """
    names = ("mnt", "net", "ipc", "uts", "pid")
    spaces = [os.open(f"/proc/{init}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in names]
    owner = fcntl.ioctl(spaces[0], _NS_GET_USERNS)
    if os.fstat(owner).st_ino == _inode(os.getpid(), "user"):
        os.close(owner)
        return spaces
    spaces = [owner, *spaces]
    if _inode(init, "user") != os.fstat(owner).st_ino:
        spaces.append(os.open(f"/proc/{init}/ns/user", os.O_RDONLY | os.O_CLOEXEC))
    return spaces


def _settle(
    limits: Mapping[str, Any],
    environment: Mapping[str, str],
    helper_files: Mapping[str, bytes],
    walls: bool,
    folder: str,
    keep: set[int],
) -> None:
    """Become the student: own files, own user, no capability, limits, and nothing inherited."""
    work = WORK if walls else folder
    os.makedirs(work, exist_ok=True)
    os.chdir(work)
    for name, content in helper_files.items():
        Path(work, os.path.basename(name)).write_bytes(content)
    home = HOME if walls else folder
    os.environ.clear()
    os.environ.update(
        PATH="/usr/bin:/bin", HOME=home, USER="student", LOGNAME="student", LANG="C.UTF-8", TZ="UTC",
        MPLBACKEND="agg", MPLCONFIGDIR=home, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1",
        **environment,
    )  # fmt: skip
    _limit(limits, walls)
    if walls:
        _drop_everything()
    _close_all_but(keep)


def _become_nobody(opener: int) -> None:
    """Take a user id that nobody else on the machine has, in a user namespace of its own.

    The number of processes is counted for each user id, so two workers must not share one.
    """
    for user in (3_000_000_000 + opener, 60_000 + opener % 5000, 65_534):
        try:
            for path in PRIVATE:
                os.chown(path, user, user)
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            break
        except OSError:
            continue
    else:
        raise OSError("no user id to run student code under")
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)  # a change of user took /proc/self away
    _call("unshare", _CLONE_NEWUSER)
    for file, text in (
        ("setgroups", "deny"),
        ("uid_map", f"1000 {user} 1"),
        ("gid_map", f"1000 {user} 1"),
    ):
        with open(f"/proc/self/{file}", "w", encoding="utf-8") as stream:
            stream.write(text)


def mapped_bytes() -> int:
    """Memory this process has mapped [B]; 0 where it cannot be told (only Linux has sandboxes)."""
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="utf-8") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
    return 0


def _limit(limits: Mapping[str, Any], walls: bool) -> None:
    def bound(kind: int, most: int) -> None:
        _, hard = resource.getrlimit(kind)
        most = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
        resource.setrlimit(kind, (most, most))

    if mapped := mapped_bytes():
        bound(resource.RLIMIT_AS, mapped + limits["memory_bytes"])
    bound(resource.RLIMIT_CPU, limits["notebook_s"] + 1)
    bound(resource.RLIMIT_FSIZE, limits["file_bytes"])
    bound(resource.RLIMIT_NOFILE, 256)
    bound(resource.RLIMIT_CORE, 0)
    if walls:  # outside, all processes of the grader's own user would count
        bound(resource.RLIMIT_NPROC, limits["processes"])
        bound(resource.RLIMIT_MEMLOCK, 0)
        bound(resource.RLIMIT_MSGQUEUE, 0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # too large a file is an OSError, not the end


def _drop_everything() -> None:
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
            break
    _call("prctl", _PR_CAP_AMBIENT, 4, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    deny_dangerous_calls()


def _close_all_but(keep: set[int]) -> None:
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    for name in os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"):
        if int(name) > 2 and int(name) not in keep:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _call(name: str, *args: Any) -> None:
    if getattr(_libc, name)(*args):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
