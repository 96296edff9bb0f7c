"""How a decoder is used: read the prompt, then take one step a token."""

from __future__ import annotations

import torch
from torch import Tensor

from supercycle.transformer._check import whole
from supercycle.transformer.cache import KVCache
from supercycle.transformer.decoder import Decoder

__all__ = ["decode", "generate", "prefill"]


@torch.inference_mode()
def prefill(
    model: Decoder, tokens: Tensor, cache: KVCache, *, chunk_tokens: int | None = None
) -> Tensor:
    """Read a prompt into the cache and score the token after it.

    Parameters
    ----------
    model : Decoder
    tokens : Tensor of shape (B, T)
    cache : KVCache
    chunk_tokens : int, optional
        Read that many tokens at a time, as serving engines do to let decode steps in between.

    Returns
    -------
    Tensor of shape (B, vocab)
        Logits of the first token to come.

    Examples
    --------
    >>> from supercycle.transformer import small_config
    >>> model = Decoder(small_config())
    >>> cache = model.new_cache(batch=1, context_tokens=64)
    >>> prefill(model, torch.arange(10)[None], cache).shape, cache.length
    (torch.Size([1, 512]), 10)
    """
    if chunk_tokens is None:
        return model(tokens, cache, last_only=True)[:, 0]
    whole("chunk_tokens", chunk_tokens)
    for chunk in tokens.split(chunk_tokens, dim=1):
        logits = model(chunk, cache, last_only=True)
    return logits[:, 0]


@torch.inference_mode()
def decode(model: Decoder, tokens: Tensor, cache: KVCache) -> Tensor:
    """Take one step: add one token a sequence to the cache and score the next.

    Parameters
    ----------
    model : Decoder
    tokens : Tensor of shape (B,)
    cache : KVCache

    Returns
    -------
    Tensor of shape (B, vocab)
        Logits.
    """
    if tokens.ndim != 1:
        raise ValueError(f"tokens of shape {tuple(tokens.shape)}: must be one token a sequence")
    return model(tokens[:, None], cache)[:, 0]


@torch.inference_mode()
def generate(model: Decoder, tokens: Tensor, new_tokens: int, *, use_cache: bool = True) -> Tensor:
    """Continue each sequence by its likeliest token, again and again.

    Parameters
    ----------
    model : Decoder
    tokens : Tensor of shape (B, T)
        The prompt.
    new_tokens : int
    use_cache : bool
        Without the cache each step reads the whole text again: same words, quadratic work.

    Returns
    -------
    Tensor of shape (B, new_tokens)

    Examples
    --------
    >>> from supercycle.transformer import small_config
    >>> model = Decoder(small_config())
    >>> prompt = torch.tensor([[1, 2, 3]])
    >>> torch.equal(generate(model, prompt, 4), generate(model, prompt, 4, use_cache=False))
    True
    """
    whole("new_tokens", new_tokens)
    if use_cache:
        cache = model.new_cache(tokens.shape[0], tokens.shape[1] + new_tokens)
        said = [prefill(model, tokens, cache).argmax(-1)]
        for _ in range(new_tokens - 1):
            said.append(decode(model, said[-1], cache).argmax(-1))
        return torch.stack(said, dim=1)
    text = tokens
    for _ in range(new_tokens):
        text = torch.cat((text, model(text, last_only=True).argmax(-1)), dim=1)
    return text[:, tokens.shape[1] :]
