"""What requests are: how long, what their prompts share, and how one trace becomes another.

Arrivals (`supercycle.cluster.arrivals`) are drawn first, then lengths; `requests` and `sessions`
put them together into the table that `simulate` takes. The same seed gives the same table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import facts
from supercycle._validate import at_least, non_negative, positive
from supercycle.cluster.arrivals import Seed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Lengths", "Lognormal", "requests", "resampled", "scaled", "sessions"]


@dataclass(frozen=True)
class Lognormal:
    """Lengths whose logarithm is normal, rounded to whole tokens.

    Attributes
    ----------
    median_tokens : float
        [tokens]
    sigma : float
        Standard deviation of the logarithm; 0 makes all equal [1].
    least_tokens, most_tokens : int
        Draws outside are cut to these [tokens].

    Examples
    --------
    >>> Lognormal(100, 1.0, most_tokens=4096).draw(4, seed=0)
    array([113,  88, 190, 111])
    """

    median_tokens: float
    sigma: float
    least_tokens: int = 1
    most_tokens: int = 1_000_000

    def __post_init__(self) -> None:
        positive("median_tokens", self.median_tokens)
        non_negative("sigma", self.sigma)
        at_least("least_tokens", self.least_tokens, 1)
        at_least("most_tokens", self.most_tokens, self.least_tokens)

    @classmethod
    def fit(cls, tokens: Any, *, most_tokens: int | None = None) -> Lognormal:
        """Fit to lengths by the moments of their logarithm.

        Examples
        --------
        >>> Lognormal.fit([50, 200]).median_tokens
        100.0
        """
        lengths = np.asarray(tokens, dtype=float)
        positive("tokens", lengths)
        logs = np.log(lengths)
        most = int(lengths.max()) if most_tokens is None else most_tokens
        return cls(round(float(np.exp(logs.mean())), 9), float(logs.std()), most_tokens=most)

    def draw(self, count: int, *, seed: Seed = 0) -> np.ndarray:
        """Draw `count` lengths, whole numbers [tokens]."""
        z = np.random.default_rng(seed).standard_normal(count)
        tokens = np.rint(self.median_tokens * np.exp(self.sigma * z))
        return np.clip(tokens, self.least_tokens, self.most_tokens).astype(np.int64)


@dataclass(frozen=True)
class Lengths:
    """Lengths of prompts and answers, independent of each other.

    Attributes
    ----------
    prompt, answer : Lognormal
    """

    prompt: Lognormal
    answer: Lognormal

    @classmethod
    def published(cls, name: str = "azure-conversation") -> Lengths:
        """Fit to a public trace, from the table ``traffic``.

        Parameters
        ----------
        name : str
            ``azure-conversation``: Azure 2023 (Patel et al. 2024).

        Examples
        --------
        >>> round(Lengths.published().prompt.median_tokens)
        760
        """

        def side(part: str) -> Lognormal:
            row = f"traffic/{name}-{part}"
            return Lognormal(
                float(facts.value(f"{row}-median")),
                float(facts.value(f"{row}-sigma")),
                most_tokens=int(facts.value(f"{row}-most")),
            )

        return cls(side("prompt"), side("answer"))

    @classmethod
    def fit(cls, trace: pd.DataFrame) -> Lengths:
        """Fit both to the columns ``input_tokens`` and ``output_tokens`` of a trace."""
        return cls(Lognormal.fit(trace["input_tokens"]), Lognormal.fit(trace["output_tokens"]))


def requests(arrivals_s: Any, lengths: Lengths | pd.DataFrame, *, seed: Seed = 0) -> pd.DataFrame:
    """Give arrivals their lengths.

    Parameters
    ----------
    arrivals_s : array of shape (n,)
        Sorted [s].
    lengths : Lengths or DataFrame
        A distribution, or a trace whose rows are drawn with replacement, so that a prompt keeps
        its answer.
    seed : int or numpy.random.Generator
        Another one than that of the arrivals, or the same generator.

    Returns
    -------
    pandas.DataFrame
        Columns ``arrival_s``, ``input_tokens``, ``output_tokens``; n rows.

    Examples
    --------
    >>> from supercycle.cluster.arrivals import poisson_arrivals_s
    >>> rng = np.random.default_rng(1)
    >>> table = requests(poisson_arrivals_s(1.0, 60.0, seed=rng), Lengths.published(), seed=rng)
    >>> list(table.columns), len(table)
    (['arrival_s', 'input_tokens', 'output_tokens'], 60)
    """
    import pandas as pd

    arrivals = np.asarray(arrivals_s, dtype=float)
    non_negative("arrivals_s", arrivals)
    rng = np.random.default_rng(seed)
    if isinstance(lengths, Lengths):
        prompt = lengths.prompt.draw(arrivals.size, seed=rng)
        answer = lengths.answer.draw(arrivals.size, seed=rng)
    else:
        if lengths.empty:
            raise ValueError("lengths: must hold at least one request to draw from")
        rows = rng.integers(len(lengths), size=arrivals.size)
        prompt = lengths["input_tokens"].to_numpy()[rows]
        answer = lengths["output_tokens"].to_numpy()[rows]
    return pd.DataFrame({"arrival_s": arrivals, "input_tokens": prompt, "output_tokens": answer})


def sessions(
    arrivals_s: Any,
    lengths: Lengths,
    *,
    turns_mean: float,
    gap_s: float,
    system_tokens: int = 0,
    most_tokens: int = 1_000_000,
    block_tokens: int = 512,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Conversations: each turn's prompt holds all that was said before.

    A conversation has a geometric number of turns, at least one. Its prompt starts with a system
    text that all conversations share, then come all earlier questions and answers, then the new
    question. It ends early rather than outgrow `most_tokens`.

    Parameters
    ----------
    arrivals_s : array of shape (n,)
        First turns [s].
    lengths : Lengths
        Of each new question and its answer.
    turns_mean : float
        Mean number of turns, ≥ 1 [1].
    gap_s : float
        Mean time from one turn to the next, reading and writing included; exponential [s].
    system_tokens : int
        Length of the shared text [tokens].
    most_tokens : int
        Longest prompt [tokens].
    block_tokens : int
        Tokens that one hash stands for; the replica's ``prefix_block_tokens`` [tokens].
    seed : int or numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        As `requests`, sorted by arrival, with ``session`` (number of the conversation) and
        ``hash_ids`` (one per started block of the prompt; equal blocks at equal places are equal
        text).

    Raises
    ------
    ValueError
        When an argument is out of range.

    Notes
    -----
    Arrivals do not wait for answers: in a fleet too slow for its users, a turn may come before
    the answer it continues. Task graphs are for what must wait.

    Examples
    --------
    >>> chats = sessions([0.0], Lengths(Lognormal(600, 0), Lognormal(100, 0)), turns_mean=3.0,
    ...                  gap_s=30.0, seed=0)
    >>> chats[["input_tokens", "hash_ids"]].values.tolist()
    [[600, (0, 1)], [1300, (0, 2, 3)], [2000, (0, 2, 4, 5)]]
    """
    import pandas as pd

    starts = np.asarray(arrivals_s, dtype=float)
    non_negative("arrivals_s", starts)
    at_least("turns_mean", turns_mean, 1)
    positive("gap_s", gap_s)
    non_negative("system_tokens", system_tokens)
    at_least("block_tokens", block_tokens, 1)
    at_least("most_tokens", most_tokens, system_tokens + 1)
    rng = np.random.default_rng(seed)
    turns = rng.geometric(1 / turns_mean, starts.size)
    session = np.repeat(np.arange(starts.size), turns)
    first = np.concatenate([[0], np.cumsum(turns)[:-1]]).astype(int)
    gaps = rng.exponential(gap_s, session.size)
    gaps[first] = 0.0
    question = lengths.prompt.draw(session.size, seed=rng)
    answer = lengths.answer.draw(session.size, seed=rng)

    def since_start(steps: np.ndarray) -> np.ndarray:
        """Sum within each conversation, this turn included."""
        total = np.cumsum(steps)
        return total - np.repeat(total[first] - steps[first], turns)

    prompt = system_tokens + since_start(question + answer) - answer
    fits = prompt <= most_tokens
    shared = system_tokens // block_tokens
    frame = pd.DataFrame({
        "arrival_s": starts[session] + since_start(gaps), "input_tokens": prompt,
        "output_tokens": answer, "session": session,
        "hash_ids": _blocks(prompt, session, shared, block_tokens),
    })  # fmt: skip
    return frame[fits].sort_values("arrival_s", kind="stable", ignore_index=True)


def _blocks(
    prompt: np.ndarray, session: np.ndarray, shared: int, block_tokens: int
) -> list[tuple[int, ...]]:
    """Ids of every prompt's blocks: a full block keeps its id in later turns, a begun one does not."""
    common = tuple(range(shared))
    fresh, known, owner = shared, common, -1
    found = []
    for tokens, whose in zip(prompt.tolist(), session.tolist(), strict=True):
        if whose != owner:
            known, owner = common, whose
        full, rest = divmod(tokens, block_tokens)
        new = full - len(known)
        known += tuple(range(fresh, fresh + new))
        fresh += new
        if rest:
            found.append((*known, fresh))
            fresh += 1
        else:
            found.append(known)
    return found


def scaled(requests: pd.DataFrame, factor: float) -> pd.DataFrame:
    """The same requests, `factor` times as often: time is squeezed, clumps and lengths stay.

    Examples
    --------
    >>> table = requests([0.0, 10.0], Lengths.published())
    >>> scaled(table, 4).arrival_s.tolist()
    [0.0, 2.5]
    """
    positive("factor", factor)
    return requests.assign(arrival_s=requests["arrival_s"] / factor)


def resampled(trace: pd.DataFrame, count: int, *, block: int = 100, seed: Seed = 0) -> pd.DataFrame:
    """Another trace of the same kind: runs of consecutive requests, drawn with replacement.

    A moving-block bootstrap. Each run keeps its gaps, lengths and columns, so clumps up to its
    length stay; rhythms longer than that are lost.

    Parameters
    ----------
    trace : DataFrame
        With ``arrival_s``, at least two requests.
    count : int
        Requests wanted [1].
    block : int
        Length of a run [1].
    seed : int or numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        `count` rows; the gap before each run is that before its first request.

    Raises
    ------
    ValueError
        When the trace is too short or a number is below 1.

    Notes
    -----
    Repeated rows share their sessions and blocks, so a prefix cache sees more hits than in the
    trace. Source: Künsch (1989), Annals of Statistics 17.

    Examples
    --------
    >>> table = requests([0.0, 1.0, 3.0], Lengths.published())
    >>> len(resampled(table, 1000, block=2))
    1000
    """
    for name, number in (("count", count), ("block", block)):
        if int(number) != number or number < 1:
            raise ValueError(f"{name} = {number!r}: must be a whole number ≥ 1")
    if len(trace) < 2:
        raise ValueError(f"trace has {len(trace)} requests: must have at least 2")
    rng = np.random.default_rng(seed)
    # A circle: after the last request the first one comes, a mean gap later.
    times = trace["arrival_s"].to_numpy(dtype=float)
    gaps = np.diff(times)
    gaps = np.concatenate([[gaps.mean()], gaps])
    starts = rng.integers(len(trace), size=-(-count // block))
    rows = ((starts[:, None] + np.arange(block)) % len(trace)).ravel()[:count]
    drawn = trace.iloc[rows].reset_index(drop=True)
    arrivals = np.cumsum(gaps[rows])
    drawn["arrival_s"] = arrivals - arrivals[0]
    return drawn
