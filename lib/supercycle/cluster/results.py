"""What a simulation found: a row a request, a row a moment, and the summary."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from supercycle._validate import non_negative, positive

if TYPE_CHECKING:
    import pandas as pd

    from supercycle.cluster.simulate import World

__all__ = ["SLO", "Price", "Result"]


@dataclass(frozen=True)
class SLO:
    """Service-level objective: what a request must meet to count as good.

    Attributes
    ----------
    ttft_s : float
        Longest time to the first token [s].
    tpot_s : float
        Longest mean time of an output token after the first [s/token].
    e2e_s : float
        Longest time to the last token [s].
    """

    ttft_s: float = math.inf
    tpot_s: float = math.inf
    e2e_s: float = math.inf

    def __post_init__(self) -> None:
        for name in ("ttft_s", "tpot_s", "e2e_s"):
            positive(name, getattr(self, name))


@dataclass(frozen=True)
class Price:
    """What customers pay.

    Attributes
    ----------
    input_usd_per_mtok, output_usd_per_mtok : float
        [USD per 1e6 tokens].
    """

    input_usd_per_mtok: float = 0.0
    output_usd_per_mtok: float = 0.0

    def __post_init__(self) -> None:
        non_negative("input_usd_per_mtok", self.input_usd_per_mtok)
        non_negative("output_usd_per_mtok", self.output_usd_per_mtok)


@dataclass(frozen=True)
class Result:
    """What a simulation found.

    Attributes
    ----------
    requests : pandas.DataFrame
        One row a request, in the order given: ``arrival_s``, ``input_tokens``,
        ``output_tokens``, ``ttft_s`` (arrival to first token), ``tpot_s`` (mean time between
        tokens; NaN for one token), ``e2e_s``, ``queue_s`` (arrival to admission), ``finish_s``,
        ``replica``, ``preemptions``, ``cached_tokens``, ``status``.
    timeline : pandas.DataFrame
        One row a pool and sample: ``time_s``, ``pool``, ``machines``, ``running``, ``waiting``,
        ``memory_share``, ``power_w``.
    machines : pandas.DataFrame
        One row a machine: ``machine``, ``pool``, ``up_s``, ``busy_s``, ``energy_j``, ``cost_usd``.
    end_s : float
        When the simulation ended [s].
    """

    requests: pd.DataFrame
    timeline: pd.DataFrame
    machines: pd.DataFrame
    end_s: float

    @classmethod
    def of(cls, world: World, end_s: float) -> Result:
        """Gather the columns of a simulation."""
        import pandas as pd

        calls = world.calls
        arrival = calls.arrival_s
        start, first, finish = (
            np.array(column) for column in (calls.start_s, calls.first_s, calls.finish_s)
        )
        output = np.array(calls.output, dtype=np.int64)
        names = np.array(["", "", *(server.name for server in world.servers)], dtype=object)
        with np.errstate(divide="ignore", invalid="ignore"):
            tpot = np.where(output > 1, (finish - first) / (output - 1), np.nan)
        requests = pd.DataFrame(
            {
                "arrival_s": arrival,
                "input_tokens": np.array(calls.prompt, dtype=np.int64),
                "output_tokens": output,
                "ttft_s": first - arrival,
                "tpot_s": tpot,
                "e2e_s": finish - arrival,
                "queue_s": start - arrival,
                "finish_s": finish,
                "replica": names[np.array(calls.replica, dtype=int)],
                "preemptions": np.array(calls.preemptions),
                "cached_tokens": np.array(calls.cached),
                "status": np.where(np.isnan(finish), "unfinished", "done"),
            },
            index=world.requests.index,
        )
        columns = ["time_s", "pool", "machines", "running", "waiting", "memory_share", "power_w"]
        timeline = pd.DataFrame(world.samples, columns=columns)
        rows = []
        for pool, servers in zip(world.fleet.pools, world.pools, strict=True):
            for server in servers:
                cost = end_s / 3600 * pool.machine.usd_per_hour
                energy = server.energy_j(end_s)
                rows.append((server.name, pool.name, end_s, server.busy_s, energy, cost))
        machines = pd.DataFrame(
            rows, columns=["machine", "pool", "up_s", "busy_s", "energy_j", "cost_usd"]
        )
        return cls(requests, timeline, machines, end_s)

    def summary(self, slo: SLO | None = None, price: Price | None = None) -> pd.Series:
        """Throughput, latency, goodput, utilisation, energy and money in one column.

        Parameters
        ----------
        slo : SLO, optional
            What counts for goodput; left out, every finished request is good.
        price : Price, optional
            For revenue; left out, tokens are free.

        Returns
        -------
        pandas.Series
            Rates are over `end_s`, percentiles over finished requests; one entry a quantity, the
            unit last in its name.
        """
        import pandas as pd

        slo, price = slo or SLO(), price or Price()
        done = self.requests[self.requests["status"] == "done"]
        good = (
            ~(done["ttft_s"] > slo.ttft_s)
            & ~(done["tpot_s"] > slo.tpot_s)
            & ~(done["e2e_s"] > slo.e2e_s)
        )
        span = self.end_s or math.nan
        tokens_in, tokens_out = done["input_tokens"].sum(), done["output_tokens"].sum()
        revenue = (
            tokens_in * price.input_usd_per_mtok + tokens_out * price.output_usd_per_mtok
        ) / 1e6
        found: dict[str, float] = {
            "requests": len(self.requests),
            "finished": len(done),
            "requests_per_s": len(done) / span,
            "input_tokens_per_s": tokens_in / span,
            "output_tokens_per_s": tokens_out / span,
            "goodput_per_s": float(good.sum()) / span,
            "good_share": float(good.sum()) / len(self.requests)
            if len(self.requests)
            else math.nan,
        }
        for name in ("ttft_s", "tpot_s", "e2e_s", "queue_s"):
            stem = name.removesuffix("_s")
            found[f"{stem}_mean_s"] = float(done[name].mean())
            for q in (50, 90, 99):
                found[f"{stem}_p{q}_s"] = float(done[name].quantile(q / 100))
        found |= {
            "preemptions": int(self.requests["preemptions"].sum()),
            "cached_share": done["cached_tokens"].sum() / tokens_in if tokens_in else math.nan,
            "utilisation": self.machines["busy_s"].sum() / self.machines["up_s"].sum(),
            "energy_j": self.machines["energy_j"].sum(),
            "cost_usd": self.machines["cost_usd"].sum(),
            "revenue_usd": revenue,
        }
        return pd.Series(found, name="value")
