"""A language whose entropy is known exactly, and one whose entropy nobody knows.

A scaling law ends in a number: the loss that no model can go below. For text nobody knows it. For
a `Lexicon` it is a sum over words, so a fitted law can be marked right or wrong.
"""

from __future__ import annotations

import functools
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from supercycle._validate import positive
from supercycle.transformer._check import whole

__all__ = ["Lexicon", "Source", "StandardLibrary"]


class Source(Protocol):
    """What `train` reads: endless fresh text."""

    @property
    def name(self) -> str:
        """A word for tables."""

    @property
    def vocab(self) -> int:
        """Different tokens."""

    @property
    def entropy_nats(self) -> float:
        """Least possible loss [nat/token]; NaN where it is unknown."""

    def sample(self, n: int, T: int, seed: int | Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return tokens, shape (n, T + 1), and the best predictor's loss, shape (n, T) [nat]."""


@dataclass(frozen=True)
class Lexicon:
    """Independent words with random spellings, the *r*-th most frequent with weight ``r^−(1+a)``.

    Token 0 is the space before each word, tokens 1 … `letters` are letters. A model has two things
    to do: learn to spell as many words as its weights hold, the frequent ones first, and give each
    its frequency. Both cut off the list of words at some rank, and what lies beyond falls as a
    power of it: so the loss falls as a power of parameters and of tokens.

    Parameters
    ----------
    words : int
        Words in the language.
    a : float
        Tail exponent: the words beyond rank *r* make up about ``r^−a`` of the text.
    letters : int
        Letters of the alphabet.
    seed : int
        Of the spellings.

    Notes
    -----
    Every spelling is drawn once, so a text is read back into words in one way only, and the
    entropy per token is that of a word over its mean length with its space,
    ``E = H(word) / E[letters + 1]``: the entropy rate of a renewal process.

    Theory expects an excess ∝ N^−a for weights that hold one word each and ∝ D^−a/(1+a) for
    words seen at least once. Source: Hutter (2021), arXiv:2102.04074; Michaud et al. (2023),
    arXiv:2303.13506.

    Examples
    --------
    >>> language = Lexicon(words=1000)
    >>> language.vocab, round(language.entropy_nats, 3)
    (32, 0.553)
    >>> tokens, loss = language.sample(n=200, T=500, seed=1)
    >>> tokens.shape, loss.shape, bool(abs(loss.mean() / language.entropy_nats - 1) < 0.03)
    ((200, 501), (200, 500), True)
    """

    words: int = 2**20
    a: float = 0.5
    letters: int = 31
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("words", "letters"):
            whole(name, getattr(self, name))
        positive("a", self.a)
        if self.letters < 2 or self.words < 2:
            raise ValueError(
                f"words = {self.words}, letters = {self.letters}: a language needs at least 2 of each"
            )

    @property
    def name(self) -> str:
        """``lexicon-<words>-<a>``."""
        return f"lexicon-{self.words}-{self.a:g}"

    @property
    def vocab(self) -> int:
        """Letters and the space."""
        return self.letters + 1

    @functools.cached_property
    def word_share(self) -> np.ndarray:
        """How often each word is used, most frequent first, shape (words,)."""
        weight = np.arange(1, self.words + 1, dtype=float) ** -(1 + self.a)
        return weight / weight.sum()

    @functools.cached_property
    def _lengths(self) -> np.ndarray:
        """Letters of each word: the shortest length that could spell them all, or up to two more."""
        shortest = 1
        while self.letters**shortest < self.words:
            shortest += 1
        rng = np.random.default_rng([self.seed, 0])
        return rng.integers(shortest, shortest + 3, size=self.words)

    @functools.cached_property
    def spellings(self) -> np.ndarray:
        """Letters of each word, followed by zeros (spaces), shape (words, longest + 1)."""
        rng = np.random.default_rng([self.seed, 1])
        spelled = np.zeros((self.words, self._lengths.max() + 1), dtype=np.int8)
        for length in np.unique(self._lengths):
            these = np.flatnonzero(self._lengths == length)
            numbers = rng.choice(self.letters**length, size=len(these), replace=False)
            for place in range(length):
                spelled[these, place] = 1 + numbers // self.letters**place % self.letters
        return spelled

    @functools.cached_property
    def entropy_nats(self) -> float:
        """Exact entropy of the language [nat/token]."""
        share = self.word_share
        return float(-(share * np.log(share)).sum() / (share * (self._lengths + 1)).sum())

    @functools.cached_property
    def _surprise(self) -> np.ndarray:
        """−log probability of each letter of each word after the ones before it, and of its space.

        The words in alphabetical order are the leaves of a prefix tree: a prefix is a run of
        them, and its probability the run's sum.
        """
        order = np.lexsort(self.spellings.T[::-1])
        spelled, share = self.spellings[order], self.word_share[order]
        before = np.ones(self.words)  # probability of the prefix so far
        new_run = np.zeros(self.words, dtype=bool)
        new_run[0] = True
        surprise = np.zeros(spelled.shape, dtype=np.float32)
        for place in range(spelled.shape[1]):
            new_run[1:] |= spelled[1:, place] != spelled[:-1, place]
            run = np.cumsum(new_run) - 1
            prefix = np.bincount(run, weights=share)[run]
            surprise[order, place] = np.log(before / prefix)
            before = prefix
        return surprise

    @functools.cached_property
    def _cumulative(self) -> np.ndarray:
        return np.cumsum(self.word_share)

    def sample(self, n: int, T: int, seed: int | Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Draw texts, each from the start of a word.

        Parameters
        ----------
        n : int
            Texts.
        T : int
            Tokens to predict in each.
        seed : int or sequence of int

        Returns
        -------
        tokens : array of int64, shape (n, T + 1)
            A space, then the text: predict ``tokens[:, 1:]`` from what stands before each.
        loss : array of float32, shape (n, T)
            −log probability of each under the true language, knowing all before it [nat].
        """
        whole("n", n)
        whole("T", T)
        rng = np.random.default_rng(seed)
        at_most = -(-T // (int(self._lengths.min()) + 1))  # words that fill a text if all are short
        drawn = np.searchsorted(self._cumulative, rng.random((n, at_most)), side="right")
        drawn = np.minimum(drawn, self.words - 1)  # the sum may end a rounding below 1
        used = np.arange(self.spellings.shape[1]) <= self._lengths[drawn][..., None]
        # Every text now holds at least T used places: keep the first T of each.
        used = used.reshape(n, -1)
        first = used & (np.cumsum(used, axis=1) <= T)
        tokens = np.zeros((n, T + 1), dtype=np.int64)
        tokens[:, 1:] = self.spellings[drawn].reshape(n, -1)[first].reshape(n, T)
        return tokens, self._surprise[drawn].reshape(n, -1)[first].reshape(n, T)


@dataclass(frozen=True)
class StandardLibrary:
    """Python's own standard library, byte by byte: real text, entropy unknown.

    Parameters
    ----------
    held_out : bool
        Read every eighth file, to test on, instead of the other seven.

    Examples
    --------
    >>> tokens, loss = StandardLibrary().sample(n=2, T=10, seed=0)
    >>> tokens.shape, bool(np.isnan(loss).all())
    ((2, 11), True)
    """

    held_out: bool = False

    name = "python-stdlib"
    vocab = 256
    entropy_nats = float("nan")

    @functools.cached_property
    def _bytes(self) -> np.ndarray:
        files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
        mine = [f for i, f in enumerate(files) if (i % 8 == 0) == self.held_out]
        if not mine:
            raise ValueError("this Python has no readable standard library to learn from")
        return np.frombuffer(b"\n".join(f.read_bytes() for f in mine), dtype=np.uint8)

    def sample(self, n: int, T: int, seed: int | Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return `n` windows of T + 1 bytes, and NaN for the loss that nobody knows."""
        whole("n", n)
        whole("T", T)
        start = np.random.default_rng(seed).integers(len(self._bytes) - T, size=n)
        windows = self._bytes[start[:, None] + np.arange(T + 1)]
        return windows.astype(np.int64), np.full((n, T), np.nan, dtype=np.float32)
