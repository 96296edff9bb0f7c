"""Requests through a fleet, event by event (SimPy)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from supercycle._validate import positive
from supercycle.cluster.fleet import Fleet
from supercycle.cluster.results import Result
from supercycle.cluster.routing import Router
from supercycle.cluster.training import Job
from supercycle.cluster.world import World

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["simulate"]


def simulate(
    requests: pd.DataFrame,
    fleet: Fleet,
    *,
    router: str | Router = "least_tokens",
    seed: int = 0,
    until: float | None = None,
    exact: bool = False,
    jobs: Sequence[Job] = (),
    sample_s: float | None = None,
) -> Result:
    """Serve requests with a fleet and report what happened to each.

    Parameters
    ----------
    requests : pandas.DataFrame
        One row a request, in the order of ``arrival_s`` [s]. Calls of a model have
        ``input_tokens`` and ``output_tokens``, jobs of a station ``service_s`` [s], agents a
        ``graph`` (`TaskGraph`). Optional columns: ``session`` (whose request it is), ``hash_ids``
        (a list with one id for each `Replica.prefix_block_tokens` of the prompt; equal ids say
        that the prompts are the same up to there), ``priority`` (lower is more urgent) and
        ``pool`` (name).
    fleet : Fleet
    router : str or function
        See `supercycle.cluster.routing`.
    seed : int
        Of everything random: failures of machines and of training jobs.
    until : float, optional
        When to stop [s]; what is not done by then is ``unfinished``. Left out, when every
        request and every job is done.
    exact : bool
        Walk through every step, one by one: slow, and the same numbers.
    jobs : sequence of Job
        Training runs beside the serving.
    sample_s : float, optional
        Time between rows of the timeline [s]; left out, 500 to 1000 moments that cover the
        whole, or fewer where the simulation stops early.

    Returns
    -------
    Result
        The same for the same seed, to the last bit.

    Raises
    ------
    ValueError
        For requests that are unsorted, not finite, negative or larger than the cache of their
        pool, for a graph in a circle, an unknown router or pool, or a cap that leaves no power
        for serving. Nothing is simulated then.

    Notes
    -----
    Steps are those of one engine (`StepTime`, `EngineStep`); a request joins or leaves the batch
    between steps. Admission is in the order of the queue and never skips its head. Requests do
    not time out, and clients do not retry.

    Source: Yu et al. (2022), Orca (iteration-level scheduling); Kwon et al. (2023), PagedAttention,
    arXiv:2309.06180 (pages, recompute and swap); Agrawal et al. (2024), Sarathi-Serve,
    arXiv:2403.02310 (chunked prefill); Patel et al. (2024), Splitwise, arXiv:2311.18677, and Zhong
    et al. (2024), DistServe, arXiv:2401.09670 (prefill and decode apart); Qin et al. (2024),
    Mooncake, arXiv:2407.00079 (tiers of caches, prefix-aware routing).

    Examples
    --------
    >>> import pandas as pd
    >>> from supercycle.cluster import Fleet, Replica, StepTime
    >>> requests = pd.DataFrame({"arrival_s": [0.0], "input_tokens": [100], "output_tokens": [11]})
    >>> fleet = Fleet.of(Replica(StepTime(base_s=0.01, prefill_s=1e-3), kv_tokens=1000))
    >>> result = simulate(requests, fleet)
    >>> result.requests[["ttft_s", "tpot_s", "e2e_s"]].round(6).values.tolist()
    [[0.11, 0.01, 0.21]]
    """
    if not hasattr(requests, "columns"):
        raise ValueError(f"requests is a {type(requests).__name__}: must be a pandas DataFrame")
    if not isinstance(fleet, Fleet):
        raise ValueError(f"fleet is a {type(fleet).__name__}: must be a Fleet, such as Fleet.of(…)")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed = {seed!r}: must be a whole number ≥ 0")
    for name, value in (("until", until), ("sample_s", sample_s)):
        if value is not None:
            positive(name, value)
    world = World(requests, fleet, router, seed, exact, jobs, sample_s)
    return Result.of(world, world.run(until))
