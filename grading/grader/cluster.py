"""Grade on many machines: the jobs of `pool`, sent to a Dask scheduler.

Beyond this machine the connection must be encrypted and authenticated (``tls://``): whoever can
speak to a scheduler can run code on its workers. Certificates come from Dask's own configuration
(``distributed.comm.tls``). Results are JSON, so that nothing a worker sends is unpickled here.

The workers need this package, bubblewrap, and leave to start processes::

    DASK_DISTRIBUTED__WORKER__DAEMON=False dask worker tls://…
"""

from __future__ import annotations

import ipaddress
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from grader.errors import GraderError
from grader.execution import Run
from grader.pool import Grading, Job, _worker, as_json, run_job

__all__ = ["check_address", "grade_on_cluster"]

#: Jobs handed to the scheduler at a time; the rest stay here, so that a class fits into memory.
AHEAD = 256
#: How long a scheduler may take to answer [s].
CONNECT_S = 20.0


def check_address(address: str) -> None:
    """Refuse a scheduler that could be overheard or impersonated.

    Examples
    --------
    >>> check_address("tls://scheduler.example.edu:8786")
    >>> check_address("tcp://127.0.0.1:8786")
    >>> check_address("tcp://10.0.0.7:8786")
    Traceback (most recent call last):
      ...
    grader.errors.GraderError: scheduler tcp://10.0.0.7:8786 is beyond this machine: use tls://, as anyone on the way could run code on its workers
    """
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname:
        raise GraderError(
            f"scheduler {address!r} is no address: write tls://host:port, or tcp://127.0.0.1:port"
        )
    if parts.scheme == "tcp" and not _is_loopback(parts.hostname):
        raise GraderError(
            f"scheduler {address} is beyond this machine: use tls://, "
            "as anyone on the way could run code on its workers"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def grade_on_cluster(
    jobs: Iterable[Job],
    *,
    scheduler: str,
    sandbox: bool = True,
    make: Grading = _worker,
    on_start: Callable[[str], None] = lambda student: None,
) -> Iterator[tuple[Job, Run]]:
    """Grade jobs on a cluster and yield each as it is done; see `pool.grade_jobs`.

    Raises
    ------
    GraderError
        When the address is not safe or nobody answers there.
    """
    from distributed import Client, as_completed
    from distributed.security import Security

    check_address(scheduler)
    plain = ["dask", "msgpack"]
    secure = scheduler.startswith("tls:")
    try:
        client = Client(
            scheduler,
            security=Security(require_encryption=True) if secure else None,
            deserializers=plain,
            timeout=CONNECT_S,
            set_as_default=False,
        )
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise GraderError(f"no scheduler answers at {scheduler}: {why}") from None
    with client:
        waiting: dict[Any, Job] = {}
        rest = iter(jobs)
        done = as_completed(loop=client.loop)

        def submit() -> None:
            for job in rest:
                on_start(job.student)
                data = json.dumps(as_json(job, sandbox=sandbox))
                future = client.submit(_remote, data, make, pure=False, retries=2)
                waiting[future.key] = job
                done.add(future)
                return

        for _ in range(AHEAD):
            submit()
        for future in done:
            job = waiting.pop(future.key)
            try:
                told = json.loads(future.result())
            except Exception as error:  # a worker's death, or what its environment lacks
                raise GraderError(
                    f"the cluster could not grade {job.student}: "
                    f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
                ) from None
            if "refused" in told:
                raise GraderError(told["refused"])
            submit()
            yield job, Run.from_json(told)
            if not waiting:
                return


_own = threading.local()


def _remote(data: str, make: Grading) -> str:
    """Grade one job on a worker of the cluster; each of its threads keeps its own warm workers."""
    if not hasattr(_own, "workers"):
        _own.workers = {}
    try:
        return run_job(_own.workers, json.loads(data), make)
    except GraderError as error:
        return json.dumps({"refused": str(error)})
