"""Signs at run time: what student code tries to open, reach or start, noted by an audit hook.

The hook can be dodged by who knows of it (it lives in the student's process), so it is no defence:
the sandbox is. It tells an instructor what an answer attempted, which its text may not show.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["note_attempts"]

_SIGNS = {
    "socket.connect": "tried to reach the network",
    "socket.getaddrinfo": "tried to reach the network",
    "socket.gethostbyname": "tried to reach the network",
    "socket.sendto": "tried to reach the network",
    "subprocess.Popen": "tried to start a program",
    "os.system": "tried to start a program",
    "os.exec": "tried to start a program",
    "os.posix_spawn": "tried to start a program",
    "os.fork": "started processes",
    "os.kill": "tried to send a signal",
    "sqlite3.connect": "tried to open a database",
    "gc.get_objects": "searched the memory of its process",
    "gc.get_referrers": "searched the memory of its process",
}
_PLACES = {"open", "os.listdir", "os.scandir"}
_OWN = ("/proc/self/", "/dev/", "/tmp", "/usr/", "/lib", "/etc/", "/home/student", "<")


def note_attempts(note: Callable[[str], None]) -> None:
    """Call ``note`` with a sentence for each new attempt of this process."""
    allowed = (*_OWN, os.getcwd(), *(os.path.abspath(path) for path in sys.path if path), sys.prefix, sys.base_prefix)  # fmt: skip
    seen: set[str] = set()

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _PLACES:
            path = args[0] if args else None
            if not isinstance(path, (str, bytes)):
                return
            text = os.fsdecode(path)
            if text.startswith(allowed) and ".." not in text:
                return
            if not text.startswith("/") and ".." not in text:
                return
            sentence = f"tried to look into {text[:80]}"
        elif event in _SIGNS:
            sentence = _SIGNS[event]
        else:
            return
        if sentence not in seen and len(seen) < 20:
            seen.add(sentence)
            note(f"an answer {sentence}")

    sys.addaudithook(hook)
