"""The case of lab01: one campus, what it serves, and the people who use it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from supercycle import apps, chips, energy, facts, infra, stack
from supercycle.cluster.arrivals import diurnal_factor
from supercycle.units import GIGAWATT, HOUR_S, MTOK

__all__ = ["BLOCKS", "LEVERS", "Campus", "case"]

BLOCKS = ("agents", "chat", "batch")
"""Customers, the dearest work first."""

LEVERS = ("cheaper tokens", "fewer tokens", "smarter tokens")

_MEAN_DEMAND = np.array((0.35, 0.45, 0.25))  # of each block, over what the fleet can serve
_PEAK_H = 15.0


@dataclass(frozen=True)
class Campus:
    """The case of lab01: one campus, what it serves, and the people who use it.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    chip : str
        Row id of the table ``chips``.
    power_w : float
        Power at the meter [W].
    pue : float
        Power usage effectiveness [1].
    share_sold : float
        Share of the power that serves customers, not research [1].
    utilisation : float
        Share of the sold part's full throughput that demand fills over a year [1].
    received_share : float
        Share of the list price that is received [1].
    tokens_per_attempt : float
        Tokens, read and written, of one attempt at the product's task [1].
    success_share : float
        Probability that an attempt succeeds [1].
    review_s : float
        Time a person takes to check one attempt [s].
    peak_to_mean : float
        Demand of the busiest hour over that of the mean hour [1].
    """

    code: str
    chip: str
    power_w: float
    pue: float
    share_sold: float
    utilisation: float
    received_share: float
    tokens_per_attempt: float
    success_share: float
    review_s: float
    peak_to_mean: float

    @property
    def w_per_gpu(self) -> float:
        """IT power per accelerator, with its share of host, network and storage [W]."""
        watts = chips.accelerator(self.chip).it_power_w
        assert watts is not None
        return watts

    def page(self, assumptions: str = "sourced") -> stack.Stack:
        """The campus from watts to profit: its items summed (``sourced``) or as the lecture says."""
        return _page(self, assumptions)

    @property
    def tokens_per_j(self) -> float:
        """Tokens, read and written, per joule at the meter of a busy fleet [1/J]."""
        return float(self.page().models.tokens_per_j)

    @property
    def price_usd_per_mtok(self) -> float:
        """Average price received [USD per 1e6 tokens]."""
        return float(self.page().apps.price_usd_per_mtok)

    @property
    def revenue_usd_per_year(self) -> float:
        """Revenue by the identity of the five factors [USD/yr]."""
        return float(self.page().apps.revenue_usd_per_year)

    def _wanted(self) -> np.ndarray:
        """Demand over what the fleet can serve in an hour, shape (24, 3) [1]."""
        hour_s = np.arange(24) * HOUR_S
        swings = (self.peak_to_mean, (1 + self.peak_to_mean) / 2, 1.0)
        rhythm = [diurnal_factor(hour_s, peak_to_mean=p, peak_h=_PEAK_H) for p in swings]
        return _MEAN_DEMAND * np.transpose(rhythm)

    @property
    def capacity_tokens_per_h(self) -> float:
        """Tokens that the sold part of the fleet serves in an hour at most [1/h].

        Less than full batches would give: `utilisation` of that is what a whole day serves, and a
        day has quiet hours.
        """
        full = self.power_w * self.share_sold * self.tokens_per_j * HOUR_S
        busy_share = np.minimum(self._wanted().sum(axis=1), 1.0).mean()
        return float(full * self.utilisation / busy_share)

    @property
    def value_usd_per_mtok(self) -> np.ndarray:
        """What a million tokens is worth to each of `BLOCKS` [USD per 1e6 tokens]."""
        factors = [facts.value(f"apps/value-{block}") for block in BLOCKS]
        return self.price_usd_per_mtok * np.array(factors)

    def demand_tokens(self) -> np.ndarray:
        """Tokens wanted in each hour of a day by each block, shape (24, 3) [1/h].

        Agents follow working hours most closely, chat by half as much, batch work not at all.

        Examples
        --------
        >>> wanted = case("default", None).demand_tokens()
        >>> wanted.shape, int(wanted.sum(axis=1).argmax()), int(wanted.sum(axis=1).argmin())
        ((24, 3), 15, 3)
        """
        return self.capacity_tokens_per_h * self._wanted()

    def day(self, capacity_share: float = 1.0) -> apps.PeakLoad:
        """The best use of a day with a multiple of the fleet: a linear programme with duals.

        Examples
        --------
        >>> day = case("default", None).day()
        >>> bool(day.shadow_usd_per_mtok[3] == 0 < day.shadow_usd_per_mtok[15])
        True
        """
        return apps.peak_load(
            self.demand_tokens(),
            self.value_usd_per_mtok,
            capacity_tokens=capacity_share * self.capacity_tokens_per_h,
        )

    def capacity_usd_per_day(self, assumptions: str = "sourced") -> float:
        """Cost of owning, for a day, what serves a million tokens an hour [USD]."""
        of_sold = float(self.page(assumptions).infra.tco_usd_per_year) * self.share_sold
        return of_sold / 365 / (self.capacity_tokens_per_h / MTOK)

    def layers_usd_per_w(self, level: str = "value") -> dict[str, float]:
        """What the campus costs per watt at the meter, from the bare building upwards [USD/W].

        Parameters
        ----------
        level : str
            ``low``, ``value`` or ``high`` end of every item at once.

        Examples
        --------
        >>> list(case("default", None).layers_usd_per_w())[::2]
        ['shell, cooling, power', '+ network', '+ own power plant']
        """
        bare, powered = (
            infra.campus_capex(self.power_w, items=infra.capex_items(level=level, generation=plant))
            for plant in (None, "onsite-gas")
        )
        usd = bare.by_group_usd
        layers = {
            "shell, cooling, power": usd["shell"] + usd["cooling"] + usd["power"],
            "+ grid and land": usd["grid"] + usd["land"],
            "+ network": usd["network"],
            "+ servers": usd["it"],
            "+ own power plant": powered.total_usd - bare.total_usd,
        }
        return {name: float(cost) / self.power_w for name, cost in layers.items()}

    def everybody_us_grids(self, w_each: float) -> float:
        """Power of one accelerator for each person, over the average load of the US [1]."""
        return float(energy.grid_share(energy.power_for_everybody_w(w_each)).of_average)

    def break_even_usd_per_year(self, capex_usd_per_gw: float) -> float:
        """Revenue of a year at which the campus pays, if all of it wears out with its chips [USD/yr]."""
        tco = self.page().infra
        return float(
            infra.break_even_revenue_usd_per_year(
                capex_usd_per_gw * self.power_w / GIGAWATT,
                tco.other_usd_per_year + self.page().energy.bill_usd_per_year,
                rate=facts.value("datacenter-capex/rate"),
                years=facts.value("datacenter-capex/life-it"),
            )
        )

    def net_usd_per_year(
        self,
        lever: str,
        *,
        elasticity: float,
        followed: float,
        reviewer_usd_per_hour: float,
        review_s: float,
        tokens_per_attempt: float,
        success_share: float,
        cheaper: float,
        fewer: float,
        smarter: float,
        engineers: float,
        engineer_usd_per_year: float,
    ) -> float:
        """What a lever adds to the campus's revenue in a year, less its programme [USD/yr].

        The campus is one of many, and capacity binds before and after: the market's price is what
        sells all of it. Demand for *successes* has a constant elasticity in their whole cost,
        review included. If the lever makes q times the successes and a share of the market
        follows, their cost falls to ``c · (1 + followed · (q − 1))^(−1/ε)``, of which
        ``c′ · success − review`` is left for an attempt's tokens; never less than nothing.

        Parameters
        ----------
        lever : str
            One of `LEVERS`.
        **inputs : float
            The facts of the choice, each named with its unit; see the table ``apps``.

        Raises
        ------
        ValueError
            For an unknown lever.
        """
        changes = {
            "cheaper tokens": (cheaper, 1.0, success_share),
            "fewer tokens": (1.0, 1 / fewer, success_share),
            "smarter tokens": (1.0, 1.0, 1 - (1 - success_share) * (1 - smarter)),
        }
        if lever not in changes:
            raise ValueError(f"lever = {lever!r}: must be one of {', '.join(LEVERS)}")
        capacity_ratio, tokens_ratio, success_after = changes[lever]
        revenue = self.revenue_usd_per_year
        review = reviewer_usd_per_hour / HOUR_S * review_s
        cost = apps.cost_usd_per_success(
            self.price_usd_per_mtok, tokens_per_attempt, success_share, review
        )
        attempts_ratio = capacity_ratio / tokens_ratio
        made_ratio = attempts_ratio * success_after / success_share
        market_ratio = 1 + followed * (made_ratio - 1)
        cost_after = cost * float(apps.clearing_price_ratio(market_ratio, elasticity))
        paid_before = self.price_usd_per_mtok / MTOK * tokens_per_attempt  # per attempt
        paid_after = max(cost_after * success_after - review, 0.0)
        programme = engineers * engineer_usd_per_year
        return revenue * (attempts_ratio * paid_after / paid_before - 1) - programme


@functools.lru_cache(maxsize=1024)
def _page(campus: Campus, assumptions: str) -> stack.Stack:
    said = stack.assumptions(assumptions, free=False)  # what the set's author stated stays
    changes = {
        "chip": campus.chip,
        "pue": campus.pue,
        "share_sold": campus.share_sold,
        "utilisation": campus.utilisation,
        "received_share": campus.received_share,
        "rent_usd_per_gpu_hour": chips.accelerator(campus.chip).rent_usd_per_hour,
    }
    return stack.evaluate(
        campus.power_w, assumptions, **{k: v for k, v in changes.items() if k not in said}
    )


def case(code: str, rng: np.random.Generator | None) -> Campus:
    """Draw the case of a code, or the default case without a generator."""
    pue = float(facts.value("datacenter-capex/pue-design"))
    sold = float(round(facts.value("stack-assumptions/lecture-share-sold"), 2))
    used = float(facts.value("stack-assumptions/lecture-utilisation"))
    received = float(facts.value("stack-assumptions/lecture-received-share"))
    if rng is None:
        return Campus(code, "gb200", GIGAWATT, pue, sold, used, received, 1.5e6, 0.6, 60.0, 1.7)
    received = float(round(received * rng.uniform(0.85, 1.15), 2))
    drawn = Campus(
        code=code,
        chip=str(rng.choice(["h100-sxm", "gb200", "gb300"])),
        power_w=float(f"{GIGAWATT * rng.uniform(0.7, 1.3):.2g}"),
        pue=float(round(pue * rng.uniform(0.92, 1.06), 2)),
        share_sold=float(round(sold * rng.uniform(0.85, 1.15), 2)),
        utilisation=float(round(used * rng.uniform(0.85, 1.15), 2)),
        received_share=received,
        tokens_per_attempt=float(round(rng.uniform(1.2e6, 2.0e6), -5)),
        success_share=float(round(rng.uniform(0.55, 0.65), 2)),
        review_s=0.0,
        peak_to_mean=float(round(rng.uniform(1.6, 1.8), 2)),
    )
    # Review takes about half of what the tokens of an attempt cost, whatever the draw.
    tokens_usd = drawn.price_usd_per_mtok / MTOK * drawn.tokens_per_attempt
    review_s = rng.uniform(0.42, 0.6) * tokens_usd / facts.value("apps/reviewer-cost") * HOUR_S
    return replace(drawn, review_s=float(round(review_s)))
