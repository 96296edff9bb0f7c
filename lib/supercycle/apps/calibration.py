"""Margins and pools: the chain of layers set against what firms report.

A *margin* is profit over sales, a *pool* is profit in dollars; the layer with the highest margin
need not hold the largest pool. Calibration asks the model backwards: how few firms would each
layer have to hold to earn its pool, given how customers react to price? Where even a monopoly
would earn less, the rest must be scarcity rent. The mobile era stands beside it.

What it cannot say: reported firms stand for their layers and sell other things too; layers buy
from each other across years (chips are capital to the cloud), so revenues do not nest; and a
number of firms that fits one year predicts nothing about entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from supercycle import facts
from supercycle._validate import non_negative, positive
from supercycle.apps.value import Chain, Layer, Order, _moves

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Calibration", "calibrate", "layer_pools", "pool_change", "pool_history"]


def _annual(era: str) -> pd.DataFrame:
    rows = facts.table("value-chain")
    eras = sorted(rows["era"].unique())
    if era not in eras:
        raise ValueError(f"era = {era!r}: must be one of {', '.join(eras)}")
    return rows[
        (rows["era"] == era) & (rows["period_kind"] == "year") & (rows["segment"] == "total")
    ]


def layer_pools(era: str, year: int) -> pd.DataFrame:
    """Profit pools and margins by layer in one year, summed over the firms we have.

    Parameters
    ----------
    era : str
        ``"ai"`` or ``"mobile"``.
    year : int
        Calendar year in which the middle of a firm's fiscal year falls.

    Returns
    -------
    pandas.DataFrame
        One row a layer: ``firms`` (names), ``revenue_usd``, ``gross_profit_usd`` and
        ``gross_margin_share`` over the firms that report a gross margin,
        ``operating_income_usd`` and ``operating_margin_share`` over those that report operating
        income; NaN where none does.

    Raises
    ------
    ValueError
        When the era is unknown or no firm has that year.

    Notes
    -----
    Margins are those of the pooled firms, so a large firm weighs more. Double counting concerns
    revenue (a foundry's sales are in its customers' costs), not profit.

    Examples
    --------
    >>> pools = layer_pools("ai", 2025)
    >>> bool(pools.loc["chips", "operating_income_usd"] > 0 > pools.loc["models", "operating_income_usd"])
    True
    """
    import pandas as pd

    rows = _annual(era)
    rows = rows[rows["year"] == year].copy()
    if rows.empty:
        years = sorted(int(y) for y in _annual(era)["year"].unique())
        raise ValueError(f"year = {year!r}: must be one of {years}")
    rows["gross_profit_usd"] = rows["revenue_usd"] * rows["gross_margin_share"]
    rows["gross_revenue"] = rows["revenue_usd"].where(rows["gross_profit_usd"].notna())
    rows["operating_revenue"] = rows["revenue_usd"].where(rows["operating_income_usd"].notna())
    groups = rows.groupby("layer", sort=False)
    sums = groups[
        ["revenue_usd", "gross_profit_usd", "gross_revenue", "operating_income_usd",
         "operating_revenue"]
    ].sum(min_count=1)  # fmt: skip
    return pd.DataFrame(
        {
            "firms": groups["firm"].agg(", ".join),
            "revenue_usd": sums["revenue_usd"],
            "gross_profit_usd": sums["gross_profit_usd"],
            "gross_margin_share": sums["gross_profit_usd"] / sums["gross_revenue"],
            "operating_income_usd": sums["operating_income_usd"],
            "operating_margin_share": sums["operating_income_usd"] / sums["operating_revenue"],
        }
    )


def _by_firm(era: str) -> pd.DataFrame:
    """Operating income by year, columns (layer, firm); gaps inside a series by straight lines."""
    known = _annual(era).dropna(subset="operating_income_usd")
    wide = known.pivot_table(
        index="year", columns=["layer", "firm"], values="operating_income_usd", sort=False
    )
    years = range(int(wide.index.min()), int(wide.index.max()) + 1)
    return wide.reindex(years).interpolate(method="index", limit_area="inside")


def pool_history(era: str) -> pd.DataFrame:
    """Operating income by layer and year.

    Gaps between a firm's published years are filled by straight lines; nothing is added before
    its first or after its last. A layer's sum therefore jumps when a firm enters the table: to
    compare two years like for like use `pool_change`.

    Parameters
    ----------
    era : str
        ``"ai"`` or ``"mobile"``.

    Returns
    -------
    pandas.DataFrame
        Index years, one column a layer [USD/yr]; NaN where no firm reports.

    Examples
    --------
    >>> sorted(pool_history("mobile").columns)
    ['apps', 'chips', 'device', 'network', 'platform']
    """
    return _by_firm(era).T.groupby(level="layer", sort=False).sum(min_count=1).T


def pool_change(era: str, first_year: int, last_year: int) -> pd.DataFrame:
    """Compare profit pools of two years over the firms that have both.

    Parameters
    ----------
    era : str
        ``"ai"`` or ``"mobile"``.
    first_year, last_year : int

    Returns
    -------
    pandas.DataFrame
        One row a layer: ``firms`` (names), ``first_usd``, ``last_usd``, ``change_usd`` [USD/yr]
        and ``share_of_change`` (sums to 1).

    Raises
    ------
    ValueError
        When the years are not in order or no firm has both.

    Examples
    --------
    >>> change = pool_change("mobile", 2007, 2020)
    >>> bool(change.loc["device", "change_usd"] > change.loc["network", "change_usd"])
    True
    """
    import pandas as pd

    firms = _by_firm(era)
    if not first_year < last_year:
        raise ValueError(f"first_year = {first_year!r}: must be before last_year = {last_year!r}")
    for name, year in (("first_year", first_year), ("last_year", last_year)):
        if year not in firms.index:
            raise ValueError(
                f"{name} = {year!r}: must be in {firms.index.min()} … {firms.index.max()}"
            )
    both = firms.loc[[first_year, last_year]].dropna(axis=1).T
    if both.empty:
        raise ValueError(f"no firm of the era {era!r} reports both {first_year} and {last_year}")
    both.columns = pd.Index(["first_usd", "last_usd"])
    sums = both.groupby(level="layer", sort=False).sum()
    sums.insert(0, "firms", both.reset_index().groupby("layer", sort=False)["firm"].agg(", ".join))
    sums["change_usd"] = sums["last_usd"] - sums["first_usd"]
    sums["share_of_change"] = sums["change_usd"] / sums["change_usd"].sum()
    return sums


@dataclass(frozen=True)
class Calibration:
    """A chain that earns the given pools.

    Attributes
    ----------
    chain : Chain
        One unit is what was sold in the year, so that its margins are the year's pools.
    firms : dict from layer to float
        Like firms at which Cournot competition earns the pool; 1 where even that is too little.
    rent_usd_per_year : dict from layer to float
        Part of the pool that no Cournot margin explains, even a monopoly's: scarcity rent, or a
        demand less elastic than assumed [USD/yr].
    rent_to : dict from layer to float
        The rents as shares, to pass on to `supercycle.apps.value.solve`.
    """

    chain: Chain
    firms: dict[str, float]
    rent_usd_per_year: dict[str, float]
    rent_to: dict[str, float]


def calibrate(
    pools_usd_per_year: Mapping[str, float],
    *,
    cost_usd_per_year: Mapping[str, float],
    demand_elasticity: float,
    order: Order = "upstream-first",
    capital_usd_per_year: Mapping[str, float] | None = None,
) -> Calibration:
    """Find the firms per layer, and the rents, with which the model earns the pools of a year.

    Working back from the last mover, layer i needs ``n_i = b_i Q² / pool_i`` firms, where ``b_i``
    is the slope it sees. Where that is below 1, it gets one firm and the rest is rent.

    Parameters
    ----------
    pools_usd_per_year : mapping from layer to float
        Profit before capital by layer, upstream first, each above zero (gross profit comes
        nearest) [USD/yr].
    cost_usd_per_year : mapping from layer to float
        Running cost of each layer without what it buys from the layers below [USD/yr].
    demand_elasticity : float
        Price elasticity of final demand in size, at the year's price [1].
    order
        As in `supercycle.apps.value.solve`.
    capital_usd_per_year : mapping from layer to float, optional
        Annuity of the installed plant, so that profit after capital may be a loss; none if not
        given [USD/yr].

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        When a pool is not positive (a Cournot margin never is: enter losses as capital), a cost
        is missing or negative, or the elasticity is not positive.

    Notes
    -----
    Exactly identified: it always fits, and so proves nothing. What it tells is how the answer
    hangs on the order of moves and on the elasticity.

    Examples
    --------
    >>> fit = calibrate({"below": 1250.0, "above": 625.0}, demand_elasticity=3.0,
    ...                 cost_usd_per_year={"below": 0.0, "above": 0.0})
    >>> fit.firms, fit.rent_usd_per_year
    ({'below': 1.0, 'above': 1.0}, {'below': 0.0, 'above': 0.0})
    """
    names = list(pools_usd_per_year)
    capital = dict.fromkeys(names, 0.0) | dict(capital_usd_per_year or {})
    for name in names:
        pool = pools_usd_per_year[name]
        if not pool > 0:
            raise ValueError(
                f"pools_usd_per_year[{name!r}] = {pool!r}: must be above 0, for a Cournot margin is "
                "never negative (enter a loss through capital_usd_per_year)"
            )
        if name not in cost_usd_per_year:
            raise ValueError(f"cost_usd_per_year has no entry for the layer {name!r}")
        non_negative(f"cost_usd_per_year[{name!r}]", cost_usd_per_year[name])
    positive("demand_elasticity", demand_elasticity)

    pools = np.array([float(pools_usd_per_year[name]) for name in names])
    price = pools.sum() + sum(float(cost_usd_per_year[name]) for name in names)
    slope = price / demand_elasticity  # at a quantity of 1
    chain = Chain(
        tuple(Layer(name, cost_usd=float(cost_usd_per_year[name])) for name in names),
        intercept_usd=price + slope,
        slope_usd=slope,
    )
    firms, rents = np.ones(len(names)), np.zeros(len(names))
    seen = slope
    for group in reversed(_moves(chain, order)):
        firms[group] = np.maximum(1.0, seen / pools[group])
        rents[group] = np.maximum(0.0, pools[group] - seen)
        seen = seen * (1 + (1 / firms[group]).sum())
    rents[rents < 1e-12 * pools] = 0.0
    for i, name in enumerate(names):
        chain = chain.with_layer(
            name,
            firms=float(firms[i]),
            capacity=1.0 if rents[i] > 0 else np.inf,
            capital_usd_per_year=float(capital[name]),
        )
    shares = rents / rents.sum() if rents.any() else rents
    return Calibration(
        chain,
        dict(zip(names, firms.tolist(), strict=True)),
        dict(zip(names, rents.tolist(), strict=True)),
        {name: float(part) for name, part in zip(names, shares, strict=True) if part > 0},
    )
