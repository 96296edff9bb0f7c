"""Money over time: annuities, present values, internal returns and depreciation.

Rates are per year. Cash flows come at the end of each year unless a function says otherwise;
year 0 is today and is not discounted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._validate import at_least, non_negative, positive

__all__ = [
    "annuity_usd_per_year", "book_value_usd", "capital_recovery_factor", "depreciation_usd", "irr",
    "npv_usd",
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

    Raises
    ------
    ValueError
        When the rate is not above −1 or the number of payments is not positive.

    Notes
    -----
    Source: any text of engineering economy, the factor (A/P, r, n).

    Examples
    --------
    >>> round(capital_recovery_factor(0.10, 5), 4), capital_recovery_factor(0.0, 5)
    (0.2638, 0.2)
    """
    _rate(rate)
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

    ``(K − R / (1 + r)^n) · crf(r, n)``.

    Parameters
    ----------
    capital_usd : float or array of shape (...,)
        Paid today, K [USD].
    rate : float or array of shape (...,)
        [1/yr].
    years : float or array of shape (...,)
        Life [yr].
    residual_usd : float or array of shape (...,)
        Value at the end of the life, R; negative where removal costs money [USD].

    Returns
    -------
    float or array of shape (...,)
        [USD/yr]. Negative where the asset gains more than its interest.

    Raises
    ------
    ValueError
        When the capital is negative, the life not positive, or a number is NaN.

    Examples
    --------
    >>> round(annuity_usd_per_year(1000, 0.08, 10), 2)
    149.03
    """
    non_negative("capital_usd", capital_usd)
    at_least("residual_usd", residual_usd, -np.inf)
    factor = capital_recovery_factor(rate, years)
    worth = np.divide(residual_usd, np.power(np.add(1.0, rate), years))
    payment = np.multiply(np.subtract(capital_usd, worth), factor)
    return float(payment) if np.ndim(payment) == 0 else payment


def npv_usd(rate: Any, cash_flows_usd: Any, *, mid_year: bool = False) -> Any:
    """Present value of yearly cash flows, the first of them today [USD].

    ``Σₜ Fₜ / (1 + r)^t``; with `mid_year`, what a year earns comes in its middle and is
    discounted by ``t − ½``, while the flow of today stays where it is.

    Parameters
    ----------
    rate : float or array of shape (...,)
        [1/yr].
    cash_flows_usd : array of shape (years + 1,)
        [USD]; year 0 first.
    mid_year : bool
        Whether flows from year 1 on come in the middle of their year.

    Returns
    -------
    float or array of shape (...,)
        [USD], one for each rate.

    Raises
    ------
    ValueError
        When the rate is not above −1, or the flows are not at least two finite numbers.

    Examples
    --------
    >>> round(npv_usd(0.10, [-100, 60, 60]), 2), npv_usd(0.0, [-100, 60, 60])
    (4.13, 20.0)
    >>> round(npv_usd(0.10, [-100, 60, 60], mid_year=True), 2)
    9.21
    """
    _rate(rate)
    flows = _flows(cash_flows_usd)
    year = np.arange(flows.size, dtype=float)
    if mid_year:
        year[1:] -= 0.5
    worth = flows / np.power(np.add(1.0, rate)[..., None], year)
    total = worth.sum(axis=-1)
    return float(total) if np.ndim(total) == 0 else total


def irr(cash_flows_usd: Any) -> float:
    """Rate at which the present value is zero [1/yr].

    Parameters
    ----------
    cash_flows_usd : array of shape (years + 1,)
        [USD]; year 0 first.

    Returns
    -------
    float
        Above −1 [1/yr].

    Raises
    ------
    ValueError
        When the flows never change sign (there is no such rate), or change it more than once
        (there may be several).

    Notes
    -----
    With one change of sign the root is unique (Descartes' rule of signs). It is sought as the
    yearly growth 1 + r on a scale of logarithms, so near-total losses are found too.

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
    year = np.arange(flows.size)

    def worth(log_growth: float) -> float:
        # Scaled by the largest term, so that no power overflows; the sign is what counts.
        exponents = -log_growth * year
        return float(np.sum(flows * np.exp(exponents - exponents.max())))

    edge = 1.0
    while worth(-edge) * worth(edge) > 0:
        edge *= 2
    return float(np.expm1(brentq(worth, -edge, edge, xtol=1e-14)))


def book_value_usd(
    capital_usd: float,
    life_years: int,
    *,
    residual_usd: float = 0.0,
    declining_rate: float | None = None,
) -> np.ndarray:
    """Value in the books at the end of each year, year 0 first [USD].

    Straight line from the capital to the residual value. With `declining_rate`, each year loses
    that share of what is left, or a straight line over the years left if that is more (the usual
    switch); it never falls below the residual.

    Parameters
    ----------
    capital_usd : float
        [USD].
    life_years : int
        [yr].
    residual_usd : float
        Value at the end of the life [USD].
    declining_rate : float, optional
        Share lost in a year, inside (0, 1) [1/yr]; ``2 / life_years`` is the double-declining
        balance of tax tables.

    Returns
    -------
    array of shape (life_years + 1,)
        [USD].

    Raises
    ------
    ValueError
        When the life is no whole number of years, the residual is above the capital, or a number
        is out of range.

    Examples
    --------
    >>> book_value_usd(100, 4, residual_usd=20).tolist()
    [100.0, 80.0, 60.0, 40.0, 20.0]
    >>> book_value_usd(100, 5, declining_rate=0.4).round(1).tolist()
    [100.0, 60.0, 36.0, 21.6, 10.8, 0.0]
    """
    non_negative("capital_usd", capital_usd)
    positive("life_years", life_years)
    if int(life_years) != life_years:
        raise ValueError(f"life_years = {life_years}: must be a whole number of years")
    if not 0 <= residual_usd <= capital_usd:
        raise ValueError(f"residual_usd = {residual_usd}: must be between 0 and capital_usd")
    if declining_rate is None:
        year = np.arange(int(life_years) + 1)
        return capital_usd - (capital_usd - residual_usd) * year / life_years
    if not 0 < declining_rate < 1:
        raise ValueError(f"declining_rate = {declining_rate}: must be between 0 and 1")
    left = [float(capital_usd)]
    for years_left in range(int(life_years), 0, -1):
        line = (left[-1] - residual_usd) / years_left
        left.append(max(residual_usd, left[-1] - max(declining_rate * left[-1], line)))
    return np.array(left)


def depreciation_usd(
    capital_usd: float,
    life_years: int,
    *,
    residual_usd: float = 0.0,
    declining_rate: float | None = None,
) -> np.ndarray:
    """What each year takes from the book value [USD]; see `book_value_usd`.

    Parameters
    ----------
    capital_usd, life_years, residual_usd, declining_rate
        As in `book_value_usd`.

    Returns
    -------
    array of shape (life_years,)
        [USD/yr], first year first. Sums to capital less residual.

    Raises
    ------
    ValueError
        As `book_value_usd`.

    Examples
    --------
    >>> depreciation_usd(100, 4, residual_usd=20).tolist()
    [20.0, 20.0, 20.0, 20.0]
    """
    return -np.diff(
        book_value_usd(
            capital_usd, life_years, residual_usd=residual_usd, declining_rate=declining_rate
        )
    )


def _rate(rate: Any) -> None:
    if not (np.asarray(rate, dtype=float) > -1).all():  # NaN is not above −1 either
        raise ValueError(f"rate = {rate!r}: must be a number above −1")


def _flows(cash_flows_usd: Any) -> np.ndarray:
    flows = np.asarray(cash_flows_usd, dtype=float)
    if flows.ndim != 1 or flows.size < 2 or not np.isfinite(flows).all():
        raise ValueError(
            f"cash_flows_usd = {cash_flows_usd!r}: must be at least two finite numbers"
        )
    return flows
