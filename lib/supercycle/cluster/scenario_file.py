"""Scenarios as TOML files: traffic, fleet, promises and prices of one simulation.

Every table of the file has the keys of the thing it makes, under their names in the library:
``[[pool]]`` those of `Pool`, ``[pool.replica]`` those of `Replica.of`, and so on. A key that
nothing knows is an error that names the nearest one that would do.
"""

from __future__ import annotations

import difflib
import inspect
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from supercycle import chips, models
from supercycle.cluster import agent_traffic, arrivals, sites, workloads
from supercycle.cluster.control import Autoscale, RateLimit
from supercycle.cluster.failures import Failures, Throttle
from supercycle.cluster.fleet import Fleet, Network, Pool, Replica, Station, Tier
from supercycle.cluster.results import SLO, Price, Result
from supercycle.cluster.simulate import simulate
from supercycle.cluster.steps import StepTime
from supercycle.cluster.traces import read_trace
from supercycle.cluster.training import Job
from supercycle.energy import TrainingJob

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Scenario", "build_scenario", "read_scenario"]

Table = Mapping[str, Any]

ARRIVALS: dict[str, Callable[..., np.ndarray]] = {
    "poisson": arrivals.poisson_arrivals_s,
    "gamma": arrivals.gamma_arrivals_s,
    "mmpp": arrivals.mmpp_arrivals_s,
    "diurnal": arrivals.diurnal_arrivals_s,
}
TOP = (
    "title", "seed", "until_s", "sample_s", "router", "power_cap_w", "traffic", "lengths",
    "sessions", "region", "task", "agents", "pool", "network", "rate_limit", "job", "slo", "price",
)  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """One simulation, ready to run.

    Attributes
    ----------
    title : str
    requests : pandas.DataFrame
    fleet : Fleet
    jobs : tuple of Job
    router : str
    seed : int
    until_s, sample_s : float or None
        As in `simulate` [s].
    slo : SLO
    price : Price
    """

    title: str
    requests: pd.DataFrame
    fleet: Fleet
    jobs: tuple[Job, ...] = ()
    router: str = "least_tokens"
    seed: int = 0
    until_s: float | None = None
    sample_s: float | None = None
    slo: SLO = field(default_factory=SLO)
    price: Price = field(default_factory=Price)

    def run(self) -> Result:
        """Simulate; where regions have round trips, latencies are those that users see."""
        result = simulate(
            self.requests, self.fleet, router=self.router, seed=self.seed, until=self.until_s,
            jobs=self.jobs, sample_s=self.sample_s,
        )  # fmt: skip
        return sites.seen_by_users(result, self.requests) if "rtt_s" in self.requests else result


def read_scenario(path: str | Path) -> Scenario:
    """Read a scenario from a TOML file.

    Parameters
    ----------
    path : str or Path
        A trace in it is looked up beside the file.

    Returns
    -------
    Scenario

    Raises
    ------
    ValueError
        For TOML that cannot be read, an unknown key, a missing one or a bad value: the file, the
        table and the key are named, and what would be valid.
    OSError
        When a file cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ValueError(f"{path}: {wrong}") from None
    try:
        return build_scenario(table, folder=path.parent)
    except ValueError as wrong:
        raise ValueError(f"{path}: {wrong}") from None


def build_scenario(table: Table, *, folder: str | Path = ".") -> Scenario:
    """Build a scenario from what a TOML file holds: change a value and build again for a sweep.

    Parameters
    ----------
    table : mapping
    folder : str or Path
        Where traces are looked up.

    Returns
    -------
    Scenario

    Raises
    ------
    ValueError
        As in `read_scenario`.

    Examples
    --------
    >>> chat = build_scenario({
    ...     "traffic": {"arrivals": "poisson", "rate_per_s": 2.0, "duration_s": 60.0},
    ...     "lengths": {"published": "azure-conversation"},
    ...     "pool": [{"replica": {"model": "llama-3.1-8b", "chip": "h100-sxm"}}],
    ... })
    >>> chat.fleet.pools[0].name, bool(chat.run().summary()["finished"] == len(chat.requests))
    ('pool-1', True)
    >>> build_scenario({"trafic": {}})
    Traceback (most recent call last):
    ...
    ValueError: unknown key 'trafic': did you mean 'traffic'?
    """
    _known("", table, TOP)
    for key in ("traffic", "pool"):
        if key not in table:
            what = "[[pool]]" if key == "pool" else "[traffic]"
            raise ValueError(f"{what} is missing: a scenario needs at least one")
    seed = table.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed = {seed!r}: must be a whole number ≥ 0")
    fleet = _fleet(table)
    return Scenario(
        title=str(table.get("title", "A simulated fleet")),
        requests=_requests(table, Path(folder), np.random.default_rng(seed)),
        fleet=fleet,
        jobs=tuple(_job(row, f"[[job]] {i}") for i, row in _rows(table, "job")),
        router=table.get("router", "least_tokens"),
        seed=seed,
        until_s=table.get("until_s"),
        sample_s=table.get("sample_s"),
        slo=_make(SLO, table.get("slo", {}), "[slo]"),
        price=_make(Price, table.get("price", {}), "[price]"),
    )


# --- traffic -----------------------------------------------------------------------------------


def _requests(table: Table, folder: Path, rng: np.random.Generator) -> pd.DataFrame:
    traffic = _table(table["traffic"], "[traffic]")
    kind = traffic.get("arrivals", "trace" if "trace" in traffic else None)
    kinds = [*ARRIVALS, "trace", "regions"]
    if kind not in kinds:
        _unknown("[traffic] arrivals", kind, kinds)
    rest = {key: value for key, value in traffic.items() if key != "arrivals"}
    _fits_together(table, kind)
    if kind == "trace":
        return _make(_trace, rest, "[traffic]", folder=folder, rng=rng)
    if kind == "regions":
        regions = [_make(sites.Region, row, f"[[region]] {i}") for i, row in _rows(table, "region")]
        lengths = _lengths(table, folder)
        return _make(
            sites.regional_requests, rest, "[traffic]", regions=regions, lengths=lengths, seed=rng
        )
    times = _make(ARRIVALS[kind], rest, "[traffic]", seed=rng)
    if "task" in table:
        tasks = [_make(agent_traffic.Task, row, f"[[task]] {i}") for i, row in _rows(table, "task")]
        return _make(
            agent_traffic.agent_requests, table.get("agents", {}), "[agents]", arrivals_s=times,
            tasks=tasks, seed=rng,
        )  # fmt: skip
    lengths = _lengths(table, folder)
    if "sessions" in table:
        if not isinstance(lengths, workloads.Lengths):
            raise ValueError("[sessions] needs [lengths] with distributions, not a trace")
        return _make(
            workloads.sessions, table["sessions"], "[sessions]", arrivals_s=times, lengths=lengths,
            seed=rng,
        )  # fmt: skip
    return workloads.requests(times, lengths, seed=rng)


def _fits_together(table: Table, kind: str) -> None:
    """Refuse tables that this kind of traffic would silently ignore."""
    ignored = {
        "trace": ("lengths", "sessions", "task", "agents", "region"),
        "regions": ("sessions", "task", "agents"),
    }.get(kind, ("region",) + (("lengths", "sessions") if "task" in table else ("agents",)))
    for key in ignored:
        if key in table:
            beside = (
                " beside [[task]]" if "task" in table and key in ("lengths", "sessions") else ""
            )
            raise ValueError(f"[{key}]: has no meaning with arrivals = {kind!r}{beside}")


def _trace(
    *,
    trace: str,
    folder: Path,
    rng: np.random.Generator,
    factor: float = 1.0,
    resample_count: int | None = None,
) -> pd.DataFrame:
    found = read_trace(folder / trace)
    if resample_count is not None:
        found = workloads.resampled(found, resample_count, seed=rng)
    return workloads.scaled(found, factor)


def _lengths(table: Table, folder: Path) -> workloads.Lengths | pd.DataFrame:
    if "lengths" not in table:
        raise ValueError(
            "[lengths] is missing: give published = 'azure-conversation', trace = 'FILE', or prompt "
            "and answer with median_tokens and sigma"
        )
    lengths = _table(table["lengths"], "[lengths]")
    if set(lengths) == {"published"}:
        return _make(workloads.Lengths.published, {"name": lengths["published"]}, "[lengths]")
    if set(lengths) == {"trace"}:
        return read_trace(folder / lengths["trace"])
    _known("[lengths]", lengths, ("prompt", "answer", "published", "trace"))
    if set(lengths) != {"prompt", "answer"}:
        raise ValueError(
            f"[lengths] has {', '.join(lengths)}: must have published, or trace, or prompt and answer"
        )
    sides = {
        side: _make(workloads.Lognormal, lengths[side], f"[lengths.{side}]") for side in lengths
    }
    return workloads.Lengths(**sides)


# --- fleet -------------------------------------------------------------------------------------


def _fleet(table: Table) -> Fleet:
    pools = tuple(_pool(row, i) for i, row in _rows(table, "pool"))
    shared: dict[str, Any] = {}
    if "network" in table:
        shared["network"] = _make(Network, table["network"], "[network]")
    if "rate_limit" in table:
        shared["rate_limit"] = _make(RateLimit, table["rate_limit"], "[rate_limit]")
    if "power_cap_w" in table:
        shared["power_cap_w"] = table["power_cap_w"]
    return Fleet(pools, **shared)


def _pool(row: Table, number: int) -> Pool:
    where = f"[[pool]] {number}"
    given = dict(row)
    made = [given.pop(key) for key in ("replica", "station") if key in given]
    if len(made) != 1:
        raise ValueError(f"{where}: must have exactly one of [pool.replica] and [pool.station]")
    if "station" in row:
        machine: Replica | Station = _make(Station, made[0], f"{where} station")
    else:
        machine = _replica(made[0], f"{where} replica")
    parts: dict[str, Any] = {}
    for key, part in (("autoscale", Autoscale), ("failures", Failures)):
        if key in given:
            parts[key] = _make(part, given.pop(key), f"{where} {key}")
    if "throttles" in given:
        throttles = given.pop("throttles")
        parts["throttles"] = tuple(_make(Throttle, t, f"{where} throttles") for t in throttles)
    given.setdefault("name", f"pool-{number}")
    return _make(Pool, given, where, also=("replica", "station", *parts), machine=machine, **parts)


def _replica(row: Any, where: str) -> Replica:
    given = dict(_table(row, where))
    tiers = tuple(_make(Tier, tier, f"{where} tiers") for tier in given.pop("tiers", ()))
    extra = {"tiers": tiers} if tiers else {}
    if "steps" in given:
        steps = _make(StepTime, given.pop("steps"), f"{where} steps")
        return _make(Replica, given, where, steps=steps, **extra)
    changes = {key: given.pop(key) for key in _OWN if key in given}
    missing = [key for key in ("model", "chip") if key not in given]
    if missing:
        raise ValueError(
            f"{where}: {' and '.join(missing)} missing; must have model and chip, or steps with "
            "your own coefficients"
        )
    try:
        config = models.get(given.pop("model"))
        chip = chips.accelerator(given.pop("chip"))
    except ValueError as wrong:
        raise ValueError(f"{where}: {wrong}") from None
    replica = _make(Replica.of, given, where, also=("model", "chip", "steps", *_OWN), config=config,
                    accelerator=chip, **extra)  # fmt: skip
    try:
        return replace(replica, **changes)
    except ValueError as wrong:
        raise ValueError(f"{where}: {wrong}") from None


_OWN = ("idle_w", "prefill_w", "decode_w", "usd_per_hour", "watermark_share", "name")
"""What a published replica may say about itself instead of the published figure."""


def _job(row: Table, where: str) -> Job:
    given = dict(row)
    if "pattern" not in given:
        raise ValueError(f"{where}: [job.pattern] is missing: the phases of a step and their power")
    pattern = _make(TrainingJob, given.pop("pattern"), f"{where} pattern")
    return _make(Job, given, where, also=("pattern",), pattern=pattern)


# --- making things of tables -------------------------------------------------------------------


def _make(
    make: Callable[..., Any], table: Any, where: str, *, also: Sequence[str] = (), **given: Any
) -> Any:
    """Call with the table's keys as arguments; what is wrong is said with its place."""
    table = _table(table, where)
    parameters = inspect.signature(make).parameters
    free = [name for name in parameters if name not in given]
    _known(where, table, [*free, *(a for a in also if a not in free)])
    missing = [
        name for name in free
        if parameters[name].default is inspect.Parameter.empty and name not in table
    ]  # fmt: skip
    if missing:
        raise ValueError(f"{where}: {' and '.join(missing)} missing")
    try:
        return make(**given, **table)
    except ValueError as wrong:
        raise ValueError(f"{where}: {wrong}") from None
    except TypeError as wrong:  # a text where a number belongs, before any check could see it
        raise ValueError(f"{where}: a value has the wrong type ({wrong})") from None


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} = {value!r}: must be a table")
    return dict(value)


def _rows(table: Table, key: str) -> list[tuple[int, dict[str, Any]]]:
    rows = table.get(key, [])
    if not isinstance(rows, list):
        raise ValueError(f"[{key}]: write [[{key}]], there may be several")
    if key in ("pool", "region") and not rows:
        raise ValueError(f"[[{key}]] is missing: a scenario with it needs at least one")
    return [(i, _table(row, f"[[{key}]] {i}")) for i, row in enumerate(rows, start=1)]


def _known(where: str, table: Table, names: Sequence[str]) -> None:
    for key in table:
        if key not in names:
            _unknown(f"{where}: unknown key".removeprefix(": "), key, names)


def _unknown(what: str, value: Any, names: Sequence[str]) -> NoReturn:
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"must be one of {', '.join(names)}"
    raise ValueError(f"{what} {value!r}: {hint}")
