"""The case of lab05: one agent's graph, the machines it may run on, the person who reviews it."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from supercycle import apps, chips, cluster, facts, models
from supercycle.units import HOUR_S, MTOK

__all__ = ["BEFORE", "LOOP", "OPTIONS", "Desk", "case"]

BEFORE: dict[str, list[str]] = {
    "plan": [],
    "think": ["plan"],
    "search": ["think"],
    "run": ["think"],
    "write": ["think", "search", "run"],
}
"""The agent's graph: each task and those it waits for. The loop's rounds follow one another."""

LOOP = ("think", "search", "run")
"""Tasks of every round."""

OPTIONS = ("one agent", "one fast agent", "several agents")

_ANSWERS = {"plan": 0.4, "think": 1.0, "write": 0.8}  # tokens, over those of a round's thinking
_MORE_CORES = 4  # a large sandbox has so many times the cores of a small one


@dataclass(frozen=True)
class Desk:
    """The case of lab05: one agent's graph, its machines, and the person who reviews it.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    model, chip : str
        Row ids of the tables ``models`` and ``chips``.
    chips_count : int
        Accelerators in the node that serves the model.
    batch : int
        Agents whose calls the node serves at the same time [1].
    context_tokens : int
        What the model has before it in each call [tokens].
    kept_share : float
        Share of it whose keys and values are kept from earlier calls [1].
    think_tokens : float
        What the model writes in one round [tokens].
    search_s, run_s : float
        Time of a search, and of a test run in a small sandbox [s].
    run_cores : int
        Cores of a small sandbox [1].
    round_success : float
        Probability that the tests pass after a round, independent of the others [1].
    cap : int
        Most rounds before the agent hands over what it has [1].
    human_s : float
        Time the person takes to review the result and to say what comes next [s].
    """

    code: str
    model: str
    chip: str
    chips_count: int
    batch: int
    context_tokens: int
    kept_share: float
    think_tokens: float
    search_s: float
    run_s: float
    run_cores: int
    round_success: float
    cap: int
    human_s: float

    @property
    def rounds(self) -> float:
        """Mean number of rounds [1]."""
        return float(apps.expected_attempts(self.round_success, self.cap))

    @property
    def runs(self) -> dict[str, float]:
        """Mean number of runs of each task [1]."""
        return {task: self.rounds if task in LOOP else 1.0 for task in BEFORE}

    @property
    def new_tokens(self) -> float:
        """Part of the context that each call must read anew, at least one token [tokens]."""
        return max(1.0, (1 - self.kept_share) * self.context_tokens)

    def call_s(self, answer_tokens: float) -> tuple[float, float]:
        """Time to read what is new, and to write an answer in the batch [s]."""
        return _call_s(
            self.model,
            self.chip,
            self.chips_count,
            self.batch,
            float(self.context_tokens),
            self.new_tokens,
            float(answer_tokens),
        )

    @property
    def transfer_s(self) -> float:
        """Time to move the context's cache between two kinds of machine, over one port [s]."""
        cache = models.get(self.model).kv_bytes(self.context_tokens)
        return float(cache / facts.value("serving/link-ethernet-400g"))

    def time_s(self, decode_speedup: float | None = None) -> dict[str, dict[str, float]]:
        """Time of one run of each task on each machine that can do it [s].

        Parameters
        ----------
        decode_speedup : float, optional
            How much faster the fast machine writes [1]; from the table ``serving`` without it.

        Examples
        --------
        >>> sorted(case("default", None).time_s()["think"])
        ['fast', 'gpu']
        """
        faster = decode_speedup or facts.value("serving/fast-decode-speedup")
        times: dict[str, dict[str, float]] = {}
        for task, share in _ANSWERS.items():
            read_s, write_s = self.call_s(share * self.think_tokens)
            times[task] = {"gpu": read_s + write_s, "fast": read_s + write_s / float(faster)}
        split = float(facts.value("apps/tool-parallel-share"))
        times["search"] = {"cpu": self.search_s}
        times["run"] = {
            "cpu": self.run_s,
            "large cpu": self.run_s / float(models.ttft.amdahl_speedup(split, _MORE_CORES)),
        }
        return {task: times[task] for task in BEFORE}

    def cost_usd(self, fast_price_ratio: float | None = None) -> dict[str, dict[str, float]]:
        """Cost of one run of each task on each machine, model calls at list prices [USD].

        Parameters
        ----------
        fast_price_ratio : float, optional
            Price of the fast service over the ordinary one [1]; from the table ``prices``
            without it.
        """
        ratio = float(fast_price_ratio or self.fast_price_ratio)
        row = "prices/gpt-5.6-terra-2026-09-15/"
        new, kept, written = (
            facts.value(row + price) / MTOK
            for price in ("input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok")
        )
        costs: dict[str, dict[str, float]] = {}
        for task, share in _ANSWERS.items():
            usd = float(
                new * self.new_tokens
                + kept * (self.context_tokens - self.new_tokens)
                + written * share * self.think_tokens
            )
            costs[task] = {"gpu": usd, "fast": ratio * usd}
        core_s_usd = float(facts.value("apps/core-hour")) / HOUR_S
        run_s = self.time_s()["run"]
        costs["search"] = {"cpu": core_s_usd * self.search_s}
        costs["run"] = {
            "cpu": core_s_usd * self.run_cores * run_s["cpu"],
            "large cpu": core_s_usd * _MORE_CORES * self.run_cores * run_s["large cpu"],
        }
        return {task: costs[task] for task in BEFORE}

    @property
    def fast_price_ratio(self) -> float:
        """Price of a written token on the fast service over the ordinary one [1]."""
        fast, ordinary = (
            facts.value(f"prices/{row}-2026-09-15/output_usd_per_mtok")
            for row in ("gpt-5.6-terra-fast", "gpt-5.6-terra")
        )
        return float(fast / ordinary)

    def whole(self, each: Mapping[str, Mapping[str, float]]) -> dict[Any, dict[str, float]]:
        """Multiply what one run of each task takes by its mean number of runs."""
        return {
            task: {machine: self.runs[task] * number for machine, number in row.items()}
            for task, row in each.items()
        }

    def latency_s(
        self,
        placement: Mapping[str, str],
        *,
        decode_speedup: float | None = None,
        transfer_s: float | None = None,
    ) -> float:
        """Time from the person's word to the result, with each task on its machine [s].

        The longest path; where two model calls that follow each other run on different machines,
        the cache moves between them.
        """
        times = self.whole(self.time_s(decode_speedup))
        moves = self._moves_s(transfer_s)
        finish: dict[str, float] = {}
        for task, earlier in BEFORE.items():  # in an order that respects the graph
            ready = (
                finish[e] + (moves[e, task] if placement[e] != placement[task] else 0.0)
                for e in earlier
            )
            finish[task] = max(ready, default=0.0) + times[task][placement[task]]
        return max(finish.values())

    def _moves_s(self, transfer_s: float | None) -> dict[Any, float]:
        seconds = self.transfer_s if transfer_s is None else transfer_s
        return {
            (a, b): seconds if a in _ANSWERS and b in _ANSWERS else 0.0
            for b, earlier in BEFORE.items()
            for a in earlier
        }

    def solved(self, deadline_s: float) -> apps.Placement:
        """The cheapest placement within a deadline, by mixed-integer programming.

        Raises
        ------
        ValueError
            When no placement meets the deadline.
        """
        graph = apps.task_graph(list(BEFORE), [(a, b) for b in BEFORE for a in BEFORE[b]])
        return apps.best_placement(
            graph,
            self.whole(self.time_s()),
            self.whole(self.cost_usd()),
            deadline_s=deadline_s,
            transfer_s=self._moves_s(None),
        )

    def placements(self) -> list[dict[str, str]]:
        """Every way to place the tasks.

        Examples
        --------
        >>> len(case("default", None).placements())
        16
        """
        machines = self.time_s()
        return [
            dict(zip(machines, chosen, strict=True))
            for chosen in itertools.product(*machines.values())
        ]

    @property
    def ordinary(self) -> dict[str, str]:
        """The placement on GPUs and small sandboxes alone."""
        return {task: "gpu" if task in _ANSWERS else "cpu" for task in BEFORE}

    def core_s(self) -> float:
        """CPU time of a whole task, small sandboxes [core·s]."""
        return self.rounds * (self.search_s + self.run_cores * self.run_s)

    def gpu_s(self) -> float:
        """Accelerator time of a whole task: the calls' share of the node [s].

        Reading takes the whole node; writing shares it with the batch.
        """
        used = 0.0
        for task, share in _ANSWERS.items():
            read_s, write_s = self.call_s(share * self.think_tokens)
            used += self.runs[task] * self.chips_count * (read_s + write_s / self.batch)
        return used

    def agents_to_buy(self) -> int:
        """Agents on ordinary machines that keep the person busy, rounded up [1]."""
        wait_s = self.latency_s(self.ordinary)
        switch_s = float(facts.value("apps/switch-time"))
        return math.ceil(apps.agents_to_saturate(wait_s, self.human_s, switch_s))

    def fleet(self, sandboxes: int) -> cluster.Fleet:
        """A fleet to simulate: the node of the case, searches without end, few sandboxes.

        Examples
        --------
        >>> [pool.name for pool in case("default", None).fleet(8).pools]
        ['model', 'search', 'sandboxes']
        """
        node = cluster.Replica.of(
            models.get(self.model), chips.accelerator(self.chip), tp=self.chips_count
        )
        return cluster.Fleet(
            (
                cluster.Pool("model", node),
                cluster.Pool("search", cluster.Station(slots=1000)),
                cluster.Pool("sandboxes", cluster.Station(slots=sandboxes)),
            )
        )

    def usd_per_task(
        self,
        option: str,
        *,
        reviewer_usd_per_hour: float,
        human_s: float,
        switch_s: float,
        agents: float,
        decode_speedup: float,
        fast_price_ratio: float,
        run_s: float,
        think_tokens: float,
    ) -> float:
        """Cost of one finished task: the person's time and the machines' [USD].

        One agent: the person waits beside it and stays in its task, so nothing is spent on
        switching. The fast one runs wherever machines and the person's waiting cost least
        together. Several: the person turns from one to the next, and pays the switch each time.

        Parameters
        ----------
        option : str
            One of `OPTIONS`.
        **inputs : float
            The facts of the choice, each named with its unit.

        Raises
        ------
        ValueError
            For an unknown option.
        """
        if option not in OPTIONS:
            raise ValueError(f"option = {option!r}: must be one of {', '.join(OPTIONS)}")
        desk = replace(self, run_s=run_s, think_tokens=think_tokens)
        usd_per_s = reviewer_usd_per_hour / HOUR_S
        costs = desk.whole(desk.cost_usd(fast_price_ratio))

        def machines_usd(placement: Mapping[str, str]) -> float:
            return math.fsum(costs[task][machine] for task, machine in placement.items())

        def waiting_usd(placement: Mapping[str, str]) -> float:
            wait_s = desk.latency_s(placement, decode_speedup=decode_speedup)
            return machines_usd(placement) + usd_per_s * (wait_s + human_s)

        if option == "one agent":
            return waiting_usd(desk.ordinary)
        if option == "one fast agent":
            return min(waiting_usd(placement) for placement in desk.placements())
        per_s = apps.tasks_per_s(agents, desk.latency_s(desk.ordinary), human_s, switch_s)
        return machines_usd(desk.ordinary) + usd_per_s / float(per_s)


@functools.lru_cache(maxsize=4096)
def _call_s(
    model: str,
    chip: str,
    chips_count: int,
    batch: int,
    context_tokens: float,
    new_tokens: float,
    answer_tokens: float,
) -> tuple[float, float]:
    """Time to read what is new of a context, alone, and to write an answer in a batch [s]."""
    config, accelerator = models.get(model), chips.accelerator(chip)
    kept = context_tokens - new_tokens
    alone, together = (
        models.inference.predict(
            config,
            accelerator,
            tp=chips_count,
            batch=together,
            input_tokens=context_tokens,
            cached_tokens=kept,
            output_tokens=answer_tokens,
        )
        for together in (1, batch)
    )
    return float(alone.prefill_s), float(together.decode_s_per_token * answer_tokens)


def case(code: str, rng: np.random.Generator | None) -> Desk:
    """Draw the case of a code, or the default case without a generator."""
    kept = float(facts.value("serving/agentic-hit-rate"))
    if rng is None:
        return Desk(code, "llama-3.1-70b", "h200", 8, 16, 60_000, kept, 1500, 2.0, 30.0, 4, 0.2, 12, 90.0)  # fmt: skip
    return Desk(
        code=code,
        model=str(rng.choice(["llama-3.1-70b", "qwen2.5-72b"])),
        chip=str(rng.choice(["h100-sxm", "h200", "b200"])),
        chips_count=8,
        batch=16,
        context_tokens=int(round(rng.uniform(50_000, 70_000), -3)),
        kept_share=kept,
        think_tokens=int(round(rng.uniform(1300, 1800), -2)),
        search_s=float(round(rng.uniform(1.5, 3.0), 1)),
        run_s=float(round(rng.uniform(25.0, 35.0))),
        run_cores=4,
        round_success=float(round(rng.uniform(0.17, 0.23), 2)),
        cap=12,
        human_s=float(round(rng.uniform(75, 110), -1)),
    )
