"""Entry with delay: rents appear where capacity is late, and entrants compete them away.

Each layer has firms that pay an annuity for their plant, entrants that must also cover a barrier
(sunk cost, switching, networks), and a time from decision to sales. After a jump in demand the
slow layers hold the rent first. When entrants have caught up, only barriers and the cost of plants
decide who earns what: *delays alone move profit to nowhere*. Entrants who do not see what others
have ordered overshoot, and the glut brings losses.

What the model cannot say: firms are a continuous number of like firms; entrants look at today's
demand, not at a forecast; nobody deters entry, learns, or is bought; a plant is either kept or
worn out, and a layer keeps at least one firm, at a loss if need be. Layers need each other, so
they shrink together: with few firms in each, a modest bust can take the whole chain down to one
firm a layer, and nothing in the model leads it back. Where two layers' capacities bind together,
more of one alone brings no sales, so entrants into either wait for the other: ties can stall a
chain, in the model as in the world.

Sources: Dixit (1989), Entry and exit decisions under uncertainty (barriers make hysteresis);
Ezekiel (1938), The cobweb theorem (orders that ignore orders).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._validate import non_negative, positive, share
from supercycle.apps.value import Chain, Layer, Order, RentTo, _index, pool_share, solve

__all__ = [
    "Entry", "Trajectory", "at_rest", "entry_step", "five_layers", "free_firms", "simulate",
]  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """What it takes to enter one layer.

    Attributes
    ----------
    fixed_usd_per_year : float
        Annuity of one firm's plant, paid by all firms of the layer [USD/yr].
    delay_years : float
        From the decision to the first sale [yr].
    barrier_usd_per_year : float
        Annuity of what only an entrant pays: sunk cost, switching, networks [USD/yr].
    capacity_per_firm : float
        Units one plant supplies in a year; infinite when plants never bind [1/yr].
    life_years : float
        Life of a plant; loss-making layers shrink at most by 1/life a year [yr].
    """

    fixed_usd_per_year: float
    delay_years: float = 0.0
    barrier_usd_per_year: float = 0.0
    capacity_per_firm: float = np.inf
    life_years: float = np.inf

    def __post_init__(self) -> None:
        positive("fixed_usd_per_year", self.fixed_usd_per_year)
        non_negative("delay_years", self.delay_years)
        non_negative("barrier_usd_per_year", self.barrier_usd_per_year)
        positive("capacity_per_firm", self.capacity_per_firm)
        positive("life_years", self.life_years)


@dataclass(frozen=True)
class Trajectory:
    """What happens to a chain over time; axis 0 of two-dimensional arrays is the layer.

    Attributes
    ----------
    names : tuple of str
        Layers, upstream first.
    years : array of shape (steps,)
        Time at the start of each step [yr].
    firms : array of shape (layers, steps)
        Firms in business [1].
    quantity, price_usd : array of shape (steps,)
        Units sold in a year [1/yr] and their price [USD].
    operating_profit_usd_per_year, profit_usd_per_year : array of shape (layers, steps)
        Before and after the annuity of the plants [USD/yr].
    consumer_surplus_usd_per_year : array of shape (steps,)
        [USD/yr].
    """

    names: tuple[str, ...]
    years: np.ndarray
    firms: np.ndarray
    quantity: np.ndarray
    price_usd: np.ndarray
    operating_profit_usd_per_year: np.ndarray
    profit_usd_per_year: np.ndarray
    consumer_surplus_usd_per_year: np.ndarray

    @property
    def pool_share(self) -> np.ndarray:
        """Share of each layer in the operating profit, shape (layers, steps) [1]."""
        return pool_share(self.operating_profit_usd_per_year)

    def present_value_usd(self, discount_rate: float, horizon_years: float = np.inf) -> np.ndarray:
        """Present value of each layer's profit after capital, up to a horizon.

        Parameters
        ----------
        discount_rate : float
            Continuous rate [1/yr].
        horizon_years : float
            Years that count; the simulated ones if infinite [yr].

        Returns
        -------
        array of shape (layers,)
            [USD]; which layer one should be long in depends on the horizon.

        Raises
        ------
        ValueError
            When the rate is negative or the horizon not positive.
        """
        non_negative("discount_rate", discount_rate)
        positive("horizon_years", horizon_years)
        step = self.years[1] - self.years[0]
        counts = np.clip(horizon_years - self.years, 0.0, step)
        return self.profit_usd_per_year @ (counts * np.exp(-discount_rate * self.years))


def entry_step(
    firms: Any, free_entry_firms: Any, pipeline: Any = 0.0, *, foresight: Any = 1.0
) -> Any:
    """Firms that decide to enter now.

    The gap between the number that could live and those in business; entrants with foresight also
    subtract those on their way.

    Parameters
    ----------
    firms, free_entry_firms, pipeline : float or array of shape (...,)
        Firms in business, firms that could live, and firms that have decided to enter but do not
        sell yet [1].
    foresight : float or array of shape (...,)
        Share of the pipeline that entrants see; at 0 each step of the delay repeats the order [1].

    Returns
    -------
    float or array of shape (...,)
        Entrants, never negative [1].

    Raises
    ------
    ValueError
        When a number is negative.

    Examples
    --------
    >>> float(entry_step(3.0, 5.0, 1.5)), float(entry_step(3.0, 5.0, 1.5, foresight=0))
    (0.5, 2.0)
    """
    non_negative("firms", firms)
    non_negative("free_entry_firms", free_entry_firms)
    non_negative("pipeline", pipeline)
    share("foresight", foresight)
    return np.maximum(0.0, np.subtract(free_entry_firms, firms) - np.multiply(foresight, pipeline))


def free_firms(
    chain: Chain,
    name: str,
    required_usd_per_year: float,
    *,
    capacity_per_firm: float = np.inf,
    order: Order = "upstream-first",
    rent_to: RentTo = "scarce",
) -> float:
    """Find how many firms can live in one layer while the other layers stay as they are.

    The largest number at which a firm's operating profit still covers what it requires.

    Parameters
    ----------
    chain : Chain
        With single numbers.
    name : str
        The layer that firms may enter.
    required_usd_per_year : float
        Operating profit that a firm must earn [USD/yr].
    capacity_per_firm : float
        Units one firm can supply in a year [1/yr].
    order, rent_to
        As in `supercycle.apps.value.solve`.

    Returns
    -------
    float
        Firms, not rounded; 1 when even a monopoly earns less than required [1].

    Raises
    ------
    ValueError
        When the requirement is not positive or the layer unknown.

    Examples
    --------
    >>> round(free_firms(Chain((Layer("only", 40.0),), 100.0, 1.0), "only", 225.0), 6)
    3.0
    """
    positive("required_usd_per_year", required_usd_per_year)
    where = _index(chain, name)
    low, high = 1.0, 1e5
    for _ in range(4):  # four grids of 200 points narrow the root to a relative 1e-8
        counts = np.geomspace(low, high, 200)
        changes: dict[str, Any] = {"firms": counts}
        if np.isfinite(capacity_per_firm):
            changes["capacity"] = counts * capacity_per_firm
        result = solve(chain.with_layer(name, **changes), order=order, rent_to=rent_to)
        lives = np.flatnonzero(
            result.operating_profit_usd_per_year[where] / counts >= required_usd_per_year
        )
        if lives.size == 0:
            return low
        last = int(lives[-1])
        if last == len(counts) - 1:
            return float(counts[-1])
        low, high = float(counts[last]), float(counts[last + 1])
    return low


def simulate(
    chain: Chain,
    entries: Mapping[str, Entry],
    *,
    years: float,
    step_years: float = 0.25,
    market: Callable[[float], float] | None = None,
    order: Order = "upstream-first",
    rent_to: RentTo = "scarce",
    foresight: float = 1.0,
) -> Trajectory:
    """Let firms enter and wear out while the market changes.

    Every step, new plants open, worn-out plants of layers that do not pay close, entrants decide
    (`entry_step`), and the chain finds its equilibrium (`supercycle.apps.value.solve`).

    Parameters
    ----------
    chain : Chain
        With the firms at the start; capacity and capital follow from `entries`.
    entries : mapping from layer name to Entry
    years : float
        Length of the simulation, at least two steps [yr].
    step_years : float
        Step; delays are rounded to whole steps [yr].
    market : function of time, optional
        Size of the market at a time in years, relative to the chain's demand; it divides the
        slope, so that at any price so many times as many units sell [1].
    order, rent_to
        As in `supercycle.apps.value.solve`.
    foresight : float
        Share of the orders already placed that an entrant sees: those of rivals, and those of other
        layers that will open no later than its own plant [1].

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        When a layer has no `Entry`, the market is not positive, or times are not.

    Examples
    --------
    >>> chain, entries = five_layers()
    >>> boom = simulate(chain, entries, years=10, market=lambda year: 3.0 if year >= 1 else 1.0)
    >>> bool(boom.profit_usd_per_year[1, 8] > boom.profit_usd_per_year[4, 8])  # chips above apps
    True
    """
    positive("step_years", step_years)
    share("foresight", foresight)
    steps = round(years / step_years) if years > 0 else 0
    if steps < 2:
        raise ValueError(f"years = {years!r}: must be at least two steps of {step_years!r}")
    for name in chain.names:
        if name not in entries:
            raise ValueError(f"entries has no Entry for the layer {name!r}")
    for layer in chain.layers:
        if np.ndim(layer.firms):
            raise ValueError(f"firms of {layer.name} = {layer.firms!r}: must be a single number")
    names = chain.names
    rules = [entries[name] for name in names]
    firms = np.array([float(layer.firms) for layer in chain.layers])
    ordered = np.zeros((len(names), steps + 1 + max(_steps(e, step_years) for e in rules)))
    record: dict[str, list[Any]] = {key: [] for key in ("firms", "result")}
    times = np.arange(steps) * step_years

    for now, year in enumerate(times):
        size = 1.0 if market is None else market(float(year))
        positive("market", size)
        demand = replace(chain, slope_usd=chain.slope_usd / size)
        firms = firms + ordered[:, now]
        ordered[:, now] = 0.0
        for i, (name, rule) in enumerate(zip(names, rules, strict=True)):
            wait = _steps(rule, step_years)
            opening = ordered[:, now : now + wait + 1].sum(axis=1)  # no later than this entrant
            others = _stand(demand, rules, firms + foresight * opening)
            options = {
                "capacity_per_firm": rule.capacity_per_firm, "order": order, "rent_to": rent_to,
            }  # fmt: skip
            stays = free_firms(others, name, rule.fixed_usd_per_year, **options)  # type: ignore[arg-type]
            if firms[i] > stays:
                firms[i] -= min(firms[i] - stays, firms[i] * min(1.0, step_years / rule.life_years))
                continue
            lives = stays
            if rule.barrier_usd_per_year:
                required = rule.fixed_usd_per_year + rule.barrier_usd_per_year
                lives = free_firms(others, name, required, **options)  # type: ignore[arg-type]
            entrants = float(entry_step(firms[i], lives, opening[i], foresight=foresight))
            if wait == 0:
                firms[i] += entrants
            else:
                ordered[i, now + wait] += entrants
        record["firms"].append(firms.copy())
        record["result"].append(solve(_stand(demand, rules, firms), order=order, rent_to=rent_to))

    def gather(field: str) -> np.ndarray:
        return np.stack([getattr(result, field) for result in record["result"]], axis=-1)

    return Trajectory(
        names=names,
        years=times,
        firms=np.stack(record["firms"], axis=-1),
        quantity=gather("quantity"),
        price_usd=gather("price_usd"),
        operating_profit_usd_per_year=gather("operating_profit_usd_per_year"),
        profit_usd_per_year=gather("profit_usd_per_year"),
        consumer_surplus_usd_per_year=gather("consumer_surplus_usd_per_year"),
    )


def _steps(entry: Entry, step_years: float) -> int:
    return round(entry.delay_years / step_years)


def _stand(chain: Chain, rules: list[Entry], firms: np.ndarray) -> Chain:
    """Give the chain as it stands with a number of firms in each layer."""
    return replace(
        chain,
        layers=tuple(
            replace(
                layer,
                firms=count,
                capacity=min(layer.capacity, count * rule.capacity_per_firm),
                capital_usd_per_year=count * rule.fixed_usd_per_year,
            )
            for layer, rule, count in zip(chain.layers, rules, firms, strict=True)
        ),
    )


def five_layers(
    *,
    order: Order = "upstream-first",
    barrier_share: Mapping[str, float] | None = None,
    life_years: float = np.inf,
    scarce: str | None = "chips",
) -> tuple[Chain, dict[str, Entry]]:
    """Build an example: five layers at rest, with the course's own assumptions about delays.

    Money and units are normalised: the price at which the last customer leaves is 1, and so is
    the slope of demand. Firms and delays come from the table ``apps``. Plants cost what each firm
    earns at the start, so that nobody wants in or out until something changes.

    Parameters
    ----------
    order
        As in `supercycle.apps.value.solve`; the plants' cost depends on it.
    barrier_share : mapping from layer to float, optional
        Barrier of a layer as a share of its plant's annuity; none if not given [1].
    life_years : float
        Life of all plants [yr].
    scarce : str or None
        Layer whose plants run at capacity at the start; None for no hard capacity anywhere.

    Returns
    -------
    chain : Chain
    entries : dict from layer name to Entry

    Raises
    ------
    ValueError
        When `scarce` or `barrier_share` names an unknown layer, or the order is unknown.

    Examples
    --------
    >>> chain, entries = five_layers()
    >>> chain.names, entries["chips"].delay_years
    (('energy', 'chips', 'infra', 'models', 'apps'), 4.0)
    """
    names = ("energy", "chips", "infra", "models", "apps")
    chain = Chain(
        tuple(Layer(name, firms=float(facts.value(f"apps/firms-{name}"))) for name in names),
        intercept_usd=1.0,
        slope_usd=1.0,
    )
    delays = {name: float(facts.value(f"apps/entry-delay-{name}")) for name in names}
    entries = at_rest(
        chain,
        delays,
        order=order,
        barrier_share=barrier_share,
        life_years=life_years,
        scarce=scarce,
    )
    return chain, entries


def at_rest(
    chain: Chain,
    delay_years: Mapping[str, float],
    *,
    order: Order = "upstream-first",
    barrier_share: Mapping[str, float] | None = None,
    life_years: float = np.inf,
    scarce: str | None = None,
) -> dict[str, Entry]:
    """Find the plants at whose cost nobody wants in or out of a chain as it stands.

    Parameters
    ----------
    chain : Chain
        With single numbers.
    delay_years : mapping from layer to float
        From the decision to enter to the first sale, for each layer [yr].
    order, barrier_share, life_years, scarce
        As in `five_layers`.

    Returns
    -------
    dict from layer name to Entry
        Each firm's annuity is what it earns in the equilibrium of `chain`.

    Raises
    ------
    ValueError
        When a layer has no delay, or `scarce` or `barrier_share` names an unknown layer.

    Examples
    --------
    >>> two = Chain((Layer("below"), Layer("above")), 100.0, 1.0)
    >>> at_rest(two, {"below": 3.0, "above": 0.0})["below"].fixed_usd_per_year
    1250.0
    """
    for name in ([] if scarce is None else [scarce]) + list(barrier_share or {}):
        _index(chain, name)  # refuses unknown layers
    for name in chain.names:
        if name not in delay_years:
            raise ValueError(f"delay_years has no entry for the layer {name!r}")
    rest = solve(chain, order=order)
    earned = rest.operating_profit_usd_per_year / np.array([layer.firms for layer in chain.layers])
    return {
        layer.name: Entry(
            fixed_usd_per_year=float(fixed),
            delay_years=delay_years[layer.name],
            barrier_usd_per_year=(barrier_share or {}).get(layer.name, 0.0) * float(fixed),
            capacity_per_firm=float(rest.quantity / layer.firms)
            if layer.name == scarce
            else np.inf,
            life_years=life_years,
        )
        for layer, fixed in zip(chain.layers, earned, strict=True)
    }
