"""What a shorter design cycle is worth: models that design the chips they run on (S17).

Three effects, kept apart. Design is only a part of the cycle, so a speed-up of design runs into
fabrication and qualification (Amdahl). A chip embodies what was known when its design was frozen,
and is sold until the next one comes, so the fleet is always stale. And the fleet grows, so most of
a generation is bought when it is oldest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive

__all__ = [
    "cycle_years", "fleet_growth_over_cycle", "frontier_share", "shorter_cycle_usd_per_year",
]  # fmt: skip


def cycle_years(
    design_speedup: Any = 1.0,
    *,
    design_years: float | None = None,
    other_years: float | None = None,
) -> Any:
    """Length of the cycle when design alone becomes faster: ``T_design / s + T_other``.

    Parameters
    ----------
    design_speedup : float or array of shape (...,)
        s, at least 1; infinite is design for nothing [1].
    design_years : float, optional
        Left out, ``supply-assumptions/design`` [yr].
    other_years : float, optional
        Fabrication and qualification; left out, from the same table [yr].

    Returns
    -------
    float or array of shape (...,)
        [yr].

    Raises
    ------
    ValueError
        When the speed-up is below 1 or a length is negative.

    Examples
    --------
    >>> cycle_years(), round(cycle_years(10), 3), cycle_years(float("inf"))
    (3.0, 1.425, 1.25)
    """
    at_least("design_speedup", design_speedup, 1)
    if design_years is None:
        design_years = float(facts.value("supply-assumptions/design"))
    if other_years is None:
        other_years = sum(
            float(facts.value(f"supply-assumptions/{part}"))
            for part in ("fabrication", "qualification")
        )
    non_negative("design_years", design_years)
    non_negative("other_years", other_years)
    return plain(np.divide(design_years, design_speedup) + other_years)


def fleet_growth_over_cycle(growth_per_year: Any, years: Any) -> Any:
    """How many times larger the fleet is when a chip arrives than when it was begun: ``gᵀ``.

    Parameters
    ----------
    growth_per_year : float or array of shape (...,)
        g, fleet at the end of a year over fleet at its start [1].
    years : float or array of shape (...,)
        T [yr].

    Returns
    -------
    float or array of shape (...,)

    Raises
    ------
    ValueError
        When the growth is not positive or the time negative.

    Examples
    --------
    Threefold a year, over three years:

    >>> fleet_growth_over_cycle(3.0, 3.0)
    27.0
    """
    positive("growth_per_year", growth_per_year)
    non_negative("years", years)
    return plain(np.power(np.asarray(growth_per_year, dtype=float), years))


def frontier_share(
    cycle_years: Any,
    *,
    interval_years: Any = 1.0,
    progress_per_year: Any,
    sales_growth_per_year: Any = 1.0,
) -> Any:
    """Performance of the chips sold, over what chips designed today would give.

    A chip first sold now was frozen a cycle T ago, and is sold for the interval I until the next.
    Knowledge gains a factor γ a year and sales a factor g:

    ``γ^−T · ∫₀ᴵ (g/γ)ᵘ du / ∫₀ᴵ gᵘ du``.

    Parameters
    ----------
    cycle_years : float or array of shape (...,)
        T, from freezing what the chip is to know until it is sold [yr].
    interval_years : float or array of shape (...,)
        I, between generations; shorter than T where teams overlap [yr].
    progress_per_year : float or array of shape (...,)
        γ, yearly factor of performance per dollar or per joule from design alone [1].
    sales_growth_per_year : float or array of shape (...,)
        g, yearly factor of chips sold; above 1, most of a generation is bought late [1].

    Returns
    -------
    float or array of shape (...,)
        1 when nothing is stale; below 1 where there is progress.

    Raises
    ------
    ValueError
        When a factor is not positive or a time negative.

    Examples
    --------
    >>> round(frontier_share(3.0, progress_per_year=1.4), 3)
    0.309
    """
    non_negative("cycle_years", cycle_years)
    non_negative("interval_years", interval_years)
    positive("progress_per_year", progress_per_year)
    positive("sales_growth_per_year", sales_growth_per_year)
    progress, growth = np.log(progress_per_year), np.log(sales_growth_per_year)
    late = _mean_growth((growth - progress) * interval_years) / _mean_growth(
        growth * interval_years
    )
    return plain(np.exp(-progress * np.asarray(cycle_years, dtype=float)) * late)


def _mean_growth(exponent: Any) -> Any:
    """``∫₀¹ exp(x u) du = (eˣ − 1)/x``, 1 at x = 0."""
    x = np.asarray(exponent, dtype=float)
    return np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1.0, x))


def shorter_cycle_usd_per_year(
    spend_usd_per_year: Any,
    design_speedup: Any,
    *,
    progress_per_year: Any,
    interval_years: Any = 1.0,
    sales_growth_per_year: Any = 1.0,
    design_years: float | None = None,
    other_years: float | None = None,
) -> Any:
    """What the same chips budget buys more when design is faster, at today's price of performance.

    ``spend · (share after / share before − 1)`` with `frontier_share` of both cycles.

    Parameters
    ----------
    spend_usd_per_year : float or array of shape (...,)
        On chips [USD/yr].
    design_speedup : float or array of shape (...,)
        [1]
    progress_per_year, interval_years, sales_growth_per_year
        As in `frontier_share`; the interval between generations stays.
    design_years, other_years
        As in `cycle_years`.

    Returns
    -------
    float or array of shape (...,)
        [USD/yr]; 0 at a speed-up of 1, and bounded as it grows: ``γ^T_design − 1`` of the spend.

    Raises
    ------
    ValueError
        As `cycle_years` and `frontier_share`.

    Notes
    -----
    Values performance in proportion: no glut, no price cut. A shorter interval as well would add
    what `frontier_share` says of it.

    Examples
    --------
    >>> gain = shorter_cycle_usd_per_year(300e9, 2.0, progress_per_year=1.4)
    >>> round(gain / 300e9, 3)
    0.342
    """
    non_negative("spend_usd_per_year", spend_usd_per_year)
    lengths = {"design_years": design_years, "other_years": other_years}
    now, then = (
        frontier_share(
            cycle_years(speedup, **lengths),
            interval_years=interval_years,
            progress_per_year=progress_per_year,
            sales_growth_per_year=sales_growth_per_year,
        )
        for speedup in (1.0, design_speedup)
    )
    return plain(np.multiply(spend_usd_per_year, np.divide(then, now) - 1))
