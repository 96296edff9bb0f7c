"""The case of lab09: a gigawatt that wants seventy billion dollars, and its committee."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts, infra, stack
from supercycle.infra.delay import discounted_years
from supercycle.units import GIGAWATT

__all__ = ["OPTIONS", "POWERS", "Deal", "beliefs", "case", "outcome"]

OPTIONS = ("sign", "stage", "wait")
POWERS = ("onsite-gas", "grid")


@dataclass(frozen=True)
class Deal:
    """The case of lab09: a gigawatt that wants seventy billion dollars, and its committee.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    power_w : float
        Power at the meter [W].
    capex_usd_per_w : float
        What the whole campus costs, chips included [USD/W].
    revenue_usd_per_w_year : float
        Sales at today's prices [USD/W/yr].
    decline_per_year : float
        Share of its sales that a fleet loses with each year of age; a new one starts at today's,
        since newer chips have made up for lower prices so far [1/yr].
    rate : float
        What capital costs [1/yr].
    years : float
        Useful life of what is bought [yr].
    contract_discount : float
        What a customer who takes or pays is granted off today's price [1].
    """

    code: str
    power_w: float
    capex_usd_per_w: float
    revenue_usd_per_w_year: float
    decline_per_year: float
    rate: float
    years: float
    contract_discount: float

    @property
    def page(self) -> stack.Stack:
        """The campus from watts to profit, by the lecture's assumptions."""
        return _page(self.power_w, self.capex_usd_per_w)

    @property
    def gigawatts(self) -> float:
        """Power at the meter [GW]."""
        return self.power_w / GIGAWATT

    @property
    def capex_usd(self) -> float:
        """Cost of the campus [USD]."""
        return self.capex_usd_per_w * self.power_w

    @property
    def revenue_usd_per_year(self) -> float:
        """Sales of a year at today's prices [USD/yr]."""
        return self.revenue_usd_per_w_year * self.power_w

    @property
    def opex_usd_per_year(self) -> float:
        """Electricity, staff, upkeep and insurance [USD/yr]."""
        page = self.page
        return float(page.infra.other_usd_per_year + page.energy.bill_usd_per_year)

    @property
    def tokens_per_year(self) -> float:
        """Tokens sold in a year, read and written, by the identity of the five factors [1/yr]."""
        return float(self.page.models.tokens_per_year)

    def project(self, power: str) -> dict[str, dict[str, Any]]:
        """The project in plain dictionaries, each from task to what its name says.

        Keys: ``after``, ``months`` (most likely), ``shortest_months``, ``usd_per_month``.

        Examples
        --------
        >>> case("default", None).project("grid")["after"]["substation"]
        ['grid-agreement', 'transformers', 'site-works']
        """
        tasks = infra.campus_project(power)
        return {
            "after": {name: list(task.after) for name, task in tasks.items()},
            "months": {name: task.likely_months for name, task in tasks.items()},
            "shortest_months": {
                name: task.likely_months if task.shortest_months is None else task.shortest_months
                for name, task in tasks.items()
            },
            "usd_per_month": {name: task.crash_usd_per_month for name, task in tasks.items()},
        }

    def samples_months(self, power: str, count: int = 4000, seed: int = 9) -> dict[str, np.ndarray]:
        """Durations of each task in many projects, from its PERT distribution [month]."""
        rng = np.random.default_rng(seed)
        drawn = {}
        for name, task in infra.campus_project(power).items():
            low, high = task.range_months
            mode = (task.likely_months - low) / (high - low)
            drawn[name] = low + (high - low) * rng.beta(1 + 4 * mode, 5 - 4 * mode, count)
        return drawn

    def start_months(self, power: str, crash_usd: float) -> float:
        """Expected months until the first full job, once a budget has bought what time it can.

        Examples
        --------
        >>> deal = case("default", None)
        >>> deal.start_months("grid", 0.0) > deal.start_months("grid", 1e9)
        True
        """
        return _start_months(power, float(crash_usd))

    def start_range_months(self, power: str) -> tuple[float, float]:
        """Months until the first full job in the soonest and in the latest tenth of projects."""
        ends = infra.pert(infra.campus_project(power), samples=2000, seed=9)
        return float(ends.quantile_months(0.1)), float(ends.quantile_months(0.9))

    @property
    def chips_share(self) -> float:
        """Share of the campus that is chips, servers and network [1]."""
        return _campus_shares(self.power_w)[0]

    def market(self, capex_usd_per_w: float | None = None) -> dict[str, float]:
        """What a plan meets: costs and sales of a watt.

        Parameters
        ----------
        capex_usd_per_w : float, optional
            Cost of the campus, split as the items of ``datacenter-capex`` are; the case's own
            without it. Turbines of one's own come on top.
        """
        whole = self.capex_usd_per_w if capex_usd_per_w is None else capex_usd_per_w
        gas = ("item-onsite-gas", "item-battery")
        return {
            "site_usd_per_w": (1 - self.chips_share) * whole,
            "chips_usd_per_w": self.chips_share * whole,
            "gas_usd_per_w": sum(float(facts.value(f"datacenter-capex/{row}")) for row in gas),
            "revenue_usd_per_w_year": self.revenue_usd_per_w_year,
            "decline_per_year": self.decline_per_year,
            "opex_usd_per_w_year": self.opex_usd_per_year / self.power_w,
            "contract_discount": self.contract_discount,
        }

    @property
    def calm(self) -> dict[str, float]:
        """The scenario in which everything goes to plan."""
        return {
            "late_months": 0.0,
            "chips_share": 1.0,
            "price_ratio": 1.0,
            "grid_cap_w": self.power_w,
        }

    def scenarios(self) -> dict[str, dict[str, float]]:
        """What the committee asks about first; the grid's cap is in watts, whatever the plan's size."""
        return {
            "all to plan": self.calm,
            "transformers a year late": self.calm | {"late_months": 12.0},
            "memory short by 30 %": self.calm | {"chips_share": 0.7},
            "token price halved": self.calm | {"price_ratio": 0.5},
            "grid capped at 60 %": self.calm | {"grid_cap_w": 0.6 * self.power_w},
        }

    def unseen(self, count: int, seed: int) -> list[dict[str, float]]:
        """Draw scenarios in which several things go wrong at once.

        The worst of each is that of `scenarios`, or a little beyond.
        """
        rng = np.random.default_rng(seed)
        return [
            {
                "late_months": float(rng.uniform(0, 24)),
                "chips_share": float(rng.uniform(0.6, 1)),
                "price_ratio": float(rng.uniform(0.3, 1.2)),
                "grid_cap_w": float(self.power_w * rng.uniform(0.5, 1)),
            }
            for _ in range(count)
        ]

    def kept_share(self, plan: Mapping[str, Any], scenarios: list[dict[str, float]]) -> float:
        """Share of scenarios in which a plan is worth at least its `promise_usd` [1].

        Examples
        --------
        >>> deal = case("default", None)
        >>> plan = dict(power_w=1e9, power="grid", crash_usd=0.0, rate=0.1, years=5.0,
        ...             take_or_pay_share=0.0, promise_usd=-1e12)
        >>> deal.kept_share(plan, deal.unseen(50, seed=1))
        1.0
        """
        planned = {**plan, "start_months": self.start_months(plan["power"], plan["crash_usd"])}
        market = self.market()
        worth = [outcome(planned, stress, market)["npv_usd"] for stress in scenarios]
        return float(np.mean(np.array(worth) >= plan["promise_usd"]))

    def value_usd(
        self,
        option: str,
        *,
        capex_usd_per_w: float,
        revenue_usd_per_w_year: float,
        decline_per_year: float,
        rate: float,
        years: float,
        start_months: float,
        good_probability: float,
        bad_price_ratio: float,
        first_share: float,
        wait_months: float,
    ) -> float:
        """Expected present value of an answer to the committee [USD].

        Two futures: prices follow their trend, or a share of it. *Sign* builds all now, *wait*
        learns the future first and builds only what then pays, *stage* builds a part now, at the
        cost of a smaller site, and decides on the rest when the future is known. The site is paid
        when building starts; `start_months` later the chips are paid, and sales begin. Only what
        waits starts its project from nothing: the rest of a staged campus has its permits, roads
        and places in queues, and lands when the first part does (never before it is decided).

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
        """
        if option not in OPTIONS:
            raise ValueError(f"option = {option!r}: must be one of {', '.join(OPTIONS)}")
        discount, fall = np.log1p(rate), -np.log1p(-decline_per_year)
        opex = self.opex_usd_per_year / self.power_w
        futures = ((good_probability, 1.0), (1 - good_probability, bad_price_ratio))

        def usd_per_w(price_ratio: float, paid_months: float, land_months: float) -> float:
            sales = price_ratio * revenue_usd_per_w_year
            running = (
                sales * discounted_years(discount + fall, 0.0, years)
                - opex * discounted_years(discount, 0.0, years)
                - self.chips_share * capex_usd_per_w
            )
            site = (1 - self.chips_share) * capex_usd_per_w
            return float(
                running * np.exp(-discount * land_months / 12)
                - site * np.exp(-discount * paid_months / 12)
            )

        def if_it_pays(land_months: float) -> float:
            return sum(
                p * max(usd_per_w(ratio, wait_months, land_months), 0.0) for p, ratio in futures
            )

        now = sum(p * usd_per_w(ratio, 0.0, start_months) for p, ratio in futures)
        if option == "sign":
            return self.power_w * now
        if option == "wait":
            return self.power_w * if_it_pays(wait_months + start_months)
        dearer = infra.scale_cost_ratio(
            first_share,
            _campus_shares(self.power_w)[1],
            facts.value("datacenter-capex/scale-exponent"),
        )
        first = now - (float(dearer) - 1) * capex_usd_per_w
        rest = if_it_pays(max(start_months, wait_months))
        return self.power_w * (first_share * first + (1 - first_share) * rest)

    def inputs(self, **changes: float) -> Mapping[str, float]:
        """Base of the decision, own gas and no crashing, with what the reader changes."""
        base = {
            "capex_usd_per_w": self.capex_usd_per_w,
            "revenue_usd_per_w_year": self.revenue_usd_per_w_year,
            "decline_per_year": self.decline_per_year,
            "rate": self.rate,
            "years": self.years,
            "start_months": round(self.start_months("onsite-gas", 0.0), 1),
            **{name: float(fact) for name, fact in beliefs().items()},
        }
        return base | changes


def beliefs() -> dict[str, Any]:
    """What nobody knows and the committee must assume, each with its source and range."""
    rows = {
        "good_probability": "good-future-probability",
        "bad_price_ratio": "bad-future-price-ratio",
        "first_share": "first-stage-share",
        "wait_months": "months-to-learn",
    }
    return {name: facts.value(f"datacenter-capex/{row}") for name, row in rows.items()}


def outcome(
    plan: Mapping[str, Any], stress: Mapping[str, float], market: Mapping[str, float]
) -> dict[str, float]:
    """What becomes of a plan in a scenario: its start [month], running power [W] and value [USD].

    The rules are those of the lab's eighth task.

    Examples
    --------
    >>> deal = case("default", None)
    >>> plan = dict(power_w=1e9, power="grid", start_months=40.0, crash_usd=0.0, rate=0.1,
    ...             take_or_pay_share=0.0, years=5.0)
    >>> outcome(plan, deal.calm | {"late_months": 6.0}, deal.market())["start_months"]
    46.0
    """
    on_grid = plan["power"] == "grid"
    wait_months = stress["late_months"] if on_grid else 0.0
    delivered_w = plan["power_w"] * stress["chips_share"]
    running_w = min(delivered_w, stress["grid_cap_w"]) if on_grid else delivered_w
    contract_w = min(plan["power_w"] * plan["take_or_pay_share"], running_w)
    force, fall = np.log1p(plan["rate"]), -np.log1p(-market["decline_per_year"])
    age = min(wait_months / 12, plan["years"])
    level = discounted_years(force, age, plan["years"])
    ageing = discounted_years(force + fall, age, plan["years"])
    price = market["revenue_usd_per_w_year"]
    sales_usd = price * (
        contract_w * (1 - market["contract_discount"]) * level
        + (running_w - contract_w) * stress["price_ratio"] * ageing
    )
    spent_usd = market["opex_usd_per_w_year"] * running_w * level
    chips_usd = market["chips_usd_per_w"] * delivered_w
    site_usd_per_w = market["site_usd_per_w"] + (0.0 if on_grid else market["gas_usd_per_w"])
    at_start = np.exp(-force * plan["start_months"] / 12)
    return {
        "start_months": plan["start_months"] + wait_months,
        "running_w": running_w,
        "npv_usd": float(
            at_start * (sales_usd - spent_usd - chips_usd)
            - site_usd_per_w * plan["power_w"]
            - plan["crash_usd"]
        ),
    }


@functools.lru_cache(maxsize=1024)
def _page(power_w: float, capex_usd_per_w: float) -> stack.Stack:
    return stack.evaluate(power_w, "lecture", capex_usd_per_w=capex_usd_per_w)


@functools.lru_cache(maxsize=1024)
def _campus_shares(power_w: float) -> tuple[float, float]:
    """Share of a campus that is chips, servers and network, and share that scale makes cheaper."""
    campus = infra.campus_capex(power_w)
    groups = campus.by_group_usd
    return float((groups["it"] + groups["network"]) / campus.total_usd), float(campus.built_share)


@functools.lru_cache(maxsize=256)
def _start_months(power: str, crash_usd: float) -> float:
    bought = infra.crash_plan(infra.campus_project(power), crash_usd)
    return infra.pert(bought.tasks, samples=2000, seed=9).mean_months


def case(code: str, rng: np.random.Generator | None) -> Deal:
    """Draw the case of a code, or the default case without a generator."""
    said = float(facts.value("datacenter-capex/cost-lecture"))
    sells = float(facts.value("compute-revenue/openai-exit-rate-revenue-per-power-2024"))
    rate = float(facts.value("datacenter-capex/rate"))
    years = float(facts.value("datacenter-capex/life-it"))
    ageing = facts.value("datacenter-capex/fleet-ageing")
    discount = facts.value("datacenter-capex/contract-discount")
    if rng is None:
        return Deal(code, GIGAWATT, said, sells, float(ageing), rate, years, float(discount))
    return Deal(
        code=code,
        power_w=float(f"{GIGAWATT * rng.uniform(0.7, 1.3):.2g}"),
        capex_usd_per_w=float(round(said * rng.uniform(0.96, 1.06), 1)),
        revenue_usd_per_w_year=float(round(sells * rng.uniform(0.92, 1.05), 1)),
        decline_per_year=float(round(ageing * rng.uniform(0.75, 1.04), 2)),
        rate=float(round(rate * rng.uniform(0.95, 1.1), 3)),
        years=years,
        contract_discount=float(round(discount * rng.uniform(0.75, 1.25), 2)),
    )
