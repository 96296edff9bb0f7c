"""What goes wrong in a way its reader can mend: always one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["GraderError", "nearest"]


class GraderError(Exception):
    """A problem of a lab, a submission or a command, said in one sentence.

    The command line prints the sentence and ends with exit status 1, without a traceback.
    """


def nearest(name: str, valid: Iterable[str]) -> str:
    """Say what a mistyped name may have meant, or what there is.

    Examples
    --------
    >>> nearest("lab03_tft", ["lab03_ttft", "lab04_serving"])
    'did you mean lab03_ttft?'
    >>> nearest("x", [])
    'there is none yet'
    """
    names = sorted(valid)
    if not names:
        return "there is none yet"
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
