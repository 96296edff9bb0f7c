"""Warm processes that grade one submission after another."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from grader.execution.run import Run
from grader.execution.spec import LabSpec

__all__ = ["Worker"]


class Worker:
    """Grade submissions of one lab, one at a time, each in a fresh sandbox.

    Parameters
    ----------
    lab : LabSpec
    sandbox : bool
        False runs student code unprotected and says so in every `Run`.
    """

    def __init__(self, lab: LabSpec, *, sandbox: bool = True) -> None:
        self.lab = lab
        self.sandbox = sandbox

    def grade(
        self, submission: bytes | None, *, environment: Mapping[str, str] | None = None
    ) -> Run:
        """Grade the bytes of a notebook; whatever they are, a `Run` comes back."""
        raise NotImplementedError

    def close(self) -> None:
        """End the warm processes."""

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
