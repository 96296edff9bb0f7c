"""An accelerator's roofline has the published ridge and never exceeds either limit."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import chips

H100 = chips.accelerator("h100-sxm")
EVERY = [chips.accelerator(c) for c in chips.accelerators()]


def test_the_h100_ridge_is_at_295_flops_a_byte():
    # 989.4 TFLOP/s over 3.35 TB/s, both from NVIDIA's data sheet.
    assert H100.ridge_point("bf16") == pytest.approx(295.3, abs=0.1)


def test_the_tpu_v5e_ridge_matches_the_scaling_book():
    # 1.97e14 / 8.19e11 = 240 FLOP/B: JAX scaling book (2025), chapter "Rooflines".
    assert chips.accelerator("tpu-v5e").ridge_point() == pytest.approx(240, abs=1)


def test_low_precision_doubles_the_compute_roof():
    assert H100.peak_flops_per_s("fp8") == pytest.approx(
        2 * H100.peak_flops_per_s("bf16"), rel=1e-3
    )


@given(st.floats(1e-3, 1e6))
def test_the_roofline_never_exceeds_peak_or_bandwidth(intensity):
    attained = H100.attainable_flops_per_s(intensity)
    assert attained <= H100.peak_flops_per_s()
    assert attained <= intensity * H100.bandwidth_bytes_per_s


def test_the_roofline_bends_at_the_ridge_and_broadcasts():
    ridge = H100.ridge_point()
    below, above = H100.attainable_flops_per_s(np.array([ridge / 2, ridge * 2]))
    assert below == pytest.approx(H100.peak_flops_per_s() / 2)
    assert above == H100.peak_flops_per_s()


def test_work_takes_as_long_as_its_slower_side():
    ridge, peak = H100.ridge_point(), H100.peak_flops_per_s()
    assert H100.roofline_time_s(peak, peak / ridge) == pytest.approx(1)
    times = H100.roofline_time_s(np.array([peak, 0]), np.array([0, 3.35e12]))
    assert times.tolist() == pytest.approx([1, 1])


def test_the_whole_site_draws_twice_what_the_chip_does():
    # Epoch AI: 1,453 W of IT power for an H100 of 700 W.
    share = H100.flop_per_joule(power="it_power_w") / H100.flop_per_joule()
    assert share == pytest.approx(700 / 1453)


def test_flops_a_dollar_by_hand():
    # 989.4 TFLOP/s for five years at 23,500 USD; for an hour at 2 USD.
    assert H100.flop_per_usd() == pytest.approx(989.4e12 * 5 * 8760 * 3600 / 23_500)
    assert H100.flop_per_usd_rented() == pytest.approx(989.4e12 * 3600 / 2)


def test_newer_nvidia_generations_give_more_flops_a_joule():
    efficiency = [chips.accelerator(c).flop_per_joule() for c in ("a100-80gb", "h100-sxm", "b200")]
    assert efficiency == sorted(efficiency)


@pytest.mark.parametrize("chip", EVERY, ids=lambda c: c.id)
def test_every_chip_of_the_table_can_be_had(chip):
    assert chip.memory_bytes > 0
    assert chip.bandwidth_bytes_per_s > 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chips.accelerator("h10"), "did you mean 'h100-sxm'"),
        (lambda: H100.ridge_point("fp16x"), "dtype = 'fp16x': must be one of bf16"),
        (lambda: chips.accelerator("a100-80gb").ridge_point("fp4"), "has no fp4 peak: it has bf16"),
        (lambda: chips.accelerator("tpu-v5p").flop_per_joule(), "tpu-v5p has no tdp_w"),
        (lambda: H100.flop_per_joule(power="w"), "power = 'w': must be one of tdp_w"),
        (lambda: H100.roofline_time_s(-1, 0), "flop = -1"),
        (lambda: H100.attainable_flops_per_s(0), "intensity_flop_per_byte = 0"),
        (lambda: dataclasses.replace(H100, bandwidth_bytes_per_s=0), "bandwidth_bytes_per_s = 0"),
    ],
)
def test_what_nobody_published_is_refused_and_not_guessed(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
