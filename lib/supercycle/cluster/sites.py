"""Edge sites or one campus, simulated: regions with their day, sites with their distance (S13).

A site is a pool of the fleet that bears its name. Each region's requests go to its nearest site,
arrive there half a round trip later, and their tokens need the other half back. What formulas say
about the same choice stands in `supercycle.infra.sites`; here queues, batches and caches are in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from supercycle._validate import non_negative, positive, share
from supercycle.cluster.arrivals import Seed, diurnal_factor, thinned_arrivals_s
from supercycle.cluster.results import SLO, Result
from supercycle.cluster.workloads import Lengths, requests
from supercycle.units import HOUR_S

if TYPE_CHECKING:
    import pandas as pd

    from supercycle.cluster.fleet import Fleet

__all__ = ["Region", "machines_for_slo_count", "regional_requests", "seen_by_users"]


@dataclasses.dataclass(frozen=True)
class Region:
    """Users who live near each other.

    Attributes
    ----------
    name : str
    rate_per_s : float
        Requests, mean over the day [1/s].
    rtt_s : mapping from site to float
        Round trip to each site that may serve the region [s].
    peak_to_mean : float
        Rate at the daily peak over its mean, 1 to 2 [1].
    peak_h : float
        Hour of the peak on the common clock: time zones differ here [h].

    Examples
    --------
    >>> Region("west", 3.0, {"campus": 0.04, "edge-west": 0.008}).site
    'edge-west'
    """

    name: str
    rate_per_s: float
    rtt_s: Mapping[str, float]
    peak_to_mean: float = 1.5
    peak_h: float = 15.0

    def __post_init__(self) -> None:
        positive(f"rate_per_s of region {self.name!r}", self.rate_per_s)
        if not self.rtt_s:
            raise ValueError(f"rtt_s of region {self.name!r}: must name at least one site")
        non_negative(f"rtt_s of region {self.name!r}", list(self.rtt_s.values()))
        diurnal_factor(0.0, peak_to_mean=self.peak_to_mean, peak_h=self.peak_h)  # refuses

    @property
    def site(self) -> str:
        """The nearest site; the first of equals."""
        return min(self.rtt_s, key=lambda site: self.rtt_s[site])


def regional_requests(
    regions: Sequence[Region],
    lengths: Lengths | pd.DataFrame,
    duration_s: float,
    *,
    surge_cv: float = 0.0,
    correlation: float = 0.0,
    surge_s: float = HOUR_S,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Requests of all regions, as they arrive at their nearest sites.

    Each region has its daily wave. On top, every `surge_s` seconds each region's rate is
    multiplied by a lognormal factor of mean 1; the logarithms of two regions' factors have the
    given correlation: news reach everybody, the weather does not.

    Parameters
    ----------
    regions : sequence of Region
    lengths : Lengths or DataFrame
        As in `supercycle.cluster.workloads.requests`.
    duration_s : float
        From midnight on the common clock [s].
    surge_cv : float
        Standard deviation over mean of the factor [1]; 0 for none.
    correlation : float
        Between regions, 0 to 1 [1].
    surge_s : float
        Time that a factor lasts [s].
    seed : int or numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        As `supercycle.cluster.workloads.requests`, sorted by arrival at the site, with ``region``,
        ``pool`` (the site) and ``rtt_s``.

    Raises
    ------
    ValueError
        Without regions, for two of one name, or an argument out of range.

    Examples
    --------
    >>> coasts = [Region("east", 1.0, {"campus": 0.01}), Region("west", 1.0, {"campus": 0.05})]
    >>> table = regional_requests(coasts, Lengths.published(), 600.0)
    >>> sorted(set(table.region)), table.groupby("region").rtt_s.first().tolist()
    (['east', 'west'], [0.01, 0.05])
    """
    import pandas as pd

    names = [region.name for region in regions]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"regions = {names!r}: must be at least one, each with its own name")
    positive("duration_s", duration_s)
    non_negative("surge_cv", surge_cv)
    share("correlation", correlation)
    positive("surge_s", surge_s)
    rng = np.random.default_rng(seed)
    sigma = np.sqrt(np.log1p(surge_cv**2))
    spells = int(np.ceil(duration_s / surge_s))
    common = rng.standard_normal(spells)
    tables = []
    for region in regions:
        own = rng.standard_normal(spells)
        z = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
        factor = np.exp(sigma * z - sigma**2 / 2)

        def rate(
            time_s: np.ndarray, region: Region = region, factor: np.ndarray = factor
        ) -> np.ndarray:
            wave = diurnal_factor(time_s, peak_to_mean=region.peak_to_mean, peak_h=region.peak_h)
            return np.asarray(region.rate_per_s * wave * factor[(time_s // surge_s).astype(int)])

        most = region.rate_per_s * region.peak_to_mean * float(factor.max())
        sent = thinned_arrivals_s(rate, most, duration_s, seed=rng)
        rtt_s = region.rtt_s[region.site]
        table = requests(sent + rtt_s / 2, lengths, seed=rng)
        tables.append(table.assign(region=region.name, pool=region.site, rtt_s=rtt_s))
    merged = pd.concat(tables, ignore_index=True)
    return merged.sort_values("arrival_s", kind="stable", ignore_index=True)


def seen_by_users(result: Result, requests: pd.DataFrame) -> Result:
    """Latencies at the users instead of at the sites: a round trip is added.

    Parameters
    ----------
    result : Result
        Of simulating `requests`.
    requests : DataFrame
        From `regional_requests`: with ``rtt_s``.

    Returns
    -------
    Result
        ``ttft_s`` and ``e2e_s`` longer by the round trip; ``tpot_s`` as it was, since tokens
        follow each other through the same distance.
    """
    seen = result.requests.copy()
    for name in ("ttft_s", "e2e_s"):
        seen[name] += requests["rtt_s"]
    return dataclasses.replace(result, requests=seen)


def machines_for_slo_count(
    requests: pd.DataFrame,
    fleet_of: Callable[[int], Fleet],
    slo: SLO,
    *,
    good_share: float = 0.99,
    router: str = "least_tokens",
    most: int = 4096,
    seed: int = 0,
) -> int:
    """Fewest machines with which a simulated fleet keeps its promise.

    Parameters
    ----------
    requests : DataFrame
        With ``rtt_s``, the promise is to users, distance included.
    fleet_of : function
        Takes a number of machines, returns the fleet.
    slo : SLO
        The promise.
    good_share : float
        Share of requests that must meet it [1].
    router : str
    most : int
        Where to stop looking [1].
    seed : int
        Of each simulation.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        When even `most` machines miss the promise.

    Notes
    -----
    By doubling and bisection: it takes for granted that more machines are never worse.

    Examples
    --------
    Jobs of one second, one a second; each must be done within 1.1 seconds:

    >>> import pandas as pd
    >>> from supercycle.cluster import Fleet, Station
    >>> jobs = pd.DataFrame({"arrival_s": [0.0, 0.5, 1.0, 1.5], "service_s": 1.0})
    >>> machines_for_slo_count(jobs, lambda n: Fleet.of(Station(n)), SLO(e2e_s=1.1), good_share=1.0)
    2
    """
    from supercycle.cluster.simulate import simulate

    share("good_share", good_share)

    def kept(machines: int) -> bool:
        result = simulate(requests, fleet_of(machines), router=router, seed=seed)
        if "rtt_s" in requests:
            result = seen_by_users(result, requests)
        return bool(result.summary(slo)["good_share"] >= good_share)

    few, many = 0, 1
    while not kept(many):
        if many >= most:
            raise ValueError(
                f"good_share = {good_share}: even {most} machines keep {slo} less often"
            )
        few, many = many, min(2 * many, most)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if kept(middle) else (middle, many)
    return many
