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

from hub.folders import Hub

ROOT = Path(__file__).resolve().parents[3]
SOLUTIONS = ROOT / "grading" / "tests" / "fixtures" / "solutions"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class RunningHub:
    """Start, restart and stop a hub; what it says goes to a file beside its data."""

    def __init__(self, data, solutions=SOLUTIONS):
        self.data, self.solutions, self.process = data, solutions, None
        self.log = data.with_suffix(".log")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.folders = Hub.at(data)

    def start(self, seconds=120):
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "hub", "start", "--port", str(self.port)]
        command += ["--data", str(self.data), "--solutions", str(self.solutions)]
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, start_new_session=True
            )
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
        command = [sys.executable, "-m", "hub", "clean", "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
