"""Checks that coach: what they see in an answer, said in one sentence, without the answer.

A *visible* check looks at kind, sign, limits, order and direction; it never contains the value.
A *hidden* test compares with a reference (`agrees`) and names the likely misconception.
Every failure is a `CheckError`, which a notebook shows as its sentence, without a traceback, while
nbgrader still sees a failed cell.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CheckError", "agrees", "answered", "calibration", "named", "number", "numbers", "ok", "parts",
    "prediction", "refuses", "rising", "same", "withhold",
]  # fmt: skip


class CheckError(AssertionError):
    """A check that did not pass; notebooks render it as one sentence."""

    def _render_traceback_(self) -> list[str]:
        return [f"✗ {self}"]


def ok(what: str) -> None:
    """Say that a group of checks passed."""
    print(f"✓ {what}")


# A ratio between an answer and the right value, and what people usually did to get there.
_SLIPS: tuple[tuple[float, str], ...] = (
    (1e3, "1,000 times too large: a milli- or kilo- somewhere?"),
    (1e-3, "1,000 times too small: milliseconds, or kilo- instead of the base unit?"),
    (1e6, "a million times too large: a mega- or micro- somewhere?"),
    (1e-6, "a million times too small: a mega- or micro- somewhere?"),
    (1e9, "a billion times too large: a giga- or nano- somewhere?"),
    (1e-9, "a billion times too small: a giga- or nano- somewhere?"),
    (2**30 / 1e9, "7 % too large: GiB where GB was meant?"),
    (1e9 / 2**30, "7 % too small: GB where GiB was meant?"),
    (2.0, "twice too large: something counted twice?"),
    (0.5, "half of it: a factor of two forgotten?"),
    (8.0, "8 times too large: bits where bytes were meant?"),
    (1 / 8, "8 times too small: bits for bytes, or divided by eight once too often?"),
    (3600.0, "3,600 times too large: per hour for per second?"),
    (1 / 3600, "3,600 times too small: per second for per hour?"),
    (-1.0, "the size is right, the sign is not"),
)


def _kind(value: Any) -> str:
    if value is None:
        return "nothing (None): is there a return statement?"
    if isinstance(value, str):
        return f"the text {value[:40]!r}: return a number, without its unit"
    if isinstance(value, (bool, np.bool_)):
        return f"{value}: return a number, not a truth value"
    if callable(value):
        return "a function: call it"
    return f"a {type(value).__name__}"


def _thing(value: Any) -> str:
    """What a value is, where no number was asked for."""
    return _kind(value) if value is None or callable(value) else f"a {type(value).__name__}"


def _as_numbers(what: str, value: Any) -> np.ndarray:
    plain = isinstance(value, (int, float, np.number, np.ndarray)) and not isinstance(value, bool)
    if not plain and not (isinstance(value, (list, tuple)) and value):
        raise CheckError(f"{what} gives {_kind(value)}")
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise CheckError(f"{what} gives {_kind(value)} that holds more than numbers") from None
    if np.isnan(numbers).any():
        raise CheckError(f"{what} gives NaN: a division 0/0, or ∞ − ∞, on the way?")
    return numbers


def number(
    what: str, value: Any, *, low: float = -math.inf, high: float = math.inf, unit: str = ""
) -> None:
    """Check that a value is one finite number of a plausible size.

    Parameters
    ----------
    what : str
        What was called, as the student wrote it.
    value
        What came back.
    low, high : float
        Wide bounds of what is plausible, orders of magnitude apart.
    unit : str
        Unit to name in the hint.

    Raises
    ------
    CheckError
        With one sentence, when it is none.

    Examples
    --------
    >>> number("decode_s(…)", "12 ms")
    Traceback (most recent call last):
    ...
    supercycle.check.CheckError: decode_s(…) gives the text '12 ms': return a number, without its unit
    """
    numbers = _as_numbers(what, value)
    if numbers.ndim:
        raise CheckError(
            f"{what} gives an array of shape {numbers.shape}: one number was asked for"
        )
    if not math.isfinite(numbers):
        raise CheckError(f"{what} is infinite")
    if not low <= float(numbers) <= high:
        side = "too small" if float(numbers) < low else "too large"
        in_unit = f" in {unit}" if unit else ""
        look_at = "sign" if float(numbers) < 0 <= low else "units"
        raise CheckError(
            f"{what} = {float(numbers):.4g} is implausibly {side}{in_unit}: check the {look_at}"
        )


def numbers(
    what: str,
    value: Any,
    *,
    count: int,
    low: float = -math.inf,
    high: float = math.inf,
    unit: str = "",
) -> list[float]:
    """Check that a value is so many finite numbers, such as a pair, each of a plausible size.

    Parameters
    ----------
    what : str
        What was called, as the student wrote it.
    value
        What came back.
    count : int
        How many were asked for.
    low, high, unit
        As in `number`.

    Returns
    -------
    list of float
        The numbers, for the checks that follow.

    Raises
    ------
    CheckError
        With one sentence, when it is anything else.

    Examples
    --------
    >>> numbers("optimal_n_d(…)", 7e10, count=2)
    Traceback (most recent call last):
    ...
    supercycle.check.CheckError: optimal_n_d(…) should give 2 numbers: it gives one
    """
    found = _as_numbers(what, value)
    if found.shape != (count,):
        given = "one" if not found.ndim else f"an array of shape {found.shape}"
        raise CheckError(f"{what} should give {count} numbers: it gives {given}")
    for place, each in enumerate(found, start=1):
        number(f"number {place} of {what}", float(each), low=low, high=high, unit=unit)
    return [float(each) for each in found]


def parts(what: str, value: Any, *names: str) -> list[Any]:
    """Check that several things came back, in a tuple or a list, and return them one by one.

    Parameters
    ----------
    what : str
        What was called, as the student wrote it.
    value
        What came back.
    *names : str
        What was asked for, in order.

    Examples
    --------
    >>> parts("supply_lp(…)", 3.0, "the largest worth", "the prices")
    Traceback (most recent call last):
    ...
    supercycle.check.CheckError: supply_lp(…) gives a float; it should give the largest worth and the prices
    """
    asked = f"it should give {' and '.join(names)}"
    if not isinstance(value, (tuple, list)):
        raise CheckError(f"{what} gives {_thing(value)}; {asked}")
    if len(value) != len(names):
        raise CheckError(f"{what} gives a {type(value).__name__} of {len(value)}; {asked}")
    return list(value)


def named(what: str, value: Any, names: Iterable[str]) -> dict[str, Any]:
    """Check that a value is a dictionary with an entry for each name, and return those entries.

    Parameters
    ----------
    what : str
        What was called, as the student wrote it.
    value
        What came back.
    names : iterable of str
        The entries asked for; others do no harm.

    Examples
    --------
    >>> named("the prices", {"wafers": 1.0}, ["wafers", "power"])
    Traceback (most recent call last):
    ...
    supercycle.check.CheckError: the prices: no entry for power
    """
    if not isinstance(value, Mapping):
        raise CheckError(f"{what} gives {_thing(value)}; a dictionary was asked for")
    names = list(names)
    missing = [name for name in names if name not in value]
    if missing:
        raise CheckError(f"{what}: no entry for {', '.join(missing)}")
    return {name: value[name] for name in names}


def same(what: str, left: Any, right: Any, *, rtol: float = 1e-9) -> None:
    """Check that two sides of an identity agree, such as a limit case or a sum of parts."""
    a, b = _as_numbers(what, left), _as_numbers(what, right)
    if a.shape != b.shape:
        raise CheckError(f"{what}: one side has shape {a.shape}, the other {b.shape}")
    if not np.allclose(a, b, rtol=rtol, atol=1e-300):
        raise CheckError(f"{what}: the two sides should agree, and yours differ")


def rising(what: str, function: Callable[[Any], Any], points: Sequence[Any]) -> None:
    """Check that a function rises strictly over the given points (negate it to check falling)."""
    values = [float(_as_numbers(what, function(point))) for point in points]
    if not all(a < b for a, b in itertools.pairwise(values)):
        raise CheckError(f"{what}: that should hold, and with yours it does not")


def refuses(what: str, call: Callable[[], Any], *, error: type[Exception] = ValueError) -> None:
    """Check that a call with impossible input raises a `ValueError` instead of an answer."""
    try:
        value = call()
    except error:
        return
    except Exception as other:  # the student's own code may raise anything: say what it was
        raise CheckError(
            f"{what} should raise {error.__name__}, it raised {type(other).__name__}"
        ) from None
    raise CheckError(f"{what} should raise {error.__name__}, it returned {value!r}")


def agrees(
    what: str,
    got: Any,
    want: Any,
    *,
    rtol: float = 1e-6,
    hints: Mapping[float, str] | None = None,
) -> None:
    """Compare an answer with the reference and name the likely slip (hidden tests).

    Parameters
    ----------
    what : str
        What was tried, in words.
    got, want
        The student's and the reference value: numbers or arrays of one shape.
    rtol : float
        Relative tolerance.
    hints : mapping from ratio to str, optional
        Misconceptions of this task: if ``got/want`` is that ratio, the sentence is shown.

    Examples
    --------
    >>> agrees("a cache of 3 tokens", 0.5, 500)
    Traceback (most recent call last):
    ...
    supercycle.check.CheckError: a cache of 3 tokens: 1,000 times too small: milliseconds, or kilo- instead of the base unit?
    """
    a, b = _as_numbers(what, got), np.asarray(want, dtype=float)
    if a.shape != b.shape:
        raise CheckError(f"{what}: gives shape {a.shape}, expected is {b.shape}")
    if np.allclose(a, b, rtol=rtol, atol=1e-300):
        return
    if (np.isinf(a) & np.isfinite(b)).any():
        raise CheckError(f"{what}: infinite, where a finite value is right")
    finite = np.isfinite(a) & np.isfinite(b) & (b != 0)
    ratios = a[finite] / b[finite]
    for ratio, sentence in (*(hints or {}).items(), *_SLIPS):
        if (
            ratios.size
            and ratios.size == a.size
            and np.allclose(ratios, ratio, rtol=max(rtol, 1e-4), atol=0)
        ):
            raise CheckError(f"{what}: {sentence}")
    if ratios.size and (ratios > 0).all():
        worst = ratios[np.argmax(np.abs(np.log(ratios)))]
        if 0.1 < worst < 10:
            raise CheckError(
                f"{what}: {100 * abs(worst - 1):.2g} % too {'high' if worst > 1 else 'low'}"
            )
        raise CheckError(f"{what}: off by a factor of about {worst:.2g}")
    raise CheckError(f"{what}: not the right value")


def answered(what: str, text: Any, *, words: int) -> None:
    """Check that a written answer is there (its content is graded by a person)."""
    count = len(str(text or "").split())
    if count < words:
        raise CheckError(f"{what} has {count} words: argue it in at least {words}")


def prediction(name: str, value: Any) -> tuple[float, float, float]:
    """Check a prediction: ``(low, best, high)``, an interval you would bet on four to one.

    Examples
    --------
    >>> prediction("cold_prefill_s", (1, 10, 60))
    (1.0, 10.0, 60.0)
    """
    numbers = _as_numbers(f"your prediction {name}", value)
    if numbers.shape != (3,):
        raise CheckError(f"your prediction {name} needs three numbers: (low, best, high)")
    low, best, high = (float(x) for x in numbers)
    if not 0 < low <= best <= high:
        raise CheckError(
            f"your prediction {name} = {(low, best, high)}: write 0 < low ≤ best ≤ high"
        )
    return low, best, high


def calibration(predictions: Mapping[str, Any], outcomes: Mapping[str, float]) -> pd.DataFrame:
    """Score predictions against what came out, for calibration and not for correctness.

    Intervals are meant to hold the outcome four times in five. The score is Winkler's interval
    score on a log10 scale: the width in decades, plus ten times the miss in decades when the outcome
    lies outside. Lower is better; a wide honest interval beats a narrow wrong one.

    Source: Gneiting and Raftery (2007), Strictly Proper Scoring Rules, JASA 102, section 6.2.

    Parameters
    ----------
    predictions : mapping from name to (low, best, high)
    outcomes : mapping from name to float

    Returns
    -------
    pandas.DataFrame
        One row a prediction: low, best, high, outcome, inside, score [decades].
    """
    import pandas as pd

    rows = {}
    for name, outcome in outcomes.items():
        low, best, high = prediction(name, predictions.get(name))
        lo, hi, x = math.log10(low), math.log10(high), math.log10(outcome)
        miss = max(lo - x, 0) + max(x - hi, 0)
        rows[name] = {"low": low, "best": best, "high": high, "outcome": outcome,
                      "inside": miss == 0, "score": hi - lo + 2 / 0.2 * miss}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def withhold(*paths: str) -> None:
    """Refuse direct calls from a notebook to the functions that its lab asks the student to write.

    The library keeps using them; only a call typed into a cell is refused, with a sentence that
    says so. A guard rail against reaching for the answer without meaning to, not a lock.

    Parameters
    ----------
    *paths : str
        ``"models.TransformerConfig.prefill_flops"`` and the like, below ``supercycle``.
    """
    for path in paths:
        *owners, name = path.split(".")
        owner: Any = importlib.import_module(f"supercycle.{owners[0]}")
        for part in owners[1:]:
            owner = getattr(owner, part)
        original = getattr(owner, name)
        if not getattr(original, "_withheld", False):
            setattr(owner, name, _withheld(original, name))


def _withheld(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__") == "__main__":
            raise CheckError(
                f"{name} is what this lab asks you to write: the library's own is withheld here"
            )
        return original(*args, **kwargs)

    guarded._withheld = True  # type: ignore[attr-defined]
    return guarded
