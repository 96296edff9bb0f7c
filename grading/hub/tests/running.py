"""A hub as `make hub` starts it, in a folder of its own, on a port that the system gives."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from grader.exchange import Layout
from hub.folders import COURSE_ID, Hub
from hub.prepare import own_ports

ROOT = Path(__file__).resolve().parents[3]
SOLUTIONS = ROOT / "grading" / "tests" / "fixtures" / "solutions"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class RunningHub:
    """Start, restart and stop a hub; what it says goes to a file beside its data."""

    def __init__(self, data, solutions=SOLUTIONS, *, user=None):
        self.data, self.solutions, self.process = data, solutions, None
        self.user = user  # who starts it; we do when nobody is named
        self.log = data.with_suffix(".log")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.folders = Hub.at(data)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()
        self.clean()

    def command(self, verb, *arguments):
        """Return the hub's command and its environment."""
        command = [sys.executable, "-m", "hub", verb, *arguments, "--data", str(self.data)]
        if self.user:
            return self.user.command(*command), self.user.environment
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return command, {**os.environ, "PATH": path}

    def start(self, seconds=120):
        """Start it and wait until it answers."""
        command, environment = self.command(
            "start", "--port", str(self.port), "--solutions", str(self.solutions)
        )
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, start_new_session=True,
                cwd=self.data.parent,
            )  # fmt: skip
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"the hub ended: {self.said()[-2000:]}")
            try:
                with urllib.request.urlopen(f"{self.url}/hub/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(f"the hub doesn't answer: {self.said()[-2000:]}")

    def said(self):
        """Return what it printed."""
        return self.log.read_text(errors="replace")

    def password(self, name):
        """Return a member's password."""
        return next(m.password for m in self.folders.members() if m.name == name)

    def stop(self):
        """End it as Ctrl-C does; its servers end with it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def clean(self):
        """Remove its accounts and its data."""
        command, environment = self.command("clean")
        done = subprocess.run(
            command,
            env=environment,
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    # -- what is there -------------------------------------------------------------------------

    def layout(self):
        """Return the folders of the exchange."""
        return Layout(self.folders.exchange, COURSE_ID)

    def dropped(self, name):
        """Return the folders of a student's submissions, oldest first."""
        return [found.path for found in self.layout().dropped(name)]

    # -- what students must not find -----------------------------------------------------------

    def closed_to(self, name):
        """Return what is there and is no student's to see: homes, course, secrets, tests."""
        folders = self.folders
        others = [m.name for m in folders.members() if m.name not in (name, "oscar")]
        places = [
            *map(folders.home, others), folders.course, folders.course / "grading" / "gradebook.db",
            folders.course / "solutions", folders.roster, folders.secret, folders.state,
            ROOT / "solutions", ROOT / "grading" / "tests",
        ]  # fmt: skip
        assert all(path.exists() for path in places)
        return places

    # -- killing -------------------------------------------------------------------------------

    def server(self, name):
        """Return the process of a member's server."""
        api = f"http://127.0.0.1:{own_ports(self.folders)['HUB_OWN_PORT']}/hub/api"
        wanted = {f"JUPYTERHUB_USER={name}".encode(), f"JUPYTERHUB_API_URL={api}".encode()}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                environ = set((process / "environ").read_bytes().split(b"\0"))
            except OSError:  # ended meanwhile, or somebody else's
                continue
            program = words[0] == sys.executable.encode() and b"jupyterhub.singleuser" in words
            if program and wanted <= environ:
                return int(process.name)
        return None

    def kill(self):
        """Kill hub and proxy at once, as a power cut would; the members' servers go on."""
        proxy = int((self.folders.state / "proxy.pid").read_text())
        self.process.kill()
        os.kill(proxy, signal.SIGKILL)
        self.process.wait()
