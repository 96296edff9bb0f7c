"""Grade a lab on a Dask Gateway cluster: ``python grading_cluster.py lab03_ttft --workers 100``.

Run in the course, on an instructor's server. Opens a cluster, grades on it, and ends it, whatever
happens. Gateway gives each cluster a certificate of its own; `grader` connects to the scheduler with
it directly, encrypted and authenticated, and never through the gateway's proxy.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GATEWAY = "http://traefik-dask-gateway.supercycle-grading"


def scheduler_address(name: str) -> str:
    """Return where a cluster's scheduler listens, from the name ``<namespace>.<id>`` Gateway gives it.

    Examples
    --------
    >>> scheduler_address("supercycle-grading.0a1b2c")
    'tls://dask-0a1b2c.supercycle-grading:8786'
    """
    namespace, _, number = name.rpartition(".")
    return f"tls://dask-{number}.{namespace}:8786"


@contextlib.contextmanager
def certificates(security: Any) -> Iterator[dict[str, str]]:
    """Yield the variables by which Dask finds a cluster's certificate, in files nobody else reads."""
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        certificate, key = Path(folder, "dask.crt"), Path(folder, "dask.pem")
        for path, text in ((certificate, security.tls_cert), (key, security.tls_key)):
            path.touch(mode=0o600)
            path.write_text(text)
        tls = "DASK_DISTRIBUTED__COMM__TLS__"
        yield {
            f"{tls}CA_FILE": str(certificate),  # it signed itself
            f"{tls}CLIENT__CERT": str(certificate),
            f"{tls}CLIENT__KEY": str(key),
        }


def grade(gateway: Any, lab: str, workers: int, more: list[str]) -> int:
    """Grade a lab on a cluster that grows with the work, and return grader's exit status."""
    with gateway.new_cluster(shutdown_on_close=True) as cluster:
        cluster.adapt(minimum=1, maximum=workers)
        with certificates(cluster.security) as variables:
            command = ["grader", "grade", lab, "--scheduler", scheduler_address(cluster.name)]
            return subprocess.run([*command, *more], env={**os.environ, **variables}).returncode


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Grade a lab on a cluster; more options go to grader."
    )
    parser.add_argument("lab")
    parser.add_argument("--workers", type=int, default=50, help="most submissions at a time")
    asked, more = parser.parse_known_args()
    from dask_gateway import Gateway

    return grade(Gateway(GATEWAY, auth="jupyterhub"), asked.lab, asked.workers, more)


if __name__ == "__main__":
    raise SystemExit(main())
