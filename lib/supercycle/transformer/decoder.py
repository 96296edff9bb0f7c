"""A Llama-shaped decoder in one sitting: RMSNorm, rotary positions, grouped queries, SwiGLU.

Shapes in the comments: B sequences, T new tokens, S tokens attended to, H query heads, K key-value
heads, G = H / K query heads a group, D head width, W model width, F feed-forward width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from supercycle.models.architecture import TransformerConfig
from supercycle.transformer._check import known_dtype, usable_device
from supercycle.transformer.cache import KVCache

__all__ = ["Decoder", "small_config"]

ROPE_BASE = 10_000.0
"""Base of the rotary wavelengths. Source: Su et al. (2021), arXiv:2104.09864, section 3.2.2."""


def small_config(*, kv_heads: int = 4, name: str = "lab-3.5m") -> TransformerConfig:
    """Return the labs' reference model: 4 layers, width 256, 4 heads, about 3.5 M parameters.

    Small enough for one CPU core to show the shape of the time of a large one: a visible
    quadratic in the prompt and a straight line in the context.

    Examples
    --------
    >>> small_config().params()
    3475712
    """
    return TransformerConfig(
        layers=4, width=256, heads=4, kv_heads=kv_heads, head_dim=64, ffn_width=704,
        vocab=512, name=name,
    )  # fmt: skip


class Attention(nn.Module):
    """Causal attention whose query heads share keys and values in groups."""

    def __init__(self, config: TransformerConfig, **kind: Any) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        inner = config.heads * config.head_dim
        shared = config.kv_heads * config.head_dim
        self.qkv = nn.Linear(config.width, inner + 2 * shared, bias=False, **kind)
        self.out = nn.Linear(inner, config.width, bias=False, **kind)

    def forward(
        self, x: Tensor, rotation: tuple[Tensor, Tensor], cache: KVCache | None, layer: int
    ) -> Tensor:
        B, T, _ = x.shape
        heads = (self.heads, self.kv_heads, self.kv_heads)
        q, k, v = (
            self.qkv(x)  # (B, T, (H + 2K)·D)
            .view(B, T, sum(heads), self.head_dim)
            .transpose(1, 2)
            .split(heads, dim=1)  # (B, H, T, D), (B, K, T, D) twice
        )
        q, k = _rotate(q, *rotation), _rotate(k, *rotation)
        if cache is not None:
            k, v = cache._extend(layer, k, v)  # (B, K, S, D)
        mixed = _attend(q, k, v)  # (B, H, T, D)
        return self.out(mixed.transpose(1, 2).reshape(B, T, -1))


class FeedForward(nn.Module):
    """SwiGLU: one half of the widened vector opens or shuts the other."""

    def __init__(self, config: TransformerConfig, **kind: Any) -> None:
        super().__init__()
        self.gate_up = nn.Linear(config.width, 2 * config.ffn_width, bias=False, **kind)
        self.down = nn.Linear(config.ffn_width, config.width, bias=False, **kind)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)  # (B, T, F) twice
        return self.down(functional.silu(gate) * up)


class Block(nn.Module):
    """Attention, then feed-forward, each beside a residual path."""

    def __init__(self, config: TransformerConfig, **kind: Any) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.width, eps=1e-5, **kind)
        self.attention = Attention(config, **kind)
        self.ffn_norm = nn.RMSNorm(config.width, eps=1e-5, **kind)
        self.ffn = FeedForward(config, **kind)

    def forward(
        self, x: Tensor, rotation: tuple[Tensor, Tensor], cache: KVCache | None, layer: int
    ) -> Tensor:
        x = x + self.attention(self.attention_norm(x), rotation, cache, layer)
        return x + self.ffn(self.ffn_norm(x))


class Decoder(nn.Module):
    """A decoder-only transformer with random weights, shaped by its configuration.

    Parameters
    ----------
    config : TransformerConfig
        Dense, with ``rope``, ``rmsnorm`` and ``swiglu``: the shape that Llama made common.
    seed : int
        Of the random weights.
    dtype : torch.dtype, optional
        float32 on a CPU and bfloat16 on a GPU unless given.
    device : str or torch.device
        ``"meta"`` makes a model without memory, to count with.

    Raises
    ------
    ValueError
        When the configuration asks for what this decoder does not build.

    Notes
    -----
    ``config.params()`` is the number of weights exactly. Matrices start normal with standard
    deviation ``1/√inputs``, those that write to the residual path smaller by ``√(2·layers)``.

    Source: Touvron et al. (2023), arXiv:2302.13971, section 2.2; grouped queries: Ainslie et al.
    (2023), arXiv:2305.13245.

    Examples
    --------
    >>> model = Decoder(small_config())
    >>> model(torch.tensor([[1, 2, 3]])).shape  # scores of the next token, after each
    torch.Size([1, 3, 512])
    """

    def __init__(
        self,
        config: TransformerConfig,
        *,
        seed: int = 0,
        dtype: torch.dtype | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        super().__init__()
        _llama_shaped(config)
        device = usable_device(device)
        dtype = dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32)
        known_dtype(dtype)
        kind: dict[str, Any] = {"dtype": dtype, "device": device}
        self.config = config
        self.embedding = nn.Embedding(config.vocab, config.width, **kind)
        self.blocks = nn.ModuleList(Block(config, **kind) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width, eps=1e-5, **kind)
        self.head = nn.Linear(config.width, config.vocab, bias=False, **kind)
        if config.tied_embeddings:
            self.head.weight = self.embedding.weight
        self._rotations: tuple[Tensor, Tensor] | None = None
        if device.type != "meta":
            self._start(seed)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.norm.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """How a weight is stored."""
        return self.norm.weight.dtype

    @torch.no_grad()
    def _start(self, seed: int) -> None:
        """Draw the weights."""
        draw = torch.Generator(device=self.device).manual_seed(seed)
        residual = (2 * self.config.layers) ** -0.5
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                scale = (
                    residual if name.endswith(("attention.out.weight", "ffn.down.weight")) else 1
                )
                weight.normal_(std=scale * weight.shape[1] ** -0.5, generator=draw)

    def new_cache(self, batch: int, context_tokens: int) -> KVCache:
        """Return an empty cache of the model's own dtype and device."""
        return KVCache(self.config, batch, context_tokens, dtype=self.dtype, device=self.device)

    def forward(
        self, tokens: Tensor, cache: KVCache | None = None, last_only: bool = False
    ) -> Tensor:
        """Score the next token after each of the given ones.

        Parameters
        ----------
        tokens : Tensor of whole numbers, shape (B, T)
        cache : KVCache, optional
            The tokens read before these; the new ones are added to it. Without a cache the
            tokens are the whole text.
        last_only : bool
            Apply the output head to the last token alone: all that a prompt's reader needs.

        Returns
        -------
        Tensor of shape (B, T, vocab), or (B, 1, vocab) with `last_only`
            Logits.

        Raises
        ------
        ValueError
            When tokens are out of the vocabulary, or the cache is full, of another batch, dtype,
            device or model.
        """
        self._check(tokens, cache)
        start = cache.length if cache is not None else 0
        T = tokens.shape[1]
        rotation = self._rotation(start, start + T)
        try:
            x = self.embedding(tokens)  # (B, T, W)
        except IndexError:
            raise ValueError(
                f"tokens go from {tokens.min().item()} to {tokens.max().item()}: "
                f"must be between 0 and vocab - 1 = {self.config.vocab - 1}"
            ) from None
        for layer, block in enumerate(self.blocks):
            x = block(x, rotation, cache, layer)
        if cache is not None:
            cache.length = start + T
        return self.head(self.norm(x[:, -1:] if last_only else x))

    def _rotation(self, start: int, end: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the angles of positions start … end − 1, each (end − start, D/2)."""
        if self._rotations is None or self._rotations[0].shape[0] < end:
            rows = max(end, 1024)
            with torch.inference_mode(False):  # so that training may use them too
                pairs = torch.arange(0, self.config.head_dim, 2, device=self.device)
                speed = ROPE_BASE ** -(pairs.double() / self.config.head_dim)
                angle = torch.arange(rows, device=self.device).double()[:, None] * speed
                self._rotations = angle.cos().to(self.dtype), angle.sin().to(self.dtype)
        cos, sin = self._rotations
        return cos[start:end], sin[start:end]

    def _check(self, tokens: Tensor, cache: KVCache | None) -> None:
        if tokens.ndim != 2 or 0 in tokens.shape or tokens.is_floating_point():
            raise ValueError(
                f"tokens of shape {tuple(tokens.shape)} and {tokens.dtype}: "
                "must be whole numbers of shape (batch, tokens), at least one token"
            )
        if tokens.device != self.device:
            raise ValueError(f"tokens are on {tokens.device}: the model is on {self.device}")
        if cache is None:
            return
        batch, T = tokens.shape
        if cache.batch != batch:
            raise ValueError(
                f"batch = {batch}: the cache was made for {cache.batch} sequences; make a new one"
            )
        if cache.length + T > cache.context_tokens:
            raise ValueError(
                f"{T} more tokens do not fit: the cache holds {cache.length} of at most "
                f"{cache.context_tokens} tokens"
            )
        layers, _, kv_heads, _, head_dim = cache.keys.shape
        mine = (self.config.layers, self.config.kv_heads, self.config.head_dim)
        if (layers, kv_heads, head_dim) != mine:
            raise ValueError(
                f"the cache has (layers, kv_heads, head_dim) = {(layers, kv_heads, head_dim)}: "
                f"the model has {mine}"
            )
        if (cache.keys.dtype, cache.keys.device) != (self.dtype, self.device):
            raise ValueError(
                f"the cache is {cache.keys.dtype} on {cache.keys.device}: "
                f"the model is {self.dtype} on {self.device}"
            )


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs (i, i + D/2) of each head by its position's angle; x is (B, heads, T, D)."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Mix values by causal attention; q (B, H, T, D), k and v (B, K, S, D), T ≤ S.

    The last query is the last key's token, so the mask's triangle sits at the lower right; a plain
    causal flag would put it at the upper left and hide a chunk's past.
    """
    B, H, T, D = q.shape
    K, S = k.shape[1], k.shape[2]
    if T == 1:  # decode: a group's heads become queries of one head, so no key is copied
        grouped = q.reshape(B, K, H // K, D)
        return functional.scaled_dot_product_attention(grouped, k, v).reshape(B, H, 1, D)
    if T == S:  # a whole prompt
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=H != K)
    mask = torch.ones(T, S, dtype=torch.bool, device=q.device).tril(S - T)
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=H != K)


def _llama_shaped(config: TransformerConfig) -> None:
    """Refuse what this decoder does not build."""
    for field, wanted in (("positions", "rope"), ("norm", "rmsnorm"), ("activation", "swiglu")):
        if getattr(config, field) != wanted:
            raise ValueError(
                f"{field} = {getattr(config, field)!r}: Decoder builds only {wanted!r}"
            )
    plain = ("experts", "latent", "window", "qkv_bias", "bias", "qk_norm", "sandwich_norm")
    for field in (*plain, "attention_sinks", "max_positions"):
        if getattr(config, field):
            raise ValueError(
                f"{field} = {getattr(config, field)!r}: Decoder builds dense layers without it"
            )
