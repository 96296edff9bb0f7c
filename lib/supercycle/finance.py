"""Money over time: annuities, present values, internal returns and depreciation.

Rates are per year, cash flows come at the end of each year, year 0 is today and is not discounted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._validate import at_least, non_negative, positive

__all__ = [
    "annuity_usd_per_year", "book_value_usd", "capital_recovery_factor", "irr", "npv_usd",
]  # fmt: skip


def capital_recovery_factor(rate: Any, years: Any) -> Any:
    """Share of a sum that n equal yearly payments of principal and interest take.

    ``r / (1 − (1 + r)^−n)``, which falls to ``1/n`` as the rate falls to zero.

    Parameters
    ----------
    rate : float or array of shape (...,)
        Interest a year [1/yr], above −1.
    years : float or array of shape (...,)
        Number of payments [yr].

    Returns
    -------
    float or array of shape (...,)
        Payment per year and dollar borrowed [1/yr].

    Examples
    --------
    >>> round(capital_recovery_factor(0.10, 5), 4), capital_recovery_factor(0.0, 5)
    (0.2638, 0.2)
    """
    at_least("rate", rate, -0.999999)
    positive("years", years)
    r, n = np.broadcast_arrays(np.asarray(rate, dtype=float), np.asarray(years, dtype=float))
    # expm1 and log1p keep digits where the rate is tiny; the limit covers rate = 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(r == 0, 1 / n, r / -np.expm1(-n * np.log1p(r)))
    return float(factor) if factor.ndim == 0 else factor


def annuity_usd_per_year(
    capital_usd: Any, rate: Any, years: Any, *, residual_usd: Any = 0.0
) -> Any:
    """Equal yearly payment that repays a capital, less what the asset is still worth at the end.

    Parameters
    ----------
    capital_usd : float or array
        Paid today [USD].
    rate : float or array
        [1/yr].
    years : float or array
        Life [yr].
    residual_usd : float or array
        Value at the end of the life [USD].

    Returns
    -------
    float or array
        [USD/yr].

    Examples
    --------
    >>> round(annuity_usd_per_year(1000, 0.08, 10), 2)
    149.03
    """
    non_negative("capital_usd", capital_usd)
    growth = (1 + np.asarray(rate, dtype=float)) ** np.asarray(years, dtype=float)
    payment = (capital_usd - residual_usd / growth) * capital_recovery_factor(rate, years)
    return float(payment) if np.ndim(payment) == 0 else payment


def npv_usd(rate: float, cash_flows_usd: Any) -> float:
    """Present value of yearly cash flows, the first of them today [USD].

    Parameters
    ----------
    rate : float
        [1/yr].
    cash_flows_usd : array of shape (years + 1,)
        [USD]; year 0 first.

    Examples
    --------
    >>> round(npv_usd(0.10, [-100, 60, 60]), 2)
    4.13
    """
    at_least("rate", rate, -0.999999)
    flows = _flows(cash_flows_usd)
    return float(np.sum(flows / (1 + rate) ** np.arange(flows.size)))


def irr(cash_flows_usd: Any) -> float:
    """Rate at which the present value is zero [1/yr].

    Raises
    ------
    ValueError
        When the flows never change sign (there is no such rate), or change it more than once
        (there may be several).

    Examples
    --------
    >>> round(irr([-100, 60, 60]), 4)
    0.1307
    """
    from scipy.optimize import brentq

    flows = _flows(cash_flows_usd)
    signs = np.sign(flows[flows != 0])
    changes = int(np.count_nonzero(np.diff(signs)))
    if changes != 1:
        raise ValueError(
            f"cash_flows_usd change sign {changes} times: must change it once for one internal rate"
        )
    return float(brentq(lambda rate: npv_usd(rate, flows), -0.99, 1e3, xtol=1e-12))


def book_value_usd(
    capital_usd: float,
    life_years: int,
    *,
    residual_usd: float = 0.0,
    declining_rate: float | None = None,
) -> np.ndarray:
    """Value in the books at the end of each year, year 0 first [USD].

    Straight line from the capital to the residual value; with `declining_rate`, each year loses
    that share of what is left, and never falls below the residual.

    Returns
    -------
    array of shape (life_years + 1,)

    Examples
    --------
    >>> book_value_usd(100, 4, residual_usd=20).tolist()
    [100.0, 80.0, 60.0, 40.0, 20.0]
    """
    non_negative("capital_usd", capital_usd)
    positive("life_years", life_years)
    if not 0 <= residual_usd <= capital_usd:
        raise ValueError(f"residual_usd = {residual_usd}: must be between 0 and capital_usd")
    year = np.arange(int(life_years) + 1)
    if declining_rate is None:
        return capital_usd - (capital_usd - residual_usd) * year / life_years
    if not 0 < declining_rate < 1:
        raise ValueError(f"declining_rate = {declining_rate}: must be between 0 and 1")
    return np.maximum(capital_usd * (1 - declining_rate) ** year, residual_usd)


def _flows(cash_flows_usd: Any) -> np.ndarray:
    flows = np.asarray(cash_flows_usd, dtype=float)
    if flows.ndim != 1 or flows.size < 2 or not np.isfinite(flows).all():
        raise ValueError(
            f"cash_flows_usd = {cash_flows_usd!r}: must be at least two finite numbers"
        )
    return flows
