"""Total cost of ownership of a campus, the cost of a GPU-hour, and whether a campus pays.

Capital becomes a yearly cost by an annuity over each item's own life: chips over a few years,
buildings over many. Energy, for all its fame, is a small part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.energy import energy_mwh_per_year
from supercycle.finance import annuity_usd_per_year, capital_recovery_factor
from supercycle.infra.capex import CampusCapex
from supercycle.units import HOURS_PER_YEAR

__all__ = [
    "TCO", "break_even_revenue_usd_per_year", "campus_npv_usd", "campus_tco",
    "cost_usd_per_gpu_hour", "energy_price_for_share_usd_per_mwh", "present_years",
]  # fmt: skip


@dataclass(frozen=True)
class TCO:
    """Yearly cost of a campus.

    Attributes
    ----------
    capital_usd_per_year : dict from item to float or array of shape (...,)
        Annuity of each item [USD/yr].
    energy_usd_per_year, other_usd_per_year : float or array of shape (...,)
        Electricity, and staff, maintenance, insurance and tax [USD/yr].
    """

    capital_usd_per_year: dict[str, Any]
    energy_usd_per_year: Any
    other_usd_per_year: Any

    @property
    def total_usd_per_year(self) -> Any:
        """Capital, energy and the rest [USD/yr]."""
        capital = sum(np.asarray(cost) for cost in self.capital_usd_per_year.values())
        return plain(capital + self.energy_usd_per_year + self.other_usd_per_year)

    @property
    def energy_share(self) -> Any:
        """Energy over the total [1]."""
        return plain(np.divide(self.energy_usd_per_year, self.total_usd_per_year))


def campus_tco(
    campus: CampusCapex,
    *,
    energy_usd_per_mwh: Any,
    rate: Any = None,
    load_factor: Any = 1.0,
    other_usd_per_it_w_year: Any = None,
) -> TCO:
    """Yearly cost of a campus: each item's annuity over its own life, energy, and the rest.

    Parameters
    ----------
    campus : CampusCapex
    energy_usd_per_mwh : float or array of shape (...,)
        Price at the meter [USD/MWh].
    rate : float or array of shape (...,), optional
        Return that capital costs [1/yr]; left out, ``datacenter-capex/rate``.
    load_factor : float or array of shape (...,)
        Mean power over full power [1].
    other_usd_per_it_w_year : float or array of shape (...,), optional
        Staff, maintenance, insurance, tax [USD/W/yr]; left out, ``datacenter-capex/other-opex``.

    Returns
    -------
    TCO

    Raises
    ------
    ValueError
        When a price or cost is negative, or the load factor is no share.

    Notes
    -----
    An annuity treats a chip's service as equal in each year. Where rents fall with age, early
    years must earn more: see `campus_npv_usd` with `decline_per_year`.

    Examples
    --------
    >>> from supercycle.infra import campus_capex
    >>> cost = campus_tco(campus_capex(1e9), energy_usd_per_mwh=60)
    >>> round(cost.total_usd_per_year / 1e9, 2), round(cost.energy_share, 3)
    (8.8, 0.06)
    """
    non_negative("energy_usd_per_mwh", energy_usd_per_mwh)
    rate = facts.value("datacenter-capex/rate") if rate is None else rate
    if other_usd_per_it_w_year is None:
        other_usd_per_it_w_year = facts.value("datacenter-capex/other-opex")
    non_negative("other_usd_per_it_w_year", other_usd_per_it_w_year)
    energy = np.multiply(energy_mwh_per_year(campus.facility_power_w, load_factor),
                         energy_usd_per_mwh)  # fmt: skip
    it_power_w = np.divide(campus.facility_power_w, campus.pue)
    return TCO(
        {
            item.name: annuity_usd_per_year(campus.by_item_usd[item.name], rate, item.life_years)
            for item in campus.items
        },
        plain(energy),
        plain(it_power_w * other_usd_per_it_w_year),
    )


def cost_usd_per_gpu_hour(tco_usd_per_year: Any, gpus: Any, *, sold_share: Any = 1.0) -> Any:
    """Cost of an accelerator-hour: yearly cost over hours, or over the hours that are sold.

    Parameters
    ----------
    tco_usd_per_year : float or array of shape (...,)
        [USD/yr].
    gpus : float or array of shape (...,)
        Accelerators [1].
    sold_share : float or array of shape (...,)
        Share of all hours that earn, above 0 [1].

    Returns
    -------
    float or array of shape (...,)
        [USD/h].

    Raises
    ------
    ValueError
        When the cost is negative, or there is no accelerator or no hour sold.

    Examples
    --------
    >>> round(cost_usd_per_gpu_hour(8.5e9, 478_000), 2)
    2.03
    """
    non_negative("tco_usd_per_year", tco_usd_per_year)
    positive("gpus", gpus)
    share("sold_share", sold_share)
    positive("sold_share", sold_share)
    hours = np.multiply(gpus, sold_share) * HOURS_PER_YEAR
    return plain(np.divide(tco_usd_per_year, hours))


def energy_price_for_share_usd_per_mwh(
    energy_share: Any, *, other_usd_per_year: Any, energy_mwh_per_year: Any
) -> Any:
    """Price of electricity at which energy is a given share of the cost.

    ``p · E = s/(1 − s) · other``.

    Parameters
    ----------
    energy_share : float or array of shape (...,)
        Share wanted, 0 up to but not including 1 [1].
    other_usd_per_year : float or array of shape (...,)
        Everything but energy [USD/yr].
    energy_mwh_per_year : float or array of shape (...,)
        Energy bought [MWh/yr].

    Returns
    -------
    float or array of shape (...,)
        [USD/MWh], per MWh as counted in `energy_mwh_per_year` (IT or at the meter).

    Raises
    ------
    ValueError
        When the share is not in [0, 1), or no energy is bought.

    Examples
    --------
    Epoch's gigawatt of IT power, 8.5 bn a year of which 0.6 bn is energy:

    >>> round(energy_price_for_share_usd_per_mwh(0.5, other_usd_per_year=7.9e9,
    ...                                          energy_mwh_per_year=8.76e6))
    902
    """
    share("energy_share", energy_share)
    s = np.asarray(energy_share, dtype=float)
    if (s >= 1).any():
        raise ValueError(f"energy_share = {energy_share!r}: must be below 1, or no price is enough")
    non_negative("other_usd_per_year", other_usd_per_year)
    positive("energy_mwh_per_year", energy_mwh_per_year)
    return plain(s / (1 - s) * np.divide(other_usd_per_year, energy_mwh_per_year))


def present_years(rate: Any, years: Any, *, decline_per_year: Any = 0.0) -> Any:
    """Present value of one dollar a year, paid at each year's end, shrinking by a share each year.

    ``Σ_{t=1..n} (1 − g)^(t−1) / (1 + r)^t = (1 − ((1 − g)/(1 + r))^n) / (r + g)``, and n/(1 + r)
    where r + g = 0. Without decline it is one over the capital recovery factor.

    Parameters
    ----------
    rate : float or array of shape (...,)
        [1/yr], above −1.
    years : float or array of shape (...,)
        [yr].
    decline_per_year : float or array of shape (...,)
        Below 1; negative for growth [1/yr].

    Returns
    -------
    float or array of shape (...,)
        [yr].

    Raises
    ------
    ValueError
        When the rate is −1 or less, the decline 1 or more, or the years are not positive.

    Examples
    --------
    >>> round(present_years(0.10, 5), 3), round(present_years(0.10, 5, decline_per_year=0.3), 3)
    (3.791, 2.239)
    """
    at_least("rate", rate, -0.999999)
    positive("years", years)
    at_least("1 − decline_per_year", np.subtract(1.0, decline_per_year), 1e-6)
    r, n, g = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (rate, years, decline_per_year))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        declining = -np.expm1(n * (np.log1p(-g) - np.log1p(r))) / (r + g)
    declining = np.where(np.isclose(r + g, 0, atol=1e-12), n / (1 + r), declining)
    return plain(np.where(g == 0, 1 / np.asarray(capital_recovery_factor(r, n)), declining))


def campus_npv_usd(
    capex_usd: Any,
    revenue_usd_per_year: Any,
    opex_usd_per_year: Any,
    *,
    rate: Any,
    years: Any,
    decline_per_year: Any = 0.0,
    residual_usd: Any = 0.0,
) -> Any:
    """Net present value of building now and earning from the first year (S23).

    ``−K + R · a(r, n, g) − O · a(r, n) + S/(1 + r)^n`` with a = `present_years`.

    Parameters
    ----------
    capex_usd : float or array of shape (...,)
        Paid today [USD].
    revenue_usd_per_year, opex_usd_per_year : float or array of shape (...,)
        Revenue of the first year, and operating cost of each [USD/yr].
    rate : float or array of shape (...,)
        Discount rate [1/yr].
    years : float or array of shape (...,)
        Useful life [yr].
    decline_per_year : float or array of shape (...,)
        Share of its revenue that an ageing fleet loses each year [1/yr].
    residual_usd : float or array of shape (...,)
        Value at the end, such as a building with years left [USD].

    Returns
    -------
    float or array of shape (...,)
        [USD].

    Raises
    ------
    ValueError
        When a cost or revenue is negative, or rate and life are impossible.

    Examples
    --------
    38 bn, 10 bn a year, 0.9 bn to run, five years at 10 per cent:

    >>> round(campus_npv_usd(38e9, 10e9, 0.9e9, rate=0.10, years=5) / 1e9, 1)
    -3.5
    """
    for name, number in (("capex_usd", capex_usd), ("revenue_usd_per_year", revenue_usd_per_year),
                         ("opex_usd_per_year", opex_usd_per_year),
                         ("residual_usd", residual_usd)):  # fmt: skip
        non_negative(name, number)
    earned = np.multiply(
        revenue_usd_per_year, present_years(rate, years, decline_per_year=decline_per_year)
    )
    spent = np.multiply(opex_usd_per_year, present_years(rate, years))
    left = np.asarray(residual_usd) * (1 + np.asarray(rate, dtype=float)) ** -np.asarray(years)
    return plain(earned - spent + left - capex_usd)


def break_even_revenue_usd_per_year(
    capex_usd: Any,
    opex_usd_per_year: Any,
    *,
    rate: Any,
    years: Any,
    decline_per_year: Any = 0.0,
    residual_usd: Any = 0.0,
) -> Any:
    """Revenue of the first year at which a campus has no net present value [USD/yr].

    Parameters
    ----------
    capex_usd, opex_usd_per_year, rate, years, decline_per_year, residual_usd
        As in `campus_npv_usd`.

    Returns
    -------
    float or array of shape (...,)
        [USD/yr]; negative only where the residual alone repays everything.

    Raises
    ------
    ValueError
        As in `campus_npv_usd`.

    Examples
    --------
    The lecture's 70 bn a gigawatt, and with prices that halve in two years:

    >>> round(break_even_revenue_usd_per_year(70e9, 0.9e9, rate=0.10, years=5) / 1e9, 1)
    19.4
    >>> round(break_even_revenue_usd_per_year(70e9, 0.9e9, rate=0.10, years=5,
    ...                                       decline_per_year=0.29) / 1e9, 1)
    32.2
    """
    without = campus_npv_usd(
        capex_usd, 0.0, opex_usd_per_year, rate=rate, years=years, residual_usd=residual_usd
    )
    return plain(
        np.negative(without) / present_years(rate, years, decline_per_year=decline_per_year)
    )
