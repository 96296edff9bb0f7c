"""What a month's delay of a campus costs: it depends on what is already spent, and on prices.

Three regimes (S23). *Deferred*: spending, revenue and the end of life all move; a delay of a project
with negative value is a gain. *Sunk*: the money is spent and the chips grow old whether they run or
not, so each month lost is a month of sales. *Falling*: all moves, but prices fall with the calendar,
so that a later start sells the same tokens for less. Cash flows are continuous.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive

__all__ = ["REGIMES", "delay_cost_usd", "delay_usd_per_month", "discounted_years"]

REGIMES = ("deferred", "sunk", "falling")


def discounted_years(force: Any, start: Any, end: Any) -> Any:
    """Present value of a dollar a year that flows from start to end, ``∫ e^(−force · t) dt`` [yr].

    Parameters
    ----------
    force : float or array of shape (...,)
        Force of interest, ``ln(1 + rate)``, plus that of a falling price [1/yr].
    start, end : float or array of shape (...,)
        [yr] from today.

    Returns
    -------
    float or array of shape (...,)
        [yr]; ``end − start`` where the force is zero.

    Examples
    --------
    >>> round(float(discounted_years(np.log(1.1), 0.0, 5.0)), 2), float(discounted_years(0.0, 1.0, 5.0))
    (3.98, 4.0)
    """
    span = np.subtract(end, start)
    with np.errstate(divide="ignore", invalid="ignore"):
        years = np.where(force == 0, span, -np.expm1(-force * span) / force)
    return np.exp(-force * start) * years


def delay_cost_usd(
    months: Any,
    *,
    regime: str,
    capex_usd: Any,
    revenue_usd_per_year: Any,
    opex_usd_per_year: Any,
    rate: Any,
    years: Any,
    decline_per_year: Any = 0.0,
) -> Any:
    """Value lost by starting some months later, seen from today.

    The net present value of starting after m months is
    ``−K·e^(−δ·m_K) + ∫_m^end (R·e^(−γt) − O)·e^(−δt) dt`` with ``δ = ln(1 + rate)`` and
    ``γ = −ln(1 − decline)``; the cost of the delay is its value at m = 0 less that at m. In
    *deferred* and *falling* the capital moves too (m_K = m) and ``end = m + life``; in *sunk* it
    does not, and ``end = life``.

    Parameters
    ----------
    months : float or array of shape (...,)
        Length of the delay [month].
    regime : str
        One of `REGIMES`.
    capex_usd : float or array of shape (...,)
        [USD].
    revenue_usd_per_year, opex_usd_per_year : float or array of shape (...,)
        Revenue at today's prices, and operating cost [USD/yr].
    rate : float or array of shape (...,)
        Discount rate, at least 0 [1/yr].
    years : float or array of shape (...,)
        Useful life [yr].
    decline_per_year : float or array of shape (...,)
        Share by which prices fall each calendar year, 0 up to below 1 [1/yr]; must be positive in
        *falling* and zero in *deferred*, which differ in nothing else.

    Returns
    -------
    float or array of shape (...,)
        [USD]; zero for no delay, negative where waiting gains.

    Raises
    ------
    ValueError
        For an unknown regime, a decline that contradicts it, negative money or time, or a sunk
        delay longer than the life.

    Notes
    -----
    *Deferred* loses ``NPV · (1 − e^(−δm))``, exactly: speed is worth something only to a project
    that is. Continuous flows come half a year earlier than the year-end payments of
    `campus_npv_usd`, so present values here are higher by about half a year's interest.

    Examples
    --------
    >>> case = dict(capex_usd=38e9, revenue_usd_per_year=10e9, opex_usd_per_year=0.9e9,
    ...             rate=0.10, years=5)
    >>> [round(delay_cost_usd(1, regime=r, **case) / 1e9, 2) for r in ("deferred", "sunk")]
    [-0.01, 0.76]
    >>> round(delay_cost_usd(1, regime="falling", decline_per_year=0.3, **case) / 1e9, 2)
    0.4
    """
    if regime not in REGIMES:
        raise ValueError(f"regime = {regime!r}: must be one of {', '.join(REGIMES)}")
    for name, number in (("months", months), ("capex_usd", capex_usd),
                         ("revenue_usd_per_year", revenue_usd_per_year),
                         ("opex_usd_per_year", opex_usd_per_year), ("rate", rate),
                         ("decline_per_year", decline_per_year)):  # fmt: skip
        non_negative(name, number)
    positive("years", years)
    at_least("1 − decline_per_year", np.subtract(1.0, decline_per_year), 1e-6)
    declines = np.asarray(decline_per_year) > 0
    if regime == "deferred" and declines.any():
        raise ValueError(
            f"decline_per_year = {decline_per_year!r}: must be 0 in 'deferred'; with falling "
            "prices use 'falling'"
        )
    if regime == "falling" and not declines.all():
        raise ValueError(f"decline_per_year = {decline_per_year!r}: must be > 0 in 'falling'")
    start = np.divide(months, 12.0)
    life = np.asarray(years, dtype=float)
    if regime == "sunk" and (start > life).any():
        raise ValueError(f"months = {months!r}: must be at most the life, {years!r} years")
    discount = np.log1p(np.asarray(rate, dtype=float))
    fall = -np.log1p(-np.asarray(decline_per_year, dtype=float))

    def npv(begin: Any) -> Any:
        moved = regime != "sunk"
        end = begin + life if moved else life
        capital = np.multiply(capex_usd, np.exp(-discount * begin) if moved else 1.0)
        earned = np.multiply(revenue_usd_per_year, discounted_years(discount + fall, begin, end))
        spent = np.multiply(opex_usd_per_year, discounted_years(discount, begin, end))
        return earned - spent - capital

    return plain(npv(np.zeros_like(start)) - npv(start))


def delay_usd_per_month(regime: str, **case: Any) -> Any:
    """Cost of the next month of delay [USD/month]: `delay_cost_usd` of one month.

    Examples
    --------
    >>> round(delay_usd_per_month("sunk", capex_usd=38e9, revenue_usd_per_year=10e9,
    ...                           opex_usd_per_year=0.9e9, rate=0.10, years=5) / 1e9, 2)
    0.76
    """
    return delay_cost_usd(1.0, regime=regime, **case)
