"""Keys and values of the tokens read so far: what a decoder remembers, and what it costs."""

from __future__ import annotations

import torch
from torch import Tensor

from supercycle.models.architecture import TransformerConfig
from supercycle.transformer._check import known_dtype, usable_device, whole

__all__ = ["KVCache"]


class KVCache:
    """Keys and values of the tokens read so far, in memory set aside at the start.

    Parameters
    ----------
    config : TransformerConfig
    batch : int
        Sequences, for the whole life of the cache.
    context_tokens : int
        Tokens it can hold, per sequence.
    dtype : torch.dtype
    device : str or torch.device

    Attributes
    ----------
    keys, values : Tensor
        Shape (layers, B, K, context_tokens, D).
    length : int
        Tokens held now. Set it back to read a position again.

    Raises
    ------
    ValueError
        When a size is no whole number above zero, or the dtype is no float.

    Examples
    --------
    >>> from supercycle.transformer import small_config
    >>> cache = KVCache(small_config(), batch=2, context_tokens=128)
    >>> cache.keys.shape, cache.length
    (torch.Size([4, 2, 4, 128, 64]), 0)
    """

    def __init__(
        self,
        config: TransformerConfig,
        batch: int,
        context_tokens: int,
        *,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ) -> None:
        for name, size in (("batch", batch), ("context_tokens", context_tokens)):
            whole(name, size)
        known_dtype(dtype)
        shape = (config.layers, batch, config.kv_heads, context_tokens, config.head_dim)
        self.keys = torch.zeros(shape, dtype=dtype, device=usable_device(device))
        self.values = torch.zeros_like(self.keys)
        self.length = 0

    @property
    def batch(self) -> int:
        """Sequences it was made for."""
        return self.keys.shape[1]

    @property
    def context_tokens(self) -> int:
        """Tokens it can hold, per sequence."""
        return self.keys.shape[3]

    def bytes(self) -> int:
        """Memory set aside [B], full or not."""
        return 2 * self.keys.numel() * self.keys.element_size()

    def fill_with_noise(self, length: int, *, seed: int = 0) -> KVCache:
        """Pretend that `length` random tokens were read: what a decode step costs at a fixed context."""
        if not 0 <= length <= self.context_tokens:
            raise ValueError(
                f"length = {length}: must be between 0 and the cache's {self.context_tokens} tokens"
            )
        noise = torch.Generator(device=self.keys.device).manual_seed(seed)
        self.keys.normal_(generator=noise)
        self.values.normal_(generator=noise)
        self.length = length
        return self

    def _extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write the new tokens of one layer; return all keys and values up to them."""
        end = self.length + keys.shape[2]
        self.keys[layer, :, :, self.length : end] = keys
        self.values[layer, :, :, self.length : end] = values
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]
