"""A model's life in compute: closed forms of S2, invariants, bad input."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import chips, models
from supercycle.models import lifecycle, training

sizes = st.floats(1e8, 1e13)
counts = st.floats(0, 1e16)
mfus = st.floats(0.01, 1)


def test_serving_overtakes_training_at_three_times_its_tokens():
    # 6 N D = 2 N T; S2 of the lecture's claims
    assert lifecycle.crossover_tokens(15e12) == 45e12
    life = lifecycle.life_cycle(70e9, 15e12, tokens_served=45e12)
    assert life.serving_flop == pytest.approx(life.pretraining_flop)


def test_four_fifths_of_inference_need_twelve_times_the_training_tokens():
    assert lifecycle.tokens_for_share(1e12, 0.8) == pytest.approx(12e12)


def test_slow_inference_brings_the_crossover_of_chip_hours_forward():
    served = lifecycle.crossover_tokens(1e12, mfu_training=0.4, mfu_inference=0.1)
    assert served == pytest.approx(3e12 / 4)
    life = lifecycle.life_cycle(
        7e9, 1e12, tokens_served=served, mfu_training=0.4, mfu_inference=0.1
    )
    assert life.inference_share(of="chip-hours") == pytest.approx(0.5)
    assert life.inference_share() == pytest.approx(0.2)


def test_training_is_what_the_training_model_says_without_attention():
    life = lifecycle.life_cycle(65.2e9, 1.4e12, mfu_training=0.4)
    assert life.pretraining_flop == pytest.approx(training.train_flops(65.2e9, 1.4e12))
    # and its chip-hours are those of `training.estimate`
    a100 = chips.accelerator("a100-80gb")
    run = training.estimate(65.2e9, 1.4e12, a100, 2048, mfu=0.4)
    hours = life.chip_hours(a100.peak_flops_per_s("bf16"))
    assert hours["pretraining"] == pytest.approx(run.chip_hours)


def test_one_served_token_costs_what_a_forward_pass_does():
    # an independent count: all matrices of the configuration, without attention's quadratic part
    config = models.get("llama-3.1-70b")
    matrices = config.matmul_params + config.vocab * config.width
    life = lifecycle.life_cycle(matrices, 1, tokens_served=1)
    assert life.serving_flop == pytest.approx(config.flops_per_token(0))


@given(sizes, sizes, counts, counts, st.floats(0, 1), counts, sizes, mfus, mfus)
def test_shares_add_up_to_one(n, d, served, rollouts, kept, synthetic, teacher, train, infer):
    life = lifecycle.life_cycle(
        n,
        d,
        tokens_served=served,
        rollout_tokens=rollouts,
        kept_share=kept,
        synthetic_tokens=synthetic,
        teacher_params=teacher,
        mfu_training=train,
        mfu_inference=infer,
    )
    for of in ("flop", "chip-hours"):
        assert sum(life.shares(of=of).values()) == pytest.approx(1)
        assert 0 <= life.inference_share(of=of) <= 1
    hours = life.chip_hours(1e15)
    share = hours["serving"] / sum(hours.values())
    assert share == pytest.approx(life.shares(of="chip-hours")["serving"])


@given(sizes, st.floats(0, 0.99), mfus, mfus)
def test_the_tokens_of_a_share_give_that_share(tokens, share, train, infer):
    served = lifecycle.tokens_for_share(tokens, share, mfu_training=train, mfu_inference=infer)
    life = lifecycle.life_cycle(
        1e9, tokens, tokens_served=served, mfu_training=train, mfu_inference=infer
    )
    assert life.inference_share(of="chip-hours") == pytest.approx(share, abs=1e-9)


def test_the_size_of_the_model_cancels_and_arrays_broadcast():
    share = lifecycle.life_cycle(
        np.array([[1e9], [1e12]]), 1e12, tokens_served=np.array([0, 3e12, 12e12])
    ).inference_share()
    assert share == pytest.approx(np.array([[0, 0.5, 0.8]] * 2))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lifecycle.life_cycle(0, 1e12), "params = 0"),
        (lambda: lifecycle.life_cycle(1e9, math.nan), "tokens"),
        (lambda: lifecycle.life_cycle(1e9, 1e12, tokens_served=-1), "tokens_served = -1"),
        (lambda: lifecycle.life_cycle(1e9, 1e12, kept_share=2), "kept_share"),
        (lambda: lifecycle.life_cycle(1e9, 1e12, mfu_inference=0), "mfu_inference"),
        (lambda: lifecycle.life_cycle(1e9, 1e12).shares(of="money"), "of = 'money'"),
        (lambda: lifecycle.tokens_for_share(1e12, 1.0), "below 1"),
    ],
)
def test_an_impossible_life_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
