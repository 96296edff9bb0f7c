"""Checks that need torch: whole numbers, dtypes, devices."""

from __future__ import annotations

import torch

DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} = {value!r}: must be a whole number ≥ 1")


def known_dtype(dtype: object) -> None:
    if dtype not in DTYPES:
        raise ValueError(f"dtype = {dtype!r}: must be one of {', '.join(map(str, DTYPES))}")


def usable_device(device: str | torch.device) -> torch.device:
    """Return the device, with its index where it has one, or say why it cannot be used."""
    try:
        found = torch.device(device)
    except RuntimeError:
        raise ValueError(f"device = {device!r}: must be 'cpu', 'cuda' or 'meta'") from None
    if found.type == "cuda":
        if not torch.cuda.is_available():
            raise ValueError(f"device = {str(device)!r}: this machine shows PyTorch no GPU")
        return torch.device("cuda", found.index or 0)
    return found
