"""Engines: what separates a serving engine from the roofline, as fitted to measurements.

A calibration is keyed by engine, version and chip. Where nobody measured an engine on a chip, the
average of its kind of runtime stands in.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from dataclasses import dataclass
from typing import Any

from supercycle import facts
from supercycle._validate import at_least, positive

__all__ = ["OLD_HOSTS", "ROOFLINE", "Calibration", "calibration", "calibrations"]


@dataclass(frozen=True)
class Calibration:
    """What separates an engine from the roofline.

    Attributes
    ----------
    engine, version, chip : str
        What was measured; ``any`` where the row is an average.
    runtime : str
        ``compiled`` (launch time adds to the work) or ``interpreted`` (launching runs beside the
        work and hides behind it when the work is long; the two add in quadrature).
    compute_efficiency : float
        Share of peak FLOPs in large matrix products [1].
    memory_efficiency : float
        Share of peak memory bandwidth in long reads [1].
    activation_passes : float
        Times a layer's activations (width · tokens) are written to or read from memory [1].
    allreduce_latency_s : float
        Latency of an all-reduce, for each doubling of the group [s].
    link_efficiency : float
        Share of scale-up bandwidth in an all-reduce [1].
    large_message_efficiency : float
        The same for what messages above about 60 MB cost on top; infinity for nothing [1].
    layer_s : float
        Host time to launch one layer [s].
    sequence_s : float
        Host time a decode step spends on each sequence (scheduling, sampling) [s].
    request_s : float
        Host time a prefill spends before the first layer [s].
    client_s : float
        Time between client and engine, where the source measured at the client [s].
    prefill_error, decode_error : float
        Half width of the 80 % error bar in logarithms, from left-out sources [1].
    """

    engine: str
    version: str
    chip: str
    runtime: str
    compute_efficiency: float
    memory_efficiency: float
    activation_passes: float
    allreduce_latency_s: float
    link_efficiency: float
    large_message_efficiency: float
    layer_s: float
    sequence_s: float
    request_s: float
    client_s: float
    prefill_error: float
    decode_error: float

    def __post_init__(self) -> None:
        if self.runtime not in ("compiled", "interpreted"):
            raise ValueError(f"runtime = {self.runtime!r}: must be 'compiled' or 'interpreted'")
        for field in dataclasses.fields(self)[4:]:
            value = getattr(self, field.name)
            if field.name.endswith("efficiency"):
                positive(field.name, value)
            else:
                at_least(field.name, value, 0)


ROOFLINE = Calibration(
    engine="roofline",
    version="any",
    chip="any",
    runtime="compiled",
    compute_efficiency=1.0,
    memory_efficiency=1.0,
    activation_passes=0.0,
    allreduce_latency_s=0.0,
    link_efficiency=1.0,
    large_message_efficiency=math.inf,
    layer_s=0.0,
    sequence_s=0.0,
    request_s=0.0,
    client_s=0.0,
    prefill_error=0.0,
    decode_error=0.0,
)
"""No friction at all: the bound that hardware sets, for comparison."""

_ALIASES = {
    "trtllm": "tensorrt-llm",
    "tensorrt": "tensorrt-llm",
    "tensorrtllm": "tensorrt-llm",
    "lmdeploy": "turbomind",
}
OLD_HOSTS = ("a100-40gb", "v100-32gb")  # servers of the A100's generation


@functools.cache
def calibrations() -> tuple[Calibration, ...]:
    """All calibrations of the table ``calibrations``, averages first."""
    fields = [field.name for field in dataclasses.fields(Calibration)]
    rows = (facts.row("calibrations", row_id) for row_id in facts.ids("calibrations"))
    found = []
    for cells in rows:
        values: dict[str, Any] = {name: cells[name] for name in fields}
        if values["large_message_efficiency"] is None:
            values["large_message_efficiency"] = math.inf
        numbers: dict[str, Any] = {
            k: v if isinstance(v, str) else float(v) for k, v in values.items()
        }
        found.append(Calibration(**numbers))
    return tuple(found)


@functools.cache
def calibration(engine: str | None = None, chip: str = "any") -> Calibration:
    """Return the calibration that comes nearest to an engine on a chip.

    Parameters
    ----------
    engine : str, optional
        ``name`` or ``name@version``; ``compiled`` or ``interpreted`` for the average of a kind;
        ``roofline`` for none. Without it, ``compiled``: what serves in production today.
    chip : str
        Row id of the table ``chips``. An engine not measured on that chip gets the average of
        its kind on that chip.

    Raises
    ------
    ValueError
        For an engine nobody has measured; the known ones are named.

    Examples
    --------
    >>> calibration("vllm@2023", "h100-sxm").runtime
    'interpreted'
    >>> calibration("abacus")
    Traceback (most recent call last):
    ...
    ValueError: engine = 'abacus': must be one of compiled, distserve, interpreted, roofline, tensorrt-llm, turbomind, vllm, or a Calibration
    """
    wanted, _, version = (engine or "compiled").lower().partition("@")
    wanted = _ALIASES.get(re.sub("[^a-z0-9]", "", wanted), wanted)
    if wanted == "roofline":
        return ROOFLINE
    chip = "a100-80gb" if chip in OLD_HOSTS else chip
    of_engine = [
        c for c in calibrations() if c.engine == wanted and (not version or c.version == version)
    ]
    if not of_engine:
        known = sorted({c.engine for c in calibrations()} | {"roofline"})
        raise ValueError(
            f"engine = {engine!r}: must be one of {', '.join(known)}, or a Calibration"
        )
    exact = [c for c in of_engine if c.chip == chip] or [c for c in of_engine if c.chip == "any"]
    if exact:
        return exact[-1]  # the latest version stands last
    return calibration(of_engine[-1].runtime, chip)
