"""Many simulations: all cores of this machine by themselves, or a Dask cluster at an address.

Replication k has the same seed in every case (common random numbers), so two cases meet the same
traffic and their difference is not noise. A result depends on its case and its seed alone, never
on who computed it or when.
"""

from __future__ import annotations

import itertools
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle._validate import share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Interval", "grid", "interval", "intervals", "replication_seeds", "sweep"]

Run = Callable[..., Mapping[str, Any]]
_Task = tuple[int, int, Mapping[str, Any], int]
"""Case, replication, the case's arguments, seed."""


def grid(**axes: Sequence[Any]) -> list[dict[str, Any]]:
    """All combinations of values, the last axis fastest.

    Examples
    --------
    >>> grid(replicas=[1, 2], router=["round_robin"])
    [{'replicas': 1, 'router': 'round_robin'}, {'replicas': 2, 'router': 'round_robin'}]
    """
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def replication_seeds(seed: int, replications: int) -> list[int]:
    """Independent seeds of the replications of a sweep.

    Examples
    --------
    >>> replication_seeds(0, 3)[:2] == replication_seeds(0, 2)
    True
    """
    if isinstance(replications, bool) or not isinstance(replications, int) or replications < 1:
        raise ValueError(f"replications = {replications!r}: must be a whole number ≥ 1")
    children = np.random.SeedSequence(seed).spawn(replications)
    return [int(child.generate_state(1)[0]) for child in children]


def sweep(
    run: Run,
    cases: Sequence[Mapping[str, Any]],
    *,
    replications: int = 1,
    seed: int = 0,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Run every case several times, in parallel, and collect what each run found.

    Parameters
    ----------
    run : function
        Called as ``run(**case, seed=seed)``; returns a mapping from names to numbers or texts (a
        `pandas.Series` is one). It must be a function that other processes can import, or any
        function where the package ``cloudpickle`` is installed.
    cases : sequence of mapping
        Arguments of each case; see `grid`.
    replications : int
        Runs of each case, with different seeds [1].
    seed : int
        Of the whole sweep.
    workers : int, optional
        Processes [1]; left out, one a core. 1 runs everything in this process.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``; its workers need this
        package.
    progress : bool
        Show a bar with the time that is left.

    Returns
    -------
    pandas.DataFrame
        One row a run, in the order of cases and replications: the case, ``replication``,
        ``seed`` and what `run` returned.

    Raises
    ------
    ValueError
        For no cases, an impossible number, or what `run` raises, with the case named.
    ModuleNotFoundError
        When a scheduler is given and Dask is missing.

    Examples
    --------
    >>> def roll(sides, seed):
    ...     return {"eyes": int(np.random.default_rng(seed).integers(sides)) + 1}
    >>> found = sweep(roll, grid(sides=[6, 20]), replications=2, workers=1, progress=False)
    >>> list(found.columns), len(found)
    (['sides', 'replication', 'seed', 'eyes'], 4)
    """
    import pandas as pd

    if not cases:
        raise ValueError("cases: must hold at least one case")
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise ValueError(f"workers = {workers!r}: must be a whole number ≥ 1")
    seeds = replication_seeds(seed, replications)
    tasks = [(i, k, case, s) for i, case in enumerate(cases) for k, s in enumerate(seeds)]
    if scheduler is not None:
        done = _on_dask(run, tasks, scheduler)
    else:
        workers = min(workers or _cores(), len(tasks))
        done = _here(run, tasks) if workers == 1 else _on_cores(run, tasks, workers)
    found: dict[tuple[int, int], Mapping[str, Any]] = {}
    with _bar(len(tasks), progress) as advance:
        for case, replication, result in done:
            found[case, replication] = result
            advance()
    rows = [{**case, "replication": k, "seed": s, **dict(found[i, k])} for i, k, case, s in tasks]
    return pd.DataFrame(rows)


_Done = Iterator[tuple[int, int, Mapping[str, Any]]]


def _one(run: Run, task: _Task) -> tuple[int, int, Mapping[str, Any]]:
    number, replication, case, seed = task
    try:
        return number, replication, dict(run(**case, seed=seed))
    except ValueError as wrong:
        given = ", ".join(f"{name}={value!r}" for name, value in case.items())
        raise ValueError(f"case {number} ({given}), seed {seed}: {wrong}") from None


def _here(run: Run, tasks: Sequence[_Task]) -> _Done:
    for task in tasks:
        yield _one(run, task)


_the_run: Run | None = None
"""In a worker process: the function it was started for, sent once and not with every task."""


def _start(pickled: bytes) -> None:
    global _the_run
    _the_run = pickle.loads(pickled)


def _work(task: _Task) -> tuple[int, int, Mapping[str, Any]]:
    assert _the_run is not None
    return _one(_the_run, task)


def _on_cores(run: Run, tasks: Sequence[_Task], workers: int) -> _Done:
    from concurrent.futures import ProcessPoolExecutor, as_completed

    with ProcessPoolExecutor(workers, initializer=_start, initargs=(_pickled(run),)) as pool:
        futures = [pool.submit(_work, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _pickled(run: Run) -> bytes:
    try:
        import cloudpickle  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        cloudpickle = pickle
    try:
        return bytes(cloudpickle.dumps(run))
    except (pickle.PicklingError, AttributeError, TypeError) as wrong:
        raise ValueError(
            f"run = {run!r}: must be a function that another process can import ({wrong}); "
            "define it in a module, install cloudpickle, or give workers=1"
        ) from None


def _on_dask(run: Run, tasks: Sequence[_Task], scheduler: str) -> _Done:
    try:
        from distributed import Client, as_completed
    except ModuleNotFoundError:
        raise ModuleNotFoundError("a scheduler needs Dask: pip install distributed") from None
    with Client(scheduler, timeout=30, set_as_default=False) as client:
        futures = client.map(lambda task: _one(run, task), tasks, pure=False)
        for future in as_completed(futures, loop=client.loop):
            yield future.result()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _bar(total: int, show: bool) -> Iterator[Callable[[], None]]:
    if not show:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("runs, left:"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


@dataclass(frozen=True)
class Interval:
    """Mean of independent samples with its confidence interval.

    Attributes
    ----------
    mean, low, high : float
    """

    mean: float
    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def interval(samples: Any, *, confidence: float = 0.95) -> Interval:
    """Mean of independent replications and Student's interval around it.

    ``x̄ ± t_{n−1}·s/√n``.

    Parameters
    ----------
    samples : array of shape (n,)
        At least two finite numbers.
    confidence : float
        Share of such intervals that hold the true mean, inside (0, 1) [1].

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        With fewer than two samples, or one that is not finite.

    Notes
    -----
    Exact for normal samples; means of long runs come close. Steps *within* one run depend on each
    other: give it one number a run.

    Examples
    --------
    >>> found = interval([9.0, 10.0, 11.0])
    >>> round(found.low, 2), found.mean, round(found.high, 2)
    (7.52, 10.0, 12.48)
    """
    from scipy.stats import t

    x = np.asarray(samples, dtype=float)
    if x.ndim != 1 or x.size < 2 or not np.isfinite(x).all():
        raise ValueError(f"samples = {samples!r}: must be at least two finite numbers")
    share("confidence", confidence)
    half = float(t.ppf((1 + confidence) / 2, x.size - 1) * x.std(ddof=1) / np.sqrt(x.size))
    mean = float(x.mean())
    return Interval(mean, mean - half, mean + half)


def intervals(
    found: pd.DataFrame, quantities: Sequence[str], *, by: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """Intervals of the quantities of a sweep, one row a case.

    Parameters
    ----------
    found : DataFrame
        From `sweep`, with at least two replications.
    quantities : sequence of str
        Columns with results.
    by : sequence of str
        Columns that tell the cases apart.
    confidence : float
        As in `interval`.

    Returns
    -------
    pandas.DataFrame
        Indexed by case in the order of the sweep; columns ``(quantity, mean | low | high)``.

    Examples
    --------
    >>> import pandas as pd
    >>> found = pd.DataFrame({"replicas": [1, 1], "ttft_s": [0.9, 1.1]})
    >>> intervals(found, ["ttft_s"], by=["replicas"])["ttft_s"].round(2).values.tolist()
    [[1.0, -0.27, 2.27]]
    """
    import pandas as pd

    groups = found.groupby(list(by), sort=False)
    rows = {}
    for case, runs in groups:
        rows[case] = {
            (name, end): getattr(interval(runs[name], confidence=confidence), end)
            for name in quantities
            for end in ("mean", "low", "high")
        }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = groups.size().index
    frame.columns = pd.MultiIndex.from_tuples(list(next(iter(rows.values()))))
    return frame
