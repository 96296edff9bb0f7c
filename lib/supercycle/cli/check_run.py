"""Run answers and checks in a fresh kernel; a cell that fails, hangs or kills it costs only itself."""

from __future__ import annotations

import queue
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supercycle.cli.check_notebook import AGAIN, Cell, Notebook

__all__ = ["Kernel", "Result", "run"]

START_S = 60.0


@dataclass(frozen=True)
class Result:
    """What became of one check: ``passed``, ``failed`` or ``open`` (its answer is as released)."""

    check: Cell
    state: str
    said: str = ""


class Kernel:
    """A kernel of this Python in a folder, started anew whenever a cell hangs or kills it.

    The notebook's own kernel is not asked for: it may belong to another Python.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manager: Any = None
        self._client: Any = None

    def __enter__(self) -> Kernel:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._manager = _manager()
        self._manager.start_kernel(
            cwd=str(self._folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._client = self._manager.client()
        self._client.start_channels()
        try:
            self._client.wait_for_ready(timeout=START_S)
        except RuntimeError as error:
            self.stop()
            raise ValueError(
                f"the kernel does not start ({error}): run `supercycle doctor`"
            ) from None

    def stop(self) -> None:
        """Stop it, whatever it is doing."""
        if self._client is not None:
            self._client.stop_channels()
            self._manager.shutdown_kernel(now=True)
            self._client = None

    def run(self, source: str, limit_s: float) -> str:
        """Run a cell.

        Returns
        -------
        str
            One sentence on what went wrong, or nothing. After a cell that hangs or kills the
            kernel there is none: `alive` says so.
        """
        message = self._client.execute(source, store_history=False, allow_stdin=False)
        said = ""
        until = time.monotonic() + limit_s
        while True:
            try:
                heard = self._client.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                if not self._manager.is_alive():
                    self.stop()
                    return "the kernel died here (out of memory, or an exit?)"
                if time.monotonic() > until:
                    self.stop()
                    return f"still running after {limit_s:g} s: stopped"
                continue
            if heard["parent_header"].get("msg_id") != message:
                continue
            if heard["msg_type"] == "error":
                said = _sentence(heard["content"])
            elif heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                return said
            if time.monotonic() > until:  # a cell that prints without end is never silent
                self.stop()
                return f"still running after {limit_s:g} s: stopped"

    @property
    def alive(self) -> bool:
        """Whether it can take another cell."""
        return self._client is not None


def _manager() -> Any:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import KernelManager

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> Any:
            return KernelSpec(argv=command, display_name=kernel_name, language="python")

    return KernelManager(kernel_name="python3", kernel_spec_manager=ThisPython())


def _sentence(error: Any) -> str:
    """Say an exception in one line; a check's sentence stands by itself."""
    words = " ".join(str(error["evalue"]).split())[:300]
    words = re.sub(r"\(\d+\.py, line", "(line", words)  # the cell's made-up file name
    if error["ename"] == "CheckError":
        return words
    said = f"{error['ename']}: {words}" if words else error["ename"]
    if error["ename"] == "NameError":
        said += " (only answer cells are run: what you define in cells of your own is not there)"
    return said


def run(notebook: Notebook, *, limit_s: float) -> list[Result]:
    """Run a notebook's answers and checks in order, each within a time limit.

    Checks below an answer that is as released are left out. After a cell that hangs or kills the
    kernel, a new one takes over where it was: the cells before it are run again, except for checks.

    Parameters
    ----------
    notebook : Notebook
    limit_s : float
        Longest run of an answer or a check; what the course gives has a minute [s].

    Returns
    -------
    list of Result
        One for each check, in order.
    """
    if not any(notebook.attempted(check.answer) for check in notebook.checks):
        return [Result(check, "open") for check in notebook.checks]
    results: list[Result] = []
    held: list[str] = []  # sources that a new kernel has to run again
    broken: dict[str, str] = {}  # what an answer said when it stopped
    with Kernel(notebook.path.parent) as kernel:
        for cell in notebook.cells:
            if cell.kind == "check":
                results.append(_judge(kernel, cell, notebook, broken, limit_s))
            elif cell.kind == "given" or (cell.kind == "answer" and cell.changed):
                # What the course gives (imports, tables) may be slow on a busy machine.
                own_s = limit_s if cell.kind == "answer" else max(limit_s, START_S)
                said = kernel.run(cell.source, own_s)
                if said:
                    broken[cell.name] = said
                else:
                    held.append(cell.source)
            if not kernel.alive:
                kernel.start()
                for source in held:
                    kernel.run(source, max(limit_s, START_S))
                    if not kernel.alive:
                        raise ValueError(
                            f"{notebook.path}: a cell that ran before now stops the kernel; "
                            "run the check again, with a longer --timeout if the machine is busy"
                        )
    return results


def _judge(
    kernel: Kernel, check: Cell, notebook: Notebook, broken: dict[str, str], limit_s: float
) -> Result:
    if check.changed:
        return Result(check, "failed", "this check was edited: put back what was released")
    if not notebook.has(check.answer):
        return Result(check, "failed", f"its answer cell is gone: {AGAIN}")
    if not notebook.attempted(check.answer):
        return Result(check, "open")
    if check.answer in broken:
        return Result(check, "failed", f"your cell {check.answer} stops: {broken[check.answer]}")
    said = kernel.run(check.source, limit_s)
    if said.startswith(f"NameError: name {check.answer!r} is not defined"):
        said = f"your cell defines no {check.answer}: was it renamed?"
    return Result(check, "failed" if said else "passed", said)
