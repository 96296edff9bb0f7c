"""Synchronous training beside serving: steps, checkpoints, failures, and power that swings.

Between failures a job is periodic, so a whole stretch is one event: its steps, checkpoints and
power follow in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from supercycle._validate import non_negative, positive
from supercycle.energy import TrainingJob, job_power_w

if TYPE_CHECKING:
    from simpy.events import Event

    from supercycle.cluster.world import World

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """A training run.

    Attributes
    ----------
    name : str
    pattern : supercycle.energy.TrainingJob
        Accelerators, phases of a step, checkpoints and their power.
    steps : int
        Optimiser steps to make [1].
    mtbf_s : float
        Mean time between failures of one accelerator (with its share of everything else) [s].
    restart_s : float
        From a failure to the first step after it [s].
    start_s : float
        [s].

    Notes
    -----
    A failure loses the steps since the last checkpoint, and all of them where the pattern has
    none. While the job restarts, its accelerators draw what they draw when they communicate.
    """

    name: str
    pattern: TrainingJob
    steps: int
    mtbf_s: float = math.inf
    restart_s: float = 0.0
    start_s: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.steps, bool) or int(self.steps) != self.steps or self.steps < 1:
            raise ValueError(f"steps = {self.steps!r}: must be a whole number ≥ 1")
        positive("mtbf_s", self.mtbf_s)
        non_negative("restart_s", self.restart_s)
        non_negative("start_s", self.start_s)

    def time_s(self, steps: int) -> float:
        """Time of some steps from a checkpoint on, the checkpoints between them included [s].

        Examples
        --------
        >>> pattern = TrainingJob(1000, 700, 300, compute_s=1.5, communicate_s=0.5,
        ...                       checkpoint_w=200, checkpoint_s=3.0, checkpoint_every_steps=10)
        >>> Job("train", pattern, steps=100).time_s(20)  # twenty steps and a checkpoint
        43.0
        """
        pattern = self.pattern
        if not pattern.checkpoint_every_steps:
            return steps * pattern.step_s
        saved = max(0, steps - 1) // pattern.checkpoint_every_steps
        return steps * pattern.step_s + saved * pattern.checkpoint_s

    def done_by(self, elapsed_s: float) -> tuple[int, int]:
        """Steps made some time after a checkpoint, and those of them that are safe."""
        pattern = self.pattern
        every = int(pattern.checkpoint_every_steps)
        if not every:
            return int(elapsed_s // pattern.step_s), 0
        periods, rest = divmod(elapsed_s, pattern.period_s)
        return int(periods) * every + min(every, int(rest // pattern.step_s)), int(periods) * every

    def energy_j(self, elapsed_s: float) -> float:
        """Energy of the job in some time after a checkpoint [J]."""
        p = self.pattern
        every = int(p.checkpoint_every_steps) or 1
        pause_s = p.checkpoint_s if p.checkpoint_every_steps else 0.0
        step_j = p.compute_s * p.compute_w + p.communicate_s * p.communicate_w
        periods, rest = divmod(elapsed_s, every * p.step_s + pause_s)
        steps, part = divmod(min(rest, every * p.step_s), p.step_s)
        each_j = periods * (every * step_j + pause_s * p.checkpoint_w) + steps * step_j
        each_j += min(part, p.compute_s) * p.compute_w
        each_j += max(0.0, part - p.compute_s) * p.communicate_w
        each_j += max(0.0, rest - every * p.step_s) * p.checkpoint_w
        return p.gpus * each_j

    @property
    def peak_w(self) -> float:
        """Highest power of the job [W]."""
        p = self.pattern
        return p.gpus * max(p.compute_w, p.communicate_w, p.checkpoint_w)

    @property
    def down_w(self) -> float:
        """Power while it restarts [W]."""
        return self.pattern.gpus * self.pattern.communicate_w


class JobRun:
    """A job as it goes: stretches of work between failures."""

    def __init__(self, world: World, job: Job, seed: int, index: int) -> None:
        self.world, self.job = world, job
        self.rng = np.random.default_rng([seed, 1, index])
        self.stretches: list[tuple[float, float]] = []  # [s]
        self.safe = 0  # steps that no failure takes back
        self.lost = 0
        self.failures = 0
        self.power_w = 0.0  # that the rest of the site must leave to the job
        self.finish_s = math.nan

    def live(self) -> Generator[Event, None, None]:
        """Work until the steps are made, back to the last checkpoint after each failure."""
        from supercycle.cluster.clock import ACT, TICKS_PER_S, at

        job, env = self.job, self.world.env
        yield at(env, round(job.start_s * TICKS_PER_S), ACT)
        rate = job.pattern.gpus / job.mtbf_s
        while True:
            self.draws(job.peak_w)
            whole_s = job.time_s(job.steps - self.safe)
            fails_s = self.rng.exponential(1 / rate) if rate else math.inf
            start = env.now / TICKS_PER_S
            self.stretches.append((start, math.inf))
            yield at(env, round(min(whole_s, fails_s) * TICKS_PER_S), ACT)
            self.stretches[-1] = (start, env.now / TICKS_PER_S)
            if whole_s <= fails_s:
                break
            self.failures += 1
            made, safe = job.done_by(fails_s)
            self.safe += safe
            self.lost += made - safe
            self.draws(job.down_w)
            yield at(env, round(job.restart_s * TICKS_PER_S), ACT)
        self.safe = job.steps
        self.finish_s = env.now / TICKS_PER_S
        self.draws(0.0)
        self.world.job_done()

    def draws(self, power_w: float) -> None:
        """Tell the site what the job takes of its power."""
        self.power_w = power_w
        self.world.share_power()

    def steps_by(self, end_s: float) -> int:
        """Steps made and not lost by the end of the simulation."""
        if self.finish_s == self.finish_s or not self.stretches or self.stretches[-1][1] < end_s:
            return self.safe
        made, _ = self.job.done_by(end_s - self.stretches[-1][0])
        return self.safe + made

    def energy_j(self, end_s: float) -> float:
        """Energy by the end of the simulation, restarts included [J]."""
        if not self.stretches:
            return 0.0
        end_s = min(end_s, self.finish_s) if self.finish_s == self.finish_s else end_s
        spans = [min(end, end_s) - start for start, end in self.stretches]
        down_s = end_s - self.stretches[0][0] - sum(spans)
        return sum(map(self.job.energy_j, spans)) + down_s * self.job.down_w

    def works(self, time_s: np.ndarray) -> np.ndarray:
        """Whether the job makes steps at given times."""
        begins = np.array([start for start, _ in self.stretches])
        ends = np.array([-math.inf, *(end for _, end in self.stretches)])
        return np.asarray(time_s < ends[np.searchsorted(begins, time_s, side="right")])

    def trace_w(self, time_s: np.ndarray) -> np.ndarray:
        """Power at given times [W]."""
        begins = np.array([0.0, *(start for start, _ in self.stretches)])
        last = np.searchsorted(begins[1:], time_s, side="right")
        power = np.where((last > 0) & ~(time_s >= self.finish_s), self.job.down_w, 0.0)
        on = self.works(time_s)
        if on.any():
            power[on] = job_power_w(self.job.pattern, time_s[on] - begins[last[on]])
        return power
