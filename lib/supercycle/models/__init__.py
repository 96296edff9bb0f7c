"""Floor 4, models: what a language model costs to train and to serve."""

from supercycle.models.architecture import (
    Experts,
    Latent,
    TransformerConfig,
    Window,
    get,
    names,
)

__all__ = ["Experts", "Latent", "TransformerConfig", "Window", "get", "names"]
