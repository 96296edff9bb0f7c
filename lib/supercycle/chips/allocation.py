"""Who gets the wafers: two reasons for a foundry to keep several customers alive (S12).

*Bargaining.* The best customer may be worth most per wafer, and still a foundry that lives from
that customer alone sells to a monopolist. Its income is what it can threaten to do without each
customer, so every further customer that could use the wafers raises what the first one pays. The
foundry diversifies although it is indifferent to risk.

*Risk.* A foundry that dislikes variance spreads its wafers like an investor spreads money. With no
dislike all goes to the best margin; with nothing but dislike, to the smallest variance.

Buyers of chips stand in the same place one layer up: one more kind of chip strengthens their hand
and costs them a port.

Sources: Nash (1950), The bargaining problem, Econometrica 18; Hart and Moore (1990), Property
rights and the nature of the firm, J. Political Economy 98; Stole and Zwiebel (1996), Intra-firm
bargaining under non-binding contracts, Review of Economic Studies 63; Markowitz (1952), Portfolio
selection, J. Finance 7.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive, share

__all__ = [
    "Bargain", "Customer", "allocate_wafers", "bargain", "best_customers", "kinds_of_chips_count",
]  # fmt: skip

#: Each subset of them is a game of its own, so time doubles with each.
_MOST_CUSTOMERS = 12


@dataclass(frozen=True)
class Customer:
    """One customer of the foundry.

    Attributes
    ----------
    name : str
    value_usd_per_wafer : float
        What a wafer is worth to it, above all other costs [USD].
    most_wafers : float
        What its design and its market can take [1/yr].
    least_wafers : float
        What keeps its product line alive; a customer kept gets at least this [1/yr].
    outside_usd : float
        What it can earn without this foundry [USD/yr].
    """

    name: str
    value_usd_per_wafer: float
    most_wafers: float = math.inf
    least_wafers: float = 0.0
    outside_usd: float = 0.0

    def __post_init__(self) -> None:
        for field in ("value_usd_per_wafer", "most_wafers", "least_wafers", "outside_usd"):
            non_negative(f"{field} of {self.name}", getattr(self, field))
        if self.least_wafers > self.most_wafers:
            raise ValueError(
                f"least_wafers of {self.name} = {self.least_wafers:g}: must be at most "
                f"most_wafers = {self.most_wafers:g}"
            )


@dataclass(frozen=True)
class Bargain:
    """How the wafers and the money are divided.

    Attributes
    ----------
    foundry_usd : float
        Income of the foundry [USD/yr].
    wafers : mapping from customer to float
        [1/yr].
    paid_usd : mapping from customer to float
        To the foundry [USD/yr]; below zero where a customer that gets few wafers is kept for the
        threat it is, and paid for it.
    customer_usd : mapping from customer to float
        What the customer keeps [USD/yr].
    """

    foundry_usd: float
    wafers: Mapping[str, float]
    paid_usd: Mapping[str, float]
    customer_usd: Mapping[str, float]


def _share_out(customers: Sequence[Customer], wafers: float) -> list[float]:
    """Each customer's least, then the rest to the most valuable first."""
    given = [c.least_wafers for c in customers]
    rest = wafers - sum(given)
    for k in sorted(range(len(customers)), key=lambda k: -customers[k].value_usd_per_wafer):
        more = min(rest, customers[k].most_wafers - customers[k].least_wafers)
        given[k] += more
        rest -= more
    return given


def bargain(customers: Sequence[Customer], wafers: float, *, power: float = 0.5) -> Bargain:
    """Divide the gains by Nash bargaining with every customer, each free to walk away.

    The foundry shares out the wafers so that they are worth most (each customer kept gets its
    least). It then bargains with each. If talks with customer i fail, its wafers go to the others
    and all prices are bargained anew, so the foundry's threat is F(S∖i), its income without i. Nash:

    ``F(S) − F(S∖i) = β/(1 − β) · (uᵢ(S) − outsideᵢ)`` for each i, ``F(S) + Σ uᵢ(S) = V(S)``.

    Parameters
    ----------
    customers : sequence of Customer
        At most 12.
    wafers : float
        The foundry's output [1/yr].
    power : float
        β, the foundry's bargaining power, in (0, 1) [1].

    Returns
    -------
    Bargain

    Raises
    ------
    ValueError
        When names repeat, the least wafers do not fit, a number is out of range, or some customer
        does better outside (`best_customers` leaves such customers out).

    Notes
    -----
    With β = ½ and no outside options the foundry's income is its Shapley value; n like customers,
    each able to use all wafers, leave it n/(n + 1) of the worth. The model says how many customers
    are worth keeping, not how wafers are split among them: that follows from the least and the
    most each takes. Customers' values add up: they do not compete with one another downstream.

    Examples
    --------
    >>> a, b = Customer("a", 1.0), Customer("b", 1.0)
    >>> bargain([a], 1.0).foundry_usd, round(bargain([a, b], 1.0).foundry_usd, 4)
    (0.5, 0.6667)
    """
    _check(customers, wafers, power)
    if (least := sum(c.least_wafers for c in customers)) > wafers:
        raise ValueError(f"wafers = {wafers:g}: must cover the least of all customers, {least:g}")
    odds = (1 - power) / power
    signed, income = _incomes(customers, wafers, odds)
    everyone = frozenset(range(len(customers)))
    if everyone not in signed:
        raise ValueError(
            "customers: the foundry does better without some of them; best_customers leaves them out"
        )
    return _deal(customers, wafers, odds, everyone, income)


def _check(customers: Sequence[Customer], wafers: float, power: float) -> None:
    names = [c.name for c in customers]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"customers = {names}: must be one or more, all different")
    if len(names) > _MOST_CUSTOMERS:
        raise ValueError(f"{len(names)} customers: must be at most {_MOST_CUSTOMERS}")
    positive("wafers", wafers)
    share("power", power)
    if not 0 < power < 1:
        raise ValueError(f"power = {power}: must lie between 0 and 1, ends excluded")


def _incomes(
    customers: Sequence[Customer], wafers: float, odds: float
) -> tuple[list[frozenset[int]], dict[frozenset[int], float]]:
    """Income of the foundry with each set of customers, and the sets in which everybody signs."""
    income = {frozenset[int](): 0.0}
    signed = []
    for size in range(1, len(customers) + 1):
        for group in map(frozenset, itertools.combinations(range(len(customers)), size)):
            chosen = [customers[k] for k in sorted(group)]
            if sum(c.least_wafers for c in chosen) > wafers:
                continue
            threats = [income[group - {k}] for k in group]
            given = _share_out(chosen, wafers)
            worth = sum(
                c.value_usd_per_wafer * w - c.outside_usd
                for c, w in zip(chosen, given, strict=True)
            )
            together = (worth + odds * sum(threats)) / (1 + odds * size)
            # Nobody signs what leaves them worse off: then the foundry goes without one of them.
            income[group] = max(together, *threats)
            if together >= max(threats):
                signed.append(group)
    return signed, income


def _deal(
    customers: Sequence[Customer],
    wafers: float,
    odds: float,
    group: frozenset[int],
    income: Mapping[frozenset[int], float],
) -> Bargain:
    """Divide wafers and money among a set of customers that all sign."""
    chosen = {customers[k].name: (k, customers[k]) for k in sorted(group)}
    given = _share_out([c for _, c in chosen.values()], wafers)
    keeps = {
        name: c.outside_usd + odds * (income[group] - income[group - {k}])
        for name, (k, c) in chosen.items()
    }
    return Bargain(
        foundry_usd=income[group],
        wafers=MappingProxyType(dict(zip(chosen, given, strict=True))),
        paid_usd=MappingProxyType(
            {
                name: c.value_usd_per_wafer * w - keeps[name]
                for (name, (_, c)), w in zip(chosen.items(), given, strict=True)
            }
        ),
        customer_usd=MappingProxyType(keeps),
    )


def best_customers(customers: Sequence[Customer], wafers: float, *, power: float = 0.5) -> Bargain:
    """The set of customers that a risk-neutral foundry keeps: the one with the highest income.

    Parameters
    ----------
    customers, wafers, power
        As in `bargain`.

    Returns
    -------
    Bargain
        Only the customers kept have wafers.

    Raises
    ------
    ValueError
        As `bargain`, and when no set of customers fits the wafers.

    Examples
    --------
    A second customer is worth a fifth less for each wafer and needs a tenth of them to live:

    >>> first = Customer("first", 1.0, least_wafers=0.1)
    >>> second = Customer("second", 0.8, least_wafers=0.1)
    >>> kept = best_customers([first, second], 1.0)
    >>> kept.wafers["second"], round(kept.foundry_usd, 3), bargain([first], 1.0).foundry_usd
    (0.1, 0.627, 0.5)
    """
    _check(customers, wafers, power)
    odds = (1 - power) / power
    signed, income = _incomes(customers, wafers, odds)
    if not signed:
        raise ValueError(f"wafers = {wafers:g}: must cover the least of some customer who signs")
    best = max(signed, key=lambda group: income[group])  # the smallest set among equals
    return _deal(customers, wafers, odds, best, income)


def kinds_of_chips_count(surplus_usd: Any, porting_usd: Any) -> Any:
    """Kinds of chip that a buyer learns to use: bargaining gain against the cost of a port.

    With n kinds, each able to serve all its work, the buyer keeps ``n/(n + 1)`` of the surplus
    (Nash bargaining, equal power). The n-th kind adds ``surplus / (n(n + 1))``; the buyer stops
    before that falls below the cost of a port: ``n = ⌊(√(1 + 4·surplus/port) − 1)/2⌋``, at least 1.

    Parameters
    ----------
    surplus_usd : float or array of shape (...,)
        Value of the chips to the buyer less their cost to make [USD/yr].
    porting_usd : float or array of shape (...,)
        Cost of supporting one more kind [USD/yr]; the first is free.

    Returns
    -------
    float or array of shape (...,)
        Whole numbers; infinite where a port is free.

    Raises
    ------
    ValueError
        When an argument is negative.

    Examples
    --------
    >>> kinds_of_chips_count(10e9, 0.5e9), kinds_of_chips_count(10e9, 6e9)
    (4.0, 1.0)
    """
    non_negative("surplus_usd", surplus_usd)
    non_negative("porting_usd", porting_usd)
    surplus = np.asarray(surplus_usd, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(surplus == 0, 0.0, surplus / np.asarray(porting_usd, dtype=float))
    kinds = np.maximum(1.0, np.floor((np.sqrt(1 + 4 * ratio) - 1) / 2 + 1e-12))
    return float(kinds) if kinds.ndim == 0 else kinds


def allocate_wafers(
    margin_usd_per_wafer: Any,
    covariance: Any,
    *,
    risk_aversion: float,
    most_share: Any = 1.0,
) -> np.ndarray:
    """Shares of the wafers under dislike of concentration: mean against variance.

    ``max μ·w − λ/2 · w'Σw  s.t.  Σ w = 1, 0 ≤ w ≤ most``.

    Parameters
    ----------
    margin_usd_per_wafer : array of shape (customers,)
        μ, expected margin [USD].
    covariance : array of shape (customers, customers)
        Σ of the margins, symmetric and positive semidefinite [USD²].
    risk_aversion : float
        λ [1/USD]: 0 puts all on the best margin, ``inf`` gives the smallest variance.
    most_share : float or array of shape (customers,)
        Most that each customer can take [1].

    Returns
    -------
    array of shape (customers,)
        Sums to 1. With λ = 0 and equal margins, the customers named first come first.

    Raises
    ------
    ValueError
        When shapes differ, Σ is not symmetric positive semidefinite, λ is negative, or the
        customers cannot take all wafers.

    Notes
    -----
    Accurate to about 1e-6 in the shares. Variance here stands for a customer that fails or turns
    away; what it costs to win it back is not in the model.

    Examples
    --------
    >>> allocate_wafers([3.0, 2.0], [[1.0, 0.0], [0.0, 1.0]], risk_aversion=2.0).round(3).tolist()
    [0.75, 0.25]
    """
    mean = np.atleast_1d(np.asarray(margin_usd_per_wafer, dtype=float))
    sigma = np.asarray(covariance, dtype=float)
    if mean.ndim != 1 or not np.isfinite(mean).all():
        raise ValueError("margin_usd_per_wafer: must be a one-dimensional array of finite numbers")
    n = mean.size
    if sigma.shape != (n, n):
        raise ValueError(f"covariance has shape {sigma.shape}: must be ({n}, {n})")
    if not np.isfinite(sigma).all() or not np.allclose(sigma, sigma.T):
        raise ValueError("covariance: must be finite and symmetric")
    if np.linalg.eigvalsh(sigma).min() < -1e-9 * max(1.0, float(abs(sigma).max())):
        raise ValueError("covariance has a negative eigenvalue: must be positive semidefinite")
    non_negative("risk_aversion", risk_aversion)
    share("most_share", most_share)
    most = np.broadcast_to(np.asarray(most_share, dtype=float), (n,))
    if most.sum() < 1 - 1e-12:
        raise ValueError(f"most_share sums to {most.sum():g}: must be at least 1")
    if risk_aversion == 0:
        weights = np.zeros(n)
        for k in np.argsort(-mean, kind="stable"):
            weights[k] = min(most[k], 1 - weights.sum())
        return weights
    if math.isinf(risk_aversion):
        return _quadratic(sigma, np.zeros(n), most)
    return _quadratic(risk_aversion * sigma, mean, most)


def _quadratic(quadratic: np.ndarray, linear: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Maximise ``linear·w − w'Qw/2`` over the part of the simplex under `most`."""
    from scipy.optimize import minimize

    size = max(float(abs(quadratic).max()), float(abs(linear).max())) or 1.0
    q, c = quadratic / size, linear / size
    start = most / most.sum()
    solved = minimize(
        lambda w: w @ q @ w / 2 - c @ w, start, jac=lambda w: q @ w - c, method="SLSQP",
        bounds=[(0.0, float(m)) for m in most], options={"ftol": 1e-15, "maxiter": 1000},
        constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like}],
    )  # fmt: skip
    if not solved.success:
        raise ValueError(f"no allocation found: {solved.message}")
    weights = np.clip(solved.x, 0.0, most)
    return np.asarray(weights / weights.sum())
