"""Checks of arguments: one sentence that names the parameter, the value and what would be valid."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

__all__ = ["at_least", "non_negative", "positive", "share"]


def _refuse(name: str, value: Any, valid: str) -> NoReturn:
    shown = np.asarray(value)
    text = repr(value) if shown.size <= 6 else f"an array with {shown.min()!r} … {shown.max()!r}"
    raise ValueError(f"{name} = {text}: must be {valid}")


def _numbers(name: str, value: Any, valid: str) -> np.ndarray:
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} = {value!r}: must be {valid}") from None
    if np.isnan(numbers).any():
        _refuse(name, value, f"{valid}, not NaN")
    return numbers


def positive(name: str, value: Any) -> None:
    """Refuse anything but numbers above zero (infinity is a limit that formulas may use).

    Examples
    --------
    >>> positive("bandwidth_bytes_per_s", 0)
    Traceback (most recent call last):
    ...
    ValueError: bandwidth_bytes_per_s = 0: must be a number > 0
    """
    if not (_numbers(name, value, "a number > 0") > 0).all():
        _refuse(name, value, "a number > 0")


def non_negative(name: str, value: Any) -> None:
    """Refuse anything but numbers of at least zero."""
    at_least(name, value, 0)


def at_least(name: str, value: Any, bound: float) -> None:
    """Refuse anything but numbers of at least `bound`."""
    if not (_numbers(name, value, f"a number ≥ {bound:g}") >= bound).all():
        _refuse(name, value, f"a number ≥ {bound:g}")


def share(name: str, value: Any) -> None:
    """Refuse anything but numbers between 0 and 1."""
    numbers = _numbers(name, value, "a share between 0 and 1")
    if not ((numbers >= 0) & (numbers <= 1)).all():
        _refuse(name, value, "a share between 0 and 1")
