"""Many edge sites or one campus: pooling, distance and scale (lecture, 27:28).

One campus pools its users' peaks and builds cheaper per watt; many sites are nearer. Pooling of
*independent* users is worth almost nothing at this size; the daily wave, which rolls over time
zones, and the scale of building are worth more; distance matters where all else is fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.infra.capex import campus_capex

__all__ = [
    "SitesComparison", "compare_sites", "edge_break_even_ttft_s", "mean_distance_m",
    "phase_penalty_share", "pooling_penalty_share", "round_trip_s", "staffed_slots",
]  # fmt: skip


def staffed_slots(load_slots: Any, *, quality: Any, dispersion: Any = 1.0) -> Any:
    """Capacity for a random load: ``L + β √(d L)`` (square-root staffing).

    Parameters
    ----------
    load_slots : float or array of shape (...,)
        Mean requests in service at once [1].
    quality : float or array of shape (...,)
        β: standard deviations of spare capacity [1].
    dispersion : float or array of shape (...,)
        d: variance over mean; 1 for Poisson arrivals, more for bursts [1].

    Returns
    -------
    float or array of shape (...,)
        Slots [1].

    Raises
    ------
    ValueError
        When a number is negative.

    Notes
    -----
    Source: Halfin and Whitt (1981), Heavy-traffic limits for queues with many exponential servers.

    Examples
    --------
    >>> staffed_slots(10_000, quality=1.0)
    10100.0
    """
    non_negative("load_slots", load_slots)
    non_negative("quality", quality)
    non_negative("dispersion", dispersion)
    load = np.asarray(load_slots, dtype=float)
    return plain(load + quality * np.sqrt(dispersion * load))


def pooling_penalty_share(
    sites: Any, load_slots: Any, *, quality: Any, correlation: Any = 0.0, dispersion: Any = 1.0
) -> Any:
    """Extra capacity that separate sites need over one pool with the same service.

    Each of k sites carries L/k with variance ``d L/k``; their sum has variance
    ``d L (1 + (k − 1)ρ)``. So ``β √(d L) (√k − √(1 + (k − 1)ρ))`` more slots, over the pool's
    ``L + β √(d L (1 + (k − 1)ρ))``.

    Parameters
    ----------
    sites : int or array of shape (...,)
        k, at least 1 [1].
    load_slots : float or array of shape (...,)
        L: mean requests in service at once, over all sites [1].
    quality : float or array of shape (...,)
        β: standard deviations of spare capacity [1].
    correlation : float or array of shape (...,)
        ρ between the loads of two sites, 0 to 1 [1].
    dispersion : float or array of shape (...,)
        d: variance over mean at one site [1].

    Returns
    -------
    float or array of shape (...,)
        Share of the pool's capacity [1]; 0 for one site, and for perfect correlation.

    Raises
    ------
    ValueError
        When there is no site, no load, or the correlation lies outside 0 … 1.

    Notes
    -----
    Waves that all can foresee are not chance: see `phase_penalty_share`. Source: Eppen (1979),
    Effects of centralization on expected costs in a multi-location newsboy problem.

    Examples
    --------
    >>> round(100 * pooling_penalty_share(20, 300_000, quality=1.0), 2)  # per cent
    0.63
    """
    at_least("sites", sites, 1)
    positive("load_slots", load_slots)
    non_negative("quality", quality)
    share("correlation", correlation)
    non_negative("dispersion", dispersion)
    k, load, rho = (np.asarray(x, dtype=float) for x in (sites, load_slots, correlation))
    sigma = quality * np.sqrt(dispersion * load)
    pooled = np.sqrt(1 + (k - 1) * rho)
    return plain(sigma * (np.sqrt(k) - pooled) / (load + sigma * pooled))


def phase_penalty_share(amplitude: Any, hours_apart: Any) -> float:
    """Extra capacity that separate sites need because their daily peaks come at different hours.

    Demand at site i is ``1 + a cos(2π(t − h_i)/24)``. Apart, each needs 1 + a; pooled, the waves
    add to one of height ``a |mean e^(2πi h/24)|``.

    Parameters
    ----------
    amplitude : float
        a, 0 to 1: swing over mean [1].
    hours_apart : array of shape (sites,)
        Local time of each site against a common clock [h].

    Returns
    -------
    float
        Share of the pool's capacity [1]; 0 when all peak together.

    Raises
    ------
    ValueError
        When the amplitude lies outside 0 … 1, or there is no site.

    Notes
    -----
    It assumes that requests may cross time zones: distance against idle machines.

    Examples
    --------
    >>> round(phase_penalty_share(0.5, [0, 0, 0]), 3), round(phase_penalty_share(0.5, [0, 8, 16]), 3)
    (0.0, 0.5)
    """
    share("amplitude", amplitude)
    hours = np.asarray(hours_apart, dtype=float)
    if hours.ndim != 1 or hours.size == 0 or not np.isfinite(hours).all():
        raise ValueError(f"hours_apart = {hours_apart!r}: must be one finite number for each site")
    together = abs(np.exp(2j * np.pi * hours / 24).mean())
    return float((1 + amplitude) / (1 + amplitude * together) - 1)


def round_trip_s(distance_m: Any, *, route_factor: Any = None, turns: Any = 1.0) -> Any:
    """Time of light in fibre, there and back: ``2 · distance · route / (c/n)``.

    Parameters
    ----------
    distance_m : float or array of shape (...,)
        Great-circle distance [m].
    route_factor : float or array of shape (...,), optional
        Length of the fibre over it, at least 1 [1]; left out, ``infrastructure/route-factor``.
    turns : float or array of shape (...,)
        Round trips before the first token: 1 on an open connection, 2 or 3 to open one [1].

    Returns
    -------
    float or array of shape (...,)
        [s].

    Raises
    ------
    ValueError
        When the distance is negative or the route shorter than the great circle.

    Notes
    -----
    Routers, radio access and queues add milliseconds. Group index of the fibre:
    ``infrastructure/fibre-index``.

    Examples
    --------
    >>> round(1e3 * round_trip_s(1_000e3, route_factor=1.0), 2)  # ms
    9.79
    """
    non_negative("distance_m", distance_m)
    if route_factor is None:
        route_factor = facts.value("infrastructure/route-factor")
    at_least("route_factor", route_factor, 1)
    non_negative("turns", turns)
    speed = facts.value("infrastructure/light-speed") / facts.value("infrastructure/fibre-index")
    return plain(np.multiply(distance_m, route_factor) * 2 * turns / speed)


def mean_distance_m(sites: Any, area_m2: Any) -> Any:
    """Mean distance to the nearest site when users and sites are spread evenly.

    Each site serves a disc of area A/k: ``(2/3) √(A/(πk))``.

    Parameters
    ----------
    sites : int or array of shape (...,)
        k, at least 1 [1].
    area_m2 : float or array of shape (...,)
        A [m²].

    Returns
    -------
    float or array of shape (...,)
        [m].

    Raises
    ------
    ValueError
        When there is no site or no area.

    Notes
    -----
    A lower bound: no set of k points is nearer on average (the best one, hexagons, is 0.3 % above,
    edges of the area aside). Users live in cities, where sites follow them.
    Source: Fejes Tóth (1953), Lagerungen in der Ebene.

    Examples
    --------
    >>> round(mean_distance_m(1, 8.08e12) / 1e3), round(mean_distance_m(20, 8.08e12) / 1e3)
    (1069, 239)
    """
    at_least("sites", sites, 1)
    positive("area_m2", area_m2)
    return plain(2 / 3 * np.sqrt(np.divide(area_m2, np.multiply(np.pi, sites))))


def edge_break_even_ttft_s(saved_s: Any, extra_cost_share: Any, elasticity: Any) -> Any:
    """Time to first token below which being nearer is worth its cost.

    Demand goes with ``TTFT^(−ε)``; a saving s lifts revenue by ``(T/(T − s))^ε``. Equal to
    ``1 + c`` at ``T* = s / (1 − (1 + c)^(−1/ε))``; a slower service does not notice.

    Parameters
    ----------
    saved_s : float or array of shape (...,)
        Time that nearness saves [s].
    extra_cost_share : float or array of shape (...,)
        c: extra yearly cost of the edge over the revenue it serves [1].
    elasticity : float or array of shape (...,)
        ε: per cent of demand lost for each per cent of TTFT [1].

    Returns
    -------
    float or array of shape (...,)
        [s], never below `saved_s`; infinite where the edge costs nothing extra, `saved_s` itself
        where demand does not care.

    Raises
    ------
    ValueError
        When a number is negative.

    Examples
    --------
    30 ms saved for 3 per cent of revenue, with an elasticity of a tenth:

    >>> round(edge_break_even_ttft_s(0.03, 0.03, 0.1), 3)
    0.117
    """
    non_negative("saved_s", saved_s)
    non_negative("extra_cost_share", extra_cost_share)
    non_negative("elasticity", elasticity)
    saved, cost, epsilon = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (saved_s, extra_cost_share, elasticity))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        part = -np.expm1(-np.log1p(cost) / epsilon)
        limit = np.where(part > 0, saved / part, np.inf)
    return plain(np.where((epsilon == 0) & (cost > 0), saved, np.where(cost == 0, np.inf, limit)))


@dataclass(frozen=True)
class SitesComparison:
    """Many sites against one campus of the same power.

    Attributes
    ----------
    cost_ratio : float or array of shape (...,)
        Building cost of the sites over the campus, at equal power [1].
    pooling_penalty_share : float or array of shape (...,)
        Extra capacity that separate sites need, by chance alone [1].
    total_ratio : float or array of shape (...,)
        Both together [1].
    round_trip_s, campus_round_trip_s : float or array of shape (...,)
        Mean round trip to the nearest site, and to the campus [s].
    saved_s : float or array of shape (...,)
        Difference [s].
    """

    cost_ratio: Any
    pooling_penalty_share: Any
    total_ratio: Any
    round_trip_s: Any
    campus_round_trip_s: Any
    saved_s: Any


def compare_sites(
    power_w: Any,
    sites: Any,
    *,
    area_m2: Any = None,
    load_slots: Any = None,
    quality: Any = None,
    correlation: Any = 0.0,
) -> SitesComparison:
    """Set one campus beside many sites of the same total power (S13).

    Parameters
    ----------
    power_w : float or array of shape (...,)
        Total power at the meter [W].
    sites : int or array of shape (...,)
        At least 1 [1].
    area_m2 : float or array of shape (...,), optional
        Where users live [m²]; left out, the contiguous United States.
    load_slots, quality : float or array of shape (...,), optional
        As in `pooling_penalty_share`; left out, rows ``infrastructure/slots`` (for a gigawatt,
        scaled with power) and ``infrastructure/staffing-quality``.
    correlation : float or array of shape (...,)
        Between the loads of two sites [1].

    Returns
    -------
    SitesComparison

    Raises
    ------
    ValueError
        When power is not positive, or there is no site.

    Examples
    --------
    >>> edge = compare_sites(1e9, 20)
    >>> round(edge.cost_ratio, 2), round(edge.pooling_penalty_share, 4), round(1e3 * edge.saved_s)
    (1.28, 0.0063, 12)
    """
    positive("power_w", power_w)
    at_least("sites", sites, 1)
    if area_m2 is None:
        area_m2 = float(facts.value("infrastructure/us-area"))
    if load_slots is None:
        load_slots = facts.value("infrastructure/slots") * np.divide(power_w, 1e9)
    if quality is None:
        quality = float(facts.value("infrastructure/staffing-quality"))
    one = campus_capex(power_w).usd_per_facility_w
    many = campus_capex(np.divide(power_w, sites)).usd_per_facility_w
    penalty = pooling_penalty_share(sites, load_slots, quality=quality, correlation=correlation)
    near = round_trip_s(mean_distance_m(sites, area_m2))
    far = round_trip_s(mean_distance_m(1, area_m2))
    ratio = np.divide(many, one)
    return SitesComparison(
        cost_ratio=plain(ratio),
        pooling_penalty_share=penalty,
        total_ratio=plain(ratio * (1 + np.asarray(penalty))),
        round_trip_s=near,
        campus_round_trip_s=far,
        saved_s=plain(np.subtract(far, near)),
    )
