"""Capacity over the years: where to build, and what the loss of a firm costs as time goes by.

Capacity ordered today works after a lead time, so for a while every stage is what past orders made
it. After that it grows as fast as builders can, where that pays. Which stage binds moves with the
years: the plan is a linear programme over all periods at once, and its duals say what hangs on
which stage, when.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from supercycle._validate import at_least, non_negative, positive
from supercycle.chips.choke import without
from supercycle.chips.supply import SupplyNetwork, alone
from supercycle.finance import capital_recovery_factor

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Expansion", "expand", "gw_lost_without"]


@dataclass(frozen=True)
class Expansion:
    """The best way to build a network up.

    Attributes
    ----------
    made : pandas.DataFrame
        Units a year of each product, indexed by the period's start [yr].
    power_w, value_usd : pandas.Series
        IT power and price of what is made a year, by period [W/yr], [USD/yr].
    capacity : pandas.DataFrame
        Capacity of each limited stage by period, in its unit a year.
    rent_share : pandas.DataFrame
        Share of the value of output that hangs on each stage in each period; rows sum to 1, or to
        0 where nothing is made.
    npv_usd : float
        Value of the products less the annuities of capacity added, discounted [USD].
    """

    made: pd.DataFrame
    power_w: pd.Series
    value_usd: pd.Series
    capacity: pd.DataFrame
    rent_share: pd.DataFrame
    npv_usd: float


def expand(
    net: SupplyNetwork,
    years: float = 5.0,
    *,
    step_years: float = 0.25,
    rate: float = 0.1,
    life_years: float = 7.0,
    on_order: Mapping[str, float] | None = None,
) -> Expansion:
    """Choose capacity and output over time so that the present value is largest.

    ``max Σₜ (1+r)⁻ᵗ Δt (p·xₜ − Σᵢ aᵢ (Kᵢₜ − Kᵢ₀))`` subject to ``R xₜ ≤ Kₜ``; capacity K never
    shrinks and grows by at most ``(1 + gᵢ)^Δt`` a step; for as long as stage i's lead time, it is
    what earlier orders make it. The annuity a is the stage's capital cost over its life.

    Parameters
    ----------
    net : SupplyNetwork
    years : float
        Horizon [yr].
    step_years : float
        Length of a period; lead times round up to whole periods [yr].
    rate : float
        Discount rate [1/yr].
    life_years : float
        Of new capacity [yr].
    on_order : mapping from stage to float, optional
        Growth that earlier orders bring during the lead time [1/yr]; stages left out go on
        growing at their own rate.

    Returns
    -------
    Expansion

    Raises
    ------
    ValueError
        When the horizon is no number of periods, a number is out of range, or `on_order` names an
        unknown stage.

    Notes
    -----
    Perfect foresight and one price throughout: an upper bound on the build-up, in which the price
    does not fall as output grows. Capacity already ordered is paid for. Installed capacity does
    not wear out.

    Examples
    --------
    >>> from supercycle import chips
    >>> path = expand(chips.network(), years=3, step_years=0.5)
    >>> bool(path.power_w.is_monotonic_increasing), path.rent_share.sum(axis=1).round(6).unique().tolist()
    (True, [1.0])
    """
    import pandas as pd
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, diags_array, eye_array, hstack, kron, vstack

    positive("years", years)
    positive("step_years", step_years)
    at_least("rate", rate, -0.999999)
    periods = round(years / step_years)
    if periods < 1 or abs(periods * step_years - years) > 1e-9 * years:
        raise ValueError(f"years = {years}: must be a whole number of steps of {step_years} years")
    orders = dict(on_order or {})
    for name, pace in orders.items():
        if name not in net.stages:
            raise ValueError(f"on_order names {name!r}: must be one of {', '.join(net.stages)}")
        non_negative(f"on_order[{name!r}]", pace)

    names = [s for s, stage in net.stages.items() if stage.capacity < math.inf]
    stages = [net.stages[s] for s in names]
    where = [list(net.stages).index(s) for s in names]
    time = np.arange(periods) * step_years
    annuity = np.array([s.capex_usd for s in stages]) * capital_recovery_factor(rate, life_years)
    fastest = np.array([(1 + s.growth_per_year) ** step_years for s in stages])
    lead = np.array([math.ceil(s.lead_time_years / step_years - 1e-9) for s in stages])
    ordered = np.array(
        [orders.get(n, s.growth_per_year) for n, s in zip(names, stages, strict=True)]
    )
    start = np.array([s.capacity for s in stages])
    # Until an order of today works, capacity is what earlier orders make it.
    known = start * (1 + ordered) ** np.minimum(time[:, None], lead * step_years)
    fixed = np.arange(periods)[:, None] < np.maximum(lead, 1)

    # Unknowns in numbers near one: products as if made alone, capacities as at the start.
    requirements = net.requirements[where]
    base = np.where(start > 0, start, 1.0)
    unit = alone(net)
    n, m = len(net.products), len(names)
    discount = (1 + rate) ** -time * step_years
    price = net.worth("value_usd") * unit
    size = float(price.max())
    # x (periods · products), then K (periods · stages).
    cost = np.concatenate(
        [-np.outer(discount, price).ravel(), np.outer(discount, annuity * base).ravel()]
    )
    made_rows = kron(
        eye_array(periods), csr_array(requirements * unit / base[:, None]), format="csr"
    )
    now = eye_array(periods * m, format="csr")
    earlier, later = now[:-m], now[m:]  # capacity of a period, and of the next
    idle = csr_array((earlier.shape[0], periods * n))
    ramp = diags_array(np.tile(fastest, periods - 1)) @ earlier if periods > 1 else earlier
    free = ~fixed[1:].ravel()  # what earlier orders bring may grow faster than new ones
    rows = [
        hstack([made_rows, -now]),
        hstack([idle, earlier - later]),
        hstack([idle[free], (later - ramp)[free]]),
    ]
    limits = np.zeros(sum(block.shape[0] for block in rows))
    level = known / base
    bounds = [(0.0, None)] * (periods * n) + [
        (float(k), float(k)) if f else (0.0, None)
        for k, f in zip(level.ravel(), fixed.ravel(), strict=True)
    ]
    solved = linprog(
        cost / size, A_ub=vstack(rows, format="csr"), b_ub=limits, bounds=bounds,
        method="highs",
    )  # fmt: skip
    if not solved.success:
        raise ValueError(f"the network has no way to grow: {solved.message}")

    made = solved.x[: periods * n].reshape(periods, n) * unit
    installed = solved.x[periods * n :].reshape(periods, m)
    rent = np.maximum(0.0, -solved.ineqlin.marginals[: periods * m].reshape(periods, m)) * installed
    whole = rent.sum(axis=1, keepdims=True)
    sunk = float(np.sum(np.outer(discount, annuity * base) * level))
    index = pd.Index(time, name="year")
    return Expansion(
        made=pd.DataFrame(made, index=index, columns=list(net.products)),
        power_w=pd.Series(made @ net.worth("power_w"), index=index, name="power_w"),
        value_usd=pd.Series(made @ net.worth("value_usd"), index=index, name="value_usd"),
        capacity=pd.DataFrame(installed * base, index=index, columns=names),
        rent_share=pd.DataFrame(
            np.divide(rent, whole, out=np.zeros_like(rent), where=whole > 0),
            index=index, columns=names,
        ),
        npv_usd=float(-solved.fun * size + sunk),
    )  # fmt: skip


def gw_lost_without(
    net: SupplyNetwork, name: str, years: int = 5, *, step_years: float = 0.25, rate: float = 0.1
) -> np.ndarray:
    """Power a year that the loss of a firm or country takes, year by year.

    The network with `name` and the network `without` it are both built up as well as they can be.

    Parameters
    ----------
    net : SupplyNetwork
    name : str
        A firm's id or a country's code; it is lost at the start and does not come back.
    years : int
        Horizon [yr].
    step_years, rate
        As in `expand`.

    Returns
    -------
    array of shape (years,)
        Mean over each year [GW/yr].

    Raises
    ------
    ValueError
        When nobody has that name, or `years` is not a whole number ≥ 1.

    Examples
    --------
    >>> from supercycle import chips
    >>> net = chips.network()
    >>> tools, foundry = (gw_lost_without(net, firm, years=3) for firm in ("asml", "tsmc"))
    >>> float(tools[0]), bool(foundry[0] > 10)
    (0.0, True)
    """
    if years != int(years) or years < 1:
        raise ValueError(f"years = {years}: must be a whole number of at least 1")
    paths = [
        expand(case, years, step_years=step_years, rate=rate).power_w.to_numpy()
        for case in (net, without(net, name))
    ]
    lost = (paths[0] - paths[1]).reshape(int(years), -1).mean(axis=1) / 1e9
    return np.where(abs(lost) < 1e-9, 0.0, lost)
