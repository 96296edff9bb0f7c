"""Cheapest supply of a load: grid, gas, sun, wind, batteries, nuclear (S7, S19).

`cheapest_supply` chooses how much of each `technologies.Technology` to build and, hour by hour,
how much to run, with PyPSA and HiGHS.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import facts
from supercycle._validate import non_negative, share
from supercycle.energy.technologies import Technology, technologies
from supercycle.units import HOURS_PER_YEAR, MEGAWATT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Supply", "cheapest_supply"]


@dataclass(frozen=True)
class Supply:
    """The cheapest mix.

    Attributes
    ----------
    cost_usd_per_year : float
        Annuities, fixed and running cost, carbon [USD/yr].
    cost_usd_per_mwh : float
        Per MWh of load [USD/MWh].
    co2_t_per_year : float
        [t/yr].
    capacity_w : dict of str to float
        Built power, every offered source [W].
    storage_wh : dict of str to float
        Built energy, batteries only [Wh].
    energy_mwh_per_year : dict of str to float
        Delivered; for a battery what it discharges [MWh/yr].
    dispatch_w : pandas.DataFrame of shape (steps, sources)
        Power in each step; a battery's charging is negative [W].
    price_usd_per_mwh : array of shape (steps,)
        Shadow price: what one more MWh in that step would cost [USD/MWh]. At these prices each
        source that no limit holds back earns exactly its cost.
    curtailed_mwh_per_year : float
        Sun and wind that was there and not taken [MWh/yr].
    not_yet : tuple of str
        Sources that cannot be there in time.
    """

    cost_usd_per_year: float
    cost_usd_per_mwh: float
    co2_t_per_year: float
    capacity_w: dict[str, float]
    storage_wh: dict[str, float]
    energy_mwh_per_year: dict[str, float]
    dispatch_w: pd.DataFrame
    price_usd_per_mwh: np.ndarray
    curtailed_mwh_per_year: float
    not_yet: tuple[str, ...]


def cheapest_supply(
    load_w: Any,
    sources: Sequence[Technology] | Mapping[str, Technology] | None = None,
    *,
    hours: int | None = None,
    step_h: int = 1,
    profiles: Mapping[str, Any] | None = None,
    rate: float | None = None,
    carbon_price_usd_per_t: float = 0.0,
    within_years: float | None = None,
    seed: int = 0,
) -> Supply:
    """Least yearly cost of meeting a load in every hour.

    Choose capacities and hourly running to minimise ``Σ annuity · capacity + (8760/H) Σ running``
    subject to supply = load in each hour, output ≤ capacity × profile, and each battery's
    balance over a cyclic horizon of H hours. A battery charges and discharges through one
    converter, each way at most its rated power.

    Parameters
    ----------
    load_w : float or array of shape (hours,)
        [W]; a number is a constant load.
    sources : sequence or mapping of Technology, optional
        Left out, `technologies`.
    hours : int, optional
        Horizon, from 1 January; left out, the length of the load or 8,760.
    step_h : int
        Hours that run alike [h]: load and weather are averaged over them. 1 is the hourly year;
        3 solves several times faster, still sees the night, and is what a notebook wants.
    profiles : mapping of str to array of shape (hours,), optional
        Shares of rated power for ``"solar"`` and ``"wind"``; left out, `profiles.solar_share`
        and `profiles.wind_share` with `seed`.
    rate : float, optional
        Real cost of capital [1/yr]; left out, ``energy/discount-rate-energy``.
    carbon_price_usd_per_t : float
        [USD/t].
    within_years : float, optional
        Only sources whose lead time is at most this may be built [yr]; left out, all.
    seed : int
        Of the weather.

    Returns
    -------
    Supply

    Raises
    ------
    ValueError
        When an argument is out of range, two sources share a name, no source can be there in
        time, or those that can do not meet the load in every hour.
    ModuleNotFoundError
        When PyPSA is missing.

    Notes
    -----
    The planner knows the year's weather; no outage is drawn (availability derates instead), so
    reserves are missing and the cost is a lower bound. The result is for a site that buys or
    builds: nothing is sold to the grid. Source: Brown, Hörsch and Schlachtberger
    (2018), PyPSA, J. Open Research Software 6(1), 4.

    Examples
    --------
    >>> plan = cheapest_supply(1e9, [technologies()["grid"]], hours=24)
    >>> round(plan.cost_usd_per_mwh, 6), round(plan.capacity_w["grid"] / 1e9, 6)
    (86.0, 1.0)
    """
    load, hours = _load(load_w, hours)
    if int(step_h) != step_h or step_h < 1 or hours % step_h:
        raise ValueError(
            f"step_h = {step_h!r}: must be a whole number of hours that divides {hours}"
        )
    offered = _offered(sources)
    non_negative("carbon_price_usd_per_t", carbon_price_usd_per_t)
    rate = float(facts.value("energy/discount-rate-energy") if rate is None else rate)
    non_negative("rate", rate)
    not_yet: tuple[str, ...] = ()
    if within_years is not None:
        non_negative("within_years", within_years)
        not_yet = tuple(t.name for t in offered if t.lead_time_years > within_years)
        if len(not_yet) == len(offered):
            first = min(offered, key=lambda t: t.lead_time_years)
            raise ValueError(
                f"within_years = {within_years:g}: must be at least {first.lead_time_years:g}, "
                f"the lead time of {first.name}, the fastest source offered"
            )
    built = [t for t in offered if t.name not in not_yet]
    weather = {
        kind: shape.reshape(-1, step_h).mean(axis=1)
        for kind, shape in _weather(built, profiles, hours, seed).items()
    }
    load = load.reshape(-1, step_h).mean(axis=1)
    with _quiet():
        network = _network(load, built, weather, rate, carbon_price_usd_per_t, step_h)
        _solve(network, built)
    return _read(network, load, offered, built, rate, carbon_price_usd_per_t, step_h, not_yet)


def _load(load_w: Any, hours: int | None) -> tuple[np.ndarray, int]:
    load = np.asarray(load_w, dtype=float)
    if load.ndim > 1 or not np.isfinite(load).all():
        raise ValueError("load_w: must be a finite number or a one-dimensional array of watts")
    non_negative("load_w", load)
    if load.ndim == 0:
        length = int(HOURS_PER_YEAR) if hours is None else hours
        if int(length) != length or length < 1:
            raise ValueError(f"hours = {hours!r}: must be a whole number of at least 1")
        load = np.full(int(length), float(load))
    elif hours is not None and hours != load.size:
        raise ValueError(f"hours = {hours}: must be {load.size}, the length of load_w")
    if not load.any():
        raise ValueError("load_w = 0 in every hour: must be > 0 in some hour")
    return load, load.size


def _offered(sources: Sequence[Technology] | Mapping[str, Technology] | None) -> list[Technology]:
    sources = technologies() if sources is None else sources
    offered = list(sources.values() if isinstance(sources, Mapping) else sources)
    names = [t.name for t in offered]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"sources = {names}: must be at least one, each name once")
    return offered


def _weather(
    built: Sequence[Technology], profiles: Mapping[str, Any] | None, hours: int, seed: int
) -> dict[str, np.ndarray]:
    from supercycle.energy.profiles import solar_share, wind_share

    given = {} if profiles is None else profiles
    weather: dict[str, np.ndarray] = {}
    for kind in {t.profile for t in built if t.profile}:
        if kind in given:
            shape = np.asarray(given[kind], dtype=float)
        elif kind == "solar":
            shape = solar_share(hours, seed=seed)
        else:
            shape = wind_share(hours, seed=seed + 1)
        share(f"profiles[{kind!r}]", shape)
        if shape.shape != (hours,):
            raise ValueError(f"profiles[{kind!r}] has shape {shape.shape}: must be ({hours},)")
        weather[kind] = shape
    return weather


_TIE = 1e-4
"""USD/MWh on charging, in no result: where sun is thrown away, wasting it in the battery is as good,
and a battery that charges and discharges at once would be drawn without it."""


def _network(
    load: np.ndarray, built: Sequence[Technology], weather: Mapping[str, np.ndarray],
    rate: float, carbon_price_usd_per_t: float, step_h: int,
) -> Any:  # fmt: skip
    """The optimisation as a PyPSA network, in MW and MWh and on one bus."""
    try:
        import pypsa
    except ModuleNotFoundError:
        raise ModuleNotFoundError("the supply mix needs PyPSA: pip install pypsa") from None

    network = pypsa.Network(snapshots=range(load.size))
    # What a step costs counts as often as it stands for the year; in the store it lasts step_h.
    network.snapshot_weightings["objective"] = HOURS_PER_YEAR / load.size
    network.snapshot_weightings["stores"] = float(step_h)
    network.add("Carrier", "power")
    network.add("Bus", "site", carrier="power")
    network.add("Load", "load", bus="site", p_set=load / MEGAWATT)
    for tech in built:
        usd_per_mw = tech.yearly_usd_per_w(rate) * MEGAWATT
        most = tech.limit_w / MEGAWATT
        if not tech.storage:
            network.add(
                "Generator", tech.name, bus="site", carrier="power", p_nom_extendable=True, p_nom_max=most,
                capital_cost=usd_per_mw,
                marginal_cost=tech.running_usd_per_mwh(carbon_price_usd_per_t),
                p_max_pu=weather[tech.profile] if tech.profile else tech.availability,
            )  # fmt: skip
            continue
        # Power and energy are sized apart: a store behind one link each way.
        inside = f"{tech.name} inside"
        way = tech.round_trip_efficiency**0.5
        network.add("Bus", inside, carrier="power")
        network.add(
            "Store", tech.name, bus=inside, carrier="power", e_nom_extendable=True, e_cyclic=True,
            capital_cost=tech.yearly_usd_per_wh(rate) * MEGAWATT,
        )  # fmt: skip
        network.add(
            "Link", f"{tech.name} in", bus0="site", bus1=inside, carrier="power",
            efficiency=way, p_nom_extendable=True, p_nom_max=most, marginal_cost=_TIE,
        )  # fmt: skip
        # A link is rated at its inlet; the site sees `way` of it, so the cost is per watt there.
        network.add(
            "Link", f"{tech.name} out", bus0=inside, bus1="site", carrier="power",
            efficiency=way, p_nom_extendable=True, p_nom_max=most / way, capital_cost=usd_per_mw * way,
            marginal_cost=tech.running_usd_per_mwh(carbon_price_usd_per_t) * way,
        )  # fmt: skip
    return network


def _solve(network: Any, built: Sequence[Technology]) -> None:
    def one_converter(network: Any, _snapshots: Any) -> None:
        for tech in built:
            if tech.storage:
                size = network.model["Link-p_nom"]
                way = tech.round_trip_efficiency**0.5
                into = size.sel(name=f"{tech.name} in", drop=True)
                out = size.sel(name=f"{tech.name} out", drop=True)
                network.model.add_constraints(into - way * out == 0, name=f"{tech.name} converter")

    status, condition = network.optimize(
        solver_name="highs",
        extra_functionality=one_converter,
        include_objective_constant=False,
        io_api="direct",
        # An interior point, then a vertex: exact zeros and exact shadow prices.
        solver_options={"output_flag": False, "solver": "ipm", "run_crossover": "on"},
    )
    if status != "ok":
        names = ", ".join(t.name for t in built)
        raise ValueError(
            f"load_w: {names} cannot meet it in every hour ({condition}); offer a source that runs "
            "at any hour, a battery, a higher limit_w, or more time (within_years)"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what PyPSA logs and what HiGHS prints.

    HiGHS greets on the process's own standard output as soon as it is made, before any option
    can be set, so that stream is turned aside while it works.
    """
    import logging

    loggers = [logging.getLogger(name) for name in ("pypsa", "linopy")]
    levels = [logger.level for logger in loggers]
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        os.dup2(nowhere, 1)
        with warnings.catch_warnings():
            # PyPSA announces how it will store strings in its next major version.
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _read(
    network: Any, load: np.ndarray, offered: Sequence[Technology], built: Sequence[Technology],
    rate: float, carbon_price_usd_per_t: float, step_h: int, not_yet: tuple[str, ...],
) -> Supply:  # fmt: skip
    import pandas as pd

    weight = HOURS_PER_YEAR / load.size  # hours of the year that a step stands for
    capacity = {t.name: 0.0 for t in offered}
    storage = {t.name: 0.0 for t in offered if t.storage}
    energy = {t.name: 0.0 for t in offered}
    dispatch: dict[str, np.ndarray] = {}
    cost = co2 = curtailed = 0.0
    for tech in built:
        if tech.storage:
            give = np.maximum(-network.links_t.p1[f"{tech.name} out"].to_numpy(), 0.0)
            take = network.links_t.p0[f"{tech.name} in"].to_numpy()
            power = float(network.links.p_nom_opt[f"{tech.name} in"])
            storage[tech.name] = max(0.0, float(network.stores.e_nom_opt[tech.name])) * MEGAWATT
            dispatch[tech.name] = (give - take) * MEGAWATT
        else:
            give = np.maximum(network.generators_t.p[tech.name].to_numpy(), 0.0)
            power = float(network.generators.p_nom_opt[tech.name])
            dispatch[tech.name] = give * MEGAWATT
            if tech.profile:
                there = power * network.generators_t.p_max_pu[tech.name].to_numpy()
                curtailed += max(0.0, float((there - give).sum()) * weight)
        capacity[tech.name] = max(0.0, power) * MEGAWATT
        energy[tech.name] = float(give.sum()) * weight
        co2 += energy[tech.name] * tech.co2_kg_per_mwh / 1e3
        cost += (
            capacity[tech.name] * tech.yearly_usd_per_w(rate)
            + storage.get(tech.name, 0.0) * tech.yearly_usd_per_wh(rate)
            + energy[tech.name] * tech.running_usd_per_mwh(carbon_price_usd_per_t)
        )
    return Supply(
        cost_usd_per_year=cost,
        cost_usd_per_mwh=cost / (float(load.sum()) / MEGAWATT * weight),
        co2_t_per_year=co2,
        capacity_w=capacity,
        storage_wh=storage,
        energy_mwh_per_year=energy,
        dispatch_w=pd.DataFrame(dispatch),
        price_usd_per_mwh=network.buses_t.marginal_price["site"].to_numpy(),
        curtailed_mwh_per_year=curtailed,
        not_yet=not_yet,
    )
