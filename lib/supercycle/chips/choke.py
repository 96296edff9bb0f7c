"""Choke points: which stage, firm or country the whole output hangs on.

A stage's *elasticity*, its dual price times its capacity over the output, is the share of the
output that hangs on it. The elasticities sum to one, whatever the units, and a stage with slack has
none. Where stages bind together many price systems explain the same plan. Then one more of either
alone is worth nothing while one less of either costs: the left derivative is the largest elasticity
that any of those price systems gives, the right one the smallest, and no single number is the
truth.

"Single supplier" and "binding stage" are different things: `concentration` sets them side by side.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from supercycle._validate import non_negative
from supercycle.chips.supply import MEASURES, Plan, SupplyNetwork, plan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["choke_points", "concentration", "hhi", "without"]


def choke_points(net: SupplyNetwork, measure: str = "power_w") -> pd.DataFrame:
    """Rank stages by the share of the output that hangs on their capacity.

    Parameters
    ----------
    net : SupplyNetwork
    measure : str
        What the plan maximises, and elasticities speak of; one of `chips.MEASURES`.

    Returns
    -------
    pandas.DataFrame
        Indexed by stage with a finite capacity, highest ``left`` first:

        * ``elasticity``: yᵢbᵢ over the output from one dual solution; the column sums to 1;
        * ``left``, ``right``: per cent of output lost (gained) per per cent of the stage's
          capacity taken away (added); they differ where stages bind together;
        * ``slack``: unused share of the capacity;
        * ``gw_lost``, ``gw_gained``: power a year that one per cent of capacity takes or gives,
          in the plan that maximises power [GW/yr];
        * ``usd_lost``, ``usd_gained``: the same in the plan that maximises value [USD/yr];
        * ``capex_usd``: what one per cent more capacity costs to build [USD].

    Raises
    ------
    ValueError
        When the network makes nothing.

    Notes
    -----
    Left is the risk, right the return of a subsidy. Both are exact for a small change: the
    largest and smallest elasticity over all dual solutions, two small linear programmes a stage.

    Examples
    --------
    >>> from supercycle.chips import Product, Stage
    >>> tie = SupplyNetwork(
    ...     {"a": Stage(1.0), "b": Stage(1.0), "c": Stage(inputs={"a": 1, "b": 1})}, {"c": Product()}
    ... )
    >>> choke_points(tie).loc["a", ["left", "right"]].tolist()
    [1.0, 0.0]
    """
    import pandas as pd

    net.worth(measure)
    plans = {m: plan(net, m) for m in MEASURES}
    slopes = {m: _slopes(net, plans[m]) for m in MEASURES}
    best = plans[measure]
    total = getattr(best, measure)
    rows = {}
    for stage, slack in best.slack.items():
        left, right = slopes[measure][stage]
        rows[stage] = {
            "elasticity": best.shadow_price[stage] * net.stages[stage].capacity / total,
            "left": left,
            "right": right,
            "slack": slack,
            "capex_usd": net.stages[stage].capex_usd * net.stages[stage].capacity / 100,
        }
        for unit, m, size in (("gw", "power_w", 1e9), ("usd", "value_usd", 1.0)):
            lost, gained = slopes[m][stage]
            one_percent = getattr(plans[m], m) / size / 100
            rows[stage] |= {
                f"{unit}_lost": lost * one_percent,
                f"{unit}_gained": gained * one_percent,
            }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")
    return frame.sort_values(["left", "right", "slack"], ascending=[False, False, True])


def _slopes(net: SupplyNetwork, best: Plan) -> dict[str, tuple[float, float]]:
    """Left and right derivative of the output to each capacity, as elasticities."""
    from scipy.optimize import linprog

    total = getattr(best, best.measure)
    if total <= 0:
        raise ValueError("the network makes nothing: some stage on the way has no capacity")
    stages = [s for s in best.slack if net.stages[s].capacity > 0]
    where = [list(net.stages).index(s) for s in stages]
    capacity = net.capacities[where]
    # A price system e (elasticities) explains the plan if no product is worth more than the
    # capacity it takes: Σᵢ Rᵢₚ/bᵢ · eᵢ ≥ wₚ / output, with Σ e = 1.
    # A product that needs a stage without capacity sets no bound: that stage's price does.
    stopped = (net.requirements[net.capacities == 0] > 0).any(axis=0)
    takes = (net.requirements[where] / capacity[:, None]).T[~stopped]
    worth = net.worth(best.measure)[~stopped] / total
    size = takes.max(axis=1)
    dust = 1e-9
    slopes = dict.fromkeys(best.slack, (0.0, 0.0))
    for k, stage in enumerate(stages):
        if best.slack[stage] > dust:
            continue
        aim = np.zeros(len(stages))
        aim[k] = 1.0
        least, most = (
            linprog(
                sign * aim, A_ub=-takes / size[:, None], b_ub=-worth / size + dust,
                A_eq=np.ones((1, len(stages))), b_eq=[1.0], method="highs",
            )
            for sign in (1.0, -1.0)
        )  # fmt: skip
        if not (least.success and most.success):
            raise ValueError(f"no price system explains the plan: {least.message}")
        slopes[stage] = (_clean(most.x[k]), _clean(least.x[k]))
    return slopes


def _clean(elasticity: float) -> float:
    """An elasticity without the solver's dust."""
    near = round(elasticity)
    return float(near if abs(elasticity - near) < 1e-7 else elasticity)


def without(net: SupplyNetwork, name: str) -> SupplyNetwork:
    """The network after the loss of a firm, or of a country with all its firms (N − 1).

    A lost maker takes its share of today's output along. A lost toolmaker takes its share of
    growth: what is installed goes on. So the loss of the only maker of EUV scanners costs growth,
    the loss of the foundry costs output; `chips.gw_lost_without` shows both over the years.

    Parameters
    ----------
    net : SupplyNetwork
    name : str
        Id of a firm, or a country's code.

    Returns
    -------
    SupplyNetwork
        Nobody steps in within the year.

    Raises
    ------
    ValueError
        When neither a firm nor a country has that name.

    Notes
    -----
    Tools without their maker's service wear out in time; that is not modelled.

    Examples
    --------
    >>> from supercycle import chips
    >>> net = chips.network()
    >>> plan(without(net, "asml")).power_w == plan(net).power_w
    True
    >>> plan(without(net, "tsmc")).power_w < 0.2 * plan(net).power_w
    True
    """
    firms = {f for s in net.stages.values() for f in (*s.makers, *s.toolmakers)}
    gone = {name} & firms or {f for f in firms if net.countries.get(f) == name}
    if not gone:
        known = ", ".join([*sorted(firms), *sorted(set(net.countries.values()))])
        raise ValueError(f"name = {name!r}: must be a firm or a country, one of {known}")

    changed = {}
    for stage_name, stage in net.stages.items():
        kept, makers = _survivors(stage.makers, gone)
        grows, toolmakers = _survivors(stage.toolmakers, gone)
        changed[stage_name] = dataclasses.replace(
            stage,
            capacity=stage.capacity * kept if kept > 0 else 0.0,
            makers=makers,
            toolmakers=toolmakers,
            growth_per_year=stage.growth_per_year * grows,
        )
    return dataclasses.replace(net, stages=changed)


def _survivors(shares: Mapping[str, float], gone: set[str]) -> tuple[float, dict[str, float]]:
    """What is left of a whole, and how those who are left divide it."""
    left = {firm: part for firm, part in shares.items() if firm not in gone}
    kept = sum(left.values()) if len(left) < len(shares) else 1.0
    return kept, {firm: part / kept for firm, part in left.items()} if kept > 0 else {}


def hhi(shares: Iterable[float]) -> float:
    """Herfindahl–Hirschman index: the sum of squared shares, 1 for a monopoly, 1/n for n equals.

    Competition authorities quote it times 10,000 and call more than 0.18 highly concentrated
    (US Merger Guidelines 2023, guideline 1).

    Raises
    ------
    ValueError
        When the shares are negative or do not sum to one.

    Examples
    --------
    >>> hhi([0.5, 0.5]), round(hhi([0.58, 0.21, 0.21]), 3)
    (0.5, 0.425)
    """
    part = np.asarray(list(shares), dtype=float)
    non_negative("shares", part)
    if part.size == 0 or abs(part.sum() - 1) > 1e-6:
        raise ValueError(f"shares sum to {part.sum():g}: must be the shares of one whole")
    return float(np.sum(part**2))


def concentration(net: SupplyNetwork, measure: str = "power_w") -> pd.DataFrame:
    """How few firms and countries hold each stage, beside what hangs on it today.

    Returns
    -------
    pandas.DataFrame
        Indexed by stage with named firms: ``hhi_firms``, ``hhi_countries``, ``largest``,
        ``largest_share``, ``toolmaker_hhi`` (NaN where no toolmaker is named), and ``left`` and
        ``slack`` of `choke_points`. A firm without a country counts as a country of its own.

    Notes
    -----
    Where the table lumps small firms together, the index is an upper bound.

    Examples
    --------
    >>> from supercycle import chips
    >>> table = concentration(chips.network())
    >>> bool(table.loc["euv-exposures", "toolmaker_hhi"] == 1), table.loc["euv-exposures", "left"].item()
    (True, 0.0)
    """
    import pandas as pd

    ranked = choke_points(net, measure)
    rows = {}
    for name, stage in net.stages.items():
        if not stage.makers or name not in ranked.index:
            continue
        by_country: dict[str, float] = {}
        for firm, part in stage.makers.items():
            home = net.countries.get(firm, firm)
            by_country[home] = by_country.get(home, 0.0) + part
        largest = max(stage.makers, key=lambda firm: stage.makers[firm])
        rows[name] = {
            "hhi_firms": hhi(stage.makers.values()),
            "hhi_countries": hhi(by_country.values()),
            "largest": largest,
            "largest_share": stage.makers[largest],
            "toolmaker_hhi": hhi(stage.toolmakers.values()) if stage.toolmakers else math.nan,
            "left": ranked.loc[name, "left"],
            "slack": ranked.loc[name, "slack"],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")
