"""Power of a synchronous training job, and how fast it swings (lecture, 12:12–13:15).

All accelerators of a synchronous job compute together, talk together and write checkpoints
together, so their power rises and falls together. What softens an edge is that machines reach it
at slightly different times; the barrier at the end of each step brings them together again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, positive

__all__ = ["TrainingJob", "edge_ramp_w_per_s", "job_power_w", "max_ramp_w_per_s", "swing_w"]


@dataclass(frozen=True)
class TrainingJob:
    """A synchronous job as the grid sees it.

    Attributes
    ----------
    gpus : float
        Accelerators that move in step [1].
    compute_w : float
        Power per accelerator while computing, its share of the site included [W].
    communicate_w : float
        While waiting for the network [W].
    compute_s, communicate_s : float
        Length of each phase of a step [s].
    checkpoint_w : float
        While writing a checkpoint [W]; used when `checkpoint_every_steps` is positive.
    checkpoint_s : float
        Length of the pause for a checkpoint [s].
    checkpoint_every_steps : int
        Steps between checkpoints; 0 means never.
    jitter_s : float
        Standard deviation, over machines, of the moment at which each reaches an edge [s].
    """

    gpus: float
    compute_w: float
    communicate_w: float
    compute_s: float
    communicate_s: float
    checkpoint_w: float = 0.0
    checkpoint_s: float = 0.0
    checkpoint_every_steps: int = 0
    jitter_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("gpus", "compute_w", "compute_s"):
            positive(name, getattr(self, name))
        for name in ("communicate_w", "communicate_s", "checkpoint_w", "checkpoint_s",
                     "checkpoint_every_steps", "jitter_s"):  # fmt: skip
            non_negative(name, getattr(self, name))
        if self.checkpoint_every_steps and not self.checkpoint_s:
            raise ValueError("checkpoint_s = 0: must be > 0 where checkpoint_every_steps is set")

    @classmethod
    def of_site(
        cls, power_w: float, *, w_per_gpu: float, step_s: float, compute_share: float = 0.5,
        jitter_s: float = 0.0,
    ) -> TrainingJob:  # fmt: skip
        """A job that fills a site, with the course's assumption for its power between bursts.

        Parameters
        ----------
        power_w : float
            Site's power while computing [W].
        w_per_gpu : float
            Of it, per accelerator [W].
        step_s : float
            Length of a training step [s].
        compute_share : float
            Share of the step spent computing, inside (0, 1) [1].
        jitter_s : float
            See the class [s].

        Returns
        -------
        TrainingJob

        Examples
        --------
        >>> job = TrainingJob.of_site(1e9, w_per_gpu=2000, step_s=2.0)
        >>> job.gpus, round(swing_w(job) / 1e6)
        (500000.0, 550)
        """
        if not 0 < compute_share < 1:
            raise ValueError(
                f"compute_share = {compute_share}: must be a share strictly between 0 and 1"
            )
        positive("w_per_gpu", w_per_gpu)
        return cls(
            gpus=power_w / w_per_gpu,
            compute_w=w_per_gpu,
            communicate_w=w_per_gpu * facts.value("energy/gpu-idle-share"),
            compute_s=step_s * compute_share,
            communicate_s=step_s * (1 - compute_share),
            jitter_s=jitter_s,
        )

    @property
    def step_s(self) -> float:
        """Length of one training step without a checkpoint [s]."""
        return self.compute_s + self.communicate_s

    @property
    def period_s(self) -> float:
        """Time after which the pattern repeats [s]."""
        if not self.checkpoint_every_steps:
            return self.step_s
        return self.checkpoint_every_steps * self.step_s + self.checkpoint_s


def swing_w(job: TrainingJob) -> float:
    """Highest less lowest power of the whole job, ignoring jitter [W].

    Examples
    --------
    >>> swing_w(TrainingJob(1e5, 1000, 400, 1.0, 1.0)) / 1e6
    60.0
    """
    levels = [job.compute_w]
    if job.communicate_s:
        levels.append(job.communicate_w)
    if job.checkpoint_every_steps:
        levels.append(job.checkpoint_w)
    return job.gpus * (max(levels) - min(levels))


def _edges(job: TrainingJob) -> list[tuple[float, float]]:
    """(moment in the period [s], change of power per accelerator [W]) of each edge."""
    steps = job.checkpoint_every_steps or 1
    levels: list[tuple[float, float]] = []  # (start, power)
    for k in range(steps):
        levels.append((k * job.step_s, job.compute_w))
        if job.communicate_s:
            levels.append((k * job.step_s + job.compute_s, job.communicate_w))
    if job.checkpoint_every_steps:
        levels.append((steps * job.step_s, job.checkpoint_w))
    return [
        (start, power - levels[i - 1][1])  # i = 0 looks back to the end of the period before
        for i, (start, power) in enumerate(levels)
    ]


def job_power_w(job: TrainingJob, time_s: Any, *, seed: int | None = None) -> np.ndarray:
    """Power of a job that began at time 0 and has been running ever since its first step [W].

    With jitter σ, the share of machines that have passed an edge at t₀ is ``Φ((t − t₀)/σ)``, so
    each edge of height ΔP becomes ``ΔP · Φ((t − t₀)/σ)``: a smooth step.

    Parameters
    ----------
    job : TrainingJob
    time_s : array of shape (n,)
        [s]; the pattern is periodic, so any times will do.
    seed : int, optional
        Without it the mean over machines. With it, a finite fleet: the number of machines past
        an edge is Gaussian around its mean with the binomial variance, so the noise is of order
        √N while the swing is of order N.

    Returns
    -------
    array of shape (n,)
        [W].

    Raises
    ------
    ValueError
        When a time is not finite, or when jitter is so long that one edge runs into another of
        the same kind (σ above an eighth of the period).

    Notes
    -----
    Holds for jitter well below each phase; machines are taken as independent between barriers.
    The noise is drawn independently at each moment, so use it for its size, not its spectrum.

    Examples
    --------
    >>> job = TrainingJob(1e5, 1000, 400, compute_s=1.0, communicate_s=1.0)
    >>> (job_power_w(job, [0.5, 1.5, 2.5]) / 1e6).tolist()
    [100.0, 40.0, 100.0]
    """
    t = np.atleast_1d(np.asarray(time_s, dtype=float))
    if not np.isfinite(t).all():
        raise ValueError(f"time_s = {time_s!r}: must be finite numbers of seconds")
    period, sigma = job.period_s, job.jitter_s
    if sigma > job.step_s / 8:
        raise ValueError(
            f"jitter_s = {sigma}: must be at most an eighth of the step ({job.step_s / 8:g} s)"
        )
    phase = np.mod(t, period)
    edges = _edges(job)
    # Level just before the period's first edge: what the last edge of the period before left.
    level = job.compute_w - edges[0][1]
    power = np.full(t.shape, float(level))
    variance = np.zeros_like(power)
    for start, jump in edges:
        if sigma == 0:
            power += jump * (phase >= start)
            continue
        from scipy.stats import norm

        for shift in (-period, 0.0, period):
            passed = norm.cdf((phase - start - shift) / sigma)
            # An edge of the period before is complete by now and already in `level`.
            power += jump * (passed - (shift == -period))
            variance += jump**2 * passed * (1 - passed)
    power *= job.gpus
    if seed is not None:
        noise = np.random.default_rng(seed).standard_normal(t.shape)
        power = power + noise * np.sqrt(job.gpus * variance)
    return power


def edge_ramp_w_per_s(swing_w: Any, jitter_s: Any) -> Any:
    """Steepest slope of an edge that Gaussian jitter has softened: ``ΔP / (σ √(2π))`` [W/s].

    Parameters
    ----------
    swing_w : float or array of shape (...,)
        Height of the edge [W].
    jitter_s : float or array of shape (...,)
        Standard deviation of the machines' arrival at the edge [s].

    Returns
    -------
    float or array of shape (...,)
        [W/s].

    Raises
    ------
    ValueError
        When the swing is negative or the jitter is not positive (the slope has no bound then).

    Notes
    -----
    The maximum of a normal density.

    Examples
    --------
    >>> round(edge_ramp_w_per_s(300e6, 0.1) / 1e6)
    1197
    """
    non_negative("swing_w", swing_w)
    positive("jitter_s", jitter_s)
    return plain(np.divide(swing_w, np.multiply(jitter_s, np.sqrt(2 * np.pi))))


def max_ramp_w_per_s(power_w: Any, step_s: float, *, window_s: float | None = None) -> float:
    """Largest change of power over a window, per second [W/s].

    Parameters
    ----------
    power_w : array of shape (n,)
        Power at equal steps of time [W].
    step_s : float
        Time between samples [s].
    window_s : float, optional
        Time over which the change is taken [s], a whole number of steps; left out, one step.
        Utilities speak of minutes, generators feel seconds: say which.

    Returns
    -------
    float
        [W/s].

    Raises
    ------
    ValueError
        When there are fewer samples than the window needs, a sample is not finite, or the window
        is no whole number of steps.

    Examples
    --------
    >>> max_ramp_w_per_s([0, 1e6, 1e6, 0], step_s=0.5)
    2000000.0
    """
    positive("step_s", step_s)
    power = np.asarray(power_w, dtype=float)
    if power.ndim != 1 or not np.isfinite(power).all():
        raise ValueError("power_w: must be a one-dimensional array of finite watts")
    lag = 1 if window_s is None else round(window_s / step_s)
    if window_s is not None and (lag < 1 or abs(lag * step_s - window_s) > 1e-6 * window_s):
        raise ValueError(f"window_s = {window_s}: must be a whole number of steps of {step_s} s")
    if power.size <= lag:
        raise ValueError(f"power_w has {power.size} samples: must have more than {lag}")
    return float(np.max(np.abs(power[lag:] - power[:-lag])) / (lag * step_s))
