"""What earlier power is worth (lecture, 13:20): off-grid gas buys time, not energy."""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive
from supercycle.energy.facility import energy_mwh_per_year

__all__ = ["months_that_pay", "power_premium_for_delay_usd_per_mwh"]


def _present_mwh(power_w: Any, years: Any, rate: Any, load_factor: Any) -> Any:
    """Energy of the contract, each moment discounted to its start [MWh]."""
    positive("power_w", power_w)
    positive("contract_years", years)
    positive("load_factor", load_factor)
    at_least("rate", rate, 0)
    r, n = np.broadcast_arrays(np.asarray(rate, float), np.asarray(years, float))
    force = np.log1p(r)  # continuous payment at an effective yearly rate
    with np.errstate(divide="ignore", invalid="ignore"):
        present_years = np.where(r == 0, n, -np.expm1(-force * n) / force)
    return energy_mwh_per_year(power_w, load_factor) * present_years


def power_premium_for_delay_usd_per_mwh(
    delay_usd_per_month: Any,
    months_earlier: Any,
    *,
    power_w: Any,
    contract_years: Any,
    rate: Any = 0.0,
    load_factor: Any = 1.0,
) -> Any:
    """Highest premium per MWh, over the contract, that earlier power is worth (S7).

    The premium π that makes the buyer indifferent:
    ``π · E · ∫₀ⁿ e^(−δt) dt = months · (USD per month)`` with E the energy of a year and
    ``δ = ln(1 + rate)``. At rate 0 it is the value over the energy bought.

    Parameters
    ----------
    delay_usd_per_month : float or array of shape (...,)
        What a month earlier is worth at its start [USD/month]. It depends on what is sunk and on
        whether sales are lost or only moved: it comes from the floor above.
    months_earlier : float or array of shape (...,)
        [months].
    power_w : float or array of shape (...,)
        Of the contract [W].
    contract_years : float or array of shape (...,)
        How long the premium is paid [yr].
    rate : float or array of shape (...,)
        Discount rate [1/yr].
    load_factor : float or array of shape (...,)
        Mean power over full power [1].

    Returns
    -------
    float or array of shape (...,)
        [USD/MWh]. Negative where a month earlier loses money.

    Raises
    ------
    ValueError
        When power, contract or load factor is not positive, or months or rate negative.

    Notes
    -----
    Gains are counted at the start of the contract; fuel and carbon are in the premium.

    Examples
    --------
    A month of a gigawatt at 0.8 bn, paid for within one year:

    >>> round(power_premium_for_delay_usd_per_mwh(0.8e9, 1, power_w=1e9, contract_years=1), 1)
    91.3
    """
    non_negative("months_earlier", months_earlier)
    value_usd = np.multiply(delay_usd_per_month, months_earlier)
    if not np.isfinite(value_usd).all():
        raise ValueError(f"delay_usd_per_month = {delay_usd_per_month!r}: must be finite")
    return plain(value_usd / _present_mwh(power_w, contract_years, rate, load_factor))


def months_that_pay(
    premium_usd_per_mwh: Any,
    delay_usd_per_month: Any,
    *,
    power_w: Any,
    contract_years: Any,
    rate: Any = 0.0,
    load_factor: Any = 1.0,
) -> Any:
    """Months earlier that a premium must buy to be worth it; the inverse of the premium.

    Parameters
    ----------
    premium_usd_per_mwh : float or array of shape (...,)
        [USD/MWh].
    delay_usd_per_month : float or array of shape (...,)
        Above 0 [USD/month].
    power_w, contract_years, rate, load_factor
        As in `power_premium_for_delay_usd_per_mwh`.

    Returns
    -------
    float or array of shape (...,)
        [months].

    Raises
    ------
    ValueError
        When a month earlier is worth nothing: no number of months pays.

    Examples
    --------
    >>> round(months_that_pay(60, 0.8e9, power_w=1e9, contract_years=5), 2)
    3.29
    """
    positive("delay_usd_per_month", delay_usd_per_month)
    non_negative("premium_usd_per_mwh", premium_usd_per_mwh)
    cost = np.multiply(
        premium_usd_per_mwh, _present_mwh(power_w, contract_years, rate, load_factor)
    )
    return plain(cost / delay_usd_per_month)
