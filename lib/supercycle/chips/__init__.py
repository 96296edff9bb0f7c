"""Floor 2, chips: what an accelerator can do, what it costs to make, and who can stop it."""

from supercycle.chips.accelerators import DTYPES, Accelerator, accelerator, accelerators

__all__ = ["DTYPES", "Accelerator", "accelerator", "accelerators"]
