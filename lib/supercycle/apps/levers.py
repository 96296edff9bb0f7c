"""Three levers on the cost of a result: cheaper tokens, fewer tokens, smarter tokens.

A customer buys successes, not tokens. Cost per success is price × tokens ÷ success rate, so each
lever has an elasticity of one in size; what differs is how fast each moves, and what demand does
with the saving (lecture, 07:24). Where a person checks each attempt, the levers on tokens lose
their grip and the success rate keeps its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive, share
from supercycle.units import MTOK

__all__ = [
    "Levers",
    "change_per_year",
    "clearing_price_ratio",
    "cost_ratio",
    "cost_usd_per_success",
    "lever_elasticities",
    "quantity_ratio",
    "revenue_ratio",
]


def _success(success_share: Any) -> None:
    share("success_share", success_share)
    if not (np.asarray(success_share) > 0).all():
        raise ValueError(
            f"success_share = {success_share!r}: must be above 0, "
            "for what never succeeds has no cost per success"
        )


def cost_usd_per_success(
    price_usd_per_mtok: Any, tokens_per_attempt: Any, success_share: Any, review_usd: Any = 0.0
) -> Any:
    """Cost of one success when failures are thrown away and tried again.

    ``cost = (price × tokens + review) / success``: the expected number of attempts is
    ``1/success``, and each is paid for and looked at.

    Parameters
    ----------
    price_usd_per_mtok : float or array of shape (...,)
        Price per million tokens [USD per 1e6 tokens].
    tokens_per_attempt : float or array of shape (...,)
        Tokens of one attempt [1].
    success_share : float or array of shape (...,)
        Probability that an attempt succeeds, independent of the others [1].
    review_usd : float or array of shape (...,)
        What it costs to find out whether one attempt succeeded, such as a person's time [USD].

    Returns
    -------
    float or array of shape (...,)
        Cost per success [USD].

    Raises
    ------
    ValueError
        When the success rate is zero or outside 0 … 1, or another argument is negative.

    Notes
    -----
    Says nothing about tasks that stay beyond a model however often it tries.

    Examples
    --------
    >>> cost_usd_per_success(10, 50_000, 1.0), cost_usd_per_success(10, 50_000, 0.25)
    (0.5, 2.0)
    >>> cost_usd_per_success(10, 50_000, 0.25, review_usd=1.0)
    6.0
    """
    non_negative("price_usd_per_mtok", price_usd_per_mtok)
    non_negative("tokens_per_attempt", tokens_per_attempt)
    non_negative("review_usd", review_usd)
    _success(success_share)
    return (price_usd_per_mtok / MTOK * tokens_per_attempt + review_usd) / success_share


@dataclass(frozen=True)
class Levers:
    """One number for each lever: elasticities, or yearly factors [1].

    Attributes
    ----------
    price, tokens, success : float
    """

    price: float
    tokens: float
    success: float


def lever_elasticities(
    price_usd_per_mtok: float,
    tokens_per_attempt: float,
    success_share: float,
    review_usd: float = 0.0,
    step: float = 1e-6,
) -> Levers:
    """Elasticities of the cost per success, ``d ln cost / d ln lever``, by central differences.

    They are +1, +1 and −1 wherever checking is free: no lever is stronger than another by itself.
    With a cost of review the first two shrink to the share of the tokens in an attempt's cost.

    Raises
    ------
    ValueError
        As `cost_usd_per_success`; all three must be positive.

    Examples
    --------
    >>> e = lever_elasticities(10, 50_000, 0.25)
    >>> round(e.price, 6), round(e.tokens, 6), round(e.success, 6)
    (1.0, 1.0, -1.0)
    >>> e = lever_elasticities(10, 50_000, 0.25, review_usd=0.5)
    >>> round(e.price, 6), round(e.tokens, 6), round(e.success, 6)
    (0.5, 0.5, -1.0)
    """
    at = (price_usd_per_mtok, tokens_per_attempt, success_share * (1 - step))
    for name, number in zip(("price_usd_per_mtok", "tokens_per_attempt"), at, strict=False):
        positive(name, number)
    _success(success_share)

    def slope(lever: int) -> float:
        up, down = [*at, review_usd], [*at, review_usd]
        up[lever] *= 1 + step
        down[lever] *= 1 - step
        log_ratio = np.log(cost_usd_per_success(*up) / cost_usd_per_success(*down))
        return float(log_ratio / np.log((1 + step) / (1 - step)))

    return Levers(slope(0), slope(1), slope(2))


def cost_ratio(price_ratio: Any, tokens_ratio: Any, success_ratio: Any) -> Any:
    """Cost per success after the levers moved, over the cost before [1].

    Parameters
    ----------
    price_ratio, tokens_ratio, success_ratio : float or array of shape (...,)
        New value over old value of each lever [1].

    Raises
    ------
    ValueError
        When a ratio is not positive.

    Examples
    --------
    >>> cost_ratio(0.5, 0.5, 2.0)
    0.125
    """
    for name, ratio in (
        ("price_ratio", price_ratio),
        ("tokens_ratio", tokens_ratio),
        ("success_ratio", success_ratio),
    ):
        positive(name, ratio)
    return price_ratio * tokens_ratio / success_ratio


def change_per_year(first: Any, last: Any, years: Any) -> Any:
    """Yearly factor between two observations, ``(last/first)^(1/years)`` [1].

    Raises
    ------
    ValueError
        When a value or the time between them is not positive.

    Examples
    --------
    >>> from supercycle import facts
    >>> first = facts.value("prices/gpt-4-8k-2023-03-14/output_usd_per_mtok")
    >>> last = facts.value("prices/gpt-4.1-2025-04-14/output_usd_per_mtok")
    >>> round(float(change_per_year(first, last, 2.085)), 2)
    0.38
    """
    positive("first", first)
    positive("last", last)
    positive("years", years)
    return np.divide(last, first) ** np.divide(1.0, years)


def quantity_ratio(price_ratio: Any, elasticity: Any) -> Any:
    """Tokens demanded after a price change over tokens before, ``price_ratio^−ε`` [1].

    Compute moves with tokens: it rises after a price cut whenever ``ε > 0``; spending only if
    ``ε > 1`` (`revenue_ratio`).

    Parameters
    ----------
    price_ratio : float or array of shape (...,)
        New price over old price [1].
    elasticity : float or array of shape (...,)
        Price elasticity of demand in size, so positive [1].

    Raises
    ------
    ValueError
        When the price ratio is not positive or the elasticity negative.

    Notes
    -----
    Constant elasticity, all else equal, capacity free. When capacity binds, the quantity cannot
    follow, and the price is set by scarcity, not by cost: see `supercycle.apps.limits`.

    Examples
    --------
    >>> float(quantity_ratio(0.5, 2.0))
    4.0
    """
    positive("price_ratio", price_ratio)
    non_negative("elasticity", elasticity)
    return np.asarray(price_ratio, dtype=float)[()] ** -np.asarray(elasticity, dtype=float)[()]


def revenue_ratio(price_ratio: Any, elasticity: Any) -> Any:
    """Spending after a price change over spending before, ``price_ratio^(1 − ε)`` [1].

    Parameters
    ----------
    price_ratio, elasticity
        As in `quantity_ratio`.

    Returns
    -------
    float or array of shape (...,)
        1 whatever the price when the elasticity is 1; a price cut raises spending above that and
        lowers it below [1].

    Raises
    ------
    ValueError
        When the price ratio is not positive or the elasticity negative.

    Examples
    --------
    >>> revenue_ratio(np.array([0.5, 0.5, 0.25]), np.array([1.0, 2.0, 0.5]))
    array([1. , 2. , 0.5])
    """
    return price_ratio * quantity_ratio(price_ratio, elasticity)


def clearing_price_ratio(capacity_ratio: Any, elasticity: Any) -> Any:
    """Price that fills a changed capacity over the price that filled it before [1].

    ``capacity_ratio^(−1/ε)``: while capacity binds, it sets the price, and a cheaper way to make
    tokens widens the margin instead of cutting the price.

    Parameters
    ----------
    capacity_ratio : float or array of shape (...,)
        New capacity over old [1].
    elasticity : float or array of shape (...,)
        Price elasticity of demand in size, above zero [1].

    Returns
    -------
    float or array of shape (...,)
        Price ratio [1]; spending changes by ``capacity_ratio^(1 − 1/ε)``.

    Raises
    ------
    ValueError
        When an argument is not positive.

    Notes
    -----
    Holds as long as the clearing price covers the running cost; below that, capacity stands idle.

    Examples
    --------
    >>> float(clearing_price_ratio(4.0, 2.0))
    0.5
    """
    positive("capacity_ratio", capacity_ratio)
    positive("elasticity", elasticity)
    return np.asarray(capacity_ratio, dtype=float)[()] ** (-1 / np.asarray(elasticity)[()])
