"""Staffing: how many servers a promise needs, exactly and by the square-root rule.

A promise says which share of customers may wait longer than some time. `queueing` turns servers
into waits; here waits are turned back into servers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._validate import non_negative, positive, share
from supercycle.cluster.queueing import erlang_c_probability
from supercycle.infra.sites import staffed_slots

__all__ = ["halfin_whitt_probability", "servers_for_wait_count", "square_root_staffing_count"]


def servers_for_wait_count(
    arrivals_per_s: float, service_s: float, *, wait_s: float, late_share: float
) -> int:
    """Fewest servers at which at most a share of customers waits longer than promised (M/M/c).

    The least c with ``C(c, a)·exp(−(c − a)·t/s) ≤ late_share``, by bisection: more servers never
    make anybody wait longer.

    Parameters
    ----------
    arrivals_per_s, service_s : float
        As in `mmc`.
    wait_s : float
        t, the promise [s].
    late_share : float
        Share that may wait longer, in (0, 1] [1].

    Returns
    -------
    int
        c, above the offered load [1].

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    Doubling the traffic does not double what is needed beyond the load:

    >>> [servers_for_wait_count(r, 1.0, wait_s=0.1, late_share=0.01) for r in (100.0, 200.0)]
    [118, 222]
    """
    non_negative("arrivals_per_s", arrivals_per_s)
    positive("service_s", service_s)
    non_negative("wait_s", wait_s)
    share("late_share", late_share)
    positive("late_share", late_share)
    load = arrivals_per_s * service_s

    def late(servers: int) -> float:
        waits = erlang_c_probability(servers, load)
        return float(waits * np.exp(-(servers - load) * wait_s / service_s))

    few = int(np.floor(load))  # never enough
    many = few + 1
    while late(many) > late_share:
        few, many = many, many + 2 * (many - int(load))
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if late(middle) > late_share else (few, middle)
    return many


def halfin_whitt_probability(slack: Any) -> Any:
    """Share of customers who wait in a large M/M/c with ``c = a + β·√a`` servers.

    ``α = 1 / (1 + β·Φ(β)/φ(β))``, the limit as the load grows with β held.

    Parameters
    ----------
    slack : float or array of shape (...,)
        β, servers beyond the load in units of its square root, ≥ 0 [1].

    Returns
    -------
    float or array of shape (...,)
        Between 0 and 1; 1 at β = 0.

    Notes
    -----
    Source: Halfin and Whitt (1981), Operations Research 29(3), eq. 2.3.

    Examples
    --------
    >>> round(halfin_whitt_probability(1.0), 4), round(erlang_c_probability(10_100, 10_000.0), 4)
    (0.2234, 0.2248)
    """
    from scipy.special import log_ndtr

    non_negative("slack", slack)
    beta = np.asarray(slack, dtype=float)
    log_ratio = log_ndtr(beta) + beta**2 / 2 + 0.5 * np.log(2 * np.pi)
    with np.errstate(over="ignore"):
        waits = 1 / (1 + beta * np.exp(log_ratio))
    return float(waits) if waits.ndim == 0 else waits


def square_root_staffing_count(offered_load: Any, *, wait_probability: float) -> Any:
    """Servers for a large load at which a given share of customers waits: ``a + β·√a``.

    β solves `halfin_whitt_probability`, and `supercycle.infra.sites.staffed_slots` adds it; the
    count is rounded up.

    Parameters
    ----------
    offered_load : float or array of shape (...,)
        a [erlang].
    wait_probability : float
        Wanted share of customers who wait, in (0, 1) [1].

    Returns
    -------
    float or array of shape (...,)
        Whole number of servers [1].

    Raises
    ------
    ValueError
        When the load is negative or the share is not inside (0, 1).

    Notes
    -----
    An independent, steady load: what a common daily peak adds is not in it.

    Examples
    --------
    Twenty sites of 300,000 busy places each, and one of six million; what splitting costs:

    >>> each, whole = square_root_staffing_count([3e5, 6e6], wait_probability=0.01)
    >>> round(float(20 * each / whole - 1), 4)
    0.0034
    """
    from scipy.optimize import brentq

    non_negative("offered_load", offered_load)
    if not 0 < wait_probability < 1:
        raise ValueError(f"wait_probability = {wait_probability!r}: must be above 0 and below 1")
    beta = brentq(lambda b: halfin_whitt_probability(b) - wait_probability, 0.0, 40.0)
    servers = np.ceil(staffed_slots(offered_load, quality=beta))
    return float(servers) if servers.ndim == 0 else servers
