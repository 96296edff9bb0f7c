"""Fit the frictions of an engine to measurements, and say honestly how well that travels.

Two stages. First all static measurements together give the *global* parameters (what chips and
links deliver) and the two averages of a kind (*compiled* and *interpreted* runtimes). Then each
(engine, version, chip) may move its own host times, held near the average of its kind by a prior.
No parameter belongs to a case. `leave_one_source_out` repeats the first stage without one source
and predicts that source as if its engine had never been seen.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle.models import inference
from supercycle.models.engines import OLD_HOSTS, Calibration
from supercycle.models.measurements import Measurement, config_of, published, read

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Measurement", "calibrate", "config_of", "leave_one_source_out", "published", "summary"]

_PRIOR = {  # median and standard deviation of the logarithm, before any measurement
    "compute_efficiency": (0.85, 0.15),
    "memory_efficiency": (0.85, 0.12),
    "activation_passes": (15.0, 0.6),
    "allreduce_latency_s": (1e-5, 0.5),
    "link_efficiency": (0.6, 0.3),
    "large_message_efficiency": (0.2, 0.8),
    "layer_compiled_s": (5e-5, 0.8),
    "layer_interpreted_s": (5e-4, 0.5),
    "newer_host": (0.7, 0.15),
    "sequence_compiled_s": (7e-5, 0.8),
    "sequence_interpreted_s": (4e-4, 0.8),
    "client_s": (25e-3, 0.8),
    "request_interpreted_s": (1e-2, 0.8),
}
"""What an engineer expects before measuring; `newer_host` is the time of a host of the H100's
generation over one of the A100's (single-thread speed). Supercycle's own assumption."""

_PRIOR_WEIGHT = 0.2  # one spread off the prior costs as much as a time 20 per cent off
_ROBUST = 0.1  # residuals above 10 per cent count linearly
_OLD = ("a100-80gb", *OLD_HOSTS)


def _groups(rows: Sequence[Measurement]) -> list[tuple[Any, np.ndarray]]:
    """Rows that one vectorised call can predict: same model, chip, kind of runtime and engine."""
    index: dict[Any, list[int]] = {}
    for i, m in enumerate(rows):
        key = (m.config, m.accelerator, m.engine, m.version, m.runtime)
        index.setdefault(key, []).append(i)
    return [(key, np.array(members)) for key, members in index.items()]


class _Columns:
    """Measurements as arrays, grouped once, predicted many times."""

    def __init__(self, rows: Sequence[Measurement]) -> None:
        self.rows = rows
        self.seconds = np.array([m.seconds for m in rows])
        self.prefill = np.array([m.phase == "prefill" for m in rows])
        self.client = np.array([m.clock == "client" for m in rows])
        self.groups = [
            (
                key,
                members,
                {
                    name: np.array([getattr(rows[i], name) for i in members], dtype=float)
                    for name in ("tp", "batch", "input_tokens", "output_tokens", "weight_bits")
                },
            )
            for key, members in _groups(rows)
        ]

    def predict(self, engine_of: Any) -> np.ndarray:
        """Predicted seconds, shape (rows,); `engine_of` maps (engine, version, chip, runtime)."""
        out = np.empty(len(self.rows))
        for (config, chip, engine, version, runtime), members, columns in self.groups:
            fit = engine_of(engine, version, chip.id, runtime)
            p = inference.predict(config, chip, engine=fit, **columns)  # type: ignore[arg-type]
            first = p.prefill_s + np.where(self.client[members], fit.client_s, 0.0)
            out[members] = np.where(self.prefill[members], first, p.decode_s_per_token)
        return out


def _kind(values: Mapping[str, float], runtime: str, chip: str, **changes: Any) -> Calibration:
    """The average of a kind of runtime on a chip."""
    interpreted = runtime == "interpreted"
    host = values["newer_host"] if interpreted and chip not in _OLD else 1.0
    fields: dict[str, Any] = {
        "engine": runtime,
        "version": "any",
        "chip": chip,
        "runtime": runtime,
        "compute_efficiency": values["compute_efficiency"],
        "memory_efficiency": values["memory_efficiency"],
        "activation_passes": values["activation_passes"],
        "allreduce_latency_s": values["allreduce_latency_s"],
        "link_efficiency": values["link_efficiency"],
        "large_message_efficiency": values["large_message_efficiency"] if interpreted else math.inf,
        "layer_s": values[f"layer_{runtime}_s"] * host,
        "sequence_s": values[f"sequence_{runtime}_s"] * host,
        "request_s": values["request_interpreted_s"] * host if interpreted else 0.0,
        "client_s": values["client_s"],
        "prefill_error": 0.0,
        "decode_error": 0.0,
    }
    return Calibration(**{**fields, **changes})


def _weights(rows: Sequence[Measurement]) -> np.ndarray:
    """A source of a hundred rows weighs as much as the square root says, not a hundred times."""
    keys = [(m.source, m.phase) for m in rows]
    count = np.array([keys.count(key) for key in keys], dtype=float)
    weight = 1 / np.sqrt(count)
    return np.asarray(weight / weight.mean())


def _soft(residual: np.ndarray) -> np.ndarray:
    """Square below `_ROBUST`, linear above: one wild row cannot carry a parameter away."""
    scaled = residual / _ROBUST
    return np.asarray(_ROBUST * np.sign(scaled) * np.sqrt(2 * (np.sqrt(1 + scaled**2) - 1)))


def _ceilings(names: Sequence[str]) -> np.ndarray:
    """No chip delivers more than its peak; other parameters are free (in logarithms)."""
    return np.array([0.0 if name.endswith("efficiency") else np.inf for name in names])


def _fit_global(rows: Sequence[Measurement]) -> dict[str, float]:
    """Stage one: thirteen parameters for everything, by robust least squares of log times."""
    from scipy.optimize import least_squares

    columns, weight = _Columns(rows), _weights(rows)
    names = list(_PRIOR)
    centre = np.log([_PRIOR[name][0] for name in names])
    spread = np.array([_PRIOR[name][1] for name in names])

    def misfit(x: np.ndarray) -> np.ndarray:
        values = dict(zip(names, np.exp(x), strict=True))
        times = columns.predict(lambda e, v, chip, runtime: _kind(values, runtime, chip))
        residual = _soft(weight * np.log(times / columns.seconds))
        return np.concatenate([residual, _PRIOR_WEIGHT * (x - centre) / spread])

    best = least_squares(misfit, centre, bounds=(-np.inf, _ceilings(names)))
    return dict(zip(names, np.exp(best.x), strict=True))


def calibrate(
    measurements: Any, *, prior: Calibration | str = "compiled", strength: float = 0.3
) -> Calibration:
    """Fit one engine's host times and efficiencies to measurements of it.

    A few rows move the parameters a little, many rows a lot: every parameter starts at the
    prior's and is held there with a standard deviation of `strength` (in logarithms) against
    measurements that are trusted to ten per cent each.

    Parameters
    ----------
    measurements : path, DataFrame or list of Measurement
        A CSV or table with columns ``phase`` (prefill or decode), ``model`` (id of a
        configuration), ``chip``, ``tp``, ``batch``, ``input_tokens``, ``output_tokens``,
        ``weight_bits`` and ``seconds``; one row a measurement, times of the engine itself.
    prior : Calibration or str
        What to start from: ``compiled`` or ``interpreted``, or an engine of the table.
    strength : float
        Standard deviation of the logarithm of each parameter before measuring [1].

    Returns
    -------
    Calibration
        Pass it to `inference.predict` as `engine`.

    Raises
    ------
    ValueError
        For missing columns, no rows, times that are not positive, or several chips at once.

    Examples
    --------
    >>> own = [m for m in published() if m.engine == "turbomind" and m.phase == "decode"]
    >>> fit = calibrate(own)
    >>> fit.chip, fit.runtime
    ('a100-80gb', 'compiled')
    """
    from scipy.optimize import least_squares

    rows = read(measurements)
    chips = {m.accelerator.id for m in rows}
    if len(chips) != 1:
        raise ValueError(f"measurements of chips {sorted(chips)}: calibrate one chip at a time")
    if not strength > 0:
        raise ValueError(f"strength = {strength!r}: must be a number > 0")
    chip = chips.pop()
    start = prior if isinstance(prior, Calibration) else inference.calibration(prior, chip)
    rows = [dataclasses.replace(m, runtime=start.runtime) for m in rows]
    free = [
        name
        for name in (
            "compute_efficiency",
            "memory_efficiency",
            "layer_s",
            "sequence_s",
            "request_s",
        )
        if getattr(start, name) > 0
    ]
    if any(m.clock == "client" for m in rows) and start.client_s > 0:
        free.append("client_s")
    centre = np.log([getattr(start, name) for name in free])
    columns = _Columns(rows)

    def moved(x: np.ndarray) -> Calibration:
        return dataclasses.replace(start, **dict(zip(free, np.exp(x).tolist(), strict=True)))

    def misfit(x: np.ndarray) -> np.ndarray:
        times = columns.predict(lambda *_: moved(x))
        residual = _soft(np.log(times / columns.seconds)) / _ROBUST
        return np.concatenate([residual, (x - centre) / strength])

    best = least_squares(misfit, np.minimum(centre, -1e-9), bounds=(-np.inf, _ceilings(free)))
    fit = moved(best.x)
    # the bar of a calibrated engine: its own residuals, widened for the few rows behind them
    error = np.abs(np.log(columns.predict(lambda *_: fit) / columns.seconds))
    return dataclasses.replace(
        fit,
        engine=rows[0].engine,
        version=rows[0].version,
        chip=chip,
        prefill_error=_bar(error[columns.prefill], start.prefill_error),
        decode_error=_bar(error[~columns.prefill], start.decode_error),
    )


def _bar(error: np.ndarray, fallback: float) -> float:
    """80 % quantile of absolute log errors with the conformal correction for few rows."""
    if len(error) < 4:
        return fallback
    share = min(1.0, 0.8 * (len(error) + 1) / len(error))
    return float(np.quantile(error, share, method="higher"))


def leave_one_source_out(rows: Sequence[Measurement] | None = None) -> pd.DataFrame:
    """Predict each source from a fit to the others, as if its engines had never been seen.

    Parameters
    ----------
    rows : list of Measurement, optional
        `published` static measurements without it.

    Returns
    -------
    pandas.DataFrame
        One row a measurement: id, source, phase, seconds, predicted_s, error (predicted over
        measured − 1), low_s, high_s (80 % bar from the errors of the *other* left-out sources).
    """
    import pandas as pd

    rows = published() if rows is None else list(rows)
    frame = pd.DataFrame(
        {
            "id": [m.id for m in rows],
            "source": [m.source for m in rows],
            "phase": [m.phase for m in rows],
            "seconds": [m.seconds for m in rows],
            "predicted_s": np.nan,
        }
    )
    for source in frame["source"].unique():
        out = (frame["source"] == source).to_numpy()
        values = _fit_global([m for m, left in zip(rows, out, strict=True) if not left])
        columns = _Columns([m for m, left in zip(rows, out, strict=True) if left])
        frame.loc[out, "predicted_s"] = columns.predict(
            lambda e, v, chip, runtime, values=values: _kind(values, runtime, chip)
        )
    frame["error"] = frame["predicted_s"] / frame["seconds"] - 1
    log_error: Any = np.abs(np.log(frame["predicted_s"] / frame["seconds"]))
    for source in frame["source"].unique():
        for phase in ("prefill", "decode"):
            here = (frame["source"] == source) & (frame["phase"] == phase)
            others = (frame["source"] != source) & (frame["phase"] == phase)
            wide = math.exp(_spread(log_error[others], frame["source"][others]))
            frame.loc[here, "low_s"] = frame["predicted_s"][here] / wide
            frame.loc[here, "high_s"] = frame["predicted_s"][here] * wide
    return frame


def _spread(log_error: pd.Series, source: pd.Series) -> float:
    """80 % quantile of absolute log errors, every source with the same weight."""
    weight = 1 / source.map(source.value_counts()).to_numpy(dtype=float)
    values = log_error.to_numpy()
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][np.searchsorted(reached, 0.8)])


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute error, bias and coverage of the 80 % bars by source and phase, and pooled."""
    import pandas as pd

    covered = frame["seconds"].between(frame["low_s"], frame["high_s"])
    table = frame.assign(mape=frame["error"].abs(), coverage=covered.astype(float))

    def line(part: pd.DataFrame) -> pd.Series:
        return pd.Series(
            {
                "cases": float(len(part)),
                "mape": part["mape"].mean(),
                "bias": part["error"].mean(),
                "coverage": part["coverage"].mean(),
            }
        )

    columns = ["error", "mape", "coverage"]
    by = table.groupby(["source", "phase"])[columns].apply(line)
    pooled = table.groupby("phase")[columns].apply(line)
    pooled.index = pd.MultiIndex.from_product([["all sources"], pooled.index])
    everything = line(table).to_frame().T
    everything.index = pd.MultiIndex.from_tuples([("all sources", "both")])
    return pd.concat([by, pooled, everything])


def _rows_of_table() -> Iterable[Calibration]:
    """All calibrations, in the order of the table: what ``calibrations.csv`` is written from."""
    rows = published()
    values = _fit_global(rows)
    left_out = leave_one_source_out(rows)
    log_error: Any = np.abs(np.log(left_out["predicted_s"] / left_out["seconds"]))
    bars = {
        f"{phase}_error": _spread(log_error[chosen], left_out["source"][chosen])
        for phase in ("prefill", "decode")
        for chosen in [left_out["phase"] == phase]
    }
    kinds = [
        _kind(values, "compiled", "any", client_s=0.0, **bars),
        _kind(values, "interpreted", "any", client_s=0.0, **bars),
        _kind(values, "interpreted", "a100-80gb", client_s=0.0, **bars),
    ]
    yield from kinds
    groups: dict[tuple[str, str, str], list[Measurement]] = {}
    for m in rows:
        groups.setdefault((m.engine, m.version, m.accelerator.id), []).append(m)
    for (_, _, chip), members in sorted(groups.items(), key=lambda item: item[0]):
        client = values["client_s"] if any(m.clock == "client" for m in members) else 0.0
        yield calibrate(
            members, prior=_kind(values, members[0].runtime, chip, client_s=client, **bars)
        )
