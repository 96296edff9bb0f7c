"""Levelised cost of electricity, and what slow building adds to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.finance import capital_recovery_factor
from supercycle.units import HOURS_PER_YEAR, MEGAWATT

__all__ = ["interest_while_building", "lcoe_usd_per_mwh"]


def lcoe_usd_per_mwh(
    capex_usd_per_w: Any,
    *,
    rate: Any,
    life_years: Any,
    capacity_factor: Any,
    fixed_usd_per_w_year: Any = 0.0,
    variable_usd_per_mwh: Any = 0.0,
) -> Any:
    """Constant price at which a plant just pays back its cost.

    ``(capex · crf(rate, life) + fixed) / (8760 h · capacity factor) + variable``.

    Parameters
    ----------
    capex_usd_per_w : float or array of shape (...,)
        [USD/W].
    rate : float or array of shape (...,)
        Cost of capital [1/yr]; real, if prices are.
    life_years : float or array of shape (...,)
        [yr].
    capacity_factor : float or array of shape (...,)
        Mean power over full power, above 0 [1].
    fixed_usd_per_w_year : float or array of shape (...,)
        Fixed operation and maintenance [USD/W/yr].
    variable_usd_per_mwh : float or array of shape (...,)
        Fuel, wear and carbon [USD/MWh].

    Returns
    -------
    float or array of shape (...,)
        [USD/MWh].

    Raises
    ------
    ValueError
        When a cost is negative, or the capacity factor is zero or above 1.

    Notes
    -----
    Overnight cost: multiply it by `interest_while_building` where that takes years. LCOE says
    nothing about *when* power comes: compare `supply.cheapest_supply`.
    Source: Short, Packey and Holt (1995), NREL/TP-462-5173, §5.

    Examples
    --------
    >>> round(lcoe_usd_per_mwh(1.0, rate=0.0, life_years=20, capacity_factor=0.25), 2)
    22.83
    """
    for name, number in (("capex_usd_per_w", capex_usd_per_w),
                         ("fixed_usd_per_w_year", fixed_usd_per_w_year),
                         ("variable_usd_per_mwh", variable_usd_per_mwh)):  # fmt: skip
        non_negative(name, number)
    share("capacity_factor", capacity_factor)
    positive("capacity_factor", capacity_factor)
    yearly_usd_per_w = (
        np.multiply(capex_usd_per_w, capital_recovery_factor(rate, life_years))
        + fixed_usd_per_w_year
    )
    mwh_per_w = np.multiply(capacity_factor, HOURS_PER_YEAR / MEGAWATT)
    return plain(yearly_usd_per_w / mwh_per_w + variable_usd_per_mwh)


def interest_while_building(rate: Any, building_years: Any) -> Any:
    """What a plant has cost on its first day, per dollar of overnight cost.

    Money spent evenly over the building time carries interest until the plant runs:
    ``(1/n) ∫₀ⁿ e^(δt) dt = (e^(δn) − 1)/(δn)`` with ``δ = ln(1 + rate)``; 1 as either goes to zero.

    Parameters
    ----------
    rate : float or array of shape (...,)
        Cost of capital [1/yr].
    building_years : float or array of shape (...,)
        From first to last payment [yr]; a queue before the first payment costs nothing here.

    Returns
    -------
    float or array of shape (...,)
        At least 1 [1].

    Raises
    ------
    ValueError
        When the rate or the time is negative.

    Examples
    --------
    Ten years of building at 8 % make a plant half as dear again:

    >>> round(interest_while_building(0.08, 10), 2)
    1.51
    """
    at_least("rate", rate, 0)
    non_negative("building_years", building_years)
    growth = np.multiply(np.log1p(rate), building_years)
    with np.errstate(divide="ignore", invalid="ignore"):
        return plain(np.where(growth == 0, 1.0, np.expm1(growth) / growth))
