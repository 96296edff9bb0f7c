"""Scalars in, scalars out."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(numbers: Any) -> Any:
    """Return a float for a scalar, the array otherwise.

    Examples
    --------
    >>> plain(np.float64(2)), plain(np.array([1.0, 2.0])).tolist()
    (2.0, [1.0, 2.0])
    """
    return float(numbers) if np.ndim(numbers) == 0 else numbers
