"""From watts to revenue, and what a revenue figure means.

Revenue is power × share sold × utilisation × tokens per joule × price. A laboratory's headline
revenue is an *exit rate* (the last month times twelve); its accounts show the *flow* of the year.
Under growth the two differ, and most of the gap is calculus.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive, share
from supercycle.units import MTOK, YEAR_S

__all__ = [
    "correlation",
    "growth_correlation",
    "implied_growth",
    "placebo_correlations",
    "recognised_share",
    "recognised_usd",
    "revenue_per_power",
    "revenue_usd_per_year",
    "tokens_per_year",
]


def tokens_per_year(power_w: Any, share_sold: Any, utilisation: Any, tokens_per_j: Any) -> Any:
    """Tokens sold in a year by a fleet that draws a given power.

    ``tokens = power × share sold × utilisation × tokens per joule × seconds per year``.

    Parameters
    ----------
    power_w : float or array of shape (...,)
        Power to which `tokens_per_j` refers, IT or facility [W]; the two differ by the PUE.
    share_sold : float or array of shape (...,)
        Share of the power that serves paying customers, not research or training [1].
    utilisation : float or array of shape (...,)
        Share of the year's saturated throughput that demand fills [1].
    tokens_per_j : float or array of shape (...,)
        Tokens per joule of a busy fleet, a number of the models floor [1/J].

    Returns
    -------
    float or array of shape (...,)
        Tokens per year (365 days) [1/yr].

    Raises
    ------
    ValueError
        When a power or an efficiency is negative or a share lies outside 0 … 1.

    Notes
    -----
    Assumes that an idle fleet draws what a busy one draws: `utilisation` scales tokens, not power.

    Examples
    --------
    >>> f"{tokens_per_year(1e9, 0.5, 0.4, 1.0):.2e}"
    '6.31e+15'
    """
    non_negative("power_w", power_w)
    share("share_sold", share_sold)
    share("utilisation", utilisation)
    non_negative("tokens_per_j", tokens_per_j)
    return power_w * share_sold * utilisation * tokens_per_j * YEAR_S


def revenue_usd_per_year(
    power_w: Any, share_sold: Any, utilisation: Any, tokens_per_j: Any, price_usd_per_mtok: Any
) -> Any:
    """Revenue of a fleet: power × share sold × utilisation × tokens per joule × price.

    Parameters
    ----------
    power_w, share_sold, utilisation, tokens_per_j
        As in `tokens_per_year`.
    price_usd_per_mtok : float or array of shape (...,)
        Average price *received* per million tokens; list prices are higher than that, because
        cached input, batches, subscriptions and free users all pay less [USD per 1e6 tokens].

    Returns
    -------
    float or array of shape (...,)
        Revenue [USD/yr]; zero when nothing is sold.

    Raises
    ------
    ValueError
        When an argument is negative, NaN, or a share outside 0 … 1.

    Notes
    -----
    An identity, not a theory: it says how five numbers hang together and nothing about which of
    them causes which (lecture, 02:50). Four of the five can be observed only by the seller.

    Examples
    --------
    >>> round(revenue_usd_per_year(1e9, 0.5, 0.4, 1.0, 1.5) / 1e9, 2)
    9.46
    """
    non_negative("price_usd_per_mtok", price_usd_per_mtok)
    tokens = tokens_per_year(power_w, share_sold, utilisation, tokens_per_j)
    return tokens / MTOK * price_usd_per_mtok


def revenue_per_power(revenue_usd_per_year: Any, power_w: Any) -> Any:
    """Revenue per watt [USD/yr/W], equal to billions of USD a year per gigawatt.

    Raises
    ------
    ValueError
        When the power is not positive.

    Examples
    --------
    >>> from supercycle import facts
    >>> year = 2025
    >>> revenue = facts.value(f"compute-revenue/openai-exit-rate-revenue-{year}")
    >>> round(revenue_per_power(revenue, facts.value(f"compute-revenue/openai-it-power-{year}")), 2)
    10.53
    """
    positive("power_w", power_w)
    non_negative("revenue_usd_per_year", revenue_usd_per_year)
    return revenue_usd_per_year / power_w


def recognised_share(growth_ratio: Any) -> Any:
    """Revenue recognised over a year as a share of the exit rate at its end.

    With the rate growing exponentially by the factor ``g`` over the year, the mean of the rate is
    ``(1 − 1/g) / ln g`` of its last value; 1 at no growth.

    Parameters
    ----------
    growth_ratio : float or array of shape (...,)
        Exit rate at the end of the year over the exit rate a year before [1].

    Returns
    -------
    float or array of shape (...,)
        Share [1]; above 1 when revenue shrinks.

    Raises
    ------
    ValueError
        When the growth ratio is not positive.

    Notes
    -----
    Holds for steady exponential growth within the year. A jump early in the year gives more, one
    late in the year less. For OpenAI it predicts 0.61 (2024) and 0.58 (2025); the published
    accounts give 0.62 and 0.65.

    Examples
    --------
    >>> np.round(recognised_share(np.array([1.0, 3.0, 20 / 6])), 2)
    array([1.  , 0.61, 0.58])
    """
    positive("growth_ratio", growth_ratio)
    growth = np.asarray(growth_ratio, dtype=float)
    log = np.log(growth)
    near_one = np.abs(log) < 1e-6
    safe = np.where(near_one, 1.0, log)
    # (1 − e^−x)/x; expm1 keeps the digits when growth is small
    result = np.where(near_one, 1 - log / 2, -np.expm1(-safe) / safe)
    return result[()]


def recognised_usd(arr0: Any, arr1: Any) -> Any:
    """Revenue recognised over a year between two exit rates: their logarithmic mean.

    ``(arr1 − arr0) / ln(arr1 / arr0)``, which is ``arr1`` × `recognised_share`.

    Parameters
    ----------
    arr0, arr1 : float or array of shape (...,)
        Exit rate (annualised revenue) at the start and at the end of the year [USD/yr].

    Returns
    -------
    float or array of shape (...,)
        Revenue of the year [USD]; equal to `arr0` when nothing grows.

    Raises
    ------
    ValueError
        When an exit rate is not positive.

    Examples
    --------
    >>> recognised_usd(np.array([2e9, 6e9]), np.array([6e9, 20e9])).round(-7) / 1e9
    array([ 3.64, 11.63])
    """
    positive("arr0", arr0)
    positive("arr1", arr1)
    return np.asarray(arr1, dtype=float)[()] * recognised_share(np.divide(arr1, arr0))


def implied_growth(recognised_to_exit: float) -> float:
    """Yearly growth ratio at which the recognised share takes a given value.

    Parameters
    ----------
    recognised_to_exit : float
        Recognised revenue over exit rate, between 0 and 1 exclusive [1].

    Returns
    -------
    float
        Growth ratio above 1 [1].

    Raises
    ------
    ValueError
        When the share is not between 0 and 1.

    Examples
    --------
    >>> round(implied_growth(recognised_share(3.0)), 6)
    3.0
    """
    from scipy.optimize import brentq

    if not 0 < recognised_to_exit < 1:
        raise ValueError(
            f"recognised_to_exit = {recognised_to_exit!r}: must be between 0 and 1 "
            "(a growing firm recognises less than its exit rate)"
        )
    log_growth = brentq(
        lambda x: float(recognised_share(np.exp(x))) - recognised_to_exit, 1e-9, 700.0
    )
    return float(np.exp(log_growth))


def _series(name: str, values: Any, least: int) -> np.ndarray:
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 1 or len(numbers) < least:
        raise ValueError(f"{name} = {values!r}: must be a series of at least {least} numbers")
    positive(name, numbers)
    return numbers


def correlation(x: Any, y: Any) -> float:
    """Pearson's correlation of two positive series of equal length (at least 3 points) [1].

    Raises
    ------
    ValueError
        When the series are shorter, of different length, constant or not positive.

    Examples
    --------
    >>> round(correlation([0.2, 0.6, 1.9], [2, 6, 20]), 4)
    0.9999
    """
    a, b = _series("x", x, 3), _series("y", y, 3)
    if len(a) != len(b):
        raise ValueError(f"x and y have {len(a)} and {len(b)} points: must be equally long")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        raise ValueError("x or y is constant: must vary, else no correlation exists")
    return float(np.corrcoef(a, b)[0, 1])


def growth_correlation(x: Any, y: Any) -> float:
    """Correlate growth from point to point, ``ln(x[t+1]/x[t])`` with ``ln(y[t+1]/y[t])`` [1].

    The trend that two growing series share is gone; what remains is whether years of faster
    growth coincide. Needs at least four points (three growth rates).

    Raises
    ------
    ValueError
        As `correlation`; for three points or fewer, where two growth rates always correlate
        perfectly and tell nothing; and for a series that grows at a constant rate.

    Examples
    --------
    >>> round(growth_correlation([1, 2, 3, 9], [5, 9, 20, 30]), 2)
    -0.99
    """
    a, b = _series("x", x, 4), _series("y", y, 4)
    if len(a) != len(b):
        raise ValueError(f"x and y have {len(a)} and {len(b)} points: must be equally long")
    growth_a, growth_b = np.diff(np.log(a)), np.diff(np.log(b))
    if min(np.ptp(growth_a), np.ptp(growth_b)) < 1e-9:
        raise ValueError("x or y grows at a constant rate: its growth must vary to correlate")
    return float(np.corrcoef(growth_a, growth_b)[0, 1])


def placebo_correlations(
    points: int,
    *,
    growth_low: float,
    growth_high: float,
    samples: int = 1000,
    seed: int = 0,
) -> np.ndarray:
    """Correlations between series that have nothing to do with each other, but grow.

    Each series starts at 1 and multiplies by an independent factor, uniform between the two
    bounds, from point to point; pairs are drawn `samples` times.

    Parameters
    ----------
    points : int
        Points in each series, at least 3.
    growth_low, growth_high : float
        Bounds of the growth factor from one point to the next [1].
    samples : int
        Pairs to draw.
    seed : int
        Seed of the generator.

    Returns
    -------
    array of shape (samples,)
        Pearson correlations of the levels [1].

    Raises
    ------
    ValueError
        When there are fewer than 3 points, no sample, or bounds that are not ordered and positive.

    Notes
    -----
    The placebo of lecture, 02:50: compute and revenue both tripled each year and correlate
    above 0.99, and so do most unrelated pairs that triple each year. See Yule (1926), Why do we
    sometimes get nonsense-correlations between time-series?

    Examples
    --------
    >>> r = placebo_correlations(3, growth_low=2, growth_high=4)
    >>> bool(np.median(r) > 0.98)
    True
    """
    if points < 3 or samples < 1:
        raise ValueError(
            f"points = {points}, samples = {samples}: must be at least 3 points and 1 sample"
        )
    positive("growth_low", growth_low)
    if not growth_high >= growth_low:
        raise ValueError(
            f"growth_high = {growth_high!r}: must be at least growth_low = {growth_low!r}"
        )
    draw = np.random.default_rng(seed).uniform(growth_low, growth_high, (2, samples, points - 1))
    levels = np.concatenate([np.ones((2, samples, 1)), np.cumprod(draw, axis=2)], axis=2)
    centred = levels - levels.mean(axis=2, keepdims=True)
    a, b = centred / np.linalg.norm(centred, axis=2, keepdims=True)
    return (a * b).sum(axis=1)
