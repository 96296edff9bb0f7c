"""Run the cells of a notebook in one IPython shell, without a kernel, and keep what they put out.

Both processes use it. A kernel would cost half a second a submission and an open port; the shell
alone understands magics, rich displays and top-level ``await`` as the notebook did.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

__all__ = ["CellTooLong", "Done", "Outputs", "bounded", "new_shell", "run_cell", "time_limit"]

#: After the first alarm a cell is reminded this often, in case it catches everything [s].
REMIND_S = 0.1


class CellTooLong(BaseException):
    """The cell used up its time."""


class Outputs(list[dict[str, Any]]):
    """A cell's outputs as a notebook stores them; text beyond the limit is counted, not kept."""

    def __init__(self, limit_chars: int) -> None:
        super().__init__()
        self.left = limit_chars
        self.cut = 0

    def write(self, name: str, text: str) -> None:
        """Add to a stream."""
        kept, self.cut = text[: self.left], self.cut + max(0, len(text) - self.left)
        self.left -= len(kept)
        if not kept:
            return
        if not (self and self[-1].get("name") == name):
            self.append({"output_type": "stream", "name": name, "text": []})
        self[-1]["text"].append(kept)

    def display(self, kind: str, data: dict[str, Any]) -> None:
        """Add a rich output, if there is room for it."""
        size = sum(len(value) for value in data.values() if isinstance(value, (str, bytes)))
        if size > 40 * max(self.left, 0):  # figures are larger than text
            self.cut += size
            return
        self.left -= min(len(str(data.get("text/plain", ""))), self.left)
        self.append({"output_type": kind, "data": dict(data), "metadata": {}})

    def finished(self) -> list[dict[str, Any]]:
        """Return plain data, with a last line that says how much was cut."""
        if self.cut:
            self.left = 100
            self.write("stdout", f"\n[{self.cut:,} more characters were not kept]\n")
            self.cut = 0
        return [
            {**output, "text": "".join(output["text"])} if "text" in output else output
            for output in self
        ]

    def text(self, name: str) -> str:
        """Return what was written to a stream."""
        return "".join("".join(o["text"]) for o in self if o.get("name") == name)


def bounded(outputs: Any, limit_chars: int) -> list[dict[str, Any]]:
    """Return outputs that another process sent, as small as if this one had kept them itself."""
    kept = Outputs(limit_chars)
    for output in outputs[:200] if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        if isinstance(output.get("text"), str):
            kept.write("stderr" if output.get("name") == "stderr" else "stdout", output["text"])
        elif isinstance(data, dict):
            shown = {k: v for k, v in data.items() if isinstance(v, str)}
            kept.display(str(output.get("output_type"))[:20], shown)
        elif output.get("output_type") == "error":
            lines = output.get("traceback")
            kept.append(
                {
                    "output_type": "error",
                    "ename": str(output.get("ename"))[:200],
                    "evalue": str(output.get("evalue"))[:2000],
                    "traceback": [str(x)[:2000] for x in lines[:40]]
                    if isinstance(lines, list)
                    else [],
                }
            )
    return kept.finished()


class _Stream(io.TextIOBase):
    """``sys.stdout`` and ``sys.stderr`` while a cell runs."""

    encoding = "utf-8"

    def __init__(self, outputs: Outputs, name: str) -> None:
        self.outputs, self.stream_name = outputs, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.outputs.write(self.stream_name, text)
        return len(text)


class _Hook(DisplayHook):
    """Keep the value of a cell's last expression instead of printing it."""

    def __call__(self, result: Any = None) -> None:
        shell: Any = self.shell
        if result is None or self.quiet():
            return
        self.fill_exec_result(result)
        data, _ = shell.display_formatter.format(result)
        shell.outputs.display("execute_result", data)


class _Publisher(DisplayPublisher):
    """Keep what ``display`` shows."""

    def publish(self, data: Any, *args: Any, **kwargs: Any) -> None:
        shell: Any = self.shell
        shell.outputs.display("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        pass


class _Shell(InteractiveShell):
    """A shell whose outputs and tracebacks are data."""

    outputs: Outputs

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        """Note the error; IPython's own coloured traceback would cost more than most cells."""
        self.outputs.append(error_output((exc_tuple or sys.exc_info())[1]))

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """Note the error."""
        self.showtraceback()

    showindentationerror = showsyntaxerror


def error_output(error: BaseException | None) -> dict[str, Any]:
    """Return an error as a notebook stores it; no method of a student's exception is trusted to work."""
    name = "CellTooLong" if isinstance(error, CellTooLong) else type(error).__name__
    text = said_by(error)
    try:
        lines = list(error._render_traceback_())  # type: ignore[union-attr]
    except Exception:
        lines = [f"{name}: {text}"]
        with contextlib.suppress(Exception):
            frames = traceback.extract_tb(error.__traceback__ if error else None)
            own = [f for f in frames if "ipython-input" in f.filename or f.filename[:1] == "<"]
            where = traceback.format_list(own[-5:])
            lines = [line.rstrip("\n")[:500] for line in where] + lines
    return {
        "output_type": "error",
        "ename": name,
        "evalue": text,
        "traceback": [str(line)[:2000] for line in lines[:40]],
    }


def said_by(error: BaseException | None) -> str:
    """Return an error's message, bounded."""
    try:
        return str(error)[:2000]
    except Exception:
        return "(its message cannot be shown)"


def new_shell() -> Any:
    """Make the shell; once a process, before it forks."""
    shell: Any = _Shell.instance(displayhook_class=_Hook, display_pub_class=_Publisher)
    if shell.history_manager is not None:
        shell.history_manager.enabled = False
    atexit.unregister(shell.atexit_operations)
    shell.outputs = Outputs(0)
    return shell


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `CellTooLong` in the main thread when the time is up, again and again until it ends."""

    def late(*_: Any) -> None:
        raise CellTooLong(f"ran longer than {seconds:.3g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01), REMIND_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def streams(outputs: Outputs) -> Iterator[None]:
    """Send what is printed to the outputs."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Stream(outputs, "stdout"), _Stream(outputs, "stderr")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@dataclass
class Done:
    """How a cell ended."""

    outputs: Outputs
    error: BaseException | None = None
    value: Any = None
    seconds: float = 0.0
    said: str = field(default="")


def run_cell(shell: Any, source: str, *, limit_s: float, limit_chars: int) -> Done:
    """Run one cell."""
    outputs = shell.outputs = Outputs(limit_chars)
    start = time.perf_counter()
    value, error = None, None
    try:
        with streams(outputs), time_limit(limit_s):
            done = shell.run_cell(source, store_history=False)
        value, error = done.result, done.error_before_exec or done.error_in_exec
    except BaseException as late:  # the alarm may ring between the cell and here
        error = late
        outputs.append(error_output(late))
    return Done(outputs, error, value, time.perf_counter() - start)
