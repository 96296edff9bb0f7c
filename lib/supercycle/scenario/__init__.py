"""Each student's own case: site, fleet, tariff or traffic, drawn from a code.

A student's code is ``HMAC(course secret, student, lab)``; who has the code can redraw the case,
who has only another student's notebook cannot use its answers. Without a code everyone gets the
lab's default case. Ranges are narrow enough that every case is solved by the same reasoning.

One module a lab; each has ``case(code, rng)``, which returns a frozen dataclass: the default case
when `rng` is None, one drawn from it otherwise.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import os
import pkgutil
from typing import Any

import numpy as np

__all__ = ["draw", "labs", "student_code"]


def labs() -> list[str]:
    """Labs that have cases.

    Examples
    --------
    >>> "lab03" in labs()
    True
    """
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("lab"))


def draw(lab: str, code: str | None = None) -> Any:
    """Draw the case of a lab.

    Parameters
    ----------
    lab : str
        ``"lab03"`` and so on.
    code : str, optional
        The student's code; without one the environment variable ``SUPERCYCLE_SEED_<LAB>``
        decides, and without that everyone has the default case.

    Returns
    -------
    frozen dataclass
        The lab's own; its field ``code`` says which code it was drawn from.

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
    if lab not in labs():
        raise ValueError(f"lab = {lab!r}: must be one of {', '.join(labs())}")
    module = importlib.import_module(f"{__name__}.{lab}")
    code = code or os.environ.get(f"SUPERCYCLE_SEED_{lab.upper()}") or "default"
    if code == "default":
        return module.case(code, None)
    digest = hashlib.sha256(f"{lab}:{code}".encode()).digest()
    return module.case(code, np.random.default_rng(list(digest)))


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
