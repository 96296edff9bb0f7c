"""Which machine of a pool a request goes to.

A router is a function of a request's number and the pool's machines that serve; each machine
tells its ``load`` (tokens of unfinished requests; jobs of a station) and, for a request, its
``cached_tokens``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Protocol

__all__ = ["ROUTERS", "Machine", "Router", "router"]


class Machine(Protocol):
    """What a router may look at."""

    load: int

    def cached_tokens(self, call: int) -> int:
        """Tokens of a request's prompt that stand in this machine's memory."""
        ...


Router = Callable[[int, Sequence[Machine]], Machine]


def round_robin() -> Router:
    """One after the other, whatever they have to do."""
    turn = -1

    def choose(call: int, machines: Sequence[Machine]) -> Machine:
        nonlocal turn
        turn += 1
        return machines[turn % len(machines)]

    return choose


def least_tokens() -> Router:
    """The machine with the fewest tokens of unfinished requests; the first of equals."""
    load = attrgetter("load")

    def choose(call: int, machines: Sequence[Machine]) -> Machine:
        return min(machines, key=load) if len(machines) > 1 else machines[0]

    return choose


def prefix_aware() -> Router:
    """As least tokens, with the tokens that a machine need not read taken off its load."""

    def choose(call: int, machines: Sequence[Machine]) -> Machine:
        return min(machines, key=lambda machine: machine.load - machine.cached_tokens(call))

    return choose


ROUTERS: dict[str, Callable[[], Router]] = {
    "least_tokens": least_tokens,
    "prefix_aware": prefix_aware,
    "round_robin": round_robin,
}


def router(name: str | Router) -> Router:
    """A fresh router by its name; a function of your own is taken as it is.

    Examples
    --------
    >>> router("psychic")
    Traceback (most recent call last):
    ...
    ValueError: router = 'psychic': must be one of least_tokens, prefix_aware, round_robin, or a function
    """
    if callable(name):
        return name
    if name not in ROUTERS:
        known = ", ".join(ROUTERS)
        raise ValueError(f"router = {name!r}: must be one of {known}, or a function")
    return ROUTERS[name]()
