"""Collective operations on scale-up and scale-out networks: a latency per step and bytes per second.

Hockney's model: a message of n bytes takes ``α + n/B``. A collective over p ranks is a known number
of steps and of bytes through each rank's port; which algorithm is best depends on the size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive

__all__ = [
    "ALGORITHMS", "Link", "all_gather_s", "all_reduce_s", "all_to_all_s", "broadcast_s",
    "bus_bandwidth_bytes_per_s", "hierarchical_all_reduce_s", "reduce_scatter_s",
]  # fmt: skip

ALGORITHMS = {
    "all_reduce": ("ring", "halving", "doubling", "tree"),
    "all_gather": ("ring", "doubling"),
    "reduce_scatter": ("ring", "halving"),
    "broadcast": ("tree", "scatter-ring"),
    "all_to_all": ("pairwise", "bruck"),
}
"""Algorithms of each collective; halving and doubling need a power of two of ranks."""


@dataclass(frozen=True)
class Link:
    """A rank's port into a network.

    Attributes
    ----------
    latency_s : float or array of shape (...,)
        α: time of a step beside its bytes [s].
    bandwidth_bytes_per_s : float or array of shape (...,)
        B: one direction, as collectives reach it [B/s]; the line rate is a fifth higher.
    """

    latency_s: Any
    bandwidth_bytes_per_s: Any

    def __post_init__(self) -> None:
        non_negative("latency_s", self.latency_s)
        positive("bandwidth_bytes_per_s", self.bandwidth_bytes_per_s)

    def time_s(self, steps: Any, size_bytes: Any) -> Any:
        """Time of some steps that move `size_bytes` in all through this port [s]."""
        moved = np.divide(size_bytes, self.bandwidth_bytes_per_s)
        return plain(np.multiply(steps, self.latency_s) + moved)


def _ranks(collective: str, size_bytes: Any, ranks: Any, algorithm: str) -> np.ndarray:
    non_negative("size_bytes", size_bytes)
    at_least("ranks", ranks, 1)
    p = np.asarray(ranks, dtype=float)
    if not (p == np.floor(p)).all():
        raise ValueError(f"ranks = {ranks!r}: must be whole numbers of at least 1")
    if algorithm not in ALGORITHMS[collective]:
        raise ValueError(
            f"algorithm = {algorithm!r}: must be one of {', '.join(ALGORITHMS[collective])}"
        )
    if algorithm in ("halving", "doubling") and not (np.log2(p) == np.round(np.log2(p))).all():
        raise ValueError(f"ranks = {ranks!r}: must be powers of two for {algorithm!r}, or use ring")
    return p


def all_reduce_s(size_bytes: Any, ranks: Any, link: Link, *, algorithm: str = "ring") -> Any:
    """Time until every rank holds the sum over all ranks.

    ===========  ==================  ======================
    algorithm    steps               bytes through a port
    ===========  ==================  ======================
    ring         2(p − 1)            2 n (p − 1)/p
    halving      2 log₂ p            2 n (p − 1)/p
    doubling     log₂ p              n log₂ p
    tree         2 ⌈log₂ p⌉          2 n ⌈log₂ p⌉
    ===========  ==================  ======================

    Parameters
    ----------
    size_bytes : float or array of shape (...,)
        n: the vector on each rank [B].
    ranks : int or array of shape (...,)
        p [1].
    link : Link
    algorithm : str
        ``ring``; ``halving`` (recursive halving, then doubling: Rabenseifner); ``doubling``
        (whole vectors, for small sizes); ``tree`` (binomial reduce and broadcast, unpipelined).

    Returns
    -------
    float or array of shape (...,)
        [s]; zero for one rank.

    Raises
    ------
    ValueError
        When a size is negative, ranks are not whole, or not a power of two where one is needed.

    Notes
    -----
    Each port sends and receives at once and no two messages share a wire; the adding is free.
    Real libraries pipeline, so a tree costs less, and switches that add halve the bytes.

    Source: Thakur, Rabenseifner and Gropp (2005), Optimization of collective communication
    operations in MPICH, IJHPCA 19(1); Hockney (1994) for α and β.

    Examples
    --------
    >>> nvlink = Link(2e-6, 370e9)
    >>> round(1e3 * all_reduce_s(1e9, 8, nvlink), 2)
    4.76
    """
    p = _ranks("all_reduce", size_bytes, ranks, algorithm)
    rounds = np.ceil(np.log2(p))
    if algorithm == "doubling":
        return link.time_s(rounds, np.multiply(size_bytes, rounds))
    if algorithm == "tree":
        return link.time_s(2 * rounds, np.multiply(size_bytes, 2 * rounds))
    steps = 2 * rounds if algorithm == "halving" else 2 * (p - 1)
    return link.time_s(steps, np.multiply(size_bytes, 2 * (p - 1) / p))


def all_gather_s(size_bytes: Any, ranks: Any, link: Link, *, algorithm: str = "ring") -> Any:
    """Time until every rank holds all p parts of a vector of `size_bytes`.

    ``n (p − 1)/p`` bytes, in p − 1 steps (ring) or log₂ p (doubling).

    Parameters
    ----------
    size_bytes : float or array of shape (...,)
        The whole vector, not one part [B].
    ranks, link, algorithm
        As in `all_reduce_s`; ``ring`` or ``doubling``.

    Returns
    -------
    float or array of shape (...,)
        [s].

    Raises
    ------
    ValueError
        As in `all_reduce_s`.

    Notes
    -----
    Source: Thakur, Rabenseifner and Gropp (2005), all-gather.

    Examples
    --------
    >>> all_gather_s(8e9, 8, Link(0.0, 1e9))
    7.0
    """
    p = _ranks("all_gather", size_bytes, ranks, algorithm)
    steps = p - 1 if algorithm == "ring" else np.log2(p)
    return link.time_s(steps, np.multiply(size_bytes, (p - 1) / p))


def reduce_scatter_s(size_bytes: Any, ranks: Any, link: Link, *, algorithm: str = "ring") -> Any:
    """Time until each rank holds its part of the sum: an all-gather run backwards.

    Parameters
    ----------
    size_bytes : float or array of shape (...,)
        The whole vector on each rank [B].
    ranks, link, algorithm
        As in `all_reduce_s`; ``ring`` or ``halving``.

    Returns
    -------
    float or array of shape (...,)
        [s].

    Raises
    ------
    ValueError
        As in `all_reduce_s`.

    Notes
    -----
    Source: Thakur, Rabenseifner and Gropp (2005), reduce-scatter.

    Examples
    --------
    >>> reduce_scatter_s(8e9, 8, Link(0.0, 1e9), algorithm="halving")
    7.0
    """
    p = _ranks("reduce_scatter", size_bytes, ranks, algorithm)
    steps = p - 1 if algorithm == "ring" else np.log2(p)
    return link.time_s(steps, np.multiply(size_bytes, (p - 1) / p))


def broadcast_s(size_bytes: Any, ranks: Any, link: Link, *, algorithm: str = "tree") -> Any:
    """Time until every rank holds one rank's vector.

    ``⌈log₂ p⌉ (α + n/B)`` for a binomial tree; ``(⌈log₂ p⌉ + p − 1) α + 2 n (p − 1)/p / B`` for
    scatter and ring all-gather, which wins for long vectors.

    Parameters
    ----------
    size_bytes, ranks, link
        As in `all_reduce_s`.
    algorithm : str
        ``tree`` or ``scatter-ring``.

    Returns
    -------
    float or array of shape (...,)
        [s].

    Raises
    ------
    ValueError
        As in `all_reduce_s`.

    Notes
    -----
    Source: Thakur, Rabenseifner and Gropp (2005), broadcast (van de Geijn's).

    Examples
    --------
    >>> broadcast_s(1e9, 8, Link(0.0, 1e9)), broadcast_s(1e9, 8, Link(0.0, 1e9),
    ...                                                  algorithm="scatter-ring")
    (3.0, 1.75)
    """
    p = _ranks("broadcast", size_bytes, ranks, algorithm)
    rounds = np.ceil(np.log2(p))
    if algorithm == "tree":
        return link.time_s(rounds, np.multiply(size_bytes, rounds))
    return link.time_s(rounds + p - 1, np.multiply(size_bytes, 2 * (p - 1) / p))


def all_to_all_s(size_bytes: Any, ranks: Any, link: Link, *, algorithm: str = "pairwise") -> Any:
    """Time until every rank has sent each other rank its own part: experts' dispatch.

    Pairwise: p − 1 steps, ``n (p − 1)/p`` bytes. Bruck: ⌈log₂ p⌉ steps of ``n/2`` bytes, for short
    vectors.

    Parameters
    ----------
    size_bytes : float or array of shape (...,)
        All that a rank holds for all ranks, itself included [B].
    ranks, link
        As in `all_reduce_s`.
    algorithm : str
        ``pairwise`` or ``bruck``.

    Returns
    -------
    float or array of shape (...,)
        [s].

    Raises
    ------
    ValueError
        As in `all_reduce_s`.

    Notes
    -----
    Bruck's bytes are exact for powers of two and an upper bound elsewhere. Source: Thakur,
    Rabenseifner and Gropp (2005), all-to-all.

    Examples
    --------
    >>> all_to_all_s(8e9, 8, Link(0.0, 1e9))
    7.0
    """
    p = _ranks("all_to_all", size_bytes, ranks, algorithm)
    if algorithm == "pairwise":
        return link.time_s(p - 1, np.multiply(size_bytes, (p - 1) / p))
    rounds = np.ceil(np.log2(p))
    return link.time_s(rounds, np.multiply(size_bytes, rounds / 2))


def hierarchical_all_reduce_s(
    size_bytes: Any, ranks_per_node: Any, nodes: Any, *, scale_up: Link, scale_out: Link
) -> Any:
    """All-reduce over nodes of several ranks: inside, across, inside.

    A reduce-scatter inside each node leaves every rank 1/g of the vector; g all-reduces across the
    nodes run side by side, one per rank and port; an all-gather inside ends it. All as rings.

    Parameters
    ----------
    size_bytes : float or array of shape (...,)
        [B].
    ranks_per_node, nodes : int or array of shape (...,)
        g and the number of nodes [1].
    scale_up, scale_out : Link
        A rank's port inside the node, and its own port across nodes.

    Returns
    -------
    float or array of shape (...,)
        [s]; the flat all-reduce of one network when there is one node, or one rank a node.

    Raises
    ------
    ValueError
        As in `all_reduce_s`.

    Examples
    --------
    >>> up, out = Link(2e-6, 370e9), Link(8e-6, 46e9)
    >>> flat = all_reduce_s(1e9, 64 * 8, out)
    >>> round(1e3 * hierarchical_all_reduce_s(1e9, 8, 64, scale_up=up, scale_out=out), 1), \
        round(1e3 * flat, 1)
    (11.1, 51.6)
    """
    part = np.divide(size_bytes, ranks_per_node)
    return plain(
        np.add(reduce_scatter_s(size_bytes, ranks_per_node, scale_up),
               all_gather_s(size_bytes, ranks_per_node, scale_up))
        + all_reduce_s(part, nodes, scale_out)
    )  # fmt: skip


def bus_bandwidth_bytes_per_s(
    size_bytes: Any, time_s: Any, ranks: Any, *, collective: str = "all_reduce"
) -> Any:
    """Bandwidth of a port that a measured time stands for, whatever the number of ranks.

    ``n/t · 2(p − 1)/p`` for an all-reduce, ``n/t · (p − 1)/p`` for all-gather, reduce-scatter and
    all-to-all, ``n/t`` for a broadcast.

    Parameters
    ----------
    size_bytes, time_s : float or array of shape (...,)
        Whole vector [B] and measured time [s].
    ranks : int or array of shape (...,)
        [1].
    collective : str
        One of `ALGORITHMS`.

    Returns
    -------
    float or array of shape (...,)
        [B/s].

    Raises
    ------
    ValueError
        For an unknown collective, or a time that is not positive.

    Notes
    -----
    Source: NVIDIA, nccl-tests, doc/PERFORMANCE.md. With adding switches it no longer is what flows
    through a port.

    Examples
    --------
    >>> bus_bandwidth_bytes_per_s(8e9, 1.0, 8)
    14000000000.0
    """
    if collective not in ALGORITHMS:
        raise ValueError(f"collective = {collective!r}: must be one of {', '.join(ALGORITHMS)}")
    positive("time_s", time_s)
    p = _ranks(collective, size_bytes, ranks, ALGORITHMS[collective][0])
    passes = {"all_reduce": 2 * (p - 1) / p, "broadcast": np.ones_like(p)}
    return plain(np.divide(size_bytes, time_s) * passes.get(collective, (p - 1) / p))
