"""Measurements of serving engines: published ones, and a user's own table."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supercycle import facts
from supercycle.chips import Accelerator, accelerator
from supercycle.models.architecture import TransformerConfig, get

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Measurement", "config_of", "published", "read"]


@dataclass(frozen=True)
class Measurement:
    """One published or own measurement of a batch of equal requests.

    Attributes
    ----------
    phase : str
        ``prefill`` or ``decode``.
    seconds : float
        Prefill of the batch, or one decode step [s].
    runtime, clock : str
        ``compiled`` or ``interpreted``; ``engine`` or ``client``.
    """

    id: str
    phase: str
    config: TransformerConfig
    accelerator: Accelerator
    tp: int
    batch: int
    input_tokens: int
    output_tokens: int
    weight_bits: float
    seconds: float
    engine: str = "own"
    version: str = "1"
    runtime: str = "compiled"
    clock: str = "engine"
    source: str = "own"

    def __post_init__(self) -> None:
        if self.phase not in ("prefill", "decode"):
            raise ValueError(f"phase = {self.phase!r}: must be 'prefill' or 'decode'")
        if not (self.seconds > 0 and math.isfinite(self.seconds)):
            raise ValueError(f"seconds = {self.seconds!r} of {self.id}: must be a number > 0")


@functools.cache
def config_of(model: str) -> TransformerConfig:
    """Return a configuration from the tables ``models`` or ``measured-models``.

    Examples
    --------
    >>> round(config_of("bloom-176b").params() / 1e9, 2)
    176.25
    """
    if model not in facts.ids("measured-models"):
        return get(model)
    cells = facts.row("measured-models", model)
    sizes = ("layers", "width", "heads", "kv_heads", "head_dim", "ffn_width", "vocab")
    return TransformerConfig(
        **{size: int(float(cells[size])) for size in (*sizes, "max_positions")},  # type: ignore[arg-type]
        norm=str(cells["norm"]),
        positions=str(cells["positions"]),
        activation=str(cells["activation"]),
        tied_embeddings=bool(cells["tied_embeddings"]),
        bias=bool(cells["bias"]),
        name=str(cells["name"]),
    )


def published(standing: str = "static") -> list[Measurement]:
    """Measurements of the table ``published-measurements`` on chips of the table ``chips``.

    Parameters
    ----------
    standing : str
        ``static``: the latency of one batch from start to end, what `inference.predict` predicts.
        ``mean-of-batch``: a mean over requests that waited for each other. ``over-memory``: the
        batch cannot have fitted.

    Examples
    --------
    >>> len({m.source for m in published()})
    4
    """
    known = set(facts.ids("chips"))
    found = []
    for row_id in facts.ids("published-measurements"):
        cells = facts.row("published-measurements", row_id)
        if cells["standing"] != standing or cells["phase"] == "throughput":
            continue
        if cells["chip"] in known:
            found.append(_measurement(row_id, cells))
    return found


def _measurement(row_id: str, cells: Mapping[str, Any]) -> Measurement:
    chip = cells["chip"]
    return Measurement(
        id=row_id,
        phase=str(cells["phase"]),
        config=config_of(str(cells["model"])),
        accelerator=chip if isinstance(chip, Accelerator) else accelerator(str(chip)),
        tp=int(cells["tp"]),
        batch=int(cells["batch"]),
        input_tokens=int(cells["input_tokens"]),
        output_tokens=int(cells["output_tokens"]),
        weight_bits=float(cells["weight_bits"]),
        seconds=float(cells["value"]),
        engine=str(cells["engine"]),
        version=str(cells["version"]),
        runtime=str(cells["runtime"]),
        clock=str(cells["clock"]),
        source=str(cells["source"]),
    )


def read(measurements: Any) -> list[Measurement]:
    """Measurements from a path of a CSV, a DataFrame or a list; see `fitting.calibrate`."""
    if isinstance(measurements, (list, tuple)) and all(
        isinstance(m, Measurement) for m in measurements
    ):
        rows = list(measurements)
    else:
        import pandas as pd

        frame = (
            measurements if isinstance(measurements, pd.DataFrame) else pd.read_csv(measurements)
        )
        rows = _from_frame(frame)
    if not rows:
        raise ValueError("measurements is empty: give at least one row")
    return rows


def _from_frame(frame: pd.DataFrame) -> list[Measurement]:
    needed = ("phase", "model", "chip", "tp", "batch", "input_tokens", "output_tokens", "seconds")
    missing = [column for column in needed if column not in frame]
    if missing:
        raise ValueError(f"measurements lack {', '.join(missing)}: needed are {', '.join(needed)}")
    if frame[list(needed)].isna().any(axis=None):
        raise ValueError("measurements hold empty cells: fill or drop those rows")
    defaults = {
        "weight_bits": 16,
        "engine": "own",
        "version": "1",
        "runtime": "compiled",
        "clock": "engine",
        "source": "own",
    }
    rows = []
    records: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    for number, cells in enumerate(records):
        rows.append(_measurement(f"row-{number}", {**defaults, **cells, "value": cells["seconds"]}))
    return rows
