"""What would change the decision: one number at a time (tornado) and the number where it turns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from supercycle.facts import Fact

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["flip_value", "tornado"]


def tornado(
    outcome: Callable[..., float],
    base: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> pd.DataFrame:
    """Move one input at a time to the ends of its range and record what the outcome does.

    Parameters
    ----------
    outcome : callable
        Takes the names in `base` as keywords, returns one number.
    base : mapping from name to float
    ranges : mapping from name to (low, high), optional
        Where it is missing, the published range of a `Fact` serves; inputs with neither stay put.

    Returns
    -------
    pandas.DataFrame
        Indexed by input, widest swing first: ``low, high`` (inputs), ``at_low, at_high``
        (outcomes), ``swing``.

    Examples
    --------
    >>> tornado(lambda a, b: a - b, {"a": 5, "b": 1}, {"a": (0, 10), "b": (0, 2)})["swing"].tolist()
    [10, 2]
    """
    import pandas as pd

    found = dict(ranges or {})
    for name, number in base.items():
        if (
            name not in found
            and isinstance(number, Fact)
            and number.low is not None
            and number.high is not None
        ):
            found[name] = (number.low, number.high)
    unknown = set(found) - set(base)
    if unknown:
        raise ValueError(f"ranges for {sorted(unknown)}: base has only {sorted(base)}")
    rows = {}
    for name, (low, high) in found.items():
        ends = [outcome(**{**base, name: end}) for end in (low, high)]
        rows[name] = dict(
            zip(("low", "high", "at_low", "at_high"), (low, high, *ends), strict=True)
        )
        rows[name]["swing"] = abs(ends[1] - ends[0])
    return pd.DataFrame.from_dict(rows, orient="index").sort_values("swing", ascending=False)


def flip_value(
    advantage: Callable[..., float],
    base: Mapping[str, float],
    name: str,
    low: float,
    high: float,
    *,
    rtol: float = 1e-12,
) -> float:
    """Return the value of one input at which an advantage turns into a disadvantage.

    Parameters
    ----------
    advantage : callable
        Takes the names in `base` as keywords; positive where the decision stands.
    base : mapping from name to float
    name : str
        The input to move.
    low, high : float
        The range to search.
    rtol : float
        Precision over the larger end of the range; coarser where each try is a simulation.

    Returns
    -------
    float
        The root, by Brent's method; NaN when the decision stands over the whole range.

    Examples
    --------
    >>> flip_value(lambda price, cost: price - cost, {"price": 5.0, "cost": 2.0}, "price", 0, 10)
    2.0
    """
    from scipy.optimize import brentq

    def at(x: float) -> float:
        return advantage(**{**base, name: x})

    if name not in base:
        raise ValueError(f"name = {name!r}: must be one of {sorted(base)}")
    if at(low) * at(high) > 0:
        return math.nan
    root: Any = brentq(at, low, high, xtol=rtol * max(abs(low), abs(high)))
    return float(root)
