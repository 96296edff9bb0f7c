"""The supply chain as a network with capacities, and its choke points as the duals of an LP.

Every stage turns inputs from other stages into one output, in fixed proportions (a bill of
materials), up to a yearly capacity. How many accelerators come out at most is a linear program; its
dual prices say what one more unit of each capacity would be worth. A stage's *elasticity*, its
dual price times its capacity over the output, is the share of the output that hangs on it: the
elasticities sum to one, whatever the units, and a stage with slack has none. Where two stages bind
together, one more of either alone is worth nothing while one less of either costs, so the left and
the right derivative differ and no single number is the truth.

"Single supplier" and "binding stage" are different things: see `without`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from supercycle import facts
from supercycle._validate import non_negative, positive

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Plan", "SupplyNetwork", "choke_points", "hhi", "network", "plan", "without"]


@dataclass(frozen=True)
class SupplyNetwork:
    """Stages, what each needs of the others, what each can make in a year, and who makes it.

    Attributes
    ----------
    capacity : mapping from stage to float
        Most output a year, in the stage's own unit; a stage without one is not limited itself.
    inputs : mapping from (stage, input stage) to float
        Units of the input used up for one unit of the stage's output.
    output : str
        The stage whose output is wanted.
    power_w_per_unit : float
        IT power of one unit of the output [W].
    price_usd_per_unit : float
        Price of one unit of the output [USD].
    firms : mapping from stage to mapping from firm to share
    countries : mapping from firm to country

    Raises
    ------
    ValueError
        When a share, capacity or coefficient is impossible, or an input names no stage.

    Examples
    --------
    >>> tiny = SupplyNetwork({"mine": 10.0}, {("car", "mine"): 2.0}, output="car")
    >>> plan(tiny).output
    5.0
    """

    capacity: Mapping[str, float]
    inputs: Mapping[tuple[str, str], float]
    output: str
    power_w_per_unit: float = 1.0
    price_usd_per_unit: float = 1.0
    firms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for stage, limit in self.capacity.items():
            non_negative(f"capacity[{stage!r}]", limit)
        for (stage, used), amount in self.inputs.items():
            positive(f"inputs[{stage!r}, {used!r}]", amount)
        if self.output not in self.stages:
            raise ValueError(f"output = {self.output!r}: must be one of {', '.join(self.stages)}")
        for stage, shares in self.firms.items():
            if stage not in self.stages:
                raise ValueError(
                    f"firms name the stage {stage!r}: must be one of {', '.join(self.stages)}"
                )
            if abs(sum(shares.values()) - 1) > 1e-6 or min(shares.values()) < 0:
                raise ValueError(
                    f"shares of {stage!r} sum to {sum(shares.values()):g}: must be 1, none negative"
                )
        for name in ("capacity", "inputs", "firms", "countries"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @functools.cached_property
    def stages(self) -> tuple[str, ...]:
        """All stages, inputs before what uses them where the table lists them so."""
        named = [*self.capacity, *(s for pair in self.inputs for s in reversed(pair))]
        return tuple(dict.fromkeys(named))

    def scaled(self, factors: Mapping[str, float]) -> SupplyNetwork:
        """The same network with some capacities multiplied."""
        unknown = set(factors) - set(self.capacity)
        if unknown:
            raise ValueError(f"factors name {sorted(unknown)}: must be stages with a capacity")
        grown = {s: c * factors.get(s, 1.0) for s, c in self.capacity.items()}
        return dataclasses.replace(self, capacity=grown)


@dataclass(frozen=True)
class Plan:
    """The most a network can make in a year, and what limits it.

    Attributes
    ----------
    output : float
        Units of the output stage a year.
    power_w : float
        Their IT power [W/yr].
    value_usd : float
        Their price [USD/yr].
    activity : mapping from stage to float
        Output of each stage, in its unit a year.
    shadow_price : mapping from stage to float
        Units of output that one more unit of the stage's capacity gives (one of the dual
        solutions where several stages bind together).
    slack : mapping from stage to float
        Unused share of each capacity [1].
    """

    output: float
    power_w: float
    value_usd: float
    activity: Mapping[str, float]
    shadow_price: Mapping[str, float]
    slack: Mapping[str, float]


def plan(net: SupplyNetwork) -> Plan:
    """Solve for the largest output a year.

    ``max f_out  s.t.  Σ_s a_si f_s ≤ f_i`` for every stage i that is used up, ``0 ≤ f ≤ capacity``.

    Raises
    ------
    ValueError
        When nothing limits the output, or an input loop needs more than it gives.

    Examples
    --------
    >>> best = plan(network())
    >>> max(best.shadow_price, key=best.shadow_price.get) in best.slack
    True
    """
    from scipy.optimize import linprog

    position = {stage: k for k, stage in enumerate(net.stages)}
    used = list(dict.fromkeys(i for _, i in net.inputs))
    balance = np.zeros((len(used), len(position)))
    for row, stage in enumerate(used):
        balance[row, position[stage]] = -1.0
        for (maker, source), amount in net.inputs.items():
            if source == stage:
                balance[row, position[maker]] += amount
    # Capacities differ by fifteen orders of magnitude: solve in shares of each stage's natural scale.
    scale = _scales(net, position)
    gain = np.zeros(len(position))
    gain[position[net.output]] = -1.0
    row_scale = np.array([scale[position[s]] for s in used]) if used else np.zeros(0)
    limits = [
        (0.0, net.capacity[s] / scale[k] if s in net.capacity else None)
        for s, k in position.items()
    ]
    solved = linprog(
        gain,
        A_ub=balance * scale[None, :] / row_scale[:, None] if used else None,
        b_ub=np.zeros(len(used)) if used else None,
        bounds=limits,
        method="highs",
    )
    if solved.status == 3:
        raise ValueError(f"nothing limits {net.output!r}: give some stage a capacity")
    if solved.status != 0:
        raise ValueError(f"the network has no plan: {solved.message}")
    flow = solved.x * scale
    out = float(flow[position[net.output]])
    dual = -solved.upper.marginals / scale * scale[position[net.output]]
    price = {s: max(0.0, float(dual[position[s]])) for s in net.capacity}
    return Plan(
        output=out,
        power_w=out * net.power_w_per_unit,
        value_usd=out * net.price_usd_per_unit,
        activity=MappingProxyType({s: float(flow[k]) for s, k in position.items()}),
        shadow_price=MappingProxyType(price),
        slack=MappingProxyType(
            {s: 1 - float(flow[position[s]]) / c if c > 0 else 0.0 for s, c in net.capacity.items()}
        ),
    )


def _scales(net: SupplyNetwork, position: Mapping[str, int]) -> np.ndarray:
    """Units of each stage that one unit of output needs: the solver's natural scale."""
    need = {net.output: 1.0}
    for _ in position:  # a chain is at most this long; loops stop here, too
        grown = {net.output: 1.0}
        for (maker, source), amount in net.inputs.items():
            if maker in need:
                grown[source] = grown.get(source, 0.0) + amount * need[maker]
        if grown == need:
            break
        need = grown
    size = max(
        (c / need[s] for s, c in net.capacity.items() if need.get(s, 0) > 0 and c > 0), default=1.0
    )
    return np.array([need.get(s, 1.0) or 1.0 for s in position]) * size


def choke_points(net: SupplyNetwork, *, step: float = 1e-4) -> pd.DataFrame:
    """Rank the stages by how much of the output hangs on each.

    Parameters
    ----------
    net : SupplyNetwork
    step : float
        Relative change of a capacity for the one-sided derivatives.

    Returns
    -------
    pandas.DataFrame
        Indexed by stage, highest `left` first:

        * ``elasticity``: yᵢbᵢ over the output, from the LP's dual; the column sums to 1;
        * ``left``, ``right``: per cent of output lost (gained) per per cent of capacity taken away
          (added); they differ where stages bind together;
        * ``slack``: unused share of the capacity;
        * ``gw_per_percent``, ``usd_per_percent``: what the next per cent of capacity is worth a year.

    Notes
    -----
    The left derivative is the risk, the right one the subsidy's return.
    """
    import pandas as pd

    positive("step", step)
    best = plan(net)
    if best.output <= 0:
        raise ValueError("the network makes nothing: some stage has no capacity at all")
    rows = {}
    for stage, limit in net.capacity.items():
        more = plan(net.scaled({stage: 1 + step})).output / best.output - 1
        less = 1 - plan(net.scaled({stage: 1 - step})).output / best.output
        rows[stage] = {
            "elasticity": best.shadow_price[stage] * limit / best.output,
            "left": _clean(less / step),
            "right": _clean(more / step),
            "slack": best.slack[stage],
            "gw_per_percent": _clean(more / step) * best.power_w / 1e9 / 100,
            "usd_per_percent": _clean(more / step) * best.value_usd / 100,
        }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.sort_values(["left", "slack"], ascending=[False, True])


def _clean(derivative: float) -> float:
    """A derivative without the solver's dust."""
    return 0.0 if abs(derivative) < 1e-6 else derivative


def without(net: SupplyNetwork, name: str) -> SupplyNetwork:
    """The network after the loss of a firm or of a country, everywhere at once (N − 1).

    Parameters
    ----------
    net : SupplyNetwork
    name : str
        Id of a firm, or a country's code.

    Returns
    -------
    SupplyNetwork
        Each stage's capacity less the lost share. Nobody steps in within the year.

    Raises
    ------
    ValueError
        When neither a firm nor a country has that name.

    Examples
    --------
    >>> plan(without(network(), "TWN")).output < 0.2 * plan(network()).output
    True
    """
    firms = {f for shares in net.firms.values() for f in shares}
    gone = {name} & firms or {f for f in firms if net.countries.get(f) == name}
    if not gone:
        known = sorted(firms | {c for c in net.countries.values() if c})
        raise ValueError(f"name = {name!r}: must be a firm or a country, one of {', '.join(known)}")
    left = {
        stage: 1 - sum(share for firm, share in shares.items() if firm in gone)
        for stage, shares in net.firms.items()
        if stage in net.capacity
    }
    return net.scaled({stage: max(0.0, share) for stage, share in left.items()})


def hhi(shares: Iterable[float]) -> float:
    """Herfindahl–Hirschman index: the sum of squared shares, 1 for a monopoly, 1/n for n equals.

    Competition authorities quote it times 10,000 and call 0.18 and more "highly concentrated"
    (US Merger Guidelines 2023).

    Examples
    --------
    >>> hhi([0.5, 0.5]), round(hhi([0.58, 0.21, 0.21]), 3)
    (0.5, 0.425)
    """
    part = np.asarray(list(shares), dtype=float)
    non_negative("shares", part)
    if part.size == 0 or abs(part.sum() - 1) > 1e-6:
        raise ValueError(f"shares sum to {part.sum():g}: must be shares of one whole")
    return float(np.sum(part**2))


@functools.cache
def network() -> SupplyNetwork:
    """The supply network of accelerators in 2026, from the tables ``supply-network`` and ``supply-firms``."""
    capacity: dict[str, float] = {}
    shares: dict[str, float] = {}
    inputs: dict[tuple[str, str], float] = {}
    price = 0.0
    for row_id in facts.ids("supply-network"):
        row = facts.row("supply-network", row_id)
        stage, number = str(row["stage"]), float(row["value"] or 0.0)
        if row["kind"] == "capacity":
            capacity[stage] = number
        elif row["kind"] == "capacity-share":
            shares[stage] = number
        elif row["kind"] == "input":
            inputs[stage, str(row["input"])] = number
        elif row["kind"] == "price":
            price = number
    firms: dict[str, dict[str, float]] = {}
    countries: dict[str, str] = {}
    for row_id in facts.ids("supply-firms"):
        row = facts.row("supply-firms", row_id)
        firm = str(row["firm"])
        firms.setdefault(str(row["stage"]), {})[firm] = float(row["value"])  # type: ignore[arg-type]
        countries[firm] = str(row["country"] or "")
    return SupplyNetwork(
        capacity={s: c * shares.get(s, 1.0) for s, c in capacity.items()},
        inputs=inputs,
        output="accelerators",
        power_w_per_unit=float(facts.value("supply-network/power-per-accelerator")),
        price_usd_per_unit=price,
        firms=firms,
        countries=countries,
    )
