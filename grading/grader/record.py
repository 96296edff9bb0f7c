"""How a submission ended: the record that the pool returns, the journal keeps and reports read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

__all__ = ["SLOW_S", "ItemResult", "Result"]

#: A cell that ran longer than this is listed as slow [s].
SLOW_S = 3.0


@dataclass(frozen=True)
class ItemResult:
    """What one graded cell earned.

    Attributes
    ----------
    name : str
    score, max_score : float
        Points; the score counts what tests gave and what a person gave.
    manual : bool
        A person still has to grade it.
    said : str
        The sentence with which a failed test ended.
    """

    name: str
    score: float
    max_score: float
    manual: bool = False
    said: str = ""


@dataclass(frozen=True)
class Result:
    """How a submission ended.

    Attributes
    ----------
    student : str
    status : str
        ``graded``; ``needs-manual``: the tests are done, written answers wait for a person;
        ``partial``: some cells could not be run; ``needs-review``: graded, but a person should look;
        ``ungradable``.
    reason : str
        Why it is partial, ungradable or needs a review.
    score, max_score : float
        Points from the gradebook.
    seconds : float
        Wall time of grading [s].
    items : tuple of ItemResult
    slow : tuple of (cell, seconds)
    flags : tuple of str
        What an instructor may want to look at.
    sandboxed : bool
        Whether student code ran in the sandbox.
    """

    student: str
    status: str
    reason: str = ""
    score: float = 0.0
    max_score: float = 0.0
    seconds: float = 0.0
    items: tuple[ItemResult, ...] = ()
    slow: tuple[tuple[str, float], ...] = ()
    flags: tuple[str, ...] = field(default=())
    sandboxed: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return plain values for a line of JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Result:
        """Read what `as_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError
            When the row is no result.
        """
        return cls(
            **{
                **row,
                "items": tuple(ItemResult(**item) for item in row["items"]),
                "slow": tuple((cell, float(seconds)) for cell, seconds in row["slow"]),
                "flags": tuple(row["flags"]),
            }
        )

    def with_scores(self, items: Mapping[str, ItemResult]) -> Result:
        """Return the result with the gradebook's scores of today in place of those of the tests.

        A person may have graded written answers, or overruled a test, since the tests ran.
        """
        waiting = all(item.manual for item in items.values())
        if not items or (self.status == "ungradable" and waiting):
            return self
        known = {item.name: item for item in self.items}
        order = [*(name for name in known if name in items), *(n for n in items if n not in known)]
        merged = tuple(
            replace(items[name], said=known[name].said if name in known else "") for name in order
        )
        waits = any(item.manual for item in merged)
        status = self.status
        if status in ("graded", "needs-manual"):
            status = "needs-manual" if waits else "graded"
        return replace(
            self,
            status=status,
            score=sum(item.score for item in merged),
            max_score=sum(item.max_score for item in merged),
            items=merged,
        )

    @property
    def waits(self) -> bool:
        """Whether a person still has to grade an answer, however it ended otherwise."""
        return any(item.manual for item in self.items)
