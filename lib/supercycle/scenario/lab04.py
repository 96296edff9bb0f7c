"""The case of lab04: a service, a slice of its fleet under load, and where to build the rest."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import chips, cluster, facts, infra, models
from supercycle.finance import capital_recovery_factor
from supercycle.units import GIGAWATT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OPTIONS", "Service", "case"]

OPTIONS = ("one campus", "sites apart", "sites linked")


@dataclass(frozen=True)
class Service:
    """The case of lab04: a service, a slice of its fleet under load, and where to build the rest.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    model, chip : str
        Row ids of the tables ``models`` and ``chips``.
    chips_count : int
        Accelerators that hold one copy of the model.
    rate_per_s, gap_cv : float
        Traffic to the slice that is simulated: requests [1/s], and standard deviation over mean of
        the gaps between them; 1 is random, more comes in clumps.
    ttft_limit_s, tpot_limit_s : float
        What the service promises: time to the first token, and between the later ones [s].
    power_w : float
        Power of the whole fleet at the meter [W].
    sites : int
        Into how many sites it could be cut.
    zones : int
        Time zones its users live in, one hour apart; as many users in each.
    slots : float
        Requests in service at once in the whole fleet, mean over the day [1].
    context_tokens : int
        Length of the contexts that come back [tokens].
    contexts : int
        Contexts in use, in a sample of them.
    kept_share : float
        Share of the contexts that all memory of the fleet can keep [1].
    popularity_exponent : float
        Of the Zipf law by which contexts are asked for [1].
    shared_share : float
        Share of requests whose context people everywhere use; the rest belong to one person [1].
    """

    code: str
    model: str
    chip: str
    chips_count: int
    rate_per_s: float
    gap_cv: float
    ttft_limit_s: float
    tpot_limit_s: float
    power_w: float
    sites: int
    zones: int
    slots: float
    context_tokens: int
    contexts: int
    kept_share: float
    popularity_exponent: float
    shared_share: float

    # the slice that is simulated

    def replica(self, **changes: object) -> cluster.Replica:
        """One copy of the model on its accelerators; `changes` as in `Replica.of`."""
        model, chip = models.get(self.model), chips.accelerator(self.chip)
        return cluster.Replica.of(model, chip, tp=self.chips_count, **changes)  # type: ignore[arg-type]

    def trace(self, duration_s: float = 300.0, *, seed: int = 4) -> pd.DataFrame:
        """Requests like those of a public trace: its lengths, this case's rate and clumps.

        Returns
        -------
        pandas.DataFrame
            ``arrival_s``, ``input_tokens``, ``output_tokens``, as from `cluster.traces.read_trace`.
        """
        rng = np.random.default_rng(seed)
        arrivals = cluster.arrivals.gamma_arrivals_s(
            self.rate_per_s, duration_s, cv=self.gap_cv, seed=rng
        )
        lengths = cluster.workloads.Lengths.published("azure-conversation")
        return cluster.workloads.requests(arrivals, lengths, seed=rng)

    # what a context costs, warm and cold

    def recompute(self) -> infra.Recompute:
        """What it takes to read a context again on one copy of the model."""
        model, chip = models.get(self.model), chips.accelerator(self.chip)
        peak = self.chips_count * chip.peak_flops_per_s("bf16")
        return infra.Recompute(
            flop_per_token=2.0 * model.matmul_params,
            flops_per_s=peak * float(facts.value("serving/prefill-mfu")),
            attention_flop_per_token2=2.0 * model.layers * model.heads * model.head_dim,
        )

    def context_s(self) -> dict[str, float]:
        """Time until a context is ready, read anew or brought from the hosts' memory [s]."""
        host = infra.memory_tier("dram")
        moved = self.context_tokens * models.get(self.model).kv_bytes_per_token()
        return {
            "cold": float(self.recompute().time_s(self.context_tokens)),
            "warm": moved / (self.chips_count * host.bandwidth_bytes_per_s),
        }

    def hit_share(
        self,
        sites: int = 1,
        *,
        shared_share: float | None = None,
        kept_share: float | None = None,
        forwarded_share: float = 0.0,
    ) -> float:
        """Share of requests that find their context kept, if the memory lies at so many sites.

        Each site keeps its part. A person's own context is always asked for at the same site, so
        cutting the fleet does it no harm; one that everybody uses has to be kept at each site,
        unless requests are forwarded to the site that has it.

        Examples
        --------
        >>> service = case("default", None)
        >>> service.hit_share(20) < service.hit_share(20, forwarded_share=1.0) == service.hit_share()
        True
        """
        shared = self.shared_share if shared_share is None else shared_share
        kept = (self.kept_share if kept_share is None else kept_share) * self.contexts
        whole, part = (
            _found_share(kept / n, self.contexts, self.popularity_exponent) for n in (1, sites)
        )
        cut = shared * (1 - forwarded_share)
        return whole - cut * (whole - part)

    def machine_s(self, hit_share: float) -> float:
        """Time of one copy of the model that a request takes, its share of a batch counted [s].

        Reading what is not kept, then an answer of the published median length, in a batch as
        large as fits.
        """
        answer = cluster.workloads.Lengths.published("azure-conversation").answer
        replica = self.replica()
        batch = replica.kv_tokens // self.context_tokens
        constant, slope = replica.steps.decode_line(batch)
        step_s = constant + slope * batch * self.context_tokens
        return (1 - hit_share) * self.context_s()["cold"] + answer.median_tokens * step_s / batch

    def ttft_s(self, hit_share: float, round_trip_s: float) -> float:
        """Mean time to the first token: path, round trip, and the context, warm or cold [s]."""
        path = ("app", "balance", "tokenise", "queue")
        ready = self.context_s()
        return (
            sum(float(facts.value(f"serving/path-{part}")) for part in path)
            + round_trip_s
            + hit_share * ready["warm"]
            + (1 - hit_share) * ready["cold"]
        )

    # where to build

    def hours_apart(self) -> np.ndarray:
        """Local time of each site against the first one, shape (sites,) [h]."""
        return np.floor(np.arange(self.sites) * self.zones / self.sites)

    def round_trip_s(self, sites: int = 1) -> float:
        """Mean round trip to the nearest of so many sites, users spread evenly [s].

        The contiguous United States have four time zones; the users' land grows with theirs.
        """
        area = float(facts.value("infrastructure/us-area")) * self.zones / 4
        return float(infra.round_trip_s(infra.mean_distance_m(sites, area)))

    def extra_capacity(
        self,
        *,
        amplitude: float,
        staffing_quality: float,
        correlation: float = 0.0,
        forwarded_share: float = 0.0,
        shared_share: float | None = None,
        kept_share: float | None = None,
    ) -> dict[str, float]:
        """By which shares separate sites need more machines than one campus, cause by cause [1].

        ``chance``: each keeps its own spare places. ``daily peaks``: each is built for its own
        peak. ``cold contexts``: each keeps fewer of the contexts that everybody uses. Forwarding
        the share `forwarded_share` of the requests that would find a busy or a cold site saves
        as much of the last two.

        Examples
        --------
        >>> extra = case("default", None).extra_capacity(amplitude=0.5, staffing_quality=1.0)
        >>> extra["chance"] < 0.01 < extra["daily peaks"] < extra["cold contexts"]
        True
        """
        spare = infra.pooling_penalty_share(
            self.sites, self.slots, quality=staffing_quality, correlation=correlation
        )
        peaks = infra.phase_penalty_share(amplitude, self.hours_apart())
        warm, cold = (
            self.machine_s(
                self.hit_share(
                    sites,
                    shared_share=shared_share,
                    kept_share=kept_share,
                    forwarded_share=forwarded_share,
                )
            )
            for sites in (1, self.sites)
        )
        return {
            "chance": float(spare),
            "daily peaks": (1 - forwarded_share) * peaks,
            "cold contexts": cold / warm - 1,
        }

    def wait_s(
        self,
        sites: int = 1,
        *,
        forwarded_share: float = 0.0,
        shared_share: float | None = None,
        kept_share: float | None = None,
    ) -> float:
        """Mean time to the first token from one campus, or from so many sites [s].

        A forwarded request travels as far as to the campus.
        """
        shared = self.shared_share if shared_share is None else shared_share
        away = shared * forwarded_share if sites > 1 else 0.0
        travelled_s = (1 - away) * self.round_trip_s(sites) + away * self.round_trip_s()
        hits = self.hit_share(
            sites, shared_share=shared, kept_share=kept_share, forwarded_share=forwarded_share
        )
        return self.ttft_s(hits, travelled_s)

    def usd_per_year(
        self, *, sites: int, capacity: float, capex_usd_per_w: float, built_share: float,
        scale_exponent: float, rate: float, it_life_years: float, site_life_years: float,
    ) -> float:  # fmt: skip
        """Yearly cost of owning a fleet of so many times the campus's capacity at so many sites.

        What is built on the site gets dearer per watt as ``sites^(1 − exponent)``; the rest is
        bought by the chip. Each is an annuity over its own life [USD/yr].
        """
        it = (1 - built_share) * capital_recovery_factor(rate, it_life_years)
        built = built_share * capital_recovery_factor(rate, site_life_years)
        dearer = float(sites) ** (1 - scale_exponent)
        return float(capacity * self.power_w * capex_usd_per_w * (it + built * dearer))

    def net_usd_per_year(
        self,
        option: str,
        *,
        usd_per_w_year: float,
        elasticity: float,
        amplitude: float,
        staffing_quality: float,
        correlation: float,
        forwarded_share: float,
        shared_share: float,
        kept_share: float,
        capex_usd_per_w: float,
        built_share: float,
        scale_exponent: float,
        rate: float,
        it_life_years: float,
        site_life_years: float,
    ) -> float:
        """Yearly revenue of one way to build, less the yearly cost of owning it [USD/yr].

        Revenue goes with ``TTFT^(−elasticity)`` and is `usd_per_w_year` at the campus. Energy and
        staff are left out: nearly the same for all.

        Parameters
        ----------
        option : str
            One of `OPTIONS`. Only linked sites forward requests.
        **inputs : float
            The facts and assumptions of the choice, each named with its unit.

        Raises
        ------
        ValueError
            For an unknown option.
        """
        if option not in OPTIONS:
            raise ValueError(f"option = {option!r}: must be one of {', '.join(OPTIONS)}")
        sites = 1 if option == "one campus" else self.sites
        contexts: dict[str, Any] = {
            "forwarded_share": forwarded_share if option == "sites linked" else 0.0,
            "shared_share": shared_share,
            "kept_share": kept_share,
        }
        capacity, faster = 1.0, 1.0
        if sites > 1:
            extra = self.extra_capacity(
                amplitude=amplitude,
                staffing_quality=staffing_quality,
                correlation=correlation,
                **contexts,
            )
            capacity = float(np.prod([1 + share for share in extra.values()]))
            faster = self.wait_s(**contexts) / self.wait_s(sites, **contexts)
        cost = self.usd_per_year(
            sites=sites,
            capacity=capacity,
            capex_usd_per_w=capex_usd_per_w,
            built_share=built_share,
            scale_exponent=scale_exponent,
            rate=rate,
            it_life_years=it_life_years,
            site_life_years=site_life_years,
        )
        return float(self.power_w * usd_per_w_year * faster**elasticity - cost)


@functools.lru_cache(maxsize=4096)
def _found_share(kept: float, contexts: int, popularity_exponent: float) -> float:
    """Share of requests whose context is among the kept ones [1]; asked for often, so remembered."""
    popularity = infra.zipf_popularity(contexts, popularity_exponent)
    return float(infra.lru_hit_share(kept, popularity))


def case(code: str, rng: np.random.Generator | None) -> Service:
    """Draw the case of a code, or the default case without a generator."""
    slots = float(facts.value("infrastructure/slots"))
    fixed = {"chips_count": 4, "power_w": GIGAWATT, "sites": 20, "contexts": 10_000}
    if rng is None:
        return Service(
            code=code, model="llama-3.1-70b", chip="h100-sxm", rate_per_s=8.0, gap_cv=2.0,
            ttft_limit_s=0.5, tpot_limit_s=0.05, zones=10, slots=slots, context_tokens=20_000,
            kept_share=0.4, popularity_exponent=0.9, shared_share=0.3, **fixed,  # type: ignore[arg-type]
        )  # fmt: skip
    return Service(
        code=code,
        model=str(rng.choice(["llama-3.1-70b", "qwen2.5-72b"])),
        chip=str(rng.choice(["h100-sxm", "h200"])),
        rate_per_s=float(round(rng.uniform(7.0, 9.0), 1)),
        gap_cv=float(round(rng.uniform(1.6, 2.4), 1)),
        ttft_limit_s=0.5,
        tpot_limit_s=0.05,
        zones=int(rng.integers(8, 13)),
        slots=float(round(slots * rng.uniform(0.7, 1.4), -3)),
        context_tokens=int(round(rng.uniform(15_000, 25_000), -3)),
        kept_share=float(round(rng.uniform(0.35, 0.45), 2)),
        popularity_exponent=float(round(rng.uniform(0.85, 0.95), 2)),
        shared_share=float(round(rng.uniform(0.2, 0.4), 2)),
        **fixed,  # type: ignore[arg-type]
    )
