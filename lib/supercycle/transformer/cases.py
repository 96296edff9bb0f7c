"""What is timed: reading a prompt, and one decode step at a fixed context."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from supercycle.transformer._check import whole
from supercycle.transformer.decoder import Decoder
from supercycle.transformer.generation import decode, prefill

__all__ = ["Case", "decode_case", "prefill_case"]


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

    @property
    def label(self) -> str:
        """What it is, for people."""
        size = self.tokens if self.kind == "prefill" else self.context
        return f"{self.kind} {self.batch} × {size:,}"

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
    >>> from supercycle.transformer import Decoder, small_config
    >>> case = prefill_case(Decoder(small_config()), batch=1, tokens=64)
    >>> case().shape, case.flops == small_config().prefill_flops(64)
    (torch.Size([1, 512]), True)
    """
    whole("batch", batch)
    whole("tokens", tokens)
    draw = torch.Generator().manual_seed(seed)
    prompt = torch.randint(model.config.vocab, (batch, tokens), generator=draw).to(model.device)
    cache = model.new_cache(batch, tokens)

    def run() -> torch.Tensor:
        cache.length = 0
        return prefill(model, prompt, cache)

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
    >>> from supercycle.transformer import Decoder, small_config
    >>> case = decode_case(Decoder(small_config()), batch=2, context=100)
    >>> case().shape, case.flops == 2 * small_config().flops_per_token(101)
    (torch.Size([2, 512]), True)
    """
    whole("batch", batch)
    if isinstance(context, bool) or not isinstance(context, int) or context < 0:
        raise ValueError(f"context = {context!r}: must be a whole number ≥ 0")
    draw = torch.Generator().manual_seed(seed)
    tokens = torch.randint(model.config.vocab, (batch,), generator=draw).to(model.device)
    cache = model.new_cache(batch, context + 1).fill_with_noise(context, seed=seed)

    def run() -> torch.Tensor:
        cache.length = context
        return decode(model, tokens, cache)

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
