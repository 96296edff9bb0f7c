"""Warm workers side by side: each grades one submission at a time, none can hurt another's.

A worker is a process of its own that holds one `execution.Worker` for every version of the lab it
meets. What it is sent and what it answers is JSON. A worker that dies or hangs costs only the
submission it had, which is tried again in a new one; what kills three workers is given up.
"""

from __future__ import annotations

import base64
import collections
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Literal

from grader.errors import GraderError
from grader.execution import Run
from grader.execution.spec import LabSpec

__all__ = ["Grading", "Job", "as_json", "grade_jobs", "run_job"]

#: A submission that ends so many workers is not tried again.
TRIES = 3
#: So many workers in a row may fail to start.
STARTS = 10


@dataclass(frozen=True)
class Job:
    """One submission to be graded.

    Attributes
    ----------
    student : str
    submission : bytes or None
        The notebook as it was handed in; None when there is none.
    spec : LabSpec
        The version of the lab it was given out with, and the tests.
    version : str
        ``spec.digest``.
    environment : mapping
        What the student's code finds in its environment: the code of the scenario.
    """

    student: str
    submission: bytes | None
    spec: LabSpec
    version: str
    environment: Mapping[str, str]


Grading = Callable[[LabSpec, bool], Any]
"""Makes an `execution.Worker` from a lab and whether to use the sandbox."""


def _worker(spec: LabSpec, sandbox: bool) -> Any:
    from grader.execution import Worker

    return Worker(spec, sandbox=sandbox)


def run_job(
    workers: dict[str, Any],
    job: Mapping[str, Any],
    make: Grading = _worker,
    on_begin: Callable[[], None] = lambda: None,
) -> str:
    """Grade one submission that came as JSON; the answer is JSON too.

    Parameters
    ----------
    workers : dict
        Warm workers by version of the lab; a missing one is made.
    job : mapping
        What `as_json` makes; ``spec`` may be None for a version sent before.
    on_begin : callable
        Called when the worker is warm and takes the submission up.
    """
    version = job["version"]
    if version not in workers:
        workers[version] = make(LabSpec.from_json(job["spec"]), job["sandbox"])
    on_begin()
    raw = None if job["submission"] is None else base64.b64decode(job["submission"])
    run = workers[version].grade(raw, environment=job["environment"])
    return json.dumps(run.to_json())


def as_json(job: Job, *, sandbox: bool, with_spec: bool = True) -> dict[str, Any]:
    """Return what `run_job` takes."""
    raw = job.submission
    return {
        "version": job.version,
        "spec": job.spec.to_json() if with_spec else None,
        "submission": None if raw is None else base64.b64encode(raw).decode("ascii"),
        "environment": dict(job.environment),
        "sandbox": sandbox,
    }


def given_up(job: Job, reason: str) -> Run:
    """Return how a submission ends that no worker survived."""
    from grader.execution import CellRun

    cells = tuple(CellRun(cell.grade_id, 0.0, cell.points) for cell in job.spec.graded)
    return Run("ungradable", reason, cells, (reason,), 0.0, True, {})


def grade_jobs(
    jobs: Iterable[Job],
    *,
    workers: int,
    sandbox: bool = True,
    make: Grading = _worker,
    on_start: Callable[[str], None] = lambda student: None,
) -> Iterator[tuple[Job, Run]]:
    """Grade jobs by so many workers and yield each as it is done, in any order.

    Parameters
    ----------
    jobs : iterable of Job
        Taken one by one, when a worker is free.
    workers : int
    sandbox : bool
    make : callable
        Makes a worker; it must be importable by name.
    on_start : callable
        Called with the student when a worker begins.

    Raises
    ------
    GraderError
        When a worker cannot be made: what is wrong with the lab or the machine.
    """
    queue = _Queue(jobs)
    crew: list[_Process] = []
    failed_starts = 0
    try:
        while True:
            while len(crew) < workers and (job := queue.take()) is not None:
                crew.append(_Process(make, sandbox))
                crew[-1].give(job, on_start)
            if not crew:
                return
            for process in _ready(crew):
                job = process.job
                assert job is not None
                try:
                    told = process.answer()
                except GraderError:
                    # a worker that was killed while it started says so, too: try before giving up
                    crew.remove(process)
                    process.kill()
                    failed_starts += 1
                    if failed_starts >= STARTS:
                        raise
                    queue.put_back(job)
                    continue
                failed_starts = 0
                if told == "begun":
                    continue
                run = told
                if run is None:
                    crew.remove(process)
                    if not queue.again(job):
                        yield job, given_up(job, f"{TRIES} grading processes ended while it ran")
                    continue
                following = queue.take()
                if following is None:
                    crew.remove(process)
                    process.end()
                else:
                    process.give(following, on_start)
                yield job, run
    finally:
        for process in crew:
            process.kill()


class _Queue:
    """Jobs still to do: first those that lost their worker, then the next ones."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = iter(jobs)
        self._again: collections.deque[Job] = collections.deque()
        self._ended: collections.Counter[str] = collections.Counter()

    def take(self) -> Job | None:
        return self._again.popleft() if self._again else next(self._jobs, None)

    def put_back(self, job: Job) -> None:
        """Take a job back that was never begun."""
        self._again.appendleft(job)

    def again(self, job: Job) -> bool:
        """Take a job back that ended its worker, unless it did so too often."""
        self._ended[job.student] += 1
        if self._ended[job.student] < TRIES:
            self._again.append(job)
            return True
        return False


class _Process:
    """A worker process and the job it has."""

    def __init__(self, make: Grading, sandbox: bool) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.connection, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_main, args=(theirs, make), daemon=False)
        self.process.start()
        theirs.close()
        self.sandbox = sandbox
        self.job: Job | None = None
        self.begun = False
        self._known: set[str] = set()
        self.deadline = 0.0

    def give(self, job: Job, on_start: Callable[[str], None]) -> None:
        on_start(job.student)
        fresh = job.version not in self._known
        self._known.add(job.version)
        self.job, self.begun = job, False
        # the worker ends endless cells itself; this is for a worker that hangs
        self.deadline = time.monotonic() + 2 * job.spec.limits.notebook_s + 60
        with suppress(OSError):  # a dead worker is met when its answer is read
            data = json.dumps(as_json(job, sandbox=self.sandbox, with_spec=fresh))
            self.connection.send_bytes(data.encode())

    def answer(self) -> Run | Literal["begun"] | None:
        """Return the answer, or that it has begun; None when it is gone with the submission it had.

        Raises
        ------
        GraderError
            When it could not start, or did not live to begin.
        """
        try:
            if not self.connection.poll():
                raise EOFError  # it hangs
            told = json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.kill()
            if not self.begun:
                raise GraderError("the grading processes end as soon as they start") from None
            return None
        if "refused" in told:
            raise GraderError(told["refused"])
        if "begun" in told:
            self.begun = True
            return "begun"
        return Run.from_json(told)

    def end(self) -> None:
        self.connection.close()
        self.process.join(timeout=10)
        self.kill()

    def kill(self) -> None:
        with suppress(OSError):
            self.connection.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


def _ready(crew: list[_Process]) -> list[_Process]:
    """Wait for answers, deaths and hangs."""
    while True:
        done = set(wait([p.connection for p in crew], timeout=1.0))
        now = time.monotonic()
        found = [p for p in crew if p.connection in done or now > p.deadline]
        if found:
            return found


def _main(connection: Connection, make: Grading) -> None:
    """Live as long as the engine does, and grade what comes."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    workers: dict[str, Any] = {}
    try:
        while True:
            job = json.loads(connection.recv_bytes())
            try:
                told = run_job(workers, job, make, lambda: connection.send_bytes(b'{"begun": 1}'))
            except GraderError as error:
                told = json.dumps({"refused": str(error)})
            connection.send_bytes(told.encode())
    except (EOFError, OSError, KeyboardInterrupt):
        pass  # the engine has no more work, or is gone
    finally:
        for worker in workers.values():
            with suppress(Exception):
                worker.close()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
