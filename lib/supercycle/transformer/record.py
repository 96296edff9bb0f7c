"""Write measurements down: a row a case, with the machine, the versions, the ceilings and the date.

On a processor all cases of a small model are timed in one round robin. On an accelerator models
from 30 M to 7 B parameters are timed case by case within a budget; each row is written when it is
known, and a second run goes on where the first one stopped.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.attention import SDPBackend

from supercycle._validate import positive
from supercycle.models.architecture import TransformerConfig
from supercycle.transformer._check import usable_device
from supercycle.transformer._table import PROVENANCE, append, identifier, machine_name, provenance
from supercycle.transformer._table import read_rows as read
from supercycle.transformer.cases import Case, decode_case, prefill_case
from supercycle.transformer.ceilings import Roof, roof
from supercycle.transformer.clock import Timing, bench, quiet, sample_s
from supercycle.transformer.decoder import Decoder, small_config

__all__ = [
    "COLUMNS",
    "Planned",
    "accelerator_configs",
    "laboratory_plan",
    "plan",
    "read_rows",
    "record",
    "record_small",
]

COLUMNS = (
    "id", "machine", "model", "params", "layers", "width", "heads", "kv_heads", "head_dim",
    "ffn_width", "vocab", "kind", "batch", "tokens", "context", "dtype", "threads", "attention",
    "flops", "bytes", "n", "min_s", "p50_s", "p90_s",
    "roof_flops_per_s", "roof_bytes_per_s", "roof_launch_s", "torch",
    *PROVENANCE,
)  # fmt: skip
"""Columns of a record, provenance last as in every table of facts."""

PREFILL_TOKENS = tuple(2**k for k in range(9, 18))
DECODE_BATCHES = (1, 4, 16, 64, 256, 512)
DECODE_CONTEXTS = (0, 1024, 4096, 16384, 65536, 131072)
MEMORY_SHARE = 0.9
"""Of the free memory, what a case may take: the rest is for what libraries set aside."""

CASE_S = 1.0
"""Time spent on one case of an accelerator, if it is short enough [s]."""


def accelerator_configs() -> list[TransformerConfig]:
    """Shapes measured on an accelerator, from 30 M to 7 B parameters.

    Examples
    --------
    >>> [f"{c.params() / 1e6:,.0f} M" for c in accelerator_configs()]
    ['35 M', '100 M', '297 M', '1,159 M', '2,917 M', '7,242 M']
    """
    shapes = (  # layers, width, heads, kv_heads, ffn_width
        ("dense-30m", 6, 384, 6, 6, 1024),
        ("dense-100m", 12, 640, 10, 10, 1728),
        ("dense-300m", 18, 1024, 16, 16, 2816),
        ("dense-1.2b", 20, 2048, 16, 16, 5632),
        ("dense-2.9b", 40, 2560, 20, 4, 6912),
        ("dense-7.2b", 32, 4096, 32, 8, 14336),
    )
    return [
        TransformerConfig(
            layers=layers, width=width, heads=heads, kv_heads=kv_heads, head_dim=width // heads,
            ffn_width=ffn_width, vocab=32_000, name=name,
        )
        for name, layers, width, heads, kv_heads, ffn_width in shapes
    ]  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A case that is not built yet: `size` is the prompt of a prefill or the context of a decode."""

    config: TransformerConfig
    kind: str
    batch: int
    size: int

    def working_bytes(self, bits: int) -> float:
        """Memory that it needs beside the weights: cache, and the widest layer's activations [B]."""
        config = self.config
        new, held = (self.size, self.size) if self.kind == "prefill" else (1, self.size + 1)
        inner = (config.heads + 2 * config.kv_heads) * config.head_dim
        widest = 4 * config.ffn_width + 4 * config.width + 2 * inner
        activations = self.batch * (new * widest + config.vocab) * bits / 8
        return self.batch * held * config.kv_bytes_per_token(bits) + activations

    def build(self, model: Decoder) -> Case:
        """Make the case."""
        make = prefill_case if self.kind == "prefill" else decode_case
        return make(model, self.batch, self.size)


def plan(
    config: TransformerConfig,
    memory_bytes: float,
    bits: int = 16,
    *,
    prefill_tokens: Sequence[int] = PREFILL_TOKENS,
    batches: Sequence[int] = DECODE_BATCHES,
    contexts: Sequence[int] = DECODE_CONTEXTS,
) -> list[Planned]:
    """List the cases of a model that fit into memory: a prefill and some decodes in turn.

    Parameters
    ----------
    config : TransformerConfig
    memory_bytes : float
        For weights, cache and activations together [B].
    bits : int
        Of a weight and of a cache entry.
    prefill_tokens, batches, contexts : sequence of int

    Returns
    -------
    list of Planned
        Short ones first, so that a budget that ends early leaves small gaps at the far end.
    """
    room = memory_bytes - config.weight_bytes(bits)
    cases = [Planned(config, "prefill", 1, tokens) for tokens in prefill_tokens]
    cases += [Planned(config, "decode", b, context) for b in batches for context in contexts]
    fitting = [case for case in cases if case.working_bytes(bits) <= room]
    return sorted(fitting, key=lambda case: case.batch * case.size)


def laboratory_plan(*, quick: bool = True) -> list[Planned]:
    """List the cases of the labs' small model: prefill 64 … 2048 tokens, decode 1 … 16 sequences.

    Without `quick` the same model with one key-value head is measured too.
    """
    heads = [4] if quick else [4, 1]
    cases = []
    for kv_heads in heads:
        config = small_config(kv_heads=kv_heads, name=f"lab-3.5m-kv{kv_heads}")
        cases += [Planned(config, "prefill", 1, 2**k) for k in range(6, 12)]
        cases += [
            Planned(config, "decode", b, c) for b in (1, 4, 16) for c in (128, 512, 1024, 2048)
        ]
    return cases


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a record; none if there is no file yet, a ValueError if it is another kind."""
    return read(path, COLUMNS)


def _id(machine: str, planned: Planned, dtype: str) -> str:
    config = planned.config
    return identifier(
        machine, config.name, dtype, planned.kind, f"b{planned.batch}", f"t{planned.size}"
    )


def _row(planned: Planned, case: Case, timing: Timing | None, ceilings: Roof, machine: str, note: str) -> dict[str, Any]:  # fmt: skip
    config = planned.config
    seconds = (
        {"n": 0, "min_s": "", "p50_s": "", "p90_s": ""}
        if timing is None
        else {"n": timing.n}
        | {name: f"{getattr(timing, name):.6g}" for name in ("min_s", "p50_s", "p90_s")}
    )
    return {
        "id": _id(machine, planned, ceilings.dtype),
        "machine": machine,
        "model": config.name,
        "params": config.params(),
        **{name: getattr(config, name) for name in COLUMNS[4:11]},
        "kind": case.kind,
        "batch": case.batch,
        "tokens": case.tokens,
        "context": case.context,
        "dtype": ceilings.dtype,
        "threads": ceilings.threads,
        "attention": _attention_backend(planned, case),
        "flops": f"{case.flops:.6e}",
        "bytes": f"{case.bytes:.6e}",
        **seconds,
        "roof_flops_per_s": f"{ceilings.flops_per_s:.4e}",
        "roof_bytes_per_s": f"{ceilings.bytes_per_s:.4e}",
        "roof_launch_s": f"{ceilings.launch_s:.3g}",
        "torch": torch.__version__,
        **provenance(
            confidence="high" if case.device.type == "cuda" else "medium",
            command="supercycle measure",
            note=note,
        ),
    }


def _attention_backend(planned: Planned, case: Case) -> str:
    """Which of PyTorch's attention kernels it takes for these shapes, in words."""
    config, kind = planned.config, {"dtype": case.dtype, "device": case.device}
    if case.kind == "decode":  # grouped heads are queries of one head, nothing is hidden
        shape = (case.batch, config.kv_heads, config.heads // config.kv_heads, config.head_dim)
        q = torch.empty(shape, **kind)  # type: ignore[call-overload]
        kv = torch.empty(case.batch, config.kv_heads, 2, config.head_dim, **kind)  # type: ignore[call-overload]
        chosen = torch._fused_sdp_choice(q, kv, kv)
    else:
        q = torch.empty(1, config.heads, 16, config.head_dim, **kind)  # type: ignore[call-overload]
        kv = torch.empty(1, config.kv_heads, 16, config.head_dim, **kind)  # type: ignore[call-overload]
        grouped = config.heads != config.kv_heads
        chosen = torch._fused_sdp_choice(q, kv, kv, is_causal=True, enable_gqa=grouped)
    return SDPBackend(chosen).name.lower()


def record_small(
    out: Path,
    *,
    quick: bool = True,
    budget_s: float | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> list[dict[str, Any]]:
    """Measure the labs' small model on this processor and write a row a case.

    Parameters
    ----------
    out : Path
        A CSV; rows of the same id are replaced.
    quick : bool
        One model in 45 s; otherwise two in 150 s.
    budget_s : float, optional
        Seconds for the cases, ceilings apart.
    progress : callable, optional
        Called with the share done and what is being timed.

    Returns
    -------
    list of dict
        The rows written.
    """
    budget_s = (45.0 if quick else 150.0) if budget_s is None else budget_s
    positive("budget_s", budget_s)
    kept = read_rows(out)
    if progress is not None:
        progress(0.0, "ceilings of this machine")
    before = roof("cpu", budget_s=min(3.0, budget_s / 8))
    planned = laboratory_plan(quick=quick)
    models = {case.config: Decoder(case.config) for case in planned}
    cases = [case.build(models[case.config]) for case in planned]
    timings = bench(cases, budget_s, progress=progress)
    # A neighbour who was busy at the start would leave the roof below the cases.
    ceilings = before.best_with(roof("cpu", budget_s=min(3.0, budget_s / 8)))
    machine = machine_name(torch.device("cpu"))
    rows = [
        _row(p, c, t, ceilings, machine, "One thread; other work on the machine adds time.")
        for p, c, t in zip(planned, cases, timings, strict=True)
    ]
    new = {row["id"] for row in rows}
    out.unlink(missing_ok=True)
    for row in [*(r for r in kept if r["id"] not in new), *rows]:
        append(out, COLUMNS, row)
    return rows


def record(
    out: Path,
    *,
    budget_s: float,
    configs: Iterable[TransformerConfig] | None = None,
    device: str | torch.device = "cuda",
    dtype: torch.dtype | None = None,
    memory_bytes: float | None = None,
    ceilings: Roof | None = None,
    case_s: float = CASE_S,
    progress: Callable[[float, str], None] | None = None,
    **sizes: Sequence[int],
) -> list[dict[str, Any]]:
    """Measure models of many sizes within a time budget, writing each case when it is known.

    Parameters
    ----------
    out : Path
        A CSV. Cases it already holds for this machine and dtype are not measured again.
    budget_s : float
        For everything [s]. A case starts only if it is likely to end in time.
    configs : iterable of TransformerConfig, optional
        `accelerator_configs` unless given. The budget is shared equally among those left.
    device : str or torch.device
    dtype : torch.dtype, optional
        bfloat16 on a GPU unless given.
    memory_bytes : float, optional
        What cases may take: most of the free memory unless given [B].
    ceilings : Roof, optional
        Measured first unless given.
    case_s : float
        Longest time for a case that is short enough to be repeated [s].
    progress : callable, optional
        Called with the share of the budget used and what is being timed.
    **sizes
        `prefill_tokens`, `batches`, `contexts` of `plan`.

    Returns
    -------
    list of dict
        The rows written in this call. A case that ran out of memory has n = 0 and no seconds.

    Raises
    ------
    ValueError
        When the budget ends before one case is measured.
    """
    positive("budget_s", budget_s)
    begin = time.perf_counter()
    device = usable_device(device)
    configs = list(accelerator_configs() if configs is None else configs)
    known = {row["id"] for row in read_rows(out)}
    if progress is not None:
        progress(0.0, "ceilings of this machine")
    ceilings = ceilings or roof(device, dtype, budget_s=min(6.0, budget_s / 10))
    machine = machine_name(device)
    kind = getattr(torch, ceilings.dtype)
    rows: list[dict[str, Any]] = []
    waiting = 0
    for i, config in enumerate(configs):
        left_s = budget_s - (time.perf_counter() - begin)
        stop = time.perf_counter() + left_s / (len(configs) - i)
        room = _free_bytes(device) if memory_bytes is None else memory_bytes
        todo = plan(config, room, 8 * kind.itemsize, **sizes)
        todo = [case for case in todo if _id(machine, case, ceilings.dtype) not in known]
        if not todo:
            continue
        model = Decoder(config, dtype=kind, device=device)
        for planned in todo:
            row = _timed(model, planned, ceilings, stop - time.perf_counter(), case_s, machine)
            if row is None:
                waiting += 1
                continue
            append(out, COLUMNS, row)
            rows.append(row)
            if progress is not None:
                used = (time.perf_counter() - begin) / budget_s
                progress(
                    min(used, 1.0),
                    f"{config.name} {planned.kind} {planned.batch} × {planned.size:,}",
                )
        del model
    if waiting and not rows:
        raise ValueError(f"budget_s = {budget_s:g}: too small for one case, {waiting} are waiting")
    return rows


SLOWER = 4.0
"""How far below the roofline a case may run and still end in the time set aside for it."""


def _timed(
    model: Decoder,
    planned: Planned,
    ceilings: Roof,
    left_s: float,
    case_s: float,
    machine: str,
) -> dict[str, Any] | None:
    """Build and time one case if it is likely to end in time; its memory is free on return."""
    config, bits = model.config, 8 * model.dtype.itemsize
    new, held = (planned.size, 0) if planned.kind == "prefill" else (1, planned.size)
    flops = planned.batch * config.prefill_flops(new, cached=held)
    moved = config.weight_bytes(bits) + planned.batch * config.kv_bytes(held + new, bits)
    least_s = max(
        flops / ceilings.flops_per_s,
        moved / ceilings.bytes_per_s,
        20 * config.layers * ceilings.launch_s,  # about 20 operations a layer
    )
    # Recording a decode step calls it four times, a trial twice, warming up once, the clock once.
    need_s = 0.1 + 8 * SLOWER * least_s
    if need_s > left_s:
        return None
    try:
        case = planned.build(model)
        with quiet(ceilings.threads):
            once_s = [sample_s(case) for _ in range(2)][-1]
        often = max(3, min(1000, int(case_s / once_s)))
        (timing,) = bench([case], left_s, warmup=1, threads=ceilings.threads, max_samples=often)
        return _row(planned, case, timing, ceilings, machine, "")
    except torch.OutOfMemoryError:
        empty = Case(planned.kind, planned.batch, new, held, flops, moved, model.device, model.dtype, int)  # fmt: skip
        return _row(planned, empty, None, ceilings, machine, "Out of memory.")
    except ValueError as wrong:
        if not str(wrong).startswith("budget_s"):
            raise
        return None  # slower than thought: it waits for a longer budget


def _free_bytes(device: torch.device) -> float:
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
        return MEMORY_SHARE * torch.cuda.mem_get_info(device)[0]
    return 2.0**31
