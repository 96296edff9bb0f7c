"""Who keeps the profit: a vertical chain of Cournot layers.

Energy sells to chips, chips to infrastructure, and so on up to the customer. One unit of the final
product takes one unit of every layer. In each layer a number of like firms compete in quantities;
each layer adds a margin, and the margins add up to the gap between price and cost.

How the gap is split depends on choices that the model does not make for you:

* **who moves first.** A layer that commits first sees how the later ones will shrink their sales,
  so its demand is steeper and its margin larger. Upstream first favours upstream (two monopolies
  earn 2 : 1, five layers of three firms 33/25/18/14/10 %), downstream first mirrors it, and
  simultaneous moves give like layers like profits. So the order is a robustness check, not a fact.
* **who gets the rent of a binding capacity.** At the dual the scarce layer charges what clears the
  market. Below it, the customers it allocates to keep the rent. Layers that move before the scarce
  one face vertical demand and can take all of it.
* **what is sunk.** Cournot margins are never negative; profit after the cost of capital can be.
  Capacity built for a demand that did not come is a glut, with losses.

What the model cannot say: demand and costs are straight lines; firms within a layer are alike and
the products are one product; contracts, bargaining, bundling, brands, learning, networks, stocks
held over time and substitution between layers are left out. It tells which assumption moves
profit where, not which assumption is true.

Sources: Cournot (1838), Researches into the mathematical principles of the theory of wealth;
Spengler (1950), Vertical integration and antitrust policy; Salinger (1988), Vertical mergers and
market foreclosure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from supercycle._validate import at_least, non_negative, positive, share

__all__ = [
    "Chain",
    "Equilibrium",
    "Layer",
    "chain_profit_usd",
    "cournot_margin_usd",
    "free_entry_firms",
    "integrate",
    "integrated_profit_usd",
    "pool_share",
    "scarcity_rent_usd",
    "solve",
]

Order = str | Sequence[Sequence[str]]
RentTo = str | Mapping[str, float]


@dataclass(frozen=True)
class Layer:
    """One layer of the chain; numbers or arrays that broadcast together.

    Attributes
    ----------
    name : str
    cost_usd : float or array
        Own running cost per unit, without what is bought from the layer below [USD].
    firms : float or array
        Number of like firms, at least 1; need not be whole; infinite is perfect competition [1].
    capacity : float or array
        Units the whole layer can supply in a year; infinite when nothing binds [1/yr].
    capital_usd_per_year : float or array
        Annuity of the whole layer's installed plant, due whether or not it sells [USD/yr].
    """

    name: str
    cost_usd: Any = 0.0
    firms: Any = 1.0
    capacity: Any = np.inf
    capital_usd_per_year: Any = 0.0

    def __post_init__(self) -> None:
        non_negative(f"cost_usd of {self.name}", self.cost_usd)
        at_least(f"firms of {self.name}", self.firms, 1)
        positive(f"capacity of {self.name}", self.capacity)
        non_negative(f"capital_usd_per_year of {self.name}", self.capital_usd_per_year)


@dataclass(frozen=True)
class Chain:
    """Layers from the bottom to the top, and the demand that the top one faces.

    Attributes
    ----------
    layers : tuple of Layer
        Upstream first.
    intercept_usd : float or array
        Price at which the last customer leaves [USD].
    slope_usd : float or array
        Fall of the price per unit sold in a year, ``price = intercept − slope · quantity``
        [USD·yr].
    """

    layers: tuple[Layer, ...]
    intercept_usd: Any
    slope_usd: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        if not self.layers:
            raise ValueError("layers is empty: must hold at least one Layer")
        if len(set(self.names)) < len(self.layers):
            raise ValueError(f"layers are named {self.names}: names must differ")
        positive("intercept_usd", self.intercept_usd)
        positive("slope_usd", self.slope_usd)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers, upstream first."""
        return tuple(layer.name for layer in self.layers)

    def with_layer(self, name: str, **changes: Any) -> Chain:
        """Return a chain in which one layer has other numbers.

        Raises
        ------
        ValueError
            When no layer has the name.
        """
        where = _index(self, name)
        layers = list(self.layers)
        layers[where] = replace(layers[where], **changes)
        return replace(self, layers=tuple(layers))


@dataclass(frozen=True)
class Equilibrium:
    """Prices, quantities and profits; axis 0 of the arrays by layer runs upstream first.

    Attributes
    ----------
    names : tuple of str
    quantity : float or array of shape (...,)
        Units sold in a year [1/yr].
    price_usd : float or array of shape (...,)
        What the customer pays [USD].
    wholesale_usd : array of shape (layers, ...)
        What each layer charges the next; the last is `price_usd` [USD].
    margin_usd : array of shape (layers, ...)
        Price less input and running cost, scarcity rent included [USD].
    rent_usd : array of shape (layers, ...)
        Part of the margin that a binding capacity brings [USD].
    operating_profit_usd_per_year : array of shape (layers, ...)
        Margin × quantity, before capital; never negative [USD/yr].
    profit_usd_per_year : array of shape (layers, ...)
        The same less the annuity of the installed plant; negative in a glut [USD/yr].
    consumer_surplus_usd_per_year : float or array of shape (...,)
        What customers would have paid beyond what they paid [USD/yr].
    unclaimed_rent_usd : float or array of shape (...,)
        Rent per unit that no layer takes: customers pay less than clears the market [USD].
    binding : bool array of shape (layers, ...)
        Whether the layer's capacity limits the chain.
    """

    names: tuple[str, ...]
    quantity: Any
    price_usd: Any
    wholesale_usd: np.ndarray
    margin_usd: np.ndarray
    rent_usd: np.ndarray
    operating_profit_usd_per_year: np.ndarray
    profit_usd_per_year: np.ndarray
    consumer_surplus_usd_per_year: Any
    unclaimed_rent_usd: Any
    binding: np.ndarray

    @property
    def pool_share(self) -> np.ndarray:
        """Share of each layer in the operating profit of the chain; sums to 1 [1].

        Raises
        ------
        ValueError
            When no layer earns anything, so that there is no pool to share.
        """
        return pool_share(self.operating_profit_usd_per_year)

    @property
    def welfare_usd_per_year(self) -> Any:
        """Consumer surplus plus all profits after capital [USD/yr]."""
        return self.consumer_surplus_usd_per_year + self.profit_usd_per_year.sum(axis=0)


def _index(chain: Chain, name: str) -> int:
    if name not in chain.names:
        raise ValueError(f"no layer is called {name!r}: must be one of {', '.join(chain.names)}")
    return chain.names.index(name)


def _moves(chain: Chain, order: Order) -> list[list[int]]:
    """Turn an order into groups of layer numbers, first movers first."""
    count = len(chain.layers)
    if isinstance(order, str):
        named = {
            "upstream-first": [[i] for i in range(count)],
            "downstream-first": [[i] for i in reversed(range(count))],
            "simultaneous": [list(range(count))],
        }
        if order not in named:
            raise ValueError(f"order = {order!r}: must be {', '.join(named)} or groups of names")
        return named[order]
    groups = [[_index(chain, name) for name in group] for group in order]
    if sorted(i for group in groups for i in group) != list(range(count)):
        raise ValueError(f"order = {order!r}: must name each of {', '.join(chain.names)} once")
    return [group for group in groups if group]


def _perceived_slopes(chain: Chain, firms: np.ndarray, order: Order) -> tuple[np.ndarray, Any]:
    """Slope of demand as each layer sees it, and as the whole chain's margins see it.

    The last mover sees the customers' demand. With n firms it adds a margin of slope·Q/n, so
    whoever moves before it sees demand that is steeper by the factor 1 + 1/n.
    """
    seen = np.empty_like(firms)
    slope = np.broadcast_to(chain.slope_usd, firms.shape[1:]).astype(float)
    for group in reversed(_moves(chain, order)):
        seen[group] = slope
        slope = slope * (1 + (1 / firms[group]).sum(axis=0))
    return seen, slope


def _rent_shares(chain: Chain, binding: np.ndarray, order: Order, rent_to: RentTo) -> np.ndarray:
    """Share of the scarcity rent by layer; what is missing from 1 goes to the customers."""
    scarce = binding / np.maximum(1, binding.sum(axis=0))
    if isinstance(rent_to, Mapping):
        shares = np.zeros_like(scarce)
        for name, part in rent_to.items():
            share(f"rent_to[{name!r}]", part)
            shares[_index(chain, name)] = part
        if sum(rent_to.values()) > 1 + 1e-9:
            raise ValueError(f"rent_to = {rent_to!r}: shares must sum to at most 1")
        return shares
    if rent_to == "scarce":
        return scarce
    if rent_to == "customer":
        return np.concatenate([np.zeros_like(scarce[:1]), scarce[:-1]])
    if rent_to == "first-mover":
        first = _moves(chain, order)[0]
        leads = np.zeros_like(scarce)
        leads[first] = 1 / len(first)
        scarce_leads = binding * (leads > 0)
        any_leads = scarce_leads.any(axis=0)
        return np.where(any_leads, scarce_leads / np.maximum(1, scarce_leads.sum(axis=0)), leads)
    raise ValueError(
        f"rent_to = {rent_to!r}: must be scarce, customer, first-mover or shares by layer"
    )


def _columns(chain: Chain) -> np.ndarray:
    """Cost, firms, capacity and capital of all layers, shape (4, layers, ...)."""
    numbers = [
        number
        for field in ("cost_usd", "firms", "capacity", "capital_usd_per_year")
        for number in (getattr(layer, field) for layer in chain.layers)
    ]
    shaped = np.broadcast_arrays(*numbers, chain.intercept_usd, chain.slope_usd)[:-2]
    stacked = np.array(shaped, dtype=float)
    return stacked.reshape(4, len(chain.layers), *stacked.shape[1:])


def solve(
    chain: Chain, *, order: Order = "upstream-first", rent_to: RentTo = "scarce"
) -> Equilibrium:
    """Find the equilibrium of a chain of Cournot layers.

    With ``A = intercept − Σ cost`` and the slope ``b_i`` that layer i sees, its margin is
    ``b_i Q / n_i`` and free quantity is ``Q = A / B``, ``B = slope + Σ b_i / n_i``. When the
    smallest capacity K is below that, ``Q = K`` and a rent ``A − B K`` per unit is left over, which
    `rent_to` hands out.

    Parameters
    ----------
    chain : Chain
        Its numbers may be arrays that broadcast together to the shape (...,).
    order : str or groups of names
        ``"upstream-first"``, ``"downstream-first"``, ``"simultaneous"``, or the layers in groups
        that move together, first movers first, such as ``[["chips"], ["energy", "apps"]]``.
    rent_to : str or mapping from layer to share
        Who gets the rent of a binding capacity: ``"scarce"`` (priced at the dual; layers that bind
        together share equally), ``"customer"`` (priced below it, so the next layer up, or the
        customers if the top layer binds), ``"first-mover"`` (whoever commits first faces vertical
        demand and takes it), or explicit shares whose missing part goes to the customers.

    Returns
    -------
    Equilibrium

    Raises
    ------
    ValueError
        When costs reach the intercept, so that nothing would be sold, or a choice is unknown.

    Notes
    -----
    At the binding capacity every layer other than the scarce one keeps the margin it would take at
    that quantity. That is an equilibrium of simultaneous margins. With quantities set in sequence,
    a layer that moves before the scarce one would take the rent: use ``"first-mover"``. Customers
    served below the clearing price are taken to be those who value the product most.

    Sources: Spengler (1950); Salinger (1988).

    Examples
    --------
    >>> two = Chain((Layer("below"), Layer("above")), intercept_usd=100.0, slope_usd=1.0)
    >>> solve(two).operating_profit_usd_per_year
    array([1250.,  625.])
    >>> five = Chain([Layer(name, firms=3) for name in "abcde"], 100.0, 1.0)
    >>> (100 * solve(five).pool_share).round()
    array([33., 25., 18., 14., 10.])
    """
    cost, firms, capacity, capital = _columns(chain)
    gap = np.asarray(chain.intercept_usd - cost.sum(axis=0))
    if not (np.isfinite(gap) & (gap > 0)).all():
        raise ValueError(
            f"intercept_usd = {chain.intercept_usd!r}: must be finite and exceed the running costs of all layers, "
            f"{cost.sum(axis=0)!r} in sum, or nothing is sold"
        )
    seen, total = _perceived_slopes(chain, firms, order)
    free = gap / total
    quantity = np.minimum(free, capacity.min(axis=0))
    binding = (capacity <= quantity) & (quantity < free)
    rent = np.where(quantity < free, gap - total * quantity, 0.0)
    shares = _rent_shares(chain, binding, order, rent_to)
    rents = shares * rent
    margin = seen * quantity / firms + rents
    wholesale = np.cumsum(cost + margin, axis=0)
    operating = margin * quantity
    unclaimed = np.maximum(0.0, rent - rents.sum(axis=0))
    surplus = 0.5 * chain.slope_usd * quantity**2 + unclaimed * quantity
    return Equilibrium(
        names=chain.names,
        quantity=quantity[()],
        price_usd=wholesale[-1][()],
        wholesale_usd=wholesale,
        margin_usd=margin,
        rent_usd=rents,
        operating_profit_usd_per_year=operating,
        profit_usd_per_year=operating - capital,
        consumer_surplus_usd_per_year=surplus[()],
        unclaimed_rent_usd=unclaimed[()],
        binding=binding,
    )


def cournot_margin_usd(intercept_usd: Any, cost_usd: Any, firms: Any) -> Any:
    """Margin of one layer of like firms that sells to customers, ``(a − c) / (n + 1)``.

    Parameters
    ----------
    intercept_usd : float or array of shape (...,)
        Price at which the last customer leaves [USD].
    cost_usd : float or array of shape (...,)
        Running cost per unit, below the intercept [USD].
    firms : float or array of shape (...,)
        Number of firms, at least 1 [1].

    Returns
    -------
    float or array of shape (...,)
        Price less cost; half the gap for a monopoly, zero for infinitely many firms [USD].

    Raises
    ------
    ValueError
        When the cost reaches the intercept, or there is less than one firm.

    Examples
    --------
    >>> cournot_margin_usd(100.0, 40.0, np.array([1, 2, np.inf]))
    array([30., 20.,  0.])
    """
    non_negative("cost_usd", cost_usd)
    positive("intercept_usd − cost_usd", np.subtract(intercept_usd, cost_usd))
    at_least("firms", firms, 1)
    return np.subtract(intercept_usd, cost_usd) / np.add(firms, 1)


def pool_share(profit_usd_per_year: Any) -> np.ndarray:
    """Share of each layer in the profit of all.

    Parameters
    ----------
    profit_usd_per_year : array of shape (layers, ...)
        Profit of each layer [USD/yr]; single ones may be losses.

    Returns
    -------
    array of shape (layers, ...)
        Shares that sum to 1; with losses in the sum, shares below 0 and above 1 occur [1].

    Raises
    ------
    ValueError
        When the layers together earn nothing or lose, so that there is no pool to share.

    Examples
    --------
    >>> pool_share([1250.0, 625.0, -375.0]).round(2)
    array([ 0.83,  0.42, -0.25])
    """
    profit = np.asarray(profit_usd_per_year, dtype=float)
    pool = profit.sum(axis=0)
    if not (pool > 0).all():
        raise ValueError(f"profits sum to {pool!r}: there is no pool to share, it must be above 0")
    return profit / pool


def free_entry_firms(
    intercept_usd: Any, cost_usd: Any, slope_usd: Any, fixed_usd_per_year: Any
) -> Any:
    """Firms at which one layer's profit just pays the plant: ``(a − c) / √(b f) − 1``.

    Parameters
    ----------
    intercept_usd, cost_usd
        As in `cournot_margin_usd`.
    slope_usd : float or array of shape (...,)
        Fall of the price per unit sold in a year [USD·yr].
    fixed_usd_per_year : float or array of shape (...,)
        Annuity of one firm's plant, and of the sunk cost of entering [USD/yr].

    Returns
    -------
    float or array of shape (...,)
        Number of firms, not rounded [1].

    Raises
    ------
    ValueError
        When an argument is not positive, or not even one firm could pay its plant.

    Examples
    --------
    >>> float(free_entry_firms(100.0, 40.0, 1.0, 225.0))
    3.0
    """
    non_negative("cost_usd", cost_usd)
    positive("intercept_usd − cost_usd", np.subtract(intercept_usd, cost_usd))
    positive("slope_usd", slope_usd)
    positive("fixed_usd_per_year", fixed_usd_per_year)
    root = np.sqrt(np.multiply(slope_usd, fixed_usd_per_year))
    firms = np.subtract(intercept_usd, cost_usd) / root - 1
    if not (firms >= 1 - 1e-12).all():
        raise ValueError(
            f"fixed_usd_per_year = {fixed_usd_per_year!r}: must be at most a monopoly's profit, "
            "or nobody enters"
        )
    return firms


def chain_profit_usd(chain: Chain, *, order: Order = "upstream-first") -> np.ndarray:
    """Operating profit of each layer, upstream first, shape (layers, ...) [USD/yr].

    Examples
    --------
    >>> chain_profit_usd(Chain((Layer("below"), Layer("above")), 100.0, 1.0))
    array([1250.,  625.])
    """
    return solve(chain, order=order).operating_profit_usd_per_year


def scarcity_rent_usd(chain: Chain, *, order: Order = "upstream-first") -> Any:
    """Rent per unit that the smallest capacity leaves over; zero while all are slack [USD].

    ``max(0, A − B K)``: what customers would pay at that quantity beyond all costs and all
    ordinary Cournot margins.

    Examples
    --------
    >>> fab = Chain((Layer("fab", capacity=30.0), Layer("app")), 100.0, 1.0)
    >>> scarcity_rent_usd(fab.with_layer("fab", capacity=np.array([30.0, 20.0])))
    array([ 0., 20.])
    """
    return solve(chain, order=order, rent_to={}).unclaimed_rent_usd


def integrated_profit_usd(chain: Chain) -> Any:
    """Operating profit when all layers merge into one, with the smallest number of firms [USD/yr].

    At least what separate layers earn together when each was a monopoly (Spengler); it may be
    less with several firms a layer, see `integrate`.

    Examples
    --------
    >>> two = Chain((Layer("below"), Layer("above")), 100.0, 1.0)
    >>> float(integrated_profit_usd(two)), float(chain_profit_usd(two).sum())
    (2500.0, 1875.0)
    """
    whole = integrate(chain, chain.names) if len(chain.layers) > 1 else chain
    return solve(whole).operating_profit_usd_per_year[0]


def integrate(
    chain: Chain, names: Sequence[str], *, firms: Any = None, name: str | None = None
) -> Chain:
    """Merge neighbouring layers into one, whose firms span all of them and add one margin.

    Parameters
    ----------
    chain : Chain
    names : sequence of str
        Layers to merge, at least two, neighbours in the chain.
    firms : float or array, optional
        Firms in the merged layer; the smallest number among the merged ones if not given [1].
    name : str, optional
        Name of the merged layer; the names joined by ``+`` if not given.

    Returns
    -------
    Chain
        Costs and capital add up; the smallest capacity holds.

    Raises
    ------
    ValueError
        When the layers are unknown, fewer than two, or not neighbours.

    Notes
    -----
    Two monopolies that merge earn 4/3 of what they earned apart, and customers gain (Spengler's
    double marginalisation). With several firms in a layer the sign can turn: successive oligopoly
    holds output near the monopoly's, and merging makes the layer compete harder, so that joint
    profit may *fall*. What all firms stop selling to rivals (foreclosure) is left out.

    Examples
    --------
    >>> two = Chain((Layer("below"), Layer("above")), 100.0, 1.0)
    >>> one = integrate(two, ("below", "above"))
    >>> float(chain_profit_usd(one).sum() / chain_profit_usd(two).sum())
    1.3333333333333333
    """
    where = sorted(_index(chain, each) for each in names)
    if len(where) < 2 or where != list(range(where[0], where[0] + len(where))):
        raise ValueError(
            f"names = {tuple(names)!r}: must be two or more neighbours in {chain.names}"
        )
    parts = chain.layers[where[0] : where[-1] + 1]
    merged = Layer(
        name or "+".join(part.name for part in parts),
        cost_usd=sum(part.cost_usd for part in parts),
        firms=np.minimum.reduce([part.firms for part in parts]) if firms is None else firms,
        capacity=np.minimum.reduce([part.capacity for part in parts]),
        capital_usd_per_year=sum(part.capital_usd_per_year for part in parts),
    )
    return replace(
        chain, layers=(*chain.layers[: where[0]], merged, *chain.layers[where[-1] + 1 :])
    )
