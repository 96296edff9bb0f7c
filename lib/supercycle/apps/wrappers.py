"""Short the wrapper: what a thin application is worth while it may be absorbed.

An application that adds little to the model below it earns a margin until the model, or its
maker, does the same. Absorption comes at a hazard rate; the value is the margin discounted at the
rate of interest plus the hazard (lecture, 40:03).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive, share

__all__ = ["implied_hazard_per_year", "survival_share", "wrapper_value_usd"]


def survival_share(hazard_per_year: Any, years: Any) -> Any:
    """Probability that an application has not been absorbed after some years, ``exp(−h t)`` [1].

    Examples
    --------
    >>> round(float(survival_share(0.5, 2.0)), 3)
    0.368
    """
    non_negative("hazard_per_year", hazard_per_year)
    non_negative("years", years)
    return np.exp(-np.multiply(hazard_per_year, years))


def _annuity(rate: Any, years: Any) -> Any:
    """Present value of 1 a year, paid continuously: (1 − e^(−rate·years)) / rate."""
    k, t = np.broadcast_arrays(np.asarray(rate, dtype=float), np.asarray(years, dtype=float))
    endless = np.isinf(t)
    if (endless & (k <= 0)).any():
        raise ValueError(
            "discount_rate + hazard_per_year − growth_rate must be above 0 over an endless horizon,"
            f" not {np.min(k)!r}, or the value is infinite"
        )
    small = np.abs(k) < 1e-12
    safe = np.where(small, 1.0, k)
    finite_t = np.where(endless, 1.0, t)
    finite = np.where(small, finite_t, -np.expm1(-safe * finite_t) / safe)
    return np.where(endless, 1 / safe, finite)[()]


def wrapper_value_usd(
    margin_usd_per_year: Any,
    hazard_per_year: Any,
    *,
    discount_rate: Any,
    growth_rate: Any = 0.0,
    horizon_years: Any = np.inf,
    salvage_share: Any = 0.0,
) -> Any:
    """Value of an application that may be absorbed.

    ``m ∫ e^((g − r − h) t) dt``; without a horizon ``m / (r + h − g)``. Of the margin after
    absorption a share may be salvaged: customers who stay for the data, the workflow, the brand.

    Parameters
    ----------
    margin_usd_per_year : float or array of shape (...,)
        Margin today, after model costs; negative for an application sold below cost [USD/yr].
    hazard_per_year : float or array of shape (...,)
        Rate of absorption h; ``1/h`` is the mean life [1/yr].
    discount_rate, growth_rate : float or array of shape (...,)
        Continuous rates r and g [1/yr].
    horizon_years : float or array of shape (...,)
        Years that count; endless if infinite [yr].
    salvage_share : float or array of shape (...,)
        Share of the margin that survives absorption [1].

    Returns
    -------
    float or array of shape (...,)
        Value [USD]; ``m / (r − g)`` at no hazard, the salvaged part of it at an infinite one.

    Raises
    ------
    ValueError
        When a rate is negative, or the value infinite because growth outruns discount and hazard.

    Notes
    -----
    The hazard is constant and independent of success: a wrapper that grows attracts the model's
    maker sooner, which this leaves out. Nor does it price being bought.

    Examples
    --------
    >>> wrapper_value_usd(1e8, np.array([0.0, 0.4, np.inf]), discount_rate=0.1)
    array([1.e+09, 2.e+08, 0.e+00])
    """
    non_negative("hazard_per_year", hazard_per_year)
    non_negative("discount_rate", discount_rate)
    positive("horizon_years", horizon_years)
    share("salvage_share", salvage_share)
    net = np.subtract(discount_rate, growth_rate)
    alone = _annuity(np.add(net, hazard_per_year), horizon_years)
    value = np.multiply(margin_usd_per_year, alone)
    if np.any(np.asarray(salvage_share) > 0):
        for_ever = _annuity(net, horizon_years)
        value = value + margin_usd_per_year * np.asarray(salvage_share) * (for_ever - alone)
    return value


def implied_hazard_per_year(
    value_usd: Any, margin_usd_per_year: Any, *, discount_rate: Any, growth_rate: Any = 0.0
) -> Any:
    """Hazard at which a price is just right, ``m / V − r + g``, over an endless horizon [1/yr].

    Raises
    ------
    ValueError
        When value or margin is not positive, or the price exceeds the value without any hazard.

    Examples
    --------
    >>> float(implied_hazard_per_year(2e8, 1e8, discount_rate=0.1))
    0.4
    """
    positive("value_usd", value_usd)
    positive("margin_usd_per_year", margin_usd_per_year)
    hazard = np.divide(margin_usd_per_year, value_usd) - discount_rate + growth_rate
    if not (hazard >= -1e-12).all():
        raise ValueError(
            f"value_usd = {value_usd!r}: must be at most margin / (discount − growth), "
            "the value without any hazard"
        )
    return np.maximum(hazard, 0.0)
