"""An unprivileged PostgreSQL server in a temporary folder, on this machine only."""

import contextlib
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path


def programs():
    """Return the folder of the server's programs, or None."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb")]
    return Path(found[-1]).parent if found[-1] else None


class Server:
    """A server that can be started, killed and started again."""

    def __init__(self):
        self.bin = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="grader-pg-", dir="/tmp"))
        self.data = self.folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if os.getuid() == 0:  # the server refuses to run as root
            user = next(u for u in ("postgres", "nobody") if _exists(u))
            shutil.chown(self.folder, user)
            self.prefix = [
                "setpriv",
                f"--reuid={user}",
                f"--regid={pwd.getpwnam(user).pw_gid}",
                "--clear-groups",
            ]
        else:
            self.prefix = []
        self._run("initdb", "-D", self.data, "-U", "grader", "-A", "trust", "--no-sync")
        self.start()
        self.count = 0

    def _run(self, program, *words):
        command = [*self.prefix, str(self.bin / program), *map(str, words)]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
        )

    def start(self):
        """Start the server; after a kill its memory may be in use for a moment longer."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=on"
        words = ("-D", self.data, "-w", "-o", options, "-l", self.folder / "log", "start")
        for patience in range(40, -1, -1):
            try:
                return self._run("pg_ctl", *words)
            except subprocess.CalledProcessError:
                if not patience:
                    raise
                time.sleep(0.25)

    def kill(self):
        """End the server as a power cut would."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        for child in subprocess.run(
            ["pgrep", "-P", str(pid)], capture_output=True, text=True
        ).stdout.split():
            _kill(int(child))
        _kill(pid)
        # where nobody collects the dead, the server would take the old one for running
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def database(self):
        """Make a new, empty database and return its address."""
        import psycopg

        self.count += 1
        name = f"course{self.count}"
        with psycopg.connect(
            f"postgresql://grader@127.0.0.1:{self.port}/postgres", autocommit=True
        ) as db:
            db.execute(f"create database {name}")
        return f"postgresql://grader@127.0.0.1:{self.port}/{name}"

    def stop(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def _kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 9)


def _exists(user):
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
