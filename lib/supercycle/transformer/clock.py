"""An honest clock.

What spoils a timing, and what is done about it: the first call allocates and compiles (warm-up);
a GPU answers before it has finished (synchronise); a neighbour slows some minutes and not others
(round robin over the cases, minimum and quantiles kept); a long case leaves cold caches and a low
clock rate to the next (untimed calls before a short one); Python collects garbage in the middle
(switched off); two threads on shared cores wait for each other (one thread unless told); zeros
draw less power and so run faster than data (random weights, tokens and cache).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from supercycle._validate import positive
from supercycle.transformer._check import whole
from supercycle.transformer.cases import Case

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bench", "Timing", "bench", "cpu_threads", "quiet", "sample_s"]

SETTLE_S = 5e-3
"""Untimed calls before a sample go on for this long, so cases that take longer have none [s]."""

AFTERMATH = 0.1
"""They go on at least for this share of the case before: a long one is felt longer."""


@dataclass(frozen=True)
class Timing:
    """What the clock said about one case: `n` samples, their minimum and quantiles [s]."""

    kind: str
    batch: int
    tokens: int
    context: int
    flops: float
    bytes: float
    n: int
    min_s: float
    p50_s: float
    p90_s: float
    samples: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True)
class Bench(Sequence[Timing]):
    """Timings in the order of their cases, and under what conditions they were taken.

    Attributes
    ----------
    timings : tuple of Timing
    threads : int
        CPU threads.
    elapsed_s : float
        Warm-up included.
    """

    timings: tuple[Timing, ...]
    threads: int
    elapsed_s: float

    def __len__(self) -> int:
        return len(self.timings)

    def __getitem__(self, index: Any) -> Any:
        return self.timings[index]

    def __iter__(self) -> Iterator[Timing]:
        return iter(self.timings)

    def frame(self) -> pd.DataFrame:
        """One row a case: kind, batch, tokens, context, flops, bytes, n, min_s, p50_s, p90_s, samples."""
        import pandas as pd

        names = list(Timing.__dataclass_fields__)
        return pd.DataFrame([{n: getattr(t, n) for n in names} for t in self.timings])


def bench(
    cases: Sequence[Case],
    budget_s: float,
    *,
    order: str = "round_robin",
    threads: int | None = 1,
    warmup: int = 2,
    max_samples: int = 1000,
    progress: Callable[[float, str], None] | None = None,
) -> Bench:
    """Time cases within a budget.

    Parameters
    ----------
    cases : sequence of Case
    budget_s : float
        For everything, warm-up included [s]. One sample of each case must fit.
    order : str
        ``round_robin`` takes one sample of each case in turn, so that a slow minute of the
        machine falls on all cases alike; ``sequential`` finishes one case before the next.
    threads : int or None
        CPU threads while timing, restored afterwards; None leaves them as they are.
    warmup : int
        Untimed calls of each case at the start.
    max_samples : int
        Samples of each case at most.
    progress : callable, optional
        Called after each case with the share of the budget used (0 … 1) and the case's label.

    Returns
    -------
    Bench

    Raises
    ------
    ValueError
        When no case is given or the budget is too small for one sample of each.

    Examples
    --------
    >>> from supercycle.transformer import Decoder, measure, small_config
    >>> case = measure.prefill_case(Decoder(small_config()), batch=1, tokens=32)
    >>> (timing,) = bench([case], budget_s=10, max_samples=5)
    >>> timing.n == len(timing.samples), timing.min_s <= timing.p50_s <= timing.p90_s
    (True, True)
    """
    positive("budget_s", budget_s)
    whole("warmup", warmup)
    whole("max_samples", max_samples)
    cases = list(cases)
    if not cases:
        raise ValueError("cases = []: give at least one prefill_case or decode_case")
    if order not in ("round_robin", "sequential"):
        raise ValueError(f"order = {order!r}: must be 'round_robin' or 'sequential'")
    start = time.perf_counter()
    samples: list[list[float]] = [[] for _ in cases]

    def left_s(case: Case) -> float:
        used_s = time.perf_counter() - start
        if progress is not None:
            progress(min(used_s / budget_s, 1.0), case.label)
        return budget_s - used_s

    with quiet(threads):
        once_s: list[float] = []
        for case in cases:
            once_s.append([sample_s(case) for _ in range(warmup)][-1])
            if left_s(case) < 0:
                break
        calls = [_settling_calls(s, once_s[i - 1]) for i, s in enumerate(once_s)]
        visit_s = [(n + 1) * s for n, s in zip(calls, once_s, strict=True)]
        if len(once_s) < len(cases) or left_s(cases[-1]) < sum(visit_s):
            raise ValueError(
                f"budget_s = {budget_s:g}: too small for one sample of each case: warming up "
                f"{len(once_s)} of {len(cases)} cases took {time.perf_counter() - start:.2g} s"
            )

        def visit(i: int) -> float:
            for _ in range(calls[i]):
                cases[i]()
            samples[i].append(sample_s(cases[i]))
            return left_s(cases[i])

        if order == "round_robin":
            enough = False
            while not enough:
                rest_s = [visit(i) for i in range(len(cases))][-1]
                enough = rest_s < sum(visit_s) or len(samples[0]) == max_samples
        else:
            for i, case in enumerate(cases):  # each has its part of the time that is left
                stop_s = left_s(case) * sum(visit_s[i + 1 :]) / sum(visit_s[i:])
                while visit(i) > stop_s + visit_s[i] and len(samples[i]) < max_samples:
                    pass
        used_threads = torch.get_num_threads()
    return Bench(
        timings=tuple(_timing(c, s) for c, s in zip(cases, samples, strict=True)),
        threads=used_threads,
        elapsed_s=time.perf_counter() - start,
    )


def _settling_calls(once_s: float, before_s: float) -> int:
    """How many untimed calls go before a sample, after a case that took `before_s`."""
    return int(min(max(SETTLE_S, AFTERMATH * before_s) / once_s, 50))


def sample_s(case: Case) -> float:
    """Time one call, until its last result is there [s]."""
    if case.device.type == "cuda":
        with torch.cuda.device(case.device):
            torch.cuda.synchronize()
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            case()
            end.record()
            torch.cuda.synchronize()
            return begin.elapsed_time(end) / 1e3  # CUDA counts in milliseconds
    begin_s = time.perf_counter()
    case()
    return time.perf_counter() - begin_s


def _timing(case: Case, samples: list[float]) -> Timing:
    return Timing(
        kind=case.kind,
        batch=case.batch,
        tokens=case.tokens,
        context=case.context,
        flops=case.flops,
        bytes=case.bytes,
        n=len(samples),
        min_s=min(samples),
        p50_s=float(np.quantile(samples, 0.5)),
        p90_s=float(np.quantile(samples, 0.9)),
        samples=tuple(samples),
    )


@contextmanager
def cpu_threads(threads: int | None) -> Iterator[None]:
    """Set CPU threads, and put back what was there; None changes nothing."""
    before = torch.get_num_threads()
    if threads is not None:
        whole("threads", threads)
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def quiet(threads: int | None = 1) -> Iterator[None]:
    """Set CPU threads and stop the garbage collector; put both back whatever happens."""
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        with cpu_threads(threads):
            yield
    finally:
        if collecting:
            gc.enable()
