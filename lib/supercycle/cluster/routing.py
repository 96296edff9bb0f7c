"""Which replica a request goes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supercycle.cluster.replica import Server

__all__ = ["ROUTERS", "router"]


def round_robin() -> Callable[[int, list[Server]], Server]:
    """One after the other, whatever they have to do."""
    turn = -1

    def choose(call: int, servers: list[Server]) -> Server:
        nonlocal turn
        turn += 1
        return servers[turn % len(servers)]

    return choose


def least_tokens() -> Callable[[int, list[Server]], Server]:
    """The replica with the fewest tokens of unfinished requests; the first of equals."""

    def choose(call: int, servers: list[Server]) -> Server:
        return min(servers, key=_load)

    return choose


def _load(server: Server) -> int:
    return server.load


ROUTERS = {"round_robin": round_robin, "least_tokens": least_tokens}


def router(name: str) -> Callable[[int, list[Server]], Server]:
    """A fresh router by its name.

    Examples
    --------
    >>> router("psychic")
    Traceback (most recent call last):
    ...
    ValueError: router = 'psychic': must be one of least_tokens, round_robin
    """
    if name not in ROUTERS:
        raise ValueError(f"router = {name!r}: must be one of {', '.join(sorted(ROUTERS))}")
    return ROUTERS[name]()
