"""An honest clock for a `Decoder`, the machine's own ceilings, and the lines that time follows.

What spoils a timing, and what is done about it: the first call allocates and compiles (warm-up);
a GPU answers before it has finished (synchronise); a neighbour slows some minutes and not others
(round robin over the cases, minimum and quantiles kept); Python collects garbage in the middle
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
from supercycle.transformer.decoder import Decoder, _device, _known_dtype, _whole
from supercycle.transformer.decoder import decode as decode_step
from supercycle.transformer.decoder import prefill as read_prompt

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Bench",
    "Case",
    "DecodeFit",
    "PrefillFit",
    "Roof",
    "Timing",
    "bench",
    "decode_case",
    "fit_decode",
    "fit_prefill",
    "mbu",
    "mfu",
    "prefill_case",
    "roof",
]


# -- cases ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One thing to time: call it to do it once.

    Attributes
    ----------
    kind : str
        ``prefill`` or ``decode``.
    batch : int
        Sequences together.
    tokens : int
        New tokens per sequence: the prompt, or 1.
    context : int
        Tokens already in the cache, per sequence.
    flops : float
        FLOP of one call, attention counted under the causal mask, the output head on the last
        token only.
    bytes : float
        Least memory traffic of one call [B]: weights once (of the input embedding only the rows
        used), the cache read once, the new tokens' keys and values written once.
    device, dtype : torch.device, torch.dtype
    run : callable
    """

    kind: str
    batch: int
    tokens: int
    context: int
    flops: float
    bytes: float
    device: torch.device = field(repr=False)
    dtype: torch.dtype = field(repr=False)
    run: Callable[[], Any] = field(repr=False)

    def __call__(self) -> Any:
        """Do it once; on a GPU it may still be under way on return."""
        return self.run()


def _traffic_bytes(model: Decoder, batch: int, new: int, context: int) -> float:
    """Least memory traffic: weights once, cache read, new keys and values written [B]."""
    config, bits = model.config, 8 * model.norm.weight.element_size()
    table = 0 if config.tied_embeddings else config.vocab * config.width
    rows = batch * new * config.width  # of the input embedding only what is looked up
    weights = config.weight_bytes(bits) - (table - rows) * bits / 8
    return weights + batch * (context + new) * config.kv_bytes_per_token(bits)


def prefill_case(model: Decoder, batch: int, tokens: int, *, seed: int = 0) -> Case:
    """Make a case that reads a random prompt into an empty cache.

    Parameters
    ----------
    model : Decoder
    batch, tokens : int
        Sequences, and prompt tokens per sequence.
    seed : int
        Of the prompt.

    Examples
    --------
    >>> from supercycle.transformer import small_config
    >>> case = prefill_case(Decoder(small_config()), batch=1, tokens=64)
    >>> case().shape, case.flops == small_config().prefill_flops(64)
    (torch.Size([1, 512]), True)
    """
    _whole("batch", batch)
    _whole("tokens", tokens)
    draw = torch.Generator().manual_seed(seed)
    prompt = torch.randint(model.config.vocab, (batch, tokens), generator=draw).to(model.device)
    cache = model.new_cache(batch, tokens)

    def run() -> torch.Tensor:
        cache.length = 0
        return read_prompt(model, prompt, cache)

    return Case(
        kind="prefill",
        batch=batch,
        tokens=tokens,
        context=0,
        flops=batch * model.config.prefill_flops(tokens),
        bytes=_traffic_bytes(model, batch, tokens, 0),
        device=model.device,
        dtype=model.dtype,
        run=run,
    )


def decode_case(
    model: Decoder, batch: int, context: int, *, seed: int = 0, graph: bool = True
) -> Case:
    """Make a case that takes one decode step at a fixed context, again and again.

    The cache is filled with noise and its position set back before each step, so every call
    reads the same number of keys and values.

    Parameters
    ----------
    model : Decoder
    batch : int
    context : int
        Tokens already in the cache, per sequence; 0 leaves the weights alone to be read.
    seed : int
        Of the noise.
    graph : bool
        On a GPU, record the step's kernels once as a CUDA graph and replay them: otherwise the
        launches, not the memory, set the time of a small model. Without effect on a CPU.

    Examples
    --------
    >>> from supercycle.transformer import small_config
    >>> case = decode_case(Decoder(small_config()), batch=2, context=100)
    >>> case().shape, case.flops == 2 * small_config().flops_per_token(101)
    (torch.Size([2, 512]), True)
    """
    _whole("batch", batch)
    if isinstance(context, bool) or not isinstance(context, int) or context < 0:
        raise ValueError(f"context = {context!r}: must be a whole number ≥ 0")
    draw = torch.Generator().manual_seed(seed)
    tokens = torch.randint(model.config.vocab, (batch,), generator=draw).to(model.device)
    cache = model.new_cache(batch, context + 1).fill_with_noise(context, seed=seed)

    def run() -> torch.Tensor:
        cache.length = context
        return decode_step(model, tokens, cache)

    return Case(
        kind="decode",
        batch=batch,
        tokens=1,
        context=context,
        flops=batch * model.config.flops_per_token(context + 1),
        bytes=_traffic_bytes(model, batch, 1, context),
        device=model.device,
        dtype=model.dtype,
        run=_as_cuda_graph(run) if graph and model.device.type == "cuda" else run,
    )


def _as_cuda_graph(run: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
    """Record the kernels that `run` launches and return a call that replays them."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # libraries set themselves up outside the recording
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        answer = run()

    def replay() -> torch.Tensor:
        graph.replay()
        return answer

    return replay


# -- clock ------------------------------------------------------------------------------------


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
    max_rounds: int = 1000,
    progress: Callable[[float, str], None] | None = None,
) -> Bench:
    """Time cases within a budget.

    Parameters
    ----------
    cases : sequence of Case
    budget_s : float
        For everything, warm-up included [s]. At least one sample of each case must fit.
    order : str
        ``round_robin`` takes one sample of each case in turn, so that a slow minute of the
        machine falls on all cases alike; ``sequential`` finishes one case before the next.
    threads : int or None
        CPU threads while timing, restored afterwards; None leaves them as they are.
    warmup : int
        Untimed calls of each case.
    max_rounds : int
        Samples of each case at most.
    progress : callable, optional
        Called with the share of the budget used and the case's kind.

    Returns
    -------
    Bench

    Raises
    ------
    ValueError
        When no case is given or the budget is too small for one sample of each.

    Examples
    --------
    >>> from supercycle.transformer import small_config
    >>> timings = bench([prefill_case(Decoder(small_config()), batch=1, tokens=32)], budget_s=0.5)
    >>> timings[0].n == len(timings[0].samples), timings[0].min_s <= timings[0].p50_s
    (True, True)
    """
    positive("budget_s", budget_s)
    _whole("warmup", warmup)
    _whole("max_rounds", max_rounds)
    if threads is not None:
        _whole("threads", threads)
    cases = list(cases)
    if not cases:
        raise ValueError("cases = []: give at least one prefill_case or decode_case")
    if order not in ("round_robin", "sequential"):
        raise ValueError(f"order = {order!r}: must be 'round_robin' or 'sequential'")
    start = time.perf_counter()

    def used() -> float:
        share = (time.perf_counter() - start) / budget_s
        if progress is not None:
            progress(min(share, 1.0), kind)
        return share

    samples: list[list[float]] = [[] for _ in cases]
    with _quiet(threads):
        last = []  # how long each case took in its last warm-up call
        for case in cases:
            kind = case.kind
            last.append([_sample(case) for _ in range(warmup)][-1])
            if used() > 1:
                break
        round_s = sum(last)
        if len(last) < len(cases) or budget_s - (time.perf_counter() - start) < round_s:
            raise ValueError(
                f"budget_s = {budget_s:g}: too small for one sample of each case; warming up "
                f"{len(last)} of {len(cases)} took {time.perf_counter() - start:.2g} s, "
                f"one round takes about {round_s * len(cases) / len(last):.2g} s"
            )
        if order == "round_robin":
            for _ in range(max_rounds):
                for case, taken, case_s in zip(cases, samples, last, strict=True):
                    kind = case.kind
                    if case_s < round_s / 20:
                        case()  # brings its weights back into the near caches
                    taken.append(_sample(case))
                if used() + round_s / budget_s > 1:
                    break
        else:
            for i, (case, taken) in enumerate(zip(cases, samples, strict=True)):
                kind = case.kind
                done_by = used() + (1 - used()) / (len(cases) - i)
                taken.append(_sample(case))
                while len(taken) < max_rounds and used() + last[i] / budget_s <= done_by:
                    taken.append(_sample(case))
        used_threads = torch.get_num_threads()
    return Bench(
        timings=tuple(_timing(c, s) for c, s in zip(cases, samples, strict=True)),
        threads=used_threads,
        elapsed_s=time.perf_counter() - start,
    )


def _sample(case: Case) -> float:
    """Seconds of one call, until its last result is there."""
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
def _quiet(threads: int | None) -> Iterator[None]:
    """Set CPU threads and stop the garbage collector; put both back whatever happens."""
    before, collecting = torch.get_num_threads(), gc.isenabled()
    if threads is not None:
        torch.set_num_threads(threads)
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        torch.set_num_threads(before)
        if collecting:
            gc.enable()


# -- ceilings ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Roof:
    """The ceilings of this machine, measured in this process.

    Attributes
    ----------
    flops_per_s : float
        Best of a large square matrix product on random data [FLOP/s].
    bytes_per_s : float
        Best of a large copy, bytes read plus bytes written [B/s].
    launch_s : float
        Least time of the smallest operation: what Python and the driver take [s].
    device, dtype : str
    threads : int
        CPU threads.
    """

    flops_per_s: float
    bytes_per_s: float
    launch_s: float
    device: str
    dtype: str
    threads: int

    @property
    def ridge_point(self) -> float:
        """Arithmetic intensity at which both ceilings meet [FLOP/B]."""
        return self.flops_per_s / self.bytes_per_s


def roof(
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    *,
    threads: int | None = 1,
    side: int | None = None,
    copy_bytes: int | None = None,
    budget_s: float = 2.0,
) -> Roof:
    """Measure what this machine can do at best, in the process that measures the model.

    Parameters
    ----------
    device : str or torch.device
    dtype : torch.dtype, optional
        float32 on a CPU and bfloat16 on a GPU unless given.
    threads : int or None
        CPU threads, restored afterwards.
    side : int, optional
        Rows of the square matrices: 1024 on a CPU and 8192 on a GPU unless given.
    copy_bytes : int, optional
        Size of the block copied: 256 MiB on a CPU and 2 GiB on a GPU unless given [B].
    budget_s : float
        Seconds, shared by the three.

    Returns
    -------
    Roof

    Notes
    -----
    Source: Williams, Waterman and Patterson (2009), Roofline, Communications of the ACM 52(4).

    Examples
    --------
    >>> ceilings = roof(side=128, copy_bytes=2**20, budget_s=0.1)
    >>> ceilings.ridge_point == ceilings.flops_per_s / ceilings.bytes_per_s
    True
    """
    positive("budget_s", budget_s)
    device = _device(device)
    if device.type == "meta":
        raise ValueError("device = 'meta': nothing runs there; must be 'cpu' or 'cuda'")
    on_gpu = device.type == "cuda"
    dtype = dtype or (torch.bfloat16 if on_gpu else torch.float32)
    _known_dtype(dtype)
    side = side or (8192 if on_gpu else 1024)
    copy_bytes = copy_bytes or (2**31 if on_gpu else 2**28)
    _whole("side", side)
    _whole("copy_bytes", copy_bytes)
    draw = torch.Generator(device=device).manual_seed(0)
    kind: dict[str, Any] = {"device": device, "dtype": dtype}
    a = torch.empty(side, side, **kind).normal_(generator=draw)
    b = torch.empty(side, side, **kind).normal_(generator=draw)
    product = torch.empty(side, side, **kind)
    source = torch.empty(copy_bytes, dtype=torch.uint8, device=device).random_(generator=draw)
    target = torch.empty_like(source)
    one = torch.zeros(1, **kind)

    def best_s(run: Callable[[], Any]) -> float:
        case = Case("roof", 1, 1, 0, 0.0, 0.0, device, dtype, run)
        end = time.perf_counter() + budget_s / 3
        for _ in range(3):
            best = _sample(case)
        while time.perf_counter() < end:
            best = min(best, _sample(case))
        return best

    with _quiet(threads), torch.inference_mode():
        return Roof(
            flops_per_s=2 * side**3 / best_s(lambda: torch.mm(a, b, out=product)),
            bytes_per_s=2 * copy_bytes / best_s(lambda: target.copy_(source)),
            launch_s=best_s(lambda: one.add_(1)),
            device=str(device),
            dtype=str(dtype).removeprefix("torch."),
            threads=torch.get_num_threads(),
        )


def mfu(flops: Any, seconds: Any, flops_per_s: Any) -> Any:
    """Model FLOP utilisation: useful FLOP per second over the ceiling, a share.

    ``flops / seconds / flops_per_s``; all three broadcast.

    Source: Chowdhery et al. (2022), arXiv:2204.02311, appendix B.

    Examples
    --------
    >>> mfu(flops=2e12, seconds=4.0, flops_per_s=1e12)
    0.5
    """
    positive("seconds", seconds)
    positive("flops_per_s", flops_per_s)
    return flops / seconds / flops_per_s


def mbu(bytes: Any, seconds: Any, bytes_per_s: Any) -> Any:
    """Model bandwidth utilisation: bytes that must move per second over the ceiling, a share.

    ``bytes / seconds / bytes_per_s``; all three broadcast. Above 1 the data sat in a cache nearer
    than the memory whose ceiling was measured.

    Examples
    --------
    >>> mbu(bytes=16e9, seconds=8e-3, bytes_per_s=4e12)
    0.5
    """
    positive("seconds", seconds)
    positive("bytes_per_s", bytes_per_s)
    return bytes / seconds / bytes_per_s


# -- fits -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrefillFit:
    """``t = c0 + B · (c1 · T + c2 · T²)``: overhead, weights, attention.

    Attributes
    ----------
    c0_s, c1_s_per_token, c2_s_per_token2 : float
    max_error : float
        Largest |fit / measured − 1| of the points fitted.
    """

    c0_s: float
    c1_s_per_token: float
    c2_s_per_token2: float
    max_error: float

    def __call__(self, tokens: Any, batch: Any = 1) -> Any:
        """Seconds to read `tokens` in each of `batch` sequences."""
        per_sequence = self.c1_s_per_token * tokens + self.c2_s_per_token2 * tokens**2
        return self.c0_s + batch * per_sequence


@dataclass(frozen=True)
class DecodeFit:
    """``t = w + a · B + b · B · context``: weights, work a sequence, cache.

    Attributes
    ----------
    w_s, a_s_per_sequence, b_s_per_token : float
    max_error : float
        Largest |fit / measured − 1| of the points fitted.
    """

    w_s: float
    a_s_per_sequence: float
    b_s_per_token: float
    max_error: float

    def __call__(self, context: Any, batch: Any = 1) -> Any:
        """Seconds of one step of `batch` sequences with `context` tokens each."""
        return self.w_s + batch * (self.a_s_per_sequence + self.b_s_per_token * context)


def fit_prefill(timings: Any, *, statistic: str = "min_s") -> PrefillFit:
    """Fit the time of prefill: a constant, a line and a parabola, none negative.

    Parameters
    ----------
    timings : Bench, sequence of Timing, or DataFrame
        Only rows of kind ``prefill`` are used; at least three different prompt lengths.
    statistic : str
        ``min_s`` (a neighbour on the machine can only add time), ``p50_s`` or ``p90_s``.

    Returns
    -------
    PrefillFit

    Notes
    -----
    Least squares of relative errors, so a short prompt counts as much as a long one.

    Examples
    --------
    >>> import pandas as pd
    >>> T = np.array([64.0, 128, 512, 2048])
    >>> rows = pd.DataFrame({"kind": "prefill", "batch": 1, "tokens": T, "context": 0,
    ...                      "min_s": 1e-3 + 1e-5 * T + 1e-8 * T**2})
    >>> fit = fit_prefill(rows)
    >>> round(fit.c2_s_per_token2, 12), fit.max_error < 1e-6
    (1e-08, True)
    """
    batch, tokens, _, seconds = _columns(timings, "prefill", statistic)
    if len(np.unique(tokens)) < 3:
        raise ValueError(
            f"timings have {len(np.unique(tokens))} different prompt lengths: "
            "a parabola needs at least 3"
        )
    terms = np.stack([np.ones_like(tokens), batch * tokens, batch * tokens**2], axis=1)
    return PrefillFit(*_relative_fit(terms, seconds))


def fit_decode(timings: Any, *, statistic: str = "min_s") -> DecodeFit:
    """Fit the time of a decode step: a plane in batch and in batch × context, none negative.

    Parameters
    ----------
    timings : Bench, sequence of Timing, or DataFrame
        Only rows of kind ``decode`` are used; at least two batches and two contexts.
    statistic : str
        ``min_s``, ``p50_s`` or ``p90_s``.

    Returns
    -------
    DecodeFit
    """
    batch, _, context, seconds = _columns(timings, "decode", statistic)
    if len(np.unique(batch)) < 2 or len(np.unique(context)) < 2:
        raise ValueError(
            f"timings have {len(np.unique(batch))} different batches and "
            f"{len(np.unique(context))} contexts: the fit needs at least 2 of each"
        )
    terms = np.stack([np.ones_like(batch), batch, batch * context], axis=1)
    return DecodeFit(*_relative_fit(terms, seconds))


def _columns(timings: Any, kind: str, statistic: str) -> tuple[np.ndarray, ...]:
    if statistic not in ("min_s", "p50_s", "p90_s"):
        raise ValueError(f"statistic = {statistic!r}: must be 'min_s', 'p50_s' or 'p90_s'")
    if hasattr(timings, "to_dict"):
        rows = timings.to_dict("records")
    else:
        rows = [{n: getattr(t, n) for n in Timing.__dataclass_fields__} for t in timings]
    mine = [row for row in rows if row["kind"] == kind]
    if not mine:
        raise ValueError(f"timings hold no case of kind {kind!r}")
    names = ("batch", "tokens", "context", statistic)
    return tuple(np.array([row[name] for row in mine], dtype=float) for name in names)


def _relative_fit(terms: np.ndarray, seconds: np.ndarray) -> tuple[float, float, float, float]:
    """Non-negative coefficients that minimise the relative errors, and the largest of these."""
    from scipy.optimize import nnls

    relative = terms / seconds[:, None]
    scale = np.linalg.norm(relative, axis=0)  # columns differ by 1e7: bring them to one size
    found = nnls(relative / scale, np.ones_like(seconds))[0] / scale
    return *map(float, found), float(np.abs(relative @ found - 1).max())  # type: ignore[return-value]
