"""The case of lab07: one die, one year of the supply chain, one subsidy to give away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import chips, facts
from supercycle.units import GIGAWATT, TB

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bill", "SupplyCase", "case"]

_MILLION = 1e6
_IN_MILLIONS = {"hbm": _MILLION * TB, "site-power": _MILLION * 1e3}
"""What a stage is counted in, in its table's unit; the other stages in millions of theirs."""


@dataclass(frozen=True)
class Bill:
    """A supply network as plain dictionaries, in units that keep its numbers near one.

    Stages are counted in millions a year: exposures, wafers, dies and so on; HBM in millions of
    TB, power in millions of kW, so in GW.

    Attributes
    ----------
    inputs : dict from stage to (dict from source to float)
        Units of each source used up for one unit of output, before losses.
    yields : dict from stage to float
        Share of the output that is good [1].
    capacity : dict from stage to float
        Most good output a year; stages without a limit are left out.
    worth : dict from product to float
        GW for each unit (million) of the product.
    """

    inputs: Mapping[str, Mapping[str, float]]
    yields: Mapping[str, float]
    capacity: Mapping[str, float]
    worth: Mapping[str, float]


@dataclass(frozen=True)
class SupplyCase:
    """The case of lab07.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    die_width_mm, die_height_mm : float
        Sides of the accelerator's logic die [mm].
    defects_per_cm2 : float
        Killing defects [1/cm²].
    wafer_usd : float
        Price of a processed wafer [USD].
    cores, needed : int
        Equal cores on the die, and how many a part that is sold needs.
    site_power_w, hbm_bytes, cowos_wafers : float
        Yearly capacity of three stages [W/yr], [B/yr], [wafer/yr]; the others are the table's.
    site_power_growth : float
        Most that the power energised in a year can grow [1/yr].
    budget_usd : float
        The subsidy [USD].
    customer_margins : tuple of float
        What a wafer earns with each of the foundry's customers, over the best one's [1].
    """

    code: str
    die_width_mm: float
    die_height_mm: float
    defects_per_cm2: float
    wafer_usd: float
    cores: int
    needed: int
    site_power_w: float
    hbm_bytes: float
    cowos_wafers: float
    site_power_growth: float
    budget_usd: float
    customer_margins: tuple[float, ...]

    def inputs(self) -> dict[str, float]:
        """What the choice of a stage rests on: the case's own numbers, else facts with ranges.

        Names are those of the rows of ``supply-network``, with underscores.
        """
        quoted = {
            name: facts.value(f"supply-network/{name.replace('_', '-')}")
            for name in (
                "logic_wafers_ai_share", "power_per_accelerator", "hbm_growth",
                "logic_wafers_growth", "euv_exposures_growth", "usd_per_accelerator",
                "site_power_capex", "hbm_capex", "cowos_capex", "logic_wafers_capex",
                "euv_exposures_capex",
            )
        }  # fmt: skip
        return {
            "site_power_capacity": self.site_power_w,
            "hbm_capacity": self.hbm_bytes,
            "cowos_capacity": self.cowos_wafers,
            "site_power_growth": self.site_power_growth,
            "budget_usd": self.budget_usd,
            **quoted,
            "discount_rate": facts.value("serving/discount-rate"),
            "horizon_years": facts.value("supply-assumptions/subsidy-horizon"),
        }

    def network(self, **changes: float) -> chips.SupplyNetwork:
        """The supply network of the case, with some rows of ``supply-network`` changed.

        Parameters
        ----------
        **changes : float
            Row ids with underscores, such as ``hbm_capacity``, in the table's units.

        Raises
        ------
        ValueError
            When a change names no row.

        Examples
        --------
        >>> net = case("default", None).network(hbm_capacity=1e18)
        >>> net.stages["hbm"].capacity
        1e+18
        """
        rows = {
            "site_power_capacity": self.site_power_w,
            "hbm_capacity": self.hbm_bytes,
            "cowos_capacity": self.cowos_wafers,
            "site_power_growth": self.site_power_growth,
            "dies_per_wafer": 1 / chips.place_dies(self.die_width_mm, self.die_height_mm),
            "dies_yield": self.die_yield(),
            **changes,
        }
        known = {row_id.replace("-", "_"): row_id for row_id in facts.ids("supply-network")}
        for name in rows:
            if name not in known:
                raise ValueError(
                    f"changes name {name!r}: must be a row of supply-network, such as hbm_capacity"
                )
        own = {f"supply-network/{known[name]}": number for name, number in rows.items()}
        return chips.network(lambda fact: own.get(fact.path, float(fact)))

    def die_yield(self) -> float:
        """Share of the case's dies that can be sold, cut-down parts included [1]."""
        return float(
            chips.harvest_share(
                self.die_width_mm * self.die_height_mm,
                self.defects_per_cm2,
                repairable=facts.value("package-costs/repairable-area"),
                cores=self.cores,
                needed=self.needed,
            )
        )

    def bill(self) -> Bill:
        """The network as plain dictionaries, see `Bill`.

        Examples
        --------
        >>> bill = case("default", None).bill()
        >>> bill.inputs["packages"]["dies"], bill.capacity["site-power"]
        (2.0, 20.1)
        """
        net = self.network()

        def scale(stage: str) -> float:
            return _IN_MILLIONS.get(stage, _MILLION)

        return Bill(
            inputs={
                name: {s: float(a) * scale(name) / scale(s) for s, a in stage.inputs.items()}
                for name, stage in net.stages.items()
                if stage.inputs
            },
            yields={n: float(s.yield_share) for n, s in net.stages.items() if s.yield_share < 1},
            capacity={
                name: float(stage.capacity) / scale(name)
                for name, stage in net.stages.items()
                if np.isfinite(stage.capacity)
            },
            worth={
                name: float(product.power_w) * scale(name) / GIGAWATT
                for name, product in net.products.items()
            },
        )

    def limits(self, **changes: float) -> dict[str, dict[str, Any]]:
        """What each stage alone would allow, how fast it can grow, and who holds it.

        Returns
        -------
        dict from stage to dict
            ``gw_per_year`` [GW/yr], ``growth_per_year`` [1/yr], ``makers`` and ``toolmakers``
            (firm to share).

        Examples
        --------
        >>> limits = case("default", None).limits()
        >>> min(limits, key=lambda stage: limits[stage]["gw_per_year"])
        'site-power'
        """
        net = self.network(**changes)
        power_w = net.worth("power_w")[0]
        return {
            name: {
                "gw_per_year": float(stage.capacity / need * power_w / GIGAWATT),
                "growth_per_year": float(stage.growth_per_year),
                "makers": dict(stage.makers),
                "toolmakers": dict(stage.toolmakers),
            }
            for (name, stage), need in zip(net.stages.items(), net.requirements[:, 0], strict=True)
            if np.isfinite(stage.capacity)
        }

    def choke_table(self, **changes: float) -> pd.DataFrame:
        """`chips.choke_points` of the case, and the yearly output that a dollar of capacity adds.

        The column ``return`` is ``usd_gained / capex_usd``: value of output a year for each dollar
        spent on the next per cent of a stage's capacity [1/yr].
        """
        table = chips.choke_points(self.network(**changes), "value_usd")
        return table.assign(**{"return": table["usd_gained"] / table["capex_usd"]})

    def value_added_usd(
        self,
        stage: str,
        *,
        budget_usd: float,
        discount_rate: float,
        horizon_years: float,
        **changes: float,
    ) -> float:
        """Present value of the output that a subsidy of one stage adds, less the subsidy [USD].

        Every stage grows at the pace of its row. The subsidy buys capacity at the stage's capital
        cost; it works after the stage's lead time and stays as it is. Output is what the scarcest
        stage allows, valued at the price of an accelerator, whoever earns it.

        Parameters
        ----------
        stage : str
            Which stage is subsidised.
        budget_usd : float
            [USD]
        discount_rate : float
            [1/yr]
        horizon_years : float
            Years that count [yr].
        **changes : float
            As in `network`.

        Raises
        ------
        ValueError
            When the stage has no capacity to add to.

        Notes
        -----
        The price does not fall as output grows, and nobody builds less because of the subsidy, so
        this is an upper bound. What it is good for is the order of the stages.
        """
        net = self.network(**changes)
        limited = {n: s for n, s in net.stages.items() if np.isfinite(s.capacity)}
        if stage not in limited:
            raise ValueError(f"stage = {stage!r}: must be one of {', '.join(limited)}")
        need = dict(zip(net.stages, net.requirements[:, 0], strict=True))
        step_years = 0.05
        time = np.arange(step_years / 2, horizon_years, step_years)

        def units_per_year(subsidised: bool) -> np.ndarray:
            paths = []
            for name, s in limited.items():
                capacity = s.capacity * (1 + s.growth_per_year) ** time
                if subsidised and name == stage:
                    capacity = capacity + budget_usd / s.capex_usd * (time >= s.lead_time_years)
                paths.append(capacity / need[name])
            return np.asarray(np.min(paths, axis=0))

        added = (units_per_year(True) - units_per_year(False)) * net.worth("value_usd")[0]
        worth = float(np.sum(added * (1 + discount_rate) ** -time) * step_years)
        return worth - budget_usd


def case(code: str, rng: np.random.Generator | None) -> SupplyCase:
    """Draw the case of a code, or the default case without a generator."""
    quoted = facts.value
    wafer, defects = quoted("package-costs/wafer-5nm"), quoted("package-costs/defects-5nm")
    power = quoted("supply-network/site-power-capacity")
    hbm, cowos = quoted("supply-network/hbm-capacity"), quoted("supply-network/cowos-capacity")
    growth = quoted("supply-network/site-power-growth")
    if rng is None:
        return SupplyCase(
            code, 25.5, 31.9, float(defects), float(wafer), 144, 132, float(power), float(hbm),
            float(cowos), float(growth), 2e9, (1.0, 0.93, 0.85),
        )  # fmt: skip

    def near(number: float, low: float, high: float, digits: int) -> float:
        return float(f"{number * rng.uniform(low, high):.{digits}g}")

    return SupplyCase(
        code=code,
        die_width_mm=float(round(rng.uniform(24, 26), 1)),
        die_height_mm=float(round(rng.uniform(29, 33), 1)),
        defects_per_cm2=near(defects, 0.7, 1.5, 2),
        wafer_usd=near(wafer, 0.95, 1.08, 3),
        cores=144,
        needed=int(rng.integers(128, 137)),
        site_power_w=near(power, 0.9, 1.04, 3),
        hbm_bytes=near(hbm, 0.95, 1.04, 3),
        cowos_wafers=near(cowos, 0.95, 1.05, 3),
        site_power_growth=float(round(growth * rng.uniform(0.85, 1.25), 2)),
        budget_usd=float(round(rng.uniform(2e9, 3e9), -8)),
        customer_margins=(
            1.0,
            float(round(rng.uniform(0.9, 0.96), 2)),
            float(round(rng.uniform(0.8, 0.88), 2)),
        ),
    )
