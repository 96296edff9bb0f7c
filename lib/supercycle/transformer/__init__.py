"""A transformer small enough to read, measured against its own arithmetic and trained.

The configuration of a `Decoder` *is* `supercycle.models.TransformerConfig`, so a prediction and a
measurement speak of the same object. Beside the floors below it imports PyTorch and nothing else.

* `decoder`, `cache`, `generation`: the model, what it remembers, how it is used;
* `measure`: cases, an honest clock, the machine's own ceilings, fits of what they show;
* `lexicon`: a language whose entropy is known exactly;
* `train`: loss against parameters and tokens, one run for every token budget.
"""

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "supercycle.transformer needs PyTorch: pip install torch", name=missing.name
    ) from None

from supercycle.transformer import measure
from supercycle.transformer.cache import KVCache
from supercycle.transformer.decoder import Decoder, small_config
from supercycle.transformer.generation import decode, generate, prefill

__all__ = ["Decoder", "KVCache", "decode", "generate", "measure", "prefill", "small_config"]
