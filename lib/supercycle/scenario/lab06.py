"""The case of lab06: one training site, the grid it waits for, and the fuel it could burn instead."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from supercycle import chips, energy, facts, infra
from supercycle.units import GIGAWATT, MEGAWATT

__all__ = ["OPTIONS", "PowerSite", "case"]

OPTIONS = ("grid queue", "gas now", "nuclear option")


@dataclass(frozen=True)
class PowerSite:
    """The case of lab06: one training site, the grid it waits for, and the fuel it could burn instead.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    chip : str
        Row id of the table ``chips``.
    power_w : float
        Power at the meter while all accelerators compute [W].
    pue : float
        Power usage effectiveness; what it adds is taken as steady [1].
    step_s : float
        Length of a training step, half of it computing [s].
    idle_share : float
        IT power while communicating over IT power while computing [1].
    ramp_limit_w_per_s : float
        Ramp that the utility allows [W/s].
    throttle_probability : float
        Chance that one accelerator throttles in one step [1].
    grid_usd_per_mwh, grid_wait_years : float
        Price of power from the grid [USD/MWh], and the wait for a connection [yr].
    gas_usd_per_mwh_heat : float
        Delivered price of gas per heat [USD/MWh].
    revenue_usd_per_year : float
        What the running site sells in a year [USD/yr].
    """

    code: str
    chip: str
    power_w: float
    pue: float
    step_s: float
    idle_share: float
    ramp_limit_w_per_s: float
    throttle_probability: float
    grid_usd_per_mwh: float
    grid_wait_years: float
    gas_usd_per_mwh_heat: float
    revenue_usd_per_year: float

    def job(self, *, jitter_s: float = 0.0) -> energy.TrainingJob:
        """One synchronous job that fills the site, seen at the meter.

        Machines follow the step; cooling and conversion, the part that PUE adds, do not.

        Examples
        --------
        >>> site = case("default", None)
        >>> round(site.job().gpus * site.job().compute_w / site.power_w, 9)
        1.0
        """
        machine_w = chips.accelerator(self.chip).it_power_w
        assert machine_w is not None
        steady_w = (self.pue - 1) * machine_w
        return energy.TrainingJob(
            gpus=self.power_w / (self.pue * machine_w),
            compute_w=machine_w + steady_w,
            communicate_w=self.idle_share * machine_w + steady_w,
            compute_s=self.step_s / 2,
            communicate_s=self.step_s / 2,
            jitter_s=jitter_s,
        )

    @property
    def swing_w(self) -> float:
        """Highest less lowest power at the meter [W]."""
        return energy.swing_w(self.job())

    @property
    def load_factor(self) -> float:
        """Mean power over full power [1]."""
        return 1 - self.swing_w / self.power_w / 2

    @property
    def mean_w(self) -> float:
        """Mean power at the meter [W]."""
        return self.power_w * self.load_factor

    @property
    def energy_mwh_per_year(self) -> float:
        """Energy of a year [MWh/yr]."""
        return float(energy.energy_mwh_per_year(self.power_w, self.load_factor))

    @property
    def bill_usd_per_year(self) -> float:
        """Electricity of a year from the grid [USD/yr]."""
        return self.energy_mwh_per_year * self.grid_usd_per_mwh

    def month_usd(self, regime: str, *, capex_usd_per_w: float) -> float:
        """What the next month of delay costs [USD/month]; see `supercycle.infra.delay_cost_usd`.

        Examples
        --------
        >>> site = case("default", None)
        >>> site.month_usd("sunk", capex_usd_per_w=29) > site.month_usd("deferred", capex_usd_per_w=29)
        True
        """
        return float(
            infra.delay_usd_per_month(
                regime,
                capex_usd=capex_usd_per_w * self.power_w,
                revenue_usd_per_year=self.revenue_usd_per_year,
                opex_usd_per_year=self.bill_usd_per_year,
                rate=facts.value("datacenter-capex/rate"),
                years=facts.value("datacenter-capex/life-it"),
            )
        )

    def sources(self) -> dict[str, energy.Technology]:
        """The library's ways to supply power, at this site's prices, wait and reserve.

        Examples
        --------
        >>> site = case("default", None)
        >>> site.sources()["grid"].lead_time_years == site.grid_wait_years
        True
        """
        found = energy.technologies()
        dearer = self.gas_usd_per_mwh_heat - facts.value("energy/us-gas-price-2025")
        reserve = 1 + facts.value("energy/off-grid-reserve")
        for name in ("gas", "gas-turbine"):
            gas = found[name]
            heat = facts.value(f"energy/{name}-heat-rate-2025")
            found[name] = replace(
                gas,
                variable_usd_per_mwh=gas.variable_usd_per_mwh + heat * dearer,
                # Off the grid a reserve, not an average availability, covers what is in repair.
                capex_usd_per_w=gas.capex_usd_per_w * reserve,
                fixed_usd_per_w_year=gas.fixed_usd_per_w_year * reserve,
                availability=1.0,
            )
        found["gas-turbine"] = replace(
            found["gas-turbine"],
            capex_usd_per_w=reserve * facts.value("energy/capex-behind-the-meter-gas-2026"),
        )
        found["grid"] = replace(
            found["grid"],
            variable_usd_per_mwh=self.grid_usd_per_mwh,
            lead_time_years=self.grid_wait_years,
        )
        return found

    def npv_usd(
        self,
        option: str,
        *,
        month_usd: float,
        grid_usd_per_mwh: float,
        grid_wait_years: float,
        gas_usd_per_mwh_heat: float,
        gas_wait_years: float,
        gas_capex_usd_per_w: float,
        gas_reserve: float,
        dear_carbon_usd_per_t: float,
        dear_carbon_probability: float,
        nuclear_capex_usd_per_w: float,
        nuclear_wait_years: float,
        nuclear_building_years: float,
        nuclear_licence_share: float,
        rate: float,
        horizon_years: float,
    ) -> float:
        """Value today of one way to power the site until the horizon [USD].

        A running site earns ``12 · month_usd`` a year before its power is paid. Carbon costs
        nothing or, with the probability given, its damage from the first day on. *Nuclear option*
        is *gas now* and a licence: if carbon turns dear, its owner may build a reactor that takes
        over from the turbines, and does so only if its cost is below what burning gas then costs.

        Parameters
        ----------
        option : str
            One of `OPTIONS`.
        **inputs : float
            The facts of the choice, each named with its unit.

        Raises
        ------
        ValueError
            For an unknown option.

        Notes
        -----
        Reactor and grid are paid per MWh, the turbines whole at their first day and without value
        at the horizon. What a reactor makes beyond the site's need is sold at its cost.
        """
        if option not in OPTIONS:
            raise ValueError(f"option = {option!r}: must be one of {', '.join(OPTIONS)}")

        def present_years(start: float, end: float) -> float:
            span = max(end - start, 0.0)
            whole = span if rate == 0 else (1 - (1 + rate) ** -span) / np.log1p(rate)
            return float(whole * (1 + rate) ** -start)

        def running(start: float, usd_per_mwh: float, t_per_mwh: float) -> float:
            carbon = dear_carbon_probability * dear_carbon_usd_per_t * t_per_mwh
            yearly = 12 * month_usd - self.energy_mwh_per_year * (usd_per_mwh + carbon)
            return yearly * present_years(start, horizon_years)

        if option == "grid queue":
            t_per_mwh = facts.value("energy/us-grid-co2-2025") / 1e3
            return running(grid_wait_years, grid_usd_per_mwh, t_per_mwh)

        heat = facts.value("energy/gas-turbine-heat-rate-2025")
        t_per_mwh = heat * facts.value("energy/gas-co2-2025") / 1e3
        gas_usd_per_mwh = (
            facts.value("energy/gas-turbine-variable-2025") + heat * gas_usd_per_mwh_heat
        )
        turbines_w = self.power_w * (1 + gas_reserve)
        gas = (
            running(gas_wait_years, gas_usd_per_mwh, t_per_mwh)
            - turbines_w * gas_capex_usd_per_w * (1 + rate) ** -gas_wait_years
            - turbines_w
            * facts.value("energy/gas-turbine-fixed-2025")
            * present_years(gas_wait_years, horizon_years)
        )
        if option == "gas now":
            return float(gas)

        reactor_usd_per_mwh = energy.lcoe_usd_per_mwh(
            nuclear_capex_usd_per_w * energy.interest_while_building(rate, nuclear_building_years),
            rate=rate,
            life_years=facts.value("energy/life-nuclear"),
            capacity_factor=facts.value("energy/us-capacity-factor-nuclear-2021"),
            fixed_usd_per_w_year=facts.value("energy/nuclear-fixed-2025"),
            variable_usd_per_mwh=facts.value("energy/nuclear-variable-2025"),
        )
        saved = gas_usd_per_mwh + dear_carbon_usd_per_t * t_per_mwh - reactor_usd_per_mwh
        replaced_mwh = self.energy_mwh_per_year * present_years(nuclear_wait_years, horizon_years)
        licence_usd = nuclear_licence_share * nuclear_capex_usd_per_w * self.mean_w
        return float(gas - licence_usd + dear_carbon_probability * max(saved, 0.0) * replaced_mwh)


def case(code: str, rng: np.random.Generator | None) -> PowerSite:
    """Draw the case of a code, or the default case without a generator."""
    quoted = facts.value
    pue = float(quoted("datacenter-capex/pue-design"))
    idle = float(quoted("energy/gpu-idle-share"))
    ramp = float(quoted("energy/ramp-limit-example"))
    throttling = float(quoted("energy/throttle-probability"))
    tariff = float(quoted("energy/us-industrial-price-2025"))
    wait = float(quoted("energy/lead-time-grid-connection-us-2026"))
    gas = float(quoted("energy/us-gas-price-2025") + quoted("energy/gas-delivery-2025"))
    usd_per_it_w = float(quoted("compute-revenue/openai-exit-rate-revenue-per-power-2025"))

    def sells(power_w: float, pue: float, factor: float) -> float:
        return float(f"{factor * usd_per_it_w * power_w / pue:.3g}")

    if rng is None:
        return PowerSite(
            code, "gb200", GIGAWATT, pue, 2.0, idle, ramp, throttling, tariff, wait, gas,
            sells(GIGAWATT, pue, 1.0),
        )  # fmt: skip
    power_w = float(f"{GIGAWATT * rng.uniform(0.7, 1.3):.2g}")
    pue = float(round(pue * rng.uniform(0.92, 1.06), 2))
    return PowerSite(
        code=code,
        chip=str(rng.choice(["h100-sxm", "gb200", "gb300"])),
        power_w=power_w,
        pue=pue,
        step_s=float(round(rng.uniform(1.5, 4.0), 1)),
        idle_share=float(round(idle * rng.uniform(0.8, 1.2), 2)),
        ramp_limit_w_per_s=float(rng.integers(6, 16)) * MEGAWATT / 60,
        throttle_probability=float(f"{throttling * rng.uniform(0.5, 3):.2g}"),
        grid_usd_per_mwh=float(round(tariff * rng.uniform(0.9, 1.05))),
        grid_wait_years=float(round(wait * rng.uniform(0.95, 1.5), 1)),
        gas_usd_per_mwh_heat=float(round(gas * rng.uniform(0.9, 1.15), 1)),
        revenue_usd_per_year=sells(power_w, pue, rng.uniform(1.0, 1.2)),
    )
