"""Shapley value and core, as a contrast to competition.

Cooperative games ask what coalitions could earn, not how markets split it. In a chain with one
firm per layer every firm is essential, so the Shapley value gives each the same share, whatever
its costs, and the core allows any split at all. With a second firm in a layer the core leaves
both of them nothing, while Shapley still pays them. Neither checks a market model: they mark the
ends between which bargaining moves.

Sources: Shapley (1953), A value for n-person games; Gillies (1959), Solutions to general
non-zero-sum games (the core).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from supercycle._validate import non_negative, positive

__all__ = ["CoreRange", "chain_game", "core", "shapley"]

Player = Hashable
Worth = Callable[[frozenset[Player]], float]

#: 16,384 coalitions: a second or two for a worth that takes 0.1 ms.
_MOST_PLAYERS = 14


def _coalitions(players: Sequence[Player], worth: Worth) -> dict[frozenset[Player], float]:
    if not players or len(set(players)) < len(players):
        raise ValueError(f"players = {tuple(players)!r}: must be one or more, all different")
    if len(players) > _MOST_PLAYERS:
        raise ValueError(
            f"{len(players)} players: must be at most {_MOST_PLAYERS}, for coalitions double with each"
        )
    table = {
        frozenset(group): float(worth(frozenset(group)))
        for size in range(len(players) + 1)
        for group in itertools.combinations(players, size)
    }
    if table[frozenset()] != 0:
        raise ValueError(f"worth of nobody is {table[frozenset()]!r}: must be 0")
    return table


def shapley(players: Sequence[Player], worth: Worth) -> dict[Player, float]:
    """Shapley value: each player's marginal worth, averaged over all orders of arrival.

    Parameters
    ----------
    players : sequence
        At most 14.
    worth : function from frozenset of players to float
        What a coalition earns by itself; 0 for nobody [USD].

    Returns
    -------
    dict from player to float
        Payoffs [USD]; they sum to the worth of all.

    Raises
    ------
    ValueError
        When players repeat, are too many, or nobody is worth something.

    Examples
    --------
    >>> gloves = lambda s: float(min("left" in s, ("right 1" in s) + ("right 2" in s)))
    >>> {k: round(v, 4) for k, v in shapley(["left", "right 1", "right 2"], gloves).items()}
    {'left': 0.6667, 'right 1': 0.1667, 'right 2': 0.1667}
    """
    table = _coalitions(players, worth)
    count = len(players)
    payoff = dict.fromkeys(players, 0.0)
    for group, value in table.items():
        for player in players:
            if player not in group:
                weight = 1 / (count * math.comb(count - 1, len(group)))
                payoff[player] += weight * (table[group | {player}] - value)
    return payoff


@dataclass(frozen=True)
class CoreRange:
    """What a player can get in the core.

    Attributes
    ----------
    low_usd, high_usd : float
        Least and most over all splits that no coalition can better by leaving [USD].
    """

    low_usd: float
    high_usd: float


def core(players: Sequence[Player], worth: Worth) -> dict[Player, CoreRange]:
    """Range of each player's payoff over the core, by linear programming.

    Splits of the worth of all such that no coalition could earn more by itself.

    Parameters
    ----------
    players, worth
        As in `shapley`.

    Returns
    -------
    dict from player to CoreRange

    Raises
    ------
    ValueError
        When the core is empty: some coalition can always do better, so no split is stable.

    Examples
    --------
    >>> gloves = lambda s: float(min("left" in s, ("right 1" in s) + ("right 2" in s)))
    >>> core(["left", "right 1", "right 2"], gloves)["right 1"]
    CoreRange(low_usd=0.0, high_usd=0.0)
    """
    import numpy as np
    from scipy.optimize import linprog

    table = _coalitions(players, worth)
    everybody = frozenset(players)
    groups = [group for group in table if group and group != everybody]
    unit = max(abs(value) for value in table.values()) or 1.0  # the solver's tolerance is absolute
    leave = {
        "A_ub": -np.array([[float(p in group) for p in players] for group in groups]),
        "b_ub": -np.array([table[group] / unit for group in groups]),
    }
    split = {"A_eq": np.ones((1, len(players))), "b_eq": [table[everybody] / unit]}
    options = (leave if groups else {}) | split
    ranges = {}
    for i, player in enumerate(players):
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(len(players))
            aim[i] = sign
            solved = linprog(aim, **options, bounds=(None, None), method="highs")
            if solved.status == 2:
                raise ValueError("the core is empty: no split keeps every coalition from leaving")
            ends.append(float(solved.x[i]) * unit + 0.0)
        ranges[player] = CoreRange(*ends)
    return ranges


def chain_game(
    costs_usd: Mapping[str, Sequence[float]], value_usd: float
) -> tuple[list[tuple[str, int]], Worth]:
    """Make the game of a vertical chain: a coalition earns if it spans all layers.

    It then uses its cheapest firm of each layer and earns ``max(0, value − Σ cost)``.

    Parameters
    ----------
    costs_usd : mapping from layer to sequence of float
        Cost of each firm in the layer [USD].
    value_usd : float
        What customers pay for the product of the whole chain [USD].

    Returns
    -------
    players : list of (layer, number)
    worth : function from frozenset of players to float

    Raises
    ------
    ValueError
        When a layer has no firm, or a cost or the value is not a number above zero.

    Examples
    --------
    >>> players, worth = chain_game({"chips": [10.0], "apps": [30.0]}, value_usd=100.0)
    >>> shapley(players, worth)
    {('chips', 0): 30.0, ('apps', 0): 30.0}
    """
    positive("value_usd", value_usd)
    if not costs_usd:
        raise ValueError("costs_usd is empty: must hold at least one layer")
    for layer, costs in costs_usd.items():
        if len(costs) == 0:
            raise ValueError(f"costs_usd[{layer!r}] is empty: must hold at least one firm")
        non_negative(f"costs_usd[{layer!r}]", costs)
    players = [(layer, i) for layer, costs in costs_usd.items() for i in range(len(costs))]

    def worth(group: frozenset[Player]) -> float:
        left = value_usd
        for layer, costs in costs_usd.items():
            cheapest = [cost for i, cost in enumerate(costs) if (layer, i) in group]
            if not cheapest:
                return 0.0
            left -= min(cheapest)
        return max(0.0, left)

    return players, worth
