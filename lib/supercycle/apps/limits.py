"""Rate limits as peak-load pricing: what a token is worth at three in the morning.

A fleet is built for the peak and idles at night. The shadow price of a token in an hour is what
one more token of capacity would earn then: zero while capacity is slack, the value of the
customer turned away when it binds. At the right capacity the shadow prices of a day add up to
what a day of capacity costs (Boiteux). A rate limit does the same by quantity instead of price,
and a seller with more capacity can be more generous (lecture, 15:37).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive
from supercycle.units import MTOK

__all__ = ["PeakLoad", "fair_limit_tokens", "peak_load", "served_tokens"]


@dataclass(frozen=True)
class PeakLoad:
    """The best use of a fleet over a cycle of hours.

    Attributes
    ----------
    served_tokens : array of shape (hours, blocks)
        Tokens served in each hour to each block of customers [1].
    shadow_usd_per_mtok : array of shape (hours,)
        Dual of the hour's capacity: what one more million tokens of capacity would earn in that
        hour [USD per 1e6 tokens].
    price_usd_per_mtok : array of shape (hours,)
        Peak-load price, running cost plus shadow price [USD per 1e6 tokens].
    capacity_tokens : float
        Tokens that the fleet can serve in an hour, given or chosen [1].
    surplus_usd : float
        Value to customers less running cost and, where it was chosen, cost of capacity [USD].
    """

    served_tokens: np.ndarray
    shadow_usd_per_mtok: np.ndarray
    price_usd_per_mtok: np.ndarray
    capacity_tokens: float
    surplus_usd: float


def peak_load(
    demand_tokens: Any,
    value_usd_per_mtok: Any,
    *,
    capacity_tokens: float | None = None,
    running_usd_per_mtok: float = 0.0,
    capacity_usd_per_mtok: float | None = None,
) -> PeakLoad:
    """Serve the customers who value tokens most, hour by hour, and price the capacity.

    Maximises ``Σ (value − running cost) · served − cost · capacity`` over a cycle of hours with
    ``Σ_blocks served ≤ capacity`` in each, a linear programme whose duals are the shadow prices.
    Give the capacity, and it is used as well as it can be; give its cost, and it is chosen, where
    the shadow prices of the cycle sum to that cost.

    Parameters
    ----------
    demand_tokens : array of shape (hours, blocks)
        Tokens that each block of customers wants in each hour [1].
    value_usd_per_mtok : array of shape (blocks,) or (hours, blocks)
        What a million tokens is worth to the block [USD per 1e6 tokens].
    capacity_tokens : float, optional
        Tokens that the fleet can serve in an hour [1].
    running_usd_per_mtok : float
        Cost that arises only when a token is served [USD per 1e6 tokens].
    capacity_usd_per_mtok : float, optional
        Cost of owning, for one cycle, the capacity to serve a million tokens an hour; exactly one
        of this and `capacity_tokens` is given [USD per 1e6 tokens an hour].

    Returns
    -------
    PeakLoad

    Raises
    ------
    ValueError
        For negative or misshapen demand or values, or unless exactly one of capacity and its cost
        is given.

    Notes
    -----
    Demand in one hour does not depend on the price in another: people who would wait until night
    are left out, and so are queues and forecasts. Where a step of demand ends exactly at the
    capacity, the dual is one of many; the solver reports one of them.

    Source: Boiteux (1949, 1960), Peak-Load Pricing, Journal of Business 33; Steiner (1957).

    Examples
    --------
    >>> night_and_day = [[2e6, 1e6], [6e6, 8e6]]
    >>> day = peak_load(night_and_day, [20.0, 5.0], capacity_tokens=10e6, running_usd_per_mtok=1.0)
    >>> day.shadow_usd_per_mtok, day.price_usd_per_mtok
    (array([0., 4.]), array([1., 5.]))
    """
    from scipy.optimize import linprog

    demand = np.asarray(demand_tokens, dtype=float)
    if demand.ndim != 2 or demand.size == 0:
        raise ValueError(f"demand_tokens has shape {demand.shape}: must be (hours, blocks)")
    non_negative("demand_tokens", demand)
    value = np.asarray(value_usd_per_mtok, dtype=float)
    non_negative("value_usd_per_mtok", value)
    hours, blocks = demand.shape
    if value.shape not in ((blocks,), (hours, blocks)):
        raise ValueError(
            f"value_usd_per_mtok has shape {value.shape}: must be ({blocks},) or ({hours}, {blocks})"
        )
    if not (np.isfinite(demand).all() and np.isfinite(value).all()):
        raise ValueError("demand_tokens and value_usd_per_mtok must be finite")
    non_negative("running_usd_per_mtok", running_usd_per_mtok)
    if (capacity_tokens is None) == (capacity_usd_per_mtok is None):
        raise ValueError(
            f"capacity_tokens = {capacity_tokens!r}, capacity_usd_per_mtok = "
            f"{capacity_usd_per_mtok!r}: give exactly one of the two"
        )

    # Tokens and money in units of the largest, so that the solver sees numbers near one.
    scale = float(demand.max()) or 1.0
    money = float(value.max()) or 1.0
    net = (np.broadcast_to(value, demand.shape) - running_usd_per_mtok) / money
    each_hour = np.kron(np.eye(hours), np.ones(blocks))
    bounds = [(0.0, limit) for limit in (demand / scale).ravel()]
    if capacity_usd_per_mtok is None:
        assert capacity_tokens is not None
        non_negative("capacity_tokens", capacity_tokens)
        solved = linprog(
            -net.ravel(), A_ub=each_hour, b_ub=np.full(hours, min(capacity_tokens, demand.sum()) / scale),
            bounds=bounds, method="highs",
        )  # fmt: skip
        capacity = float(capacity_tokens)
    else:
        positive("capacity_usd_per_mtok", capacity_usd_per_mtok)
        solved = linprog(
            np.append(-net.ravel(), capacity_usd_per_mtok / money),
            A_ub=np.hstack([each_hour, -np.ones((hours, 1))]), b_ub=np.zeros(hours),
            bounds=[*bounds, (0.0, None)], method="highs",
        )  # fmt: skip
        capacity = float(solved.x[-1]) * scale
    if solved.status != 0:
        raise ValueError(f"the peak-load programme has no solution: {solved.message}")
    shadow = -solved.ineqlin.marginals * money + 0.0
    return PeakLoad(
        served_tokens=solved.x[: hours * blocks].reshape(demand.shape) * scale,
        shadow_usd_per_mtok=shadow,
        price_usd_per_mtok=shadow + running_usd_per_mtok,
        capacity_tokens=capacity,
        surplus_usd=float(-solved.fun) * scale * money / MTOK,
    )


def served_tokens(demand_tokens: Any, limit_tokens: Any) -> Any:
    """Tokens served in all when no user may take more than a limit, ``Σ min(demand, limit)`` [1].

    Parameters
    ----------
    demand_tokens : array of shape (users,)
        Tokens that each user wants in the period [1].
    limit_tokens : float
        Limit per user in the period [1].

    Examples
    --------
    >>> float(served_tokens([1.0, 5.0, 9.0], 4.0))
    9.0
    """
    non_negative("demand_tokens", demand_tokens)
    non_negative("limit_tokens", limit_tokens)
    return np.minimum(demand_tokens, limit_tokens).sum()


def fair_limit_tokens(demand_tokens: Any, capacity_tokens: float) -> float:
    """The loosest limit per user at which a fleet can serve everybody up to it.

    Solves ``Σ min(demand, limit) = capacity`` (max-min fairness, "water filling").

    Parameters
    ----------
    demand_tokens : array of shape (users,)
        Tokens that each user wants in the period [1].
    capacity_tokens : float
        Tokens that the fleet can serve in the period [1].

    Returns
    -------
    float
        Limit per user in the period [1]; infinite when capacity exceeds demand.

    Raises
    ------
    ValueError
        When nobody is there, or a demand or the capacity is negative.

    Notes
    -----
    A limit treats an idle wish and an urgent one alike: the surplus it leaves is at most that of
    `peak_load`, and the gap is what prices by the hour would earn.

    Examples
    --------
    >>> fair_limit_tokens([1.0, 5.0, 9.0], 9.0), fair_limit_tokens([1.0, 5.0, 9.0], 20.0)
    (4.0, inf)
    """
    demand = np.sort(np.asarray(demand_tokens, dtype=float))
    if demand.ndim != 1 or demand.size == 0:
        raise ValueError(f"demand_tokens has shape {demand.shape}: must be (users,), one or more")
    non_negative("demand_tokens", demand)
    non_negative("capacity_tokens", capacity_tokens)
    if capacity_tokens >= demand.sum():
        return float("inf")
    # With the k smallest demands met in full, the rest share what is left equally.
    met = np.concatenate([[0.0], np.cumsum(demand)[:-1]])
    limit = (capacity_tokens - met) / np.arange(demand.size, 0, -1)
    return float(limit[np.argmax(limit <= demand)])
