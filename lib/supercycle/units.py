"""Conversions between the units people speak and the SI units the library computes in.

A name says what it converts: ``1 * GIGAWATT`` is in watts, ``x / MILLI`` is in thousandths.
GB is 1e9 bytes and GiB is 2**30 bytes; the library uses both and never one for the other.
"""

from __future__ import annotations

import math
import re

__all__ = [
    "GB",
    "GIB",
    "GIGAWATT",
    "HOURS_PER_YEAR",
    "HOUR_S",
    "KWH_J",
    "MEGAWATT",
    "MILLI",
    "MINUTE_S",
    "MTOK",
    "MWH_J",
    "TB",
    "YEAR_S",
    "format_si",
    "format_usd",
    "parse_power_w",
]  # fmt: skip

MILLI = 1e-3
GB = 1e9
TB = 1e12
GIB = 2**30
MTOK = 1e6
"""Tokens in a million, the unit that token prices are quoted in."""

MEGAWATT = 1e6
GIGAWATT = 1e9
MINUTE_S = 60.0
HOUR_S = 3600.0
HOURS_PER_YEAR = 8760.0
"""Hours of a non-leap year, the convention of energy accounts."""

YEAR_S = HOURS_PER_YEAR * HOUR_S
KWH_J = 3.6e6
MWH_J = 3.6e9

_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def format_si(number: float, unit: str, digits: int = 3) -> str:
    """Write a number with an SI prefix and `digits` significant digits.

    Examples
    --------
    >>> format_si(6.8e17, "FLOP/s"), format_si(0.0123, "s"), format_si(0, "W")
    ('680 PFLOP/s', '12.3 ms', '0 W')
    """
    if number == 0 or not math.isfinite(number):
        return f"{number:g} {unit}"
    steps = {-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E",
             21: "Z", 24: "Y"}  # fmt: skip
    rounded = float(f"{number:.{digits}g}")
    power = min(24, max(-9, 3 * math.floor(math.log10(abs(rounded)) / 3)))
    scaled = rounded / 10.0**power
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(scaled))))
    text = f"{scaled:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {steps[power]}{unit}"


def format_usd(amount_usd: float, digits: int = 3) -> str:
    """Write dollars as people say them: thousands, millions, billions, trillions.

    Examples
    --------
    >>> format_usd(13.07e9), format_usd(-2.5e6), format_usd(12), format_usd(999.9e6)
    ('$13.1 bn', '−$2.5 m', '$12', '$1 bn')
    """
    sign = "−" if amount_usd < 0 else ""
    rounded = float(f"{abs(amount_usd):.{digits}g}")  # 999.9 m is a billion
    for size, word in ((1e12, " tn"), (1e9, " bn"), (1e6, " m"), (1e3, " k")):
        if rounded >= size:
            return f"{sign}${rounded / size:.{digits}g}{word}"
    return f"{sign}${rounded:.{digits}g}"


def parse_power_w(text: str) -> float:
    """Read a power such as ``1GW``, ``50 MW`` or ``1200`` (watts).

    Raises
    ------
    ValueError
        When the text is no positive power.

    Examples
    --------
    >>> parse_power_w("1GW"), parse_power_w("50 MW"), parse_power_w("700")
    (1000000000.0, 50000000.0, 700.0)
    """
    match = re.fullmatch(
        r"\s*([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)\s*([kMGT]?)\s*[Ww]?\s*", text
    )
    if match is None or not float(match[1]) > 0:
        raise ValueError(
            f"power {text!r}: write a positive number with a unit, such as 1GW or 50MW"
        )
    return float(match[1]) * _PREFIXES[match[2]]
