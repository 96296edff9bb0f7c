"""What goes wrong in a way its reader can mend: always one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["GraderError", "few", "nearest"]

#: A longer list is cut: who reads a sentence does not read a class.
MOST_NAMES = 12


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
    return f"did you mean {close[0]}?" if close else f"there are {few(names)}"


def few(names: Iterable[str]) -> str:
    """Return names in a row, and of many only the first.

    Examples
    --------
    >>> few(["ada", "ben"])
    'ada, ben'
    >>> few(f"s{n}" for n in range(100))
    's0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 and 88 more'
    """
    all_of_them = list(names)
    rest = len(all_of_them) - MOST_NAMES
    return ", ".join(all_of_them[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")
