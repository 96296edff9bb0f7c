"""Arrays stay arrays, and what holds one number becomes a float."""

from __future__ import annotations

from typing import Any

import numpy as np


def plain(numbers: Any) -> Any:
    """Return a float for a scalar and an array for anything else.

    Examples
    --------
    >>> plain(np.float64(2)), plain([1, 2]).tolist()
    (2.0, [1.0, 2.0])
    """
    array = np.asarray(numbers, dtype=float)
    return float(array) if array.ndim == 0 else array
