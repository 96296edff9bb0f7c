"""Power and energy of a facility, and its share of a grid (lecture, 14:01–15:37)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.units import HOURS_PER_YEAR, MEGAWATT

__all__ = [
    "GridShare", "energy_mwh_per_year", "facility_power_w", "gpus_count", "grid_share",
    "it_power_w", "power_for_everybody_w",
]  # fmt: skip


def facility_power_w(it_power_w: Any, pue: Any) -> Any:
    """Power at the meter of a site whose machines draw `it_power_w`.

    ``facility = IT × PUE``; PUE (power usage effectiveness) counts cooling, conversion and lights.

    Parameters
    ----------
    it_power_w : float or array of shape (...,)
        Power of the machines [W].
    pue : float or array of shape (...,)
        At least 1 [1].

    Returns
    -------
    float or array of shape (...,)
        [W].

    Raises
    ------
    ValueError
        When the power is negative or PUE is below 1.

    Notes
    -----
    A yearly PUE is an average: on the hottest day it is higher, so size the connection with the
    design value. Source: ISO/IEC 30134-2.

    Examples
    --------
    >>> round(facility_power_w(100e6, 1.2) / 1e6, 6)
    120.0
    """
    non_negative("it_power_w", it_power_w)
    at_least("pue", pue, 1)
    return plain(np.multiply(it_power_w, pue))


def it_power_w(facility_power_w: Any, pue: Any) -> Any:
    """Power left for the machines of a site with `facility_power_w` at the meter [W].

    Parameters
    ----------
    facility_power_w : float or array of shape (...,)
        [W].
    pue : float or array of shape (...,)
        At least 1 [1].

    Returns
    -------
    float or array of shape (...,)
        [W].

    Raises
    ------
    ValueError
        When the power is negative or PUE is below 1.

    Examples
    --------
    >>> it_power_w(1.2e9, 1.2) / 1e9
    1.0
    """
    non_negative("facility_power_w", facility_power_w)
    at_least("pue", pue, 1)
    return plain(np.divide(facility_power_w, pue))


def gpus_count(facility_power_w: Any, pue: Any, w_per_gpu: Any) -> Any:
    """Accelerators that a site can feed: ``facility / PUE / w_per_gpu`` [1].

    Parameters
    ----------
    facility_power_w : float or array of shape (...,)
        [W].
    pue : float or array of shape (...,)
        At least 1 [1].
    w_per_gpu : float or array of shape (...,)
        All IT power per accelerator, with its share of host, network and storage [W].

    Returns
    -------
    float or array of shape (...,)
        Not rounded, so that it scales.

    Raises
    ------
    ValueError
        When PUE is below 1 or `w_per_gpu` is not positive.

    Examples
    --------
    >>> round(gpus_count(1e9, 1.25, 1600))
    500000
    """
    positive("w_per_gpu", w_per_gpu)
    return plain(np.divide(it_power_w(facility_power_w, pue), w_per_gpu))


def energy_mwh_per_year(power_w: Any, load_factor: Any = 1.0) -> Any:
    """Energy of a year (8,760 hours) at a mean share of the full power [MWh/yr].

    Parameters
    ----------
    power_w : float or array of shape (...,)
        Full power [W].
    load_factor : float or array of shape (...,)
        Mean power / full power, 0 to 1 [1].

    Returns
    -------
    float or array of shape (...,)
        [MWh/yr].

    Raises
    ------
    ValueError
        When the power is negative or the load factor is no share.

    Examples
    --------
    >>> energy_mwh_per_year(1e9)
    8760000.0
    """
    non_negative("power_w", power_w)
    share("load_factor", load_factor)
    return plain(np.multiply(power_w, load_factor) / MEGAWATT * HOURS_PER_YEAR)


@dataclass(frozen=True)
class GridShare:
    """How much of a grid a load takes, by two measures that differ by a factor of two.

    Attributes
    ----------
    of_average : float or array
        Load over the grid's average load [1].
    of_capacity : float or array
        Load over all generating capacity [1]; capacity idles at night and in calm weather.
    average_load_w, capacity_w : float
        The grid's [W].
    """

    of_average: Any
    of_capacity: Any
    average_load_w: float
    capacity_w: float


def grid_share(
    power_w: Any, *, demand_wh_per_year: float | None = None, capacity_w: float | None = None
) -> GridShare:
    """Share of a grid that a constant load takes (S8).

    ``of_average = P · 8760 h / demand``; ``of_capacity = P / capacity``.

    Parameters
    ----------
    power_w : float or array of shape (...,)
        At the meter [W].
    demand_wh_per_year : float, optional
        Electricity the grid supplies in a year [Wh/yr]; left out, the United States in 2025.
    capacity_w : float, optional
        Generating capacity [W]; left out, the United States in mid-2025 (net summer capacity of
        six technologies, a floor, so the share is an upper bound).

    Returns
    -------
    GridShare

    Raises
    ------
    ValueError
        When a power is negative or the grid has no demand or capacity.

    Notes
    -----
    Source: Our World in Data (Ember) for demand, EIA for capacity: rows
    ``us-electricity/2025`` and ``energy/us-capacity-2025``.

    Examples
    --------
    >>> part = grid_share(100e9)
    >>> round(part.of_average, 3), round(part.of_capacity, 3)
    (0.193, 0.087)
    """
    non_negative("power_w", power_w)
    if demand_wh_per_year is None:
        demand_wh_per_year = facts.value("us-electricity/2025/demand_wh")
    if capacity_w is None:
        capacity_w = facts.value("energy/us-capacity-2025")
    positive("demand_wh_per_year", demand_wh_per_year)
    positive("capacity_w", capacity_w)
    average_w = float(demand_wh_per_year) / HOURS_PER_YEAR
    return GridShare(
        plain(np.divide(power_w, average_w)),
        plain(np.divide(power_w, float(capacity_w))),
        average_w,
        float(capacity_w),
    )


def power_for_everybody_w(w_each: Any, people: float | None = None) -> Any:
    """Power of one accelerator each (lecture, 14:01) [W].

    Parameters
    ----------
    w_each : float or array of shape (...,)
        Power per person [W]; the lecture says 1 to 2 kW.
    people : float, optional
        Left out, the lecture's 7 billion.

    Returns
    -------
    float or array of shape (...,)
        [W].

    Raises
    ------
    ValueError
        When either is negative.

    Examples
    --------
    >>> power_for_everybody_w(1000) / 1e12
    7.0
    """
    people = float(facts.value("energy/people-with-a-gpu")) if people is None else people
    non_negative("people", people)
    non_negative("w_each", w_each)
    return plain(np.multiply(w_each, people))
