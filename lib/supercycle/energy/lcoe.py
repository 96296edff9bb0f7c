"""Levelised cost of electricity."""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive, share
from supercycle.energy._plain import plain
from supercycle.finance import capital_recovery_factor
from supercycle.units import HOURS_PER_YEAR, MEGAWATT

__all__ = ["lcoe_usd_per_mwh"]


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
    Overnight cost: interest during construction is not in it (for ten years of nuclear building
    at 8 % it adds about a half). LCOE says nothing about *when* power comes: compare `supply`.
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
