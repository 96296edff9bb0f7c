"""The supply chain as a network with capacities: what comes out at most, and what limits it.

Every stage turns inputs from other stages into one output, in fixed proportions (a bill of
materials) and with a yield, up to a yearly capacity. How much comes out at most is a linear
programme. Its dual prices say what one more unit of each capacity would be worth; `chips.choke`
ranks them.

Sources: Leontief (1936), Quantitative input and output relations in the economic system of the
United States; Koopmans (1951), Analysis of production as an efficient combination of activities.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._validate import non_negative, positive, share

__all__ = ["MEASURES", "Plan", "Product", "Stage", "SupplyNetwork", "network", "plan"]

MEASURES = ("power_w", "value_usd")
"""What a plan may maximise: the power of the products made in a year, or their price."""


def _frozen(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(mapping))


@dataclass(frozen=True)
class Stage:
    """One stage of the chain, its output in a unit of its own.

    Attributes
    ----------
    capacity : float
        Most output a year; infinite where the stage itself limits nothing.
    inputs : mapping from stage to float
        Units of other stages used up for one unit of output, before losses.
    yield_share : float
        Share of the output that is good; the inputs of the rest are lost [1].
    makers : mapping from firm to share
        Who runs the stage; empty where nobody is named.
    toolmakers : mapping from firm to share
        Who supplies new capacity: without them what is installed goes on and nothing is added.
    growth_per_year : float
        Most capacity that can be added in a year, as a share of what is there [1/yr].
    lead_time_years : float
        From order to capacity [yr].
    capex_usd : float
        Cost of one unit a year of new capacity [USD].

    Raises
    ------
    ValueError
        When a number is impossible, or shares do not sum to one.
    """

    capacity: float = math.inf
    inputs: Mapping[str, float] = field(default_factory=dict)
    yield_share: float = 1.0
    makers: Mapping[str, float] = field(default_factory=dict)
    toolmakers: Mapping[str, float] = field(default_factory=dict)
    growth_per_year: float = 0.0
    lead_time_years: float = 0.0
    capex_usd: float = 0.0

    def __post_init__(self) -> None:
        non_negative("capacity", self.capacity)
        for source, amount in self.inputs.items():
            positive(f"inputs[{source!r}]", amount)
        share("yield_share", self.yield_share)
        positive("yield_share", self.yield_share)
        for role in ("makers", "toolmakers"):
            shares = getattr(self, role)
            non_negative(role, list(shares.values()))
            if shares and abs(sum(shares.values()) - 1) > 1e-6:
                raise ValueError(
                    f"{role} have shares that sum to {sum(shares.values()):g}: must sum to 1"
                )
        for name in ("growth_per_year", "lead_time_years", "capex_usd"):
            non_negative(name, getattr(self, name))
        for name in ("inputs", "makers", "toolmakers"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))


@dataclass(frozen=True)
class Product:
    """What the network is there for: a stage whose output is sold.

    Attributes
    ----------
    power_w : float
        IT power that one unit draws [W].
    price_usd : float
        [USD]
    """

    power_w: float = 1.0
    price_usd: float = 1.0

    def __post_init__(self) -> None:
        positive("power_w", self.power_w)
        positive("price_usd", self.price_usd)


@dataclass(frozen=True)
class SupplyNetwork:
    """Stages, and the products among them, which may compete for the same stages.

    Attributes
    ----------
    stages : mapping from name to Stage
    products : mapping from stage to Product
        A capacity on a product's own stage is the most that can be sold of it.
    countries : mapping from firm to country

    Raises
    ------
    ValueError
        When an input or a product names no stage, or when stages that feed each other need more
        than they give.

    Examples
    --------
    >>> tiny = SupplyNetwork(
    ...     {"mine": Stage(capacity=10.0), "car": Stage(inputs={"mine": 2.0})}, {"car": Product()}
    ... )
    >>> plan(tiny).made["car"]
    5.0
    """

    stages: Mapping[str, Stage]
    products: Mapping[str, Product]
    countries: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = ", ".join(self.stages)
        for name, stage in self.stages.items():
            for source in stage.inputs:
                if source not in self.stages:
                    raise ValueError(f"{name!r} uses {source!r}: must be a stage, one of {known}")
        if not self.products:
            raise ValueError("products is empty: must name at least one stage")
        for product in self.products:
            if product not in self.stages:
                raise ValueError(f"product {product!r}: must be a stage, one of {known}")
        for name in ("stages", "products", "countries"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        self.requirements  # noqa: B018  (refuses a network that eats itself)

    @functools.cached_property
    def requirements(self) -> np.ndarray:
        """Output of each stage that one unit of each product takes, losses included.

        The columns of Leontief's inverse ``(I − A)⁻¹`` with ``A[i, s] = input of i / yield of s``.

        Returns
        -------
        array of shape (stages, products)
        """
        names = list(self.stages)
        use = np.zeros((len(names), len(names)))
        for column, stage in enumerate(self.stages.values()):
            for source, amount in stage.inputs.items():
                use[names.index(source), column] = amount / stage.yield_share
        if use.any() and max(abs(np.linalg.eigvals(use))) >= 1:
            raise ValueError(
                "stages that feed each other use up more than they give: lower their inputs"
            )
        wanted = np.array([[float(s == p) for p in self.products] for s in names])
        # Yields show up in a product's own stage, too: a good unit takes 1/yield units of inputs,
        # which A holds already.
        return np.linalg.solve(np.eye(len(names)) - use, wanted)

    @property
    def capacities(self) -> np.ndarray:
        """Capacity of each stage, in the order of `stages`; infinite where none."""
        return np.array([stage.capacity for stage in self.stages.values()])

    def with_stage(self, name: str, **changes: Any) -> SupplyNetwork:
        """The same network with some fields of one stage changed."""
        self._known(name)
        changed = dataclasses.replace(self.stages[name], **changes)
        return dataclasses.replace(self, stages={**self.stages, name: changed})

    def scaled(self, factors: Mapping[str, float]) -> SupplyNetwork:
        """The same network with the capacities of some stages multiplied."""
        stages = dict(self.stages)
        for name, factor in factors.items():
            self._known(name)
            non_negative(f"factors[{name!r}]", factor)
            stages[name] = dataclasses.replace(
                stages[name], capacity=stages[name].capacity * factor
            )
        return dataclasses.replace(self, stages=stages)

    def worth(self, measure: str) -> np.ndarray:
        """Power [W] or price [USD] of one unit of each product, shape (products,)."""
        if measure not in MEASURES:
            raise ValueError(f"measure = {measure!r}: must be one of {', '.join(MEASURES)}")
        attribute = {"power_w": "power_w", "value_usd": "price_usd"}[measure]
        return np.array([getattr(p, attribute) for p in self.products.values()])

    def _known(self, stage: str) -> None:
        if stage not in self.stages:
            raise ValueError(f"stage {stage!r}: must be one of {', '.join(self.stages)}")


@dataclass(frozen=True)
class Plan:
    """The most a network can make in a year, and what limits it.

    Attributes
    ----------
    measure : str
        What is maximised, one of `MEASURES`.
    made : mapping from product to float
        Units a year.
    power_w, value_usd : float
        IT power and price of what is made in a year [W/yr], [USD/yr].
    activity : mapping from stage to float
        Output of each stage, in its unit a year.
    shadow_price : mapping from stage to float
        Measure gained per unit of capacity; one of the dual solutions where stages bind together.
    slack : mapping from stage to float
        Unused share of each finite capacity [1].
    """

    measure: str
    made: Mapping[str, float]
    power_w: float
    value_usd: float
    activity: Mapping[str, float]
    shadow_price: Mapping[str, float]
    slack: Mapping[str, float]


def plan(net: SupplyNetwork, measure: str = "power_w") -> Plan:
    """Solve for the largest power or value made in a year.

    ``max w·x  s.t.  R x ≤ capacity, x ≥ 0`` with x the products made, w their worth and R the
    network's `requirements`. Solved by HiGHS through SciPy.

    Parameters
    ----------
    net : SupplyNetwork
    measure : str
        One of `MEASURES`. With one product both give the same plan; with several they differ.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        When nothing limits a product.

    Examples
    --------
    >>> best = plan(network())
    >>> binding = [stage for stage, slack in best.slack.items() if slack < 1e-9]
    >>> binding == [stage for stage, price in best.shadow_price.items() if price > 0]
    True
    """
    from scipy.optimize import linprog

    rows, size, gain, unit = programme(net, measure)
    capacity, limited = net.capacities, np.isfinite(net.capacities)
    solved = linprog(-gain / gain.max(), A_ub=rows, b_ub=capacity[limited] / size, method="highs")
    if not solved.success:
        raise ValueError(f"the network has no plan: {solved.message}")
    made = solved.x * unit
    names = list(net.stages)
    activity = net.requirements @ made
    price = np.zeros(len(names))
    price[limited] = -solved.ineqlin.marginals * gain.max() / size
    finite = [(s, c, a) for s, c, a in zip(names, capacity, activity, strict=True) if c < math.inf]
    return Plan(
        measure=measure,
        made=_frozen(dict(zip(net.products, map(float, made), strict=True))),
        power_w=float(net.worth("power_w") @ made),
        value_usd=float(net.worth("value_usd") @ made),
        activity=_frozen(dict(zip(names, map(float, activity), strict=True))),
        shadow_price=_frozen({s: max(0.0, float(p)) for s, p in zip(names, price, strict=True)}),
        slack=_frozen({s: float(max(0.0, 1 - a / c)) if c > 0 else 0.0 for s, c, a in finite}),
    )


def programme(
    net: SupplyNetwork, measure: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The programme in numbers near one: ``max gain·z s.t. rows z ≤ capacity / size, x = unit·z``.

    Capacities differ by fifteen orders of magnitude. Each product is counted in what it would be if
    made alone, each limited stage in the most that one of those would use of it.
    """
    unit = alone(net)
    rows = (net.requirements * unit)[np.isfinite(net.capacities)]
    size = rows.max(axis=1)
    size = np.where(size > 0, size, 1.0)
    return rows / size[:, None], size, net.worth(measure) * unit, unit


def alone(net: SupplyNetwork) -> np.ndarray:
    """Units of each product a year if only it were made, shape (products,).

    A stage without any capacity stops a product and gives no scale, so it is passed over here.
    """
    capacity = net.capacities[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(net.requirements > 0, capacity / net.requirements, math.inf)
    for product, limit in zip(net.products, most.min(axis=0), strict=True):
        if limit == math.inf:
            raise ValueError(f"nothing limits {product!r}: give some stage on its way a capacity")
    scale = np.where(most > 0, most, math.inf).min(axis=0)
    return np.where(np.isfinite(scale), scale, 1.0)


def network(draw: Callable[[facts.Fact], float] = float) -> SupplyNetwork:
    """The supply network of accelerators in 2026, from ``supply-network`` and ``supply-firms``.

    Parameters
    ----------
    draw : function from Fact to float
        What to take for each number: its value, unless you choose from its range ``low``,
        ``high`` (see `chips.choke_odds`).

    Returns
    -------
    SupplyNetwork
        One product, ``powered-accelerators``: a GB300-class accelerator in its server, with its
        network and its place in a powered site.

    Examples
    --------
    >>> net = network()
    >>> net.stages["cowos"].makers["tsmc"] > 0.5, list(net.products)
    (True, ['powered-accelerators'])
    """
    numbers: dict[str, dict[str, float]] = {}
    inputs: dict[str, dict[str, float]] = {}
    for row_id in facts.ids("supply-network"):
        row = facts.row("supply-network", row_id)
        stage, kind, number = str(row["stage"]), str(row["kind"]), draw(row["value"])  # type: ignore[arg-type]
        if kind == "input":
            inputs.setdefault(stage, {})[str(row["input"])] = number
        else:
            numbers.setdefault(stage, {})[kind] = number
    firms: dict[str, dict[str, dict[str, float]]] = {}
    countries: dict[str, str] = {}
    for row_id in facts.ids("supply-firms"):
        row = facts.row("supply-firms", row_id)
        firm = str(row["firm"])
        firms.setdefault(str(row["stage"]), {}).setdefault(str(row["role"]), {})[firm] = float(
            row["value"]  # type: ignore[arg-type]
        )
        if row["country"]:
            countries[firm] = str(row["country"])
    stages = {}
    for name in dict.fromkeys([*numbers, *inputs]):
        has = numbers.get(name, {})
        if "capacity" in has and not {"lead-time", "growth", "capex"} <= set(has):
            raise ValueError(
                f"supply-network: {name!r} needs a lead-time, a growth and a capex row"
            )
        stages[name] = Stage(
            capacity=has.get("capacity", math.inf) * has.get("available-share", 1.0),
            inputs=inputs.get(name, {}),
            yield_share=has.get("yield", 1.0),
            makers=firms.get(name, {}).get("makes", {}),
            toolmakers=firms.get(name, {}).get("equips", {}),
            growth_per_year=has.get("growth", 0.0),
            lead_time_years=has.get("lead-time", 0.0),
            capex_usd=has.get("capex", 0.0),
        )
    sold = "powered-accelerators"
    product = Product(power_w=inputs[sold]["site-power"], price_usd=numbers[sold]["price"])
    return SupplyNetwork(stages, {sold: product}, countries)
