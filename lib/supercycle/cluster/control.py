"""Who waits for whom, who is turned away, and how many machines run."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace

from supercycle._validate import non_negative, positive, share

__all__ = ["Autoscale", "FairQueue", "PriorityQueue", "RateLimit", "TokenBuckets"]


class PriorityQueue:
    """Lower priority numbers first; of equals, whoever came first. Speaks like a deque."""

    def __init__(self, priority: Sequence[float]) -> None:
        self.priority = priority
        self.heap: list[tuple[float, int, int]] = []
        self.back, self.front = itertools.count(1), itertools.count(-1, -1)

    def append(self, call: int) -> None:
        """Join at the end of one's class."""
        heappush(self.heap, (self.priority[call], next(self.back), call))

    def appendleft(self, call: int) -> None:
        """Join at the head of one's class."""
        heappush(self.heap, (self.priority[call], next(self.front), call))

    def popleft(self) -> int:
        """Take the first."""
        return heappop(self.heap)[2]

    def __getitem__(self, place: int) -> int:
        return self.heap[place][2]  # only the first place of a heap means anything

    def __len__(self) -> int:
        return len(self.heap)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter([call for *_, call in sorted(self.heap)])

    def clear(self) -> None:
        """Send everybody away."""
        self.heap.clear()


class FairQueue:
    """Priority first, then the user who has been served the fewest tokens.

    A user who returns after a pause starts from the least served of those who wait: nobody saves
    up a claim by staying away. Source: Sheng et al. (2024), Fairness in Serving Large Language
    Models, arXiv:2401.00588, algorithm 2 (virtual token counter).
    """

    def __init__(self, priority: Sequence[float], user: Sequence[Hashable]) -> None:
        self.priority, self.user = priority, user
        self.served: defaultdict[Hashable, int] = defaultdict(int)
        self.waits: defaultdict[Hashable, int] = defaultdict(int)
        self.heap: list[tuple[float, int, int, int]] = []  # entries may lag behind `served`
        self.back, self.front = itertools.count(1), itertools.count(-1, -1)

    def _join(self, call: int, place: int) -> None:
        user = self.user[call]
        if not self.waits[user] and self.heap:
            self[0]  # brings the head up to date
            self.served[user] = max(self.served[user], self.heap[0][1])
        self.waits[user] += 1
        heappush(self.heap, (self.priority[call], self.served[user], place, call))

    def append(self, call: int) -> None:
        """Join behind what the user already waits for."""
        self._join(call, next(self.back))

    def appendleft(self, call: int) -> None:
        """Join before what the user already waits for."""
        self._join(call, next(self.front))

    def charge(self, call: int, tokens: int) -> None:
        """Count tokens that a user has been served."""
        self.served[self.user[call]] += tokens

    def __getitem__(self, place: int) -> int:
        heap = self.heap
        while True:
            urgency, counted, order, call = heap[0]
            served = self.served[self.user[call]]
            if counted == served:
                return call
            heapreplace(heap, (urgency, served, order, call))  # counters only grow

    def popleft(self) -> int:
        """Take the first."""
        call = self[0]
        heappop(self.heap)
        self.waits[self.user[call]] -= 1
        return call

    def __len__(self) -> int:
        return len(self.heap)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter([call for *_, call in sorted(self.heap)])

    def clear(self) -> None:
        """Send everybody away."""
        self.heap.clear()
        self.waits.clear()


@dataclass(frozen=True)
class RateLimit:
    """Tokens that each user may use, more when the fleet has room (lecture, 15:37).

    A bucket for each user fills at `tokens_per_s` up to `burst_tokens`, and a request takes its
    prompt and answer out of it. An empty bucket turns the request away, unless less than
    `spare_share` of the fleet's places in batches are taken: spare capacity is free to give.

    Attributes
    ----------
    tokens_per_s : float
        Each user's rate [token/s].
    burst_tokens : float
        Most that a user can save up [tokens].
    spare_share : float
        Share of places taken below which limits are waived [1]; 0 for never.

    Examples
    --------
    >>> buckets = TokenBuckets(RateLimit(tokens_per_s=10, burst_tokens=100, spare_share=0.5))
    >>> [buckets.allow("me", 80, now_s, lambda: 0.9) for now_s in (0.0, 1.0, 6.0)]
    [True, False, True]
    >>> buckets.allow("me", 80, 6.0, lambda: 0.1)  # the fleet is nearly empty
    True
    """

    tokens_per_s: float
    burst_tokens: float
    spare_share: float = 0.0

    def __post_init__(self) -> None:
        non_negative("tokens_per_s", self.tokens_per_s)
        positive("burst_tokens", self.burst_tokens)
        share("spare_share", self.spare_share)


class TokenBuckets:
    """What is left of each user's limit."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.level: dict[Hashable, tuple[float, float]] = {}  # user → (moment, tokens left)

    def allow(
        self, user: Hashable, tokens: float, now_s: float, taken_share: Callable[[], float]
    ) -> bool:
        """Whether a request may enter; if so, its tokens are spent."""
        limit = self.limit
        since, left = self.level.get(user, (now_s, limit.burst_tokens))
        left = min(limit.burst_tokens, left + (now_s - since) * limit.tokens_per_s)
        enough = left >= tokens
        self.level[user] = (now_s, left - tokens if enough else left)
        return enough or taken_share() < limit.spare_share


@dataclass(frozen=True)
class Autoscale:
    """How many machines of a pool run: enough that each has at most a target of work.

    Every `every_s` the pool wants ``⌈load / target⌉`` machines. More are ordered at once and
    serve `start_up_s` later; fewer are let go one at a time, after they have finished what they
    have.

    Attributes
    ----------
    least, most : int
        Bounds of the number of machines [1].
    target_load : float
        Work of one machine: tokens of unfinished requests of a replica [tokens], jobs of a
        station [1].
    every_s : float
        Time between decisions [s].
    start_up_s : float
        From the order to the first request [s]; paid for.

    Examples
    --------
    >>> rule = Autoscale(least=1, most=8, target_load=20_000)
    >>> rule.wanted(0), rule.wanted(50_000), rule.wanted(10**6)
    (1, 3, 8)
    """

    least: int
    most: int
    target_load: float
    every_s: float = 10.0
    start_up_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("least", "most"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} = {value!r}: must be a whole number ≥ 1")
        if self.most < self.least:
            raise ValueError(f"most = {self.most}: must be at least least = {self.least}")
        positive("target_load", self.target_load)
        positive("every_s", self.every_s)
        non_negative("start_up_s", self.start_up_s)

    def wanted(self, load: float) -> int:
        """Machines for a load."""
        return min(self.most, max(self.least, math.ceil(load / self.target_load)))
