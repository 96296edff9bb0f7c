"""Train decoders so that one run tells the loss at every token budget.

A learning-rate schedule that ends fits one budget only. Here the rate stays constant and the
weights are averaged over the recent past, which does what a falling rate does: so each run can be
asked at any time. Source: Hägele et al. (2024), arXiv:2405.18392, section 4.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from supercycle.models.architecture import TransformerConfig
from supercycle.transformer._check import usable_device, whole
from supercycle.transformer.clock import cpu_threads
from supercycle.transformer.decoder import Decoder
from supercycle.transformer.lexicon import Source

__all__ = ["Recipe", "TrainRow", "grid_config", "train_run"]

HELD_OUT = 2**31
"""Seed that no training batch has."""


@dataclass(frozen=True)
class Recipe:
    """How to train: one recipe for all widths.

    Attributes
    ----------
    batch : int
        Texts a step.
    context : int
        Tokens of each.
    rate : float
        Learning rate of a matrix with `base_width` inputs; others get ``base_width / inputs``
        times that (muP), so one rate serves all widths.
    embedding_rate : float
        Learning rate of embeddings and norms.
    base_width : int
    warmup_steps : int
        Steps over which the rate rises from zero.
    memory : float
        Exponent of the weight average: weights at step *s* count as ``s^memory`` (power EMA), so
        the average always covers about the last ``1/(memory + 1)`` of the run.
    held_out_tokens : int
        Tokens of the test text, the same for every run.

    Notes
    -----
    Source: Yang et al. (2022), arXiv:2203.03466, table 8 (muP for Adam); Karras et al. (2024),
    arXiv:2312.02696, section 3.1 (power-function EMA).
    """

    batch: int = 16
    context: int = 64
    rate: float = 8e-3
    embedding_rate: float = 3e-2
    base_width: int = 64
    warmup_steps: int = 50
    memory: float = 6.0
    held_out_tokens: int = 2**17


@dataclass(frozen=True)
class TrainRow:
    """One point of a scaling law: the loss after `tokens` with `params` weights.

    Attributes
    ----------
    run : str
        Points of one run are correlated: resample runs, not points.
    language : str
        Name of the source.
    width, layers : int
    params : int
        All weights.
    matmul_params : int
        Weights that multiply each token inside the layers.
    tokens : int
        Tokens trained on, each seen once.
    flops : float
        Training FLOP, 3 × forward, attention counted under the causal mask.
    loss : float
        Held-out loss of the averaged weights [nat/token]: the entropy plus the excess over the
        oracle on the test text where both are known, else the plain mean.
    excess : float
        Loss above the oracle's on the same text [nat/token]; NaN where nobody knows it.
    seed : int
    seconds : float
        Spent on training so far.
    """

    run: str
    language: str
    width: int
    layers: int
    params: int
    matmul_params: int
    tokens: int
    flops: float
    loss: float
    excess: float
    seed: int
    seconds: float


def grid_config(
    width: int, *, vocab: int, layers: int = 2, head_dim: int = 16
) -> TransformerConfig:
    """Return a config of a grid's family: fixed depth and head size, width alone grows.

    Examples
    --------
    >>> grid_config(64, vocab=32).heads
    4
    """
    whole("width", width)
    if width % head_dim:
        raise ValueError(f"width = {width}: must be a multiple of head_dim = {head_dim}")
    heads = width // head_dim
    return TransformerConfig(
        layers=layers, width=width, heads=heads, kv_heads=heads, head_dim=head_dim,
        ffn_width=8 * math.ceil(width / 3), vocab=vocab, name=f"grid-w{width}",
    )  # fmt: skip


def train_run(
    config: TransformerConfig,
    source: Source,
    tokens: int | Sequence[int],
    *,
    recipe: Recipe | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    held_out: Source | None = None,
    threads: int | None = 1,
    progress: Callable[[float, str], None] | None = None,
) -> list[TrainRow]:
    """Train one model and test it at each token budget on the way.

    Parameters
    ----------
    config : TransformerConfig
        Its vocabulary must be the source's.
    source : Source
    tokens : int or sequence of int
        Budgets, met to within one step.
    recipe : Recipe, optional
    seed : int
        Of the weights and of the texts.
    device : str or torch.device
    held_out : Source, optional
        Where the test text comes from: the source itself unless given (a `Lexicon` never repeats).
    threads : int or None
        CPU threads while training, restored afterwards; None leaves them as they are.
    progress : callable, optional
        Called with the share done (0 … 1) and a line with the latest loss.

    Returns
    -------
    list of TrainRow
        One a budget, ascending.

    Raises
    ------
    ValueError
        When vocabularies differ or a budget is smaller than one step.

    Examples
    --------
    >>> from supercycle.transformer.lexicon import Lexicon
    >>> rows = train_run(grid_config(16, vocab=32), Lexicon(words=100), [1024, 4096])
    >>> [row.tokens for row in rows], rows[1].excess < rows[0].excess
    ([1024, 4096], True)
    """
    recipe = recipe or Recipe()
    if config.vocab != source.vocab:
        raise ValueError(
            f"vocab = {config.vocab}: the source {source.name} has {source.vocab} tokens"
        )
    step_tokens = recipe.batch * recipe.context
    budgets = sorted({int(t) for t in (tokens if isinstance(tokens, Iterable) else [tokens])})
    if not budgets or budgets[0] < step_tokens:
        raise ValueError(
            f"tokens = {tokens}: each budget must hold at least one step of {step_tokens} tokens"
        )
    at_step = {round(budget / step_tokens) for budget in budgets}
    with cpu_threads(threads):
        return _run(
            config,
            source,
            at_step,
            recipe,
            seed,
            usable_device(device),
            held_out or source,
            progress,
        )


def _run(
    config: TransformerConfig,
    source: Source,
    at_step: set[int],
    recipe: Recipe,
    seed: int,
    device: torch.device,
    held_out: Source,
    progress: Callable[[float, str], None] | None,
) -> list[TrainRow]:
    texts = max(recipe.held_out_tokens // recipe.context, 1)
    test = held_out.sample(texts, recipe.context, HELD_OUT)
    model = Decoder(config, seed=seed, dtype=torch.float32, device=device)
    _start_mup(model)
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = _adam(model, recipe)
    rates = [group["lr"] for group in optimizer.param_groups]
    rows: list[TrainRow] = []
    steps, step_tokens = max(at_step), recipe.batch * recipe.context
    seconds, begin = 0.0, time.perf_counter()
    for step in range(1, steps + 1):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, step / recipe.warmup_steps)
        text, _ = source.sample(recipe.batch, recipe.context, [seed, step])
        loss = _losses(model, torch.from_numpy(text).to(device)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        # Weights count as s^memory: the newest gets the share (memory + 1) / step.
        share = min(1.0, (recipe.memory + 1) / step)
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), share)
        if step in at_step:
            seconds += time.perf_counter() - begin
            mean, excess = _test(average, *test)
            known = not math.isnan(excess)
            rows.append(
                TrainRow(
                    run=f"{source.name}-w{config.width}-l{config.layers}-s{seed}",
                    language=source.name,
                    width=config.width,
                    layers=config.layers,
                    params=config.params(),
                    matmul_params=config.matmul_params,
                    tokens=step * step_tokens,
                    flops=3
                    * step
                    * recipe.batch
                    * config.prefill_flops(recipe.context, all_logits=True),
                    loss=source.entropy_nats + excess if known else mean,
                    excess=excess,
                    seed=seed,
                    seconds=seconds,
                )
            )
            begin = time.perf_counter()
        if progress is not None and (step in at_step or step % 20 == 0):
            latest = f"loss {rows[-1].loss:.3f}" if rows else f"loss {loss.item():.3f} (training)"
            progress(step / steps, f"width {config.width}: {latest}")
    return rows


def _start_mup(model: Decoder) -> None:
    """Start as muP asks: embeddings of size one, an output head of zero."""
    with torch.no_grad():
        model.embedding.weight.mul_(model.config.width**0.5)
        model.head.weight.zero_()


def _adam(model: Decoder, recipe: Recipe) -> torch.optim.Optimizer:
    """Return Adam with a rate ∝ 1/inputs for matrices, constant for embeddings and norms."""
    groups: dict[float, list[Tensor]] = {}
    for name, weight in model.named_parameters():
        matrix = weight.ndim == 2 and not name.startswith("embedding")
        rate = (
            recipe.rate * recipe.base_width / weight.shape[1] if matrix else recipe.embedding_rate
        )
        groups.setdefault(rate, []).append(weight)
    return torch.optim.Adam(
        [{"params": weights, "lr": rate} for rate, weights in groups.items()],
        betas=(0.9, 0.98),
        fused=True,
    )


def _losses(model: Decoder, text: Tensor) -> Tensor:
    """−log probability of each token after those before it, shape (B, T) [nat]."""
    with torch.autocast("cuda", torch.bfloat16, enabled=model.device.type == "cuda"):
        logits = model(text[:, :-1])
    return functional.cross_entropy(
        logits.float().flatten(0, 1), text[:, 1:].flatten(), reduction="none"
    ).view(text.shape[0], -1)


@torch.inference_mode()
def _test(model: Decoder, text: np.ndarray, oracle: np.ndarray) -> tuple[float, float]:
    """Mean loss on a test text and mean excess over the oracle's."""
    losses = torch.cat(
        [_losses(model, part.to(model.device)) for part in torch.from_numpy(text).split(256)]
    )
    own = losses.double().cpu().numpy()
    return float(own.mean()), float((own - oracle).mean())
