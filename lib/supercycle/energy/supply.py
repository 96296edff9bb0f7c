"""Cheapest supply of a constant load: grid, gas, sun, wind, batteries, nuclear (S7, S19).

Each source is a `Technology`, made from the table of facts and changed with
``dataclasses.replace``. `cheapest_supply` chooses how much of each to build and, hour by hour, how
much to run, with PyPSA and HiGHS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import facts
from supercycle._validate import non_negative, positive, share
from supercycle.finance import capital_recovery_factor
from supercycle.units import HOURS_PER_YEAR, MEGAWATT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Supply", "Technology", "cheapest_supply", "technologies"]


@dataclass(frozen=True)
class Technology:
    """A way to supply power.

    Attributes
    ----------
    name : str
    capex_usd_per_w : float
        Overnight cost of power [USD/W].
    fixed_usd_per_w_year : float
        Fixed operation and maintenance [USD/W/yr].
    variable_usd_per_mwh : float
        Fuel, wear, or the tariff [USD/MWh].
    co2_kg_per_mwh : float
        [kg/MWh].
    life_years : float
        [yr].
    lead_time_years : float
        Order to power [yr].
    profile : str
        ``"solar"`` or ``"wind"`` where the weather decides, else empty.
    availability : float
        Share of the power that can be counted on when no weather decides [1].
    storage : bool
        A battery: takes power now and gives it later.
    capex_usd_per_wh : float
        Cost of stored energy [USD/Wh]; batteries only.
    round_trip_efficiency : float
        [1]; batteries only.
    limit_w : float
        The most that can be built or bought [W].
    """

    name: str
    capex_usd_per_w: float = 0.0
    fixed_usd_per_w_year: float = 0.0
    variable_usd_per_mwh: float = 0.0
    co2_kg_per_mwh: float = 0.0
    life_years: float = 30.0
    lead_time_years: float = 0.0
    profile: str = ""
    availability: float = 1.0
    storage: bool = False
    capex_usd_per_wh: float = 0.0
    round_trip_efficiency: float = 1.0
    limit_w: float = float("inf")

    def __post_init__(self) -> None:
        for name in ("capex_usd_per_w", "fixed_usd_per_w_year", "variable_usd_per_mwh",
                     "co2_kg_per_mwh", "lead_time_years", "capex_usd_per_wh", "limit_w"):  # fmt: skip
            non_negative(name, getattr(self, name))
        positive("life_years", self.life_years)
        for name in ("availability", "round_trip_efficiency"):
            share(name, getattr(self, name))
            positive(name, getattr(self, name))
        if self.profile not in ("", "solar", "wind"):
            raise ValueError(f"profile = {self.profile!r}: must be 'solar', 'wind' or ''")
        if self.storage and self.profile:
            raise ValueError(f"profile = {self.profile!r}: a storage has none")

    def yearly_usd_per_w(self, rate: float) -> float:
        """Capital and fixed cost of a watt for a year [USD/W/yr]."""
        return float(
            self.capex_usd_per_w * capital_recovery_factor(rate, self.life_years)
            + self.fixed_usd_per_w_year
        )

    def yearly_usd_per_wh(self, rate: float) -> float:
        """Capital cost of a stored watt-hour for a year [USD/Wh/yr]."""
        return float(self.capex_usd_per_wh * capital_recovery_factor(rate, self.life_years))

    def running_usd_per_mwh(self, carbon_price_usd_per_t: float) -> float:
        """Variable cost with carbon [USD/MWh]."""
        return self.variable_usd_per_mwh + self.co2_kg_per_mwh / 1e3 * carbon_price_usd_per_t


def technologies() -> dict[str, Technology]:
    """The sources of the course, from the table of facts.

    Grid (tariff at the industrial price, four years' wait), gas in a combined cycle, gas turbines
    behind the meter, solar, wind, battery, nuclear.

    Returns
    -------
    dict of str to Technology

    Notes
    -----
    The grid's price already pays for its plants, so the grid has no capital cost here. Costs and
    lead times differ between sites by a factor of two: change them with ``dataclasses.replace``.

    Examples
    --------
    >>> sources = technologies()
    >>> sorted(sources)
    ['battery', 'gas', 'gas-turbine', 'grid', 'nuclear', 'solar', 'wind']
    >>> float(sources["grid"].lead_time_years)
    4.0
    """

    def fact(row: str) -> float:
        return float(facts.value(f"energy/{row}"))

    def burning_gas(name: str, capex: str, lead: str) -> Technology:
        heat = fact(f"{name}-heat-rate-2025")
        return Technology(
            name,
            capex_usd_per_w=fact(capex),
            fixed_usd_per_w_year=fact(f"{name}-fixed-2025"),
            variable_usd_per_mwh=fact(f"{name}-variable-2025") + heat * fact("us-gas-price-2025"),
            co2_kg_per_mwh=heat * fact("gas-co2-2025"),
            life_years=fact(f"life-{name}"),
            lead_time_years=fact(lead),
        )

    def weather(name: str, capex: str) -> Technology:
        return Technology(
            name,
            capex_usd_per_w=fact(capex),
            fixed_usd_per_w_year=fact(f"{name}-fixed-2025"),
            life_years=fact(f"life-{name}"),
            lead_time_years=fact(f"lead-time-{name}"),
            profile=name,
        )

    every = [
        Technology(
            "grid",
            variable_usd_per_mwh=fact("us-industrial-price-2025"),
            co2_kg_per_mwh=fact("us-grid-co2-2025"),
            lead_time_years=fact("lead-time-grid-connection-us-2026"),
        ),
        burning_gas("gas", "capex-gas-combined-cycle-2025", "lead-time-gas-plant-2025"),
        burning_gas("gas-turbine", "capex-gas-simple-cycle-2025", "lead-time-gas-turbine"),
        weather("solar", "capex-utility-solar-pv-2025-lazard"),
        weather("wind", "capex-onshore-wind-2025-lazard"),
        Technology(
            "battery",
            capex_usd_per_w=fact("battery-capex-power-2025"),
            capex_usd_per_wh=fact("battery-capex-energy-2025"),
            fixed_usd_per_w_year=fact("battery-fixed-2025"),
            life_years=fact("life-battery"),
            lead_time_years=fact("lead-time-battery"),
            round_trip_efficiency=fact("battery-round-trip-efficiency-2025"),
            storage=True,
        ),
        Technology(
            "nuclear",
            capex_usd_per_w=fact("capex-nuclear-2025-lazard"),
            fixed_usd_per_w_year=fact("nuclear-fixed-2025"),
            variable_usd_per_mwh=fact("nuclear-variable-2025"),
            life_years=fact("life-nuclear"),
            lead_time_years=fact("lead-time-nuclear"),
            availability=fact("us-capacity-factor-nuclear-2021"),
        ),
    ]
    return {tech.name: tech for tech in every}


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
    dispatch_w : pandas.DataFrame of shape (hours, sources)
        Power hour by hour; a battery's charging is negative [W].
    price_usd_per_mwh : array of shape (hours,)
        Shadow price of one more MWh in that hour [USD/MWh].
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
    not_yet: tuple[str, ...]


def cheapest_supply(
    load_w: Any,
    sources: Sequence[Technology] | Mapping[str, Technology] | None = None,
    *,
    hours: int | None = None,
    profiles: Mapping[str, Any] | None = None,
    rate: float | None = None,
    carbon_price_usd_per_t: float = 0.0,
    within_years: float | None = None,
    seed: int = 0,
) -> Supply:
    """Least yearly cost of meeting a load in every hour.

    Choose capacities and hourly running to minimise ``Σ annuity · capacity + (8760/H) Σ running``
    subject to supply = load in each hour, output ≤ capacity × profile, and each battery's
    balance over a cyclic horizon of H hours. Charging and discharging share one converter's
    rating but not its time: each is at most the rated power.

    Parameters
    ----------
    load_w : float or array of shape (hours,)
        [W]; a number is a constant load.
    sources : sequence or mapping of Technology, optional
        Left out, `technologies`.
    hours : int, optional
        Horizon, from 1 January; left out, the length of the load or 8,760.
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
    reserves are missing and the cost is a lower bound. Source: Brown, Hörsch and Schlachtberger
    (2018), PyPSA, J. Open Research Software 6(1), 4.

    Examples
    --------
    >>> plan = cheapest_supply(1e9, [technologies()["grid"]], hours=24)
    >>> round(plan.cost_usd_per_mwh, 6), round(plan.capacity_w["grid"] / 1e9, 6)
    (86.0, 1.0)
    """
    load, hours = _load(load_w, hours)
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
    weather = _weather(built, profiles, hours, seed)
    network = _network(load, built, weather, rate, carbon_price_usd_per_t)
    _solve(network, built)
    return _read(network, load, offered, built, rate, carbon_price_usd_per_t, not_yet)


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


def _network(
    load: np.ndarray, built: Sequence[Technology], weather: Mapping[str, np.ndarray],
    rate: float, carbon_price_usd_per_t: float,
) -> Any:  # fmt: skip
    """The optimisation as a PyPSA network, in MW and MWh and on one bus."""
    try:
        import pypsa
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "the supply mix needs pypsa: pip install 'supercycle[energy]'"
        ) from None

    network = pypsa.Network(snapshots=range(load.size))
    network.snapshot_weightings["objective"] = HOURS_PER_YEAR / load.size
    network.add("Bus", "site")
    network.add("Load", "load", bus="site", p_set=load / MEGAWATT)
    for tech in built:
        usd_per_mw = tech.yearly_usd_per_w(rate) * MEGAWATT
        most = tech.limit_w / MEGAWATT
        if not tech.storage:
            network.add(
                "Generator", tech.name, bus="site", p_nom_extendable=True, p_nom_max=most,
                capital_cost=usd_per_mw,
                marginal_cost=tech.running_usd_per_mwh(carbon_price_usd_per_t),
                p_max_pu=weather[tech.profile] if tech.profile else tech.availability,
            )  # fmt: skip
            continue
        # Power and energy are sized apart: a store behind one link each way.
        inside = f"{tech.name} inside"
        way = tech.round_trip_efficiency**0.5
        network.add("Bus", inside)
        network.add(
            "Store", tech.name, bus=inside, e_nom_extendable=True, e_cyclic=True,
            capital_cost=tech.yearly_usd_per_wh(rate) * MEGAWATT,
        )  # fmt: skip
        network.add(
            "Link", f"{tech.name} in", bus0="site", bus1=inside, efficiency=way,
            p_nom_extendable=True, p_nom_max=most,
        )  # fmt: skip
        # A link is rated at its inlet; the site sees `way` of it, so the cost is per watt there.
        network.add(
            "Link", f"{tech.name} out", bus0=inside, bus1="site", efficiency=way,
            p_nom_extendable=True, p_nom_max=most / way, capital_cost=usd_per_mw * way,
            marginal_cost=tech.running_usd_per_mwh(carbon_price_usd_per_t) * way,
        )  # fmt: skip
    return network


def _solve(network: Any, built: Sequence[Technology]) -> None:
    import logging

    def one_converter(network: Any, snapshots: Any) -> None:
        for tech in built:
            if tech.storage:
                size = network.model["Link-p_nom"]
                way = tech.round_trip_efficiency**0.5
                network.model.add_constraints(
                    size.sel(name=f"{tech.name} in") - way * size.sel(name=f"{tech.name} out") == 0,
                    name=f"{tech.name}-one-converter",
                )

    quiet = [logging.getLogger(name) for name in ("pypsa", "linopy")]
    before = [log.level for log in quiet]
    for log in quiet:
        log.setLevel(logging.ERROR)
    try:
        status, condition = network.optimize(
            solver_name="highs",
            extra_functionality=one_converter,
            include_objective_constant=False,
            log_to_console=False,
            io_api="direct",
            progress=False,
            solver_options={"output_flag": False, "solver": "ipm", "run_crossover": "on"},
        )
    finally:
        for log, level in zip(quiet, before, strict=True):
            log.setLevel(level)
    if status != "ok":
        names = ", ".join(t.name for t in built)
        raise ValueError(
            f"load_w: {names} cannot meet it in every hour ({condition}); offer a source that runs "
            "at any hour, a battery, a higher limit_w, or more time (within_years)"
        )


def _read(
    network: Any, load: np.ndarray, offered: Sequence[Technology], built: Sequence[Technology],
    rate: float, carbon_price_usd_per_t: float, not_yet: tuple[str, ...],
) -> Supply:  # fmt: skip
    import pandas as pd

    weight = HOURS_PER_YEAR / load.size
    capacity = {t.name: 0.0 for t in offered}
    storage = {t.name: 0.0 for t in offered if t.storage}
    energy = {t.name: 0.0 for t in offered}
    dispatch: dict[str, np.ndarray] = {}
    cost = co2 = 0.0
    for tech in built:
        if tech.storage:
            give = -network.links_t.p1[f"{tech.name} out"].to_numpy()
            take = network.links_t.p0[f"{tech.name} in"].to_numpy()
            power = float(network.links.p_nom_opt[f"{tech.name} in"])
            storage[tech.name] = max(0.0, float(network.stores.e_nom_opt[tech.name])) * MEGAWATT
            dispatch[tech.name] = (give - take) * MEGAWATT
        else:
            give = network.generators_t.p[tech.name].to_numpy()
            power = float(network.generators.p_nom_opt[tech.name])
            dispatch[tech.name] = give * MEGAWATT
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
        not_yet=not_yet,
    )
