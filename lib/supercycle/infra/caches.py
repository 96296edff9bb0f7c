"""How often a cache of some size has what is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import non_negative

__all__ = ["lru_hit_share", "zipf_popularity"]


def zipf_popularity(items: int, exponent: float) -> np.ndarray:
    """Shares of requests that go to each of `items`, ``∝ rank^−exponent``.

    Parameters
    ----------
    items : int
        At least 1.
    exponent : float
        0 for equal shares; about 0.6 to 1.2 for shared content [1].

    Returns
    -------
    array of shape (items,)
        Falling, sum 1 [1].

    Raises
    ------
    ValueError
        When there is no item or the exponent is negative.

    Examples
    --------
    >>> zipf_popularity(2, 1.0)
    array([0.66666667, 0.33333333])
    """
    if items != int(items) or items < 1:
        raise ValueError(f"items = {items!r}: must be a whole number of at least 1")
    non_negative("exponent", exponent)
    weights = np.arange(1, int(items) + 1, dtype=float) ** -exponent
    return weights / weights.sum()


def lru_hit_share(capacity_items: Any, popularity: Any) -> Any:
    """Share of requests that find their item in a cache of the least-recently-used kind.

    Che's approximation: an item stays while it is asked for within a time t, the same for all,
    with ``Σ (1 − e^(−p_i t)) = capacity``; the hit share is ``Σ p_i (1 − e^(−p_i t))``.

    Parameters
    ----------
    capacity_items : float or array of shape (...,)
        Items that fit [1].
    popularity : array of shape (items,)
        Shares of requests, sum 1 [1].

    Returns
    -------
    float or array of shape (...,)
        0 to 1 [1].

    Raises
    ------
    ValueError
        When the capacity is negative, or the shares are not shares or do not sum to 1.

    Notes
    -----
    Requests are independent draws. Sessions come in bursts, so a real cache of the same size finds
    more. Source: Che, Tung and Wang (2002), Hierarchical Web caching systems, IEEE JSAC 20(7).

    Examples
    --------
    >>> round(lru_hit_share(100, zipf_popularity(1000, 0.0)), 6)
    0.1
    >>> round(lru_hit_share(100, zipf_popularity(1000, 1.0)), 2)
    0.58
    """
    from scipy.optimize import brentq

    non_negative("capacity_items", capacity_items)
    p = np.asarray(popularity, dtype=float)
    if p.ndim != 1 or p.size == 0 or not (p >= 0).all() or not np.isclose(p.sum(), 1):
        raise ValueError("popularity must be shares of at least 0 that sum to 1")
    p = p[p > 0]

    def hit(capacity: float) -> float:
        if capacity >= p.size:
            return 1.0
        if capacity == 0:
            return 0.0

        def excess(log_time: float) -> float:
            return float(-np.expm1(-p * np.exp(log_time)).sum()) - capacity

        low = np.log(capacity) - 1.0  # since Σ(1 − e^(−p t)) ≤ t
        high = np.log(capacity / p.min()) + np.log(p.size) + 10.0
        time = np.exp(brentq(excess, low, high, xtol=1e-12))
        return float(-(p * np.expm1(-p * time)).sum())

    shares = [hit(float(c)) for c in np.ravel(capacity_items)]
    return plain(np.reshape(shares, np.shape(capacity_items)))
