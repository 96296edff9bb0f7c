"""The arithmetic of a decoder: parameters, FLOPs and cache bytes from its configuration.

Everything that a transformer costs to run follows from a dozen integers. Counted are matrix
products, one multiply-add as two FLOPs; norms, softmax and rotations are left out, as is usual
(they are below one per cent from width 1,024 up).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, positive

__all__ = ["Experts", "Latent", "TransformerConfig", "Window", "get", "names"]


@dataclass(frozen=True)
class Experts:
    """A mixture of experts: which share of the feed-forward weights a token passes through.

    Attributes
    ----------
    routed : int
        Experts a layer holds.
    per_token : int
        Routed experts a token uses.
    shared : int
        Experts every token uses, on top.
    width : int
        Hidden width of one expert.
    dense_layers : int
        First layers that keep an ordinary feed-forward block.
    """

    routed: int
    per_token: int
    width: int
    shared: int = 0
    dense_layers: int = 0


@dataclass(frozen=True)
class Latent:
    """Multi-head latent attention: keys and values are kept as one short vector a token.

    Source: DeepSeek-V2 (2024), arXiv:2405.04434, section 2.1.

    Attributes
    ----------
    kv_rank, q_rank : int
        Width of the latent that keys and values, and queries, are expanded from.
    rope_dim, nope_dim, v_dim : int
        Width of a head's rotary part, position-free part and value.
    """

    kv_rank: int
    q_rank: int
    rope_dim: int
    nope_dim: int
    v_dim: int


@dataclass(frozen=True)
class Window:
    """Sliding-window attention: one layer in `every` looks back at most `tokens`."""

    tokens: int
    every: int = 1


@dataclass(frozen=True)
class TransformerConfig:
    """The shape of a decoder-only transformer.

    Attributes
    ----------
    layers, width, heads, kv_heads, head_dim, ffn_width, vocab : int
        The dozen integers; `ffn_width` is 0 where every layer is a mixture of experts.
    activation : str
        ``swiglu`` or ``geglu`` (three matrices) or ``gelu`` (two).
    norm, positions : str
        ``rmsnorm`` or ``layernorm``; ``rope`` or ``learned``.
    max_positions : int
        Rows of a learned position embedding.
    tied_embeddings, qkv_bias, bias, qk_norm, sandwich_norm, attention_sinks : bool
        Small print that changes the parameter count.
    experts : Experts or None
    latent : Latent or None
    window : Window or None
    name : str

    Raises
    ------
    ValueError
        When a size is not a positive integer, or the heads do not divide.

    Examples
    --------
    >>> TransformerConfig(layers=2, width=64, heads=6, kv_heads=4, head_dim=16, ffn_width=128, vocab=100)
    Traceback (most recent call last):
    ...
    ValueError: heads = 6: must be a multiple of kv_heads = 4
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_width: int
    vocab: int
    activation: str = "swiglu"
    norm: str = "rmsnorm"
    positions: str = "rope"
    max_positions: int = 0
    tied_embeddings: bool = False
    qkv_bias: bool = False
    bias: bool = False
    qk_norm: bool = False
    sandwich_norm: bool = False
    attention_sinks: bool = False
    experts: Experts | None = None
    latent: Latent | None = None
    window: Window | None = None
    name: str = ""

    def __post_init__(self) -> None:
        for size in ("layers", "width", "heads", "kv_heads", "head_dim", "vocab"):
            _whole(size, getattr(self, size), least=1)
        _whole("ffn_width", self.ffn_width, least=0 if self.experts else 1)
        if self.heads % self.kv_heads:
            raise ValueError(
                f"heads = {self.heads}: must be a multiple of kv_heads = {self.kv_heads}"
            )
        if self.positions == "rope" and self.head_dim % 2:
            raise ValueError(
                f"head_dim = {self.head_dim}: must be even, rotary positions turn pairs"
            )
        for field, valid in (
            ("activation", ("swiglu", "geglu", "gelu")),
            ("norm", ("rmsnorm", "layernorm")),
            ("positions", ("rope", "learned")),
        ):
            if getattr(self, field) not in valid:
                raise ValueError(f"{field} = {getattr(self, field)!r}: must be one of {valid}")

    def __hash__(self) -> int:
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        return hash(dataclasses.astuple(self))

    # -- parameters ---------------------------------------------------------------------------

    @functools.cached_property
    def _attention_params(self) -> int:
        """Matrix weights of one layer's attention: they multiply every token."""
        if (mla := self.latent) is not None:
            head = mla.nope_dim + mla.rope_dim
            queries = self.width * mla.q_rank + mla.q_rank * self.heads * head
            down = self.width * (mla.kv_rank + mla.rope_dim)
            up = mla.kv_rank * self.heads * (mla.nope_dim + mla.v_dim)
            return queries + down + up + self.heads * mla.v_dim * self.width
        return self.width * self.head_dim * 2 * (self.heads + self.kv_heads)

    def _ffn_params(self, width: int) -> int:
        return (2 if self.activation == "gelu" else 3) * self.width * width

    @functools.cached_property
    def _ffn_bias(self) -> tuple[int, int]:
        """Biases of one dense block and of one expert."""
        matrices_up = 1 if self.activation == "gelu" else 2
        expert_width = self.experts.width if self.experts else 0
        if not self.bias:
            return 0, 0
        return matrices_up * self.ffn_width + self.width, matrices_up * expert_width + self.width

    @functools.cached_property
    def _vector_params(self) -> int:
        """Norms, attention biases, sinks: everything in all layers that is no matrix."""
        norm = self.width * (2 if self.norm == "layernorm" else 1)
        layer = norm * (4 if self.sandwich_norm else 2)
        if self.qkv_bias or self.bias:
            layer += (self.heads + 2 * self.kv_heads) * self.head_dim
        if self.bias:
            layer += self.width
        if self.qk_norm:
            layer += 2 * self.head_dim
        if self.attention_sinks:
            layer += self.heads
        if self.latent is not None:
            layer += self.latent.q_rank + self.latent.kv_rank
        return self.layers * layer + norm

    def _block_params(self, experts_used: int | None) -> tuple[int, int]:
        """Matrix and bias weights of all feed-forward blocks, with that many routed experts."""
        dense_bias, expert_bias = self._ffn_bias
        moe = self.experts
        if moe is None:
            return self.layers * self._ffn_params(self.ffn_width), self.layers * dense_bias
        used = (moe.routed if experts_used is None else experts_used) + moe.shared
        sparse_layers = self.layers - moe.dense_layers
        router = self.width * moe.routed
        matrices = moe.dense_layers * self._ffn_params(self.ffn_width) + sparse_layers * (
            router + used * self._ffn_params(moe.width)
        )
        biases = moe.dense_layers * dense_bias + sparse_layers * (
            used * expert_bias + (moe.routed if self.bias else 0)
        )
        return matrices, biases

    def _params(self, experts_used: int | None) -> int:
        matrices, biases = self._block_params(experts_used)
        embeddings = self.vocab * self.width * (1 if self.tied_embeddings else 2)
        positions = self.max_positions * self.width
        attention = self.layers * self._attention_params
        return attention + matrices + biases + self._vector_params + embeddings + positions

    @functools.cached_property
    def _total_params(self) -> int:
        return self._params(None)

    def params(self) -> int:
        """All weights, embeddings included.

        Examples
        --------
        >>> get("llama-3.1-8b").params()
        8030261248
        """
        return self._total_params

    @functools.cached_property
    def _used_params(self) -> int:
        return self._params(self.experts.per_token if self.experts else None)

    def active_params(self) -> int:
        """Weights that one token passes through, embeddings included (equal to `params` if dense).

        Examples
        --------
        >>> round(get("mixtral-8x7b").active_params() / 1e9, 1)
        12.9
        """
        return self._used_params

    @functools.cached_property
    def matmul_params(self) -> int:
        """Weights that multiply each token inside the layers: no embedding, no output head."""
        matrices, _ = self._block_params(self.experts.per_token if self.experts else None)
        return self.layers * self._attention_params + matrices

    def weight_bytes(self, weight_bits: Any = 16) -> Any:
        """Bytes of all weights [B] at `weight_bits` a weight."""
        positive("weight_bits", weight_bits)
        return self._total_params * weight_bits / 8

    # -- FLOPs --------------------------------------------------------------------------------

    @functools.cached_property
    def _attention_flops_per_pair(self) -> int:
        """FLOPs of one layer for one query–key pair: scores and weighted values, all heads."""
        if (mla := self.latent) is not None:
            return 2 * self.heads * (mla.nope_dim + mla.rope_dim + mla.v_dim)
        return 4 * self.heads * self.head_dim

    @functools.cached_property
    def _windowed_layers(self) -> int:
        return 0 if self.window is None else math.ceil(self.layers / self.window.every)

    def flops_per_token(self, context_tokens: Any) -> Any:
        """FLOPs to produce one token that attends to `context_tokens`, itself included.

        ``2 · weights + layers · 4 · heads · head_dim · context``: the first term is what a batch
        can share the reading of, the second grows with every token already in the cache.

        Parameters
        ----------
        context_tokens : float or array of shape (...,)
            Tokens attended to [tokens].

        Returns
        -------
        float or array of shape (...,)
            FLOP for one token, the output head included.

        Notes
        -----
        Windowed layers attend to at most `Window.tokens`. MLA is counted as trained (keys and
        values expanded), not in the absorbed form some engines use for decoding.

        Source: Kaplan et al. (2020), arXiv:2001.08361, section 2.1, with the attention term kept.

        Examples
        --------
        >>> config = get("llama-3.1-8b")
        >>> round(config.flops_per_token(0) / config.params(), 2)  # all but the input embedding
        1.87
        """
        non_negative("context_tokens", context_tokens)
        context = np.asarray(context_tokens, dtype=float)
        pairs = self.layers * context
        if self.window is not None:
            pairs = pairs - self._windowed_layers * np.maximum(context - self.window.tokens, 0)
        flops = 2.0 * (self.matmul_params + self.vocab * self.width)
        return plain(flops + pairs * self._attention_flops_per_pair)

    def prefill_flops(
        self, tokens: Any, *, cached: Any = 0, causal: bool = True, all_logits: bool = False
    ) -> Any:
        """FLOPs to read a prompt: linear in its length through the weights, quadratic through attention.

        Token *i* attends to the `cached` tokens before the prompt, to the *i* − 1 before it and to
        itself, so a prompt of *T* new tokens makes ``T·cached + T(T+1)/2`` query–key pairs a layer.

        Parameters
        ----------
        tokens : float or array of shape (...,)
            New tokens to compute [tokens].
        cached : float or array of shape (...,)
            Tokens before them whose keys and values are already in the cache [tokens].
        causal : bool
            Count only the pairs a causal mask keeps; False counts the full square, as some
            kernels compute and FLOP counters report.
        all_logits : bool
            Apply the output head to every token (training, scoring) or to the last (serving).

        Returns
        -------
        float or array of shape (...,)
            FLOP. Chunks add up to the cold prompt, apart from one output head a chunk.

        Examples
        --------
        >>> config = get("llama-3.1-8b")
        >>> round(config.prefill_flops(400_000) / config.prefill_flops(200_000), 2)  # nearly ×4
        3.58
        """
        non_negative("tokens", tokens)
        non_negative("cached", cached)
        new = np.asarray(tokens, dtype=float)
        before = np.asarray(cached, dtype=float)
        full = new * before + (new * (new + 1) / 2 if causal else new * new)
        pairs = self.layers * full
        if self.window is not None:
            if causal:
                beyond = _ramp_sum(before + new - self.window.tokens) - _ramp_sum(
                    before - self.window.tokens
                )
            else:
                beyond = new * np.maximum(before + new - self.window.tokens, 0)
            pairs = pairs - self._windowed_layers * beyond
        heads_out = new if all_logits else np.minimum(new, 1)
        linear = 2.0 * (new * self.matmul_params + heads_out * self.vocab * self.width)
        return plain(linear + pairs * self._attention_flops_per_pair)

    # -- cache --------------------------------------------------------------------------------

    @functools.cached_property
    def _kv_values_per_layer(self) -> int:
        if self.latent is not None:
            return self.latent.kv_rank + self.latent.rope_dim
        return 2 * self.kv_heads * self.head_dim

    def kv_bytes_per_token(self, kv_bits: Any = 16) -> Any:
        """Bytes that one token adds to the key-value cache [B/token].

        ``layers · 2 · kv_heads · head_dim · bits/8``: grouped queries (GQA) divide it by
        ``heads / kv_heads``; latent attention (MLA) keeps one short vector a layer.

        Examples
        --------
        >>> get("llama-2-70b").kv_bytes_per_token()
        327680.0
        """
        positive("kv_bits", kv_bits)
        return self.layers * self._kv_values_per_layer * kv_bits / 8

    def kv_bytes(self, context_tokens: Any, kv_bits: Any = 16) -> Any:
        """Bytes of one sequence's cache at `context_tokens`; windowed layers forget [B].

        Examples
        --------
        >>> get("mistral-7b").kv_bytes(32768) == 4096 * get("mistral-7b").kv_bytes_per_token()
        True
        """
        non_negative("context_tokens", context_tokens)
        context = np.asarray(context_tokens, dtype=float)
        kept = self.layers * context
        if self.window is not None:
            kept = kept - self._windowed_layers * np.maximum(context - self.window.tokens, 0)
        return plain(kept * self.kv_bytes_per_token(kv_bits) / self.layers)


def _whole(name: str, value: Any, *, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} = {value!r}: must be a whole number ≥ {least}")


def _ramp_sum(top: np.ndarray) -> np.ndarray:
    """1 + 2 + … + top, zero below."""
    positive_part = np.maximum(top, 0)
    return positive_part * (positive_part + 1) / 2


def names() -> list[str]:
    """Ids of the models in the table."""
    return facts.ids("models")


@functools.cache
def get(model: str) -> TransformerConfig:
    """Return the configuration of a published model.

    Parameters
    ----------
    model : str
        Row id of the table ``models``, such as ``"llama-3.1-8b"``.

    Raises
    ------
    ValueError
        For an unknown model; the nearest names are given.

    Examples
    --------
    >>> get("llama-3.1-70b").kv_heads
    8
    """
    cells = facts.row("models", model)

    def whole(column: str) -> int:
        cell = cells[column]
        return int(cell) if isinstance(cell, float) else 0

    def text(column: str) -> str:
        return str(cells[column])

    experts = Experts(
        routed=whole("experts"),
        per_token=whole("experts_per_token"),
        shared=whole("shared_experts"),
        width=whole("expert_width"),
        dense_layers=whole("dense_layers"),
    )
    latent = Latent(
        kv_rank=whole("kv_lora_rank"),
        q_rank=whole("q_lora_rank"),
        rope_dim=whole("rope_head_dim"),
        nope_dim=whole("nope_head_dim"),
        v_dim=whole("v_head_dim"),
    )
    window = Window(tokens=whole("window_tokens"), every=whole("window_every"))
    return TransformerConfig(
        layers=whole("layers"),
        width=whole("width"),
        heads=whole("heads"),
        kv_heads=whole("kv_heads"),
        head_dim=whole("head_dim"),
        ffn_width=whole("ffn_width"),
        vocab=whole("vocab"),
        activation=text("activation"),
        norm=text("norm"),
        positions=text("positions"),
        max_positions=whole("max_positions"),
        tied_embeddings=bool(cells["tied_embeddings"]),
        qkv_bias=bool(cells["qkv_bias"]),
        bias=bool(cells["bias"]),
        qk_norm=bool(cells["qk_norm"]),
        sandwich_norm=bool(cells["sandwich_norm"]),
        attention_sinks=bool(cells["attention_sinks"]),
        experts=experts if experts.routed else None,
        latent=latent if latent.kv_rank else None,
        window=window if window.tokens else None,
        name=text("name"),
    )
