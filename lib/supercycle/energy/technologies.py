"""Ways to supply a site with power, each made from the table of facts (S7, S19)."""

from __future__ import annotations

from dataclasses import dataclass

from supercycle import facts
from supercycle._validate import non_negative, positive, share
from supercycle.finance import capital_recovery_factor

__all__ = ["Technology", "technologies"]


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
    The grid's price already pays for its plants and their outages, so the grid has no capital
    cost and full availability here. Capital costs are overnight: interest while building is not in
    them (`lcoe.interest_while_building`). Costs and lead times differ between sites by a factor
    of two: change them with ``dataclasses.replace``.

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
            availability=fact(f"{name}-availability"),
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
