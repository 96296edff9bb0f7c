"""Supercycle: the economics of the AI compute stack, floor by floor.

``supercycle.energy``, ``.chips``, ``.infra``, ``.models`` and ``.apps`` are the five floors;
each imports only the floors below it. Sub-packages load when first used, so importing the
library is instant and a student who reads a table does not pay for torch.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

_MODULES = (
    "apps",
    "check",
    "chips",
    "cluster",
    "decision",
    "energy",
    "facts",
    "fidelity",
    "finance",
    "infra",
    "models",
    "plots",
    "scenario",
    "stack",
    "transformer",
    "units",
)
__all__ = ["__version__", *_MODULES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> ModuleType:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
