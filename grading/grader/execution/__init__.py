"""Grade one submission: student code in a sandbox, test cells in a process of their own.

The seam to the rest of the grader is small::

    spec = describe(lab, release)             # plain data: JSON-able, hashable, picklable
    with Worker(spec) as worker:              # warm processes, one submission at a time
        run = worker.grade(path.read_bytes(), environment={"SUPERCYCLE_SEED_LAB03": code})

``grade`` returns a `Run` for any bytes; it raises `grader.errors.GraderError` only for what is
wrong with the lab or the machine (such as a missing bubblewrap), never for a submission.

Read on in this order: `rebuild` (bytes → answers), `values` (what may cross between the processes),
`proxy` (a student's name in the trusted process), `student` and `trusted` (the two processes),
`sandbox` (what surrounds the first), `worker` (how they are kept warm).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.execution.run import CellRun, Run

if TYPE_CHECKING:
    from grader.execution.idioms import unsupported_idioms
    from grader.execution.spec import describe
    from grader.execution.worker import Worker

__all__ = ["CellRun", "Run", "Worker", "describe", "unsupported_idioms"]

_HOME = {"Worker": "worker", "describe": "spec", "unsupported_idioms": "idioms"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"grader.execution.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
