"""Each student's own case: site, fleet, tariff or traffic, drawn from a code.

A student's code is ``HMAC(course secret, student, lab)``; who has the code can redraw the case,
who has only another student's notebook cannot use its answers. Without a code everyone gets the
lab's default case. Ranges are narrow enough that every case is solved by the same reasoning.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from supercycle import facts

__all__ = ["RequestPath", "draw", "student_code"]


@dataclass(frozen=True)
class RequestPath:
    """The case of lab03: one product, its model, its node and its long prompts.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    model, chip : str
        Row ids of the tables ``models`` and ``chips``.
    chips_count : int
        Accelerators in the node that serves one prompt.
    context_tokens : int
        Length of the whole prompt [tokens].
    hit_rate : float
        Share of the prompt whose keys and values are kept from earlier turns [1].
    target_s : float
        Time to first token that the product promises [s].
    revenue_usd_per_year : float
        Revenue of the product [USD/yr].
    """

    code: str
    model: str
    chip: str
    chips_count: int
    context_tokens: int
    hit_rate: float
    target_s: float
    revenue_usd_per_year: float


def _request_path(code: str, rng: np.random.Generator | None) -> RequestPath:
    quoted = facts.value
    context = int(quoted("serving/lecture-context"))
    target_s = float(quoted("serving/lecture-ttft"))
    revenue = float(quoted("serving/revenue-openai-2025"))
    if rng is None:
        return RequestPath(code, "llama-3.1-70b", "h200", 8, context, 0.95, target_s, revenue)
    return RequestPath(
        code=code,
        model=str(rng.choice(["llama-3.1-70b", "llama-2-70b", "qwen2.5-72b"])),
        chip=str(rng.choice(["h100-sxm", "h200", "mi300x", "b200"])),
        chips_count=8,
        context_tokens=int(round(context * rng.uniform(0.8, 1.2), -3)),
        hit_rate=float(round(rng.uniform(0.92, 0.97), 3)),
        target_s=target_s,
        revenue_usd_per_year=float(f"{revenue * rng.uniform(0.5, 1.5):.2g}"),
    )


_LABS: dict[str, Callable[[str, np.random.Generator | None], RequestPath]] = {
    "lab03": _request_path,
}


def draw(lab: str, code: str | None = None) -> RequestPath:
    """Draw the case of a lab.

    Parameters
    ----------
    lab : str
        ``"lab03"`` and so on.
    code : str, optional
        The student's code; without one the environment variable ``SUPERCYCLE_SEED_<LAB>``
        decides, and without that everyone has the default case.

    Raises
    ------
    ValueError
        For a lab that has no cases.

    Examples
    --------
    >>> draw("lab03", "default").model
    'llama-3.1-70b'
    >>> draw("lab03", "ada") == draw("lab03", "ada") != draw("lab03", "grace")
    True
    """
    if lab not in _LABS:
        raise ValueError(f"lab = {lab!r}: must be one of {', '.join(_LABS)}")
    code = code or os.environ.get(f"SUPERCYCLE_SEED_{lab.upper()}") or "default"
    if code == "default":
        return _LABS[lab](code, None)
    digest = hashlib.sha256(f"{lab}:{code}".encode()).digest()
    return _LABS[lab](code, np.random.default_rng(list(digest)))


def student_code(secret: str, student: str, lab: str) -> str:
    """Return the code of one student for one lab; only holders of the secret can compute it.

    Examples
    --------
    >>> student_code("s", "ada", "lab03") != student_code("s", "grace", "lab03")
    True
    """
    if not secret:
        raise ValueError("secret = '': must be a non-empty text that students do not know")
    return hmac.new(secret.encode(), f"{student}:{lab}".encode(), "sha256").hexdigest()[:12]
