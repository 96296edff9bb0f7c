"""Queues with a formula: what waiting costs before anything is simulated.

Customers come at random (M), a server works for a random (M), constant (D) or general (G) time,
and whoever finds every server busy waits in line. The simulator with the same service times must
give these numbers within its confidence interval; where they hold, nobody needs it.

Letters as in the field: λ arrivals per second, s the mean service time, c servers, a = λ·s the
offered load in erlangs (busy servers on average), ρ = a/c the utilisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import non_negative, positive, share

__all__ = [
    "Queue", "erlang_b_probability", "erlang_c_probability", "littles_law_count", "md1",
    "md1_wait_quantile_s", "mg1", "mm1", "mmc", "mmc_wait_quantile_s",
]  # fmt: skip


@dataclass(frozen=True)
class Queue:
    """A queue in the long run.

    Attributes
    ----------
    utilisation : float or array
        ρ, share of the servers that is busy [1].
    wait_probability : float or array
        Share of customers who wait at all [1].
    wait_s, stay_s : float or array
        Mean time in line, and in line and service together, over all customers [s].
    waiting_count, present_count : float or array
        Mean number in line, and in line and service together [1].
    """

    utilisation: Any
    wait_probability: Any
    wait_s: Any
    stay_s: Any
    waiting_count: Any
    present_count: Any


def _servers(servers: Any) -> np.ndarray:
    count = np.asarray(servers, dtype=float)
    if not ((count >= 1) & (count == np.floor(count)) & (count < np.inf)).all():
        raise ValueError(f"servers = {servers!r}: must be a whole number ≥ 1")
    return count


def _stable(offered_load: Any, servers: Any) -> None:
    if not (np.asarray(offered_load) < servers).all():
        worst = float(np.max(np.divide(offered_load, servers)))
        raise ValueError(
            f"utilisation = {worst:.6g}: must be below 1, or the line grows without end; "
            "take more or faster servers or fewer arrivals"
        )


def littles_law_count(arrivals_per_s: Any, stay_s: Any) -> Any:
    """Mean number present, ``L = λ·W``, whatever the distributions.

    Parameters
    ----------
    arrivals_per_s : float or array of shape (...,)
        λ of those who enter [1/s].
    stay_s : float or array of shape (...,)
        Mean time each is there [s].

    Returns
    -------
    float or array of shape (...,)
        [1]

    Notes
    -----
    Source: Little (1961), Operations Research 9(3).

    Examples
    --------
    Six requests a second of eight seconds each keep 48 places of a batch busy:

    >>> littles_law_count(6.0, 8.0)
    48.0
    """
    non_negative("arrivals_per_s", arrivals_per_s)
    non_negative("stay_s", stay_s)
    return plain(np.multiply(arrivals_per_s, stay_s))


def _log_poisson(count: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Logarithm of ``e^(−mean) · mean^count / count!`` without cancellation of large terms."""
    from scipy.special import gammaln

    off = (mean - count) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = count * (np.log1p(off) - off)
    # Stirling's series is exact to 1e-13 above 256; below it, the logarithms are small.
    series = 0.5 * np.log(2 * np.pi * count) + 1 / (12 * count) - 1 / (360 * count**3)
    direct = gammaln(count + 1) - count * np.log(count) + count
    return distance - np.where(count > 256, series, direct)


def erlang_b_probability(servers: Any, offered_load: Any) -> Any:
    """Share of customers turned away when nobody may wait (M/G/c/c, Erlang's first formula).

    ``B = (a^c/c!) / Σ_{k ≤ c} a^k/k!``, a Poisson density over its own distribution function.

    Parameters
    ----------
    servers : int or array of shape (...,)
        c [1].
    offered_load : float or array of shape (...,)
        a = λ·s [erlang].

    Returns
    -------
    float or array of shape (...,)
        Between 0 and 1.

    Raises
    ------
    ValueError
        When the servers are no whole number ≥ 1 or the load is negative or infinite.

    Notes
    -----
    Holds for every distribution of service times with that mean. Relative error below 1e-9 up to
    a million servers: above its mean the density comes from its logarithm, below it from
    ``1/B = 1 + c/a + c(c − 1)/a² + …``, whose terms fall.

    Source: Erlang (1917), Post Office Electrical Engineer's Journal 10.

    Examples
    --------
    Fifteen lines turn away one call in a hundred at 8.108 erlangs:

    >>> round(erlang_b_probability(15, 8.108), 5)
    0.01
    >>> round(erlang_b_probability(1_000_000, 1_000_000.0) * 1e3, 4)
    0.7975
    """
    from scipy.special import pdtr

    c, a = np.broadcast_arrays(_servers(servers), np.asarray(offered_load, dtype=float))
    non_negative("offered_load", a)
    if not np.isfinite(a).all():
        raise ValueError(f"offered_load = {offered_load!r}: must be finite")
    light = a < c
    with np.errstate(under="ignore"):
        at_mean = np.where(light, a, 1.0)  # stand-ins keep the other branch quiet
        blocked = np.where(a == 0, 0.0, np.exp(_log_poisson(c, at_mean)) / pdtr(c, at_mean))
    heavy = ~light
    if heavy.any():
        most, load = c[heavy], a[heavy]
        term, total, k = np.ones(most.shape), np.ones(most.shape), 0
        while (term > 1e-17 * total).any():
            term = term * np.maximum(most - k, 0.0) / load
            total += term
            k += 1
        blocked[heavy] = 1 / total
    return plain(blocked)


def erlang_c_probability(servers: Any, offered_load: Any) -> Any:
    """Share of customers who wait in M/M/c (Erlang's second formula).

    ``C = B / (1 − ρ·(1 − B))`` with Erlang B; one server gives C = ρ.

    Parameters
    ----------
    servers : int or array of shape (...,)
        c [1].
    offered_load : float or array of shape (...,)
        a = λ·s, below c [erlang].

    Returns
    -------
    float or array of shape (...,)
        Between 0 and 1.

    Raises
    ------
    ValueError
        When the load reaches the servers (ρ ≥ 1).

    Examples
    --------
    >>> erlang_c_probability(1, 0.7), round(erlang_c_probability(10, 8.0), 4)
    (0.7, 0.4092)
    """
    blocked = np.asarray(erlang_b_probability(servers, offered_load))
    _stable(offered_load, servers)
    rho = np.divide(offered_load, servers)
    return plain(blocked / (1 - rho * (1 - blocked)))


def mmc(arrivals_per_s: Any, service_s: Any, servers: Any = 1) -> Queue:
    """One line, c servers, exponential service (M/M/c).

    Mean wait ``C(c, a)·s/(c − a)``; counts by Little's law.

    Parameters
    ----------
    arrivals_per_s : float or array of shape (...,)
        λ of a Poisson stream [1/s].
    service_s : float or array of shape (...,)
        s, the mean [s].
    servers : int or array of shape (...,)
        c [1].

    Returns
    -------
    Queue

    Raises
    ------
    ValueError
        When ρ ≥ 1 or an argument is out of range.

    Notes
    -----
    Source: Kleinrock (1975), Queueing Systems I, §3.5.

    Examples
    --------
    The same 80 % busy: one server keeps people waiting, a hundred hardly any.

    >>> one, hundred = mmc(0.8, 1.0), mmc(80.0, 1.0, servers=100)
    >>> round(one.wait_s, 2), round(hundred.wait_s, 5)
    (4.0, 0.00098)
    """
    non_negative("arrivals_per_s", arrivals_per_s)
    positive("service_s", service_s)
    c = _servers(servers)
    load = np.multiply(arrivals_per_s, service_s)
    waits = np.asarray(erlang_c_probability(c, load))
    return _queue(arrivals_per_s, service_s, c, waits, waits * service_s / (c - load))


def _queue(arrivals: Any, service: Any, servers: Any, waits: Any, wait_s: Any) -> Queue:
    stay_s = np.add(wait_s, service)
    return Queue(
        utilisation=plain(np.multiply(arrivals, service) / servers),
        wait_probability=plain(waits),
        wait_s=plain(wait_s),
        stay_s=plain(stay_s),
        waiting_count=littles_law_count(arrivals, wait_s),
        present_count=littles_law_count(arrivals, stay_s),
    )


def mm1(arrivals_per_s: Any, service_s: Any) -> Queue:
    """One server, exponential service: mean wait ``ρ·s/(1 − ρ)``; as `mmc` with one server.

    Examples
    --------
    >>> round(mm1(0.9, 1.0).wait_s, 9)
    9.0
    """
    return mmc(arrivals_per_s, service_s, 1)


def mg1(arrivals_per_s: Any, service_s: Any, *, service_cv: Any) -> Queue:
    """One server, any service time (M/G/1, Pollaczek–Khinchine).

    Mean wait ``ρ·s·(1 + cv²)/(2·(1 − ρ))``: only mean and variance of the service matter.

    Parameters
    ----------
    arrivals_per_s : float or array of shape (...,)
        λ of a Poisson stream [1/s].
    service_s : float or array of shape (...,)
        s, the mean [s].
    service_cv : float or array of shape (...,)
        Standard deviation over mean of the service time: 0 constant, 1 exponential [1].

    Returns
    -------
    Queue

    Raises
    ------
    ValueError
        When ρ ≥ 1 or an argument is out of range.

    Notes
    -----
    First come, first served, or any order that does not look at the service time.
    Source: Pollaczek (1930), Khinchine (1932); Kleinrock (1975), §5.6.

    Examples
    --------
    Answers as long-tailed as cv = 2 wait two and a half times as long as exponential ones:

    >>> round(mg1(0.8, 1.0, service_cv=2.0).wait_s, 3), round(mg1(0.8, 1.0, service_cv=1.0).wait_s, 3)
    (10.0, 4.0)
    """
    non_negative("arrivals_per_s", arrivals_per_s)
    positive("service_s", service_s)
    non_negative("service_cv", service_cv)
    rho = np.multiply(arrivals_per_s, service_s)
    _stable(rho, 1)
    wait_s = rho * service_s * (1 + np.square(service_cv)) / (2 * (1 - rho))
    return _queue(arrivals_per_s, service_s, 1, np.broadcast_to(rho, np.shape(wait_s)), wait_s)


def md1(arrivals_per_s: Any, service_s: Any) -> Queue:
    """One server, constant service: mean wait ``ρ·s/(2·(1 − ρ))``, half of M/M/1's.

    Examples
    --------
    >>> round(md1(0.8, 1.0).wait_s, 9)
    2.0
    """
    return mg1(arrivals_per_s, service_s, service_cv=0.0)


def mmc_wait_quantile_s(
    quantile: Any, arrivals_per_s: Any, service_s: Any, servers: Any = 1
) -> Any:
    """Wait that a given share of customers stays below in M/M/c.

    ``P(W > t) = C·exp(−(c − a)·t/s)``, so ``t = s/(c − a)·ln(C/(1 − q))``, or 0 where q ≤ 1 − C.

    Parameters
    ----------
    quantile : float or array of shape (...,)
        q, in [0, 1) [1].
    arrivals_per_s, service_s, servers
        As in `mmc`.

    Returns
    -------
    float or array of shape (...,)
        [s]

    Raises
    ------
    ValueError
        When ρ ≥ 1 or an argument is out of range.

    Examples
    --------
    >>> round(mmc_wait_quantile_s(0.99, 8.0, 1.0, servers=10), 2)
    1.86
    """
    share("quantile", quantile)
    if (np.asarray(quantile) >= 1).any():
        raise ValueError(f"quantile = {quantile!r}: must be below 1, nobody is sure to wait less")
    queue = mmc(arrivals_per_s, service_s, servers)
    free = _servers(servers) - np.multiply(arrivals_per_s, service_s)
    with np.errstate(divide="ignore"):
        excess = np.log(queue.wait_probability) - np.log1p(-np.asarray(quantile, dtype=float))
    return plain(np.maximum(0.0, excess) * service_s / free)


def md1_wait_quantile_s(quantile: float, arrivals_per_s: float, service_s: float) -> float:
    """Wait that a given share of customers stays below in M/D/1.

    Within the k-th service time, ``(k − 1)·s ≤ t < k·s``, with y = λ·(k·s − t):
    ``P(W ≤ t) = e^(−y)·Σ_{j < k} P(present ≤ k − j)·y^j/j!``.

    Parameters
    ----------
    quantile : float
        q, in [0, 1) [1].
    arrivals_per_s, service_s : float
        As in `md1`.

    Returns
    -------
    float
        [s]

    Raises
    ------
    ValueError
        When ρ ≥ 1 or an argument is out of range.

    Notes
    -----
    Every term is positive, so the sum stays exact where Erlang's alternating one does not.
    Source: Franx (2001), Operations Research Letters 29(5).

    Examples
    --------
    >>> round(md1_wait_quantile_s(0.99, 0.8, 1.0), 2)
    10.36
    """
    from scipy.optimize import brentq

    share("quantile", quantile)
    if quantile > 0.999999:
        raise ValueError(
            f"quantile = {quantile!r}: must be at most 0.999999, rounding decides above"
        )
    rho = md1(arrivals_per_s, service_s).utilisation
    at_most = _md1_present_at_most(rho, quantile)
    k = len(at_most) - 1
    if k == 0:
        return 0.0

    def below(time_services: float) -> float:
        y = rho * (k - time_services)
        terms = np.cumprod(np.concatenate([[np.exp(-y)], y / np.arange(1.0, k)]))
        return float(at_most[:0:-1] @ terms)

    if below(k - 1.0) >= quantile:
        return float((k - 1) * service_s)
    return float(brentq(lambda t: below(t) - quantile, k - 1.0, float(k), xtol=1e-13)) * service_s


def _md1_present_at_most(rho: float, enough: float) -> np.ndarray:
    """P(present ≤ 0), P(present ≤ 1), … of M/D/1 until a share is reached, by Ramaswami's recursion."""
    from scipy.special import pdtrc

    # P(arrivals in a service ≥ k) for k = 0, 1, …; more than 64 have a probability below 1e-89.
    arrive = np.concatenate([[1.0], pdtrc(np.arange(64.0), rho)])
    present = [1 - rho]
    total = [1 - rho]
    while total[-1] < enough:
        k = len(present)
        recent = np.array(present[:0:-1][:62])  # present = k − 1, k − 2, …
        first = present[0] * arrive[k] if k < arrive.size else 0.0
        later = float(recent @ arrive[2 : 2 + recent.size])
        present.append((first + later) / (1 - arrive[1]))
        total.append(total[-1] + present[-1])
    return np.array(total)
