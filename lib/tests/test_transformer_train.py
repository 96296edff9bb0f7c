"""A language with a known floor: nobody predicts it better, and training approaches it."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle.transformer import grid
from supercycle.transformer.lexicon import Lexicon, StandardLibrary
from supercycle.transformer.train import Recipe, grid_config, train_run

TWO_WORDS = Lexicon(words=2, a=1.0, letters=2)
FAST = Recipe(batch=8, context=32, warmup_steps=10, held_out_tokens=2**13)


# -- the language -----------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(
    words=st.integers(2, 3000),
    a=st.floats(0.2, 2),
    letters=st.integers(2, 31),
    seed=st.integers(0, 9),
)
def test_every_word_has_its_own_spelling_and_its_share_comes_out_of_its_letters(
    words, a, letters, seed
):
    language = Lexicon(words, a, letters, seed)
    spelled = language.spellings
    assert len(np.unique(spelled, axis=0)) == words
    assert language.word_share.sum() == pytest.approx(1)
    # chain rule: a word's probability is the product over its letters and its space
    assert np.exp(-language._surprise.sum(axis=1)) == pytest.approx(language.word_share, rel=1e-4)


def test_word_shares_follow_the_power_law_asked_for():
    share = Lexicon(words=1000, a=0.5).word_share
    assert share[0] / share[99] == pytest.approx(100**1.5)


def test_entropy_is_that_of_a_renewal_process():
    # Two words with weights 1 and 1/4: shares 0.8 and 0.2, by hand.
    lengths = [int((row > 0).sum()) for row in TWO_WORDS.spellings]
    by_hand = -(0.8 * math.log(0.8) + 0.2 * math.log(0.2)) / (
        0.8 * (lengths[0] + 1) + 0.2 * (lengths[1] + 1)
    )
    assert TWO_WORDS.entropy_nats == pytest.approx(by_hand)


@pytest.mark.parametrize("language", [Lexicon(words=500), Lexicon(words=2**14, a=1.0, letters=10)])
def test_the_oracle_pays_the_entropy_in_the_long_run(language):
    _, loss = language.sample(n=64, T=8192, seed=5)
    # texts are independent: their spread gives the error of the mean
    error = float(loss.mean(axis=1).std()) / math.sqrt(64)
    assert float(loss.mean()) == pytest.approx(language.entropy_nats, abs=4 * error + 1e-3)


def test_the_oracle_s_loss_is_the_surprise_of_the_text():
    # Count continuations of a prefix in a long text: their frequencies are what the oracle says.
    language = Lexicon(words=50, a=1.0, letters=4)
    tokens, loss = language.sample(n=2000, T=64, seed=1)
    first = tokens[:, 1]  # always the start of a word
    for letter in range(1, 5):
        seen = first == letter
        if seen.sum() > 50:
            expected = seen.mean()
            assert np.exp(-loss[seen, 0]).mean() == pytest.approx(
                expected, abs=4 * math.sqrt(expected / 2000)
            )
            assert np.ptp(loss[seen, 0]) < 1e-6


def test_samples_repeat_by_seed_and_differ_otherwise():
    language = Lexicon(words=100)
    one, same, other = (language.sample(4, 50, seed)[0] for seed in (1, 1, [1, 2]))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.min() == 0
    assert one.max() < language.vocab


def test_text_and_test_text_of_the_standard_library_are_different_files():
    train, test = StandardLibrary()._bytes, StandardLibrary(held_out=True)._bytes
    assert len(train) > 4 * len(test) > 10**5
    assert math.isnan(StandardLibrary().entropy_nats)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"words": 0}, "words = 0"), ({"a": -1}, "a = -1"), ({"letters": 1}, "at least 2 of each")],
)
def test_an_impossible_language_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Lexicon(**wrong)


# -- training ---------------------------------------------------------------------------------------


def test_a_small_model_learns_a_small_language_almost_to_its_entropy():
    # 20 words: within 5 % of the floor after 65 thousand tokens, and never below it.
    language = Lexicon(words=20, a=0.5, letters=15)
    rows = train_run(grid_config(32, vocab=16), language, [2**13, 2**16], recipe=FAST)
    assert rows[0].excess > rows[1].excess > 0
    assert rows[1].loss / language.entropy_nats < 1.05
    assert rows[1].loss == pytest.approx(language.entropy_nats + rows[1].excess)


def test_a_budget_on_the_way_is_the_same_as_a_run_that_ends_there():
    config, language = grid_config(16, vocab=3), TWO_WORDS
    long = train_run(config, language, [1024, 4096], recipe=FAST, seed=3)
    short = train_run(config, language, 1024, recipe=FAST, seed=3)
    assert dataclasses.replace(short[0], seconds=0) == dataclasses.replace(long[0], seconds=0)


def test_training_flops_are_three_times_the_forward_pass():
    # torch's counter on `meta`, which counts attention's full square: take its surplus off.
    from torch.utils.flop_counter import FlopCounterMode

    from supercycle.transformer import Decoder

    config = grid_config(32, vocab=8)
    model = Decoder(config, device="meta")
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(8, 32, dtype=torch.long, device="meta")).sum().backward()
    surplus = 8 * (
        config.prefill_flops(32, causal=False, all_logits=True)
        - config.prefill_flops(32, all_logits=True)
    )
    row = train_run(config, Lexicon(words=9, letters=7), 256, recipe=FAST)[0]
    assert row.flops == counter.get_total_flops() - 3 * surplus


def test_the_standard_library_s_loss_has_no_known_excess():
    rows = train_run(
        grid_config(16, vocab=256), StandardLibrary(), 4096, recipe=FAST,
        held_out=StandardLibrary(held_out=True),
    )  # fmt: skip
    assert math.isnan(rows[0].excess)
    assert 1 < rows[0].loss < math.log(256) + 0.1


def test_misuse_of_training_is_answered_in_one_sentence():
    with pytest.raises(ValueError, match=r"vocab = 8: the source lexicon-2-1 has 3 tokens"):
        train_run(grid_config(16, vocab=8), TWO_WORDS, 1024)
    with pytest.raises(ValueError, match="at least one step of 1024 tokens"):
        train_run(grid_config(16, vocab=3), TWO_WORDS, 100)
    with pytest.raises(ValueError, match="width = 20: must be a multiple of head_dim = 16"):
        grid_config(20, vocab=3)


# -- grids ------------------------------------------------------------------------------------------

MINI = {"widths": (16, 32), "tokens": (1024, 2048), "source": TWO_WORDS, "recipe": FAST}


def test_a_grid_resumes_and_never_trains_a_run_twice(tmp_path):
    out = tmp_path / "grid.csv"
    first = grid.train_grid(out, budget_s=60, **{**MINI, "widths": (16,)})
    assert [(row["width"], row["tokens"]) for row in first] == [(16, 1024), (16, 2048)]
    second = grid.train_grid(out, budget_s=60, **MINI)
    assert {row["width"] for row in second} == {32}
    assert grid.train_grid(out, budget_s=60, **MINI) == []
    assert len({row["id"] for row in grid.read_rows(out)}) == 4


def test_a_grid_with_too_little_time_says_so(tmp_path):
    with pytest.raises(ValueError, match=r"budget_s = 0.001: too small, the run of width 16"):
        grid.train_grid(tmp_path / "grid.csv", budget_s=0.001, **MINI)


def test_train_grid_command_prints_what_it_wrote(tmp_path, monkeypatch, capsys):
    from supercycle.transformer import commands

    monkeypatch.setattr(commands, "Lexicon", lambda: Lexicon(words=10))
    out = commands.train_grid_command(
        budget_s=60, out=tmp_path / "grid.csv", widths=(16,), tokens=(2048, 4096)
    )
    assert len(grid.read_rows(out)) == 2
    said = " ".join(capsys.readouterr().out.split())
    assert "loss above the true entropy, nat per token" in said
    with pytest.raises(ValueError, match="source = 'wiki'"):
        commands.train_grid_command(source="wiki")
