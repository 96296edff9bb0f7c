"""Traffic has the rate, the clumps, the rhythm and the shared prefixes that were asked for."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from supercycle import facts
from supercycle.cluster import arrivals, traces
from supercycle.cluster import workloads as w

AZURE = Path(__file__).resolve().parents[3] / "shared/traces/AzureLLMInferenceTrace_conv_2023.csv"
CHAT = w.Lengths(w.Lognormal(600, 0.8), w.Lognormal(200, 0.8))


def in_order(times, duration):
    return (np.diff(times) >= 0).all() and times.min() >= 0 and times.max() < duration


@given(st.floats(0.1, 50), st.integers(0, 10_000))
def test_random_arrivals_have_their_rate_and_exponential_gaps(rate, seed):
    duration = 4000 / rate
    times = arrivals.poisson_arrivals_s(rate, duration, seed=seed)
    assert in_order(times, duration)
    # Five standard deviations of a Poisson count; Kolmogorov–Smirnov against the exponential law.
    assert abs(times.size - 4000) < 5 * np.sqrt(4000)
    assert stats.kstest(np.diff(times), "expon", args=(0, 1 / rate)).pvalue > 1e-6


@settings(max_examples=30)
@given(st.floats(0.2, 5.0), st.floats(0.1, 50), st.integers(0, 10_000))
def test_gamma_gaps_have_their_mean_their_cv_and_their_law(cv, rate, seed):
    duration = 20_000 / rate
    times = arrivals.gamma_arrivals_s(rate, duration, cv=cv, seed=seed)
    gaps = np.diff(times)
    assert in_order(times, duration)
    # The count of a renewal stream has the variance cv²·n.
    assert abs(times.size - 20_000) < 6 * cv * np.sqrt(20_000)
    kurtosis = 3 + 6 * cv**2
    error = cv * np.sqrt((kurtosis - 1) / 4 / gaps.size) + cv**2 / np.sqrt(gaps.size)
    assert gaps.std() / gaps.mean() == pytest.approx(cv, abs=7 * error)
    law = stats.gamma(1 / cv**2, scale=cv**2 / rate)
    for x in (
        np.array([0.03, 0.3, 1, 3]) / rate
    ):  # below, clumped gaps vanish in a double's last digit
        expected = law.cdf(x)
        noise = np.sqrt(expected * (1 - expected) / gaps.size)
        assert (gaps <= x).mean() == pytest.approx(expected, abs=6 * noise + 1e-9)


def test_the_rate_of_clumped_arrivals_is_right_from_the_first_second():
    first = [arrivals.gamma_arrivals_s(5.0, 2.0, cv=4.0, seed=s).size for s in range(4000)]
    assert np.mean(first) == pytest.approx(10, abs=5 * np.std(first) / np.sqrt(4000))


def test_storms_have_the_mean_and_the_index_of_dispersion_of_theory():
    # Fischer & Meier-Hellstern (1993), eq. 11, for long windows: 1 + 2(λ₁ − λ₂)²s₁²s₂²/(…).
    rates, stays = np.array([2.0, 20.0]), np.array([30.0, 10.0])
    window, windows = 500.0, 2000
    times = arrivals.mmpp_arrivals_s(rates, stays, window * windows, seed=1)
    counts = np.histogram(times, windows, (0, window * windows))[0]
    mean = rates @ stays / stays.sum()
    long_run = 1 + 2 * (18**2) * 30**2 * 10**2 / (40**2 * (rates @ stays))
    # A finite window of t has the factor 1 − (1 − e^(−rt))/(rt), r = 1/s₁ + 1/s₂.
    rt = window * (1 / stays).sum()
    expected = 1 + (long_run - 1) * (1 - (1 - np.exp(-rt)) / rt)
    assert counts.mean() / window == pytest.approx(mean, rel=5 * np.sqrt(expected / times.size))
    assert counts.var() / counts.mean() == pytest.approx(expected, rel=5 * np.sqrt(2 / windows))


def test_one_level_of_storm_is_plain_random_traffic():
    times = arrivals.mmpp_arrivals_s([3.0], [100.0], 5000.0, seed=2)
    assert stats.kstest(np.diff(times), "expon", args=(0, 1 / 3)).pvalue > 1e-3


@settings(max_examples=25)
@given(st.floats(1.1, 2.0), st.floats(0, 23.99), st.integers(0, 1000))
def test_a_day_has_its_mean_its_peak_and_its_hour(peak_to_mean, peak_h, seed):
    days, rate = 20, 0.05
    times = arrivals.diurnal_arrivals_s(
        rate, days * 86_400, peak_to_mean=peak_to_mean, peak_h=peak_h, seed=seed
    )
    n = rate * days * 86_400
    assert abs(times.size - n) < 6 * np.sqrt(n)
    # First harmonic of a Poisson stream: E[Σ e^(iωt)] = n·(p − 1)/2·e^(iω·peak), noise √(n/2) a part.
    wave = np.exp(2j * np.pi * times / 86_400).sum() / times.size
    size, hour = 2 * abs(wave), np.angle(wave) / (2 * np.pi) * 24 % 24
    noise = np.sqrt(2 / n)
    assert size == pytest.approx(peak_to_mean - 1, abs=6 * noise)
    off = (hour - peak_h + 12) % 24 - 12
    assert abs(off) < 6 * noise / (peak_to_mean - 1) * 24 / (2 * np.pi)


def test_thinning_gives_the_integral_of_any_rate():
    def rate(t):
        return np.where(t < 500, 1.0, 4.0)

    times = arrivals.thinned_arrivals_s(rate, 5.0, 1000.0, seed=1)
    early = (times < 500).sum()
    assert abs(early - 500) < 5 * np.sqrt(500)
    assert abs(times.size - early - 2000) < 5 * np.sqrt(2000)


@given(st.floats(10, 5000), st.floats(0, 1.5), st.integers(0, 100))
def test_lengths_have_their_median_and_their_spread(median, sigma, seed):
    lengths = w.Lognormal(median, sigma, most_tokens=10**9).draw(4000, seed=seed)
    logs = np.log(lengths)
    assert lengths.min() >= 1
    assert np.median(logs) == pytest.approx(
        np.log(median), abs=6 * 1.26 * sigma / 63 + 0.6 / median
    )
    assert logs.std() == pytest.approx(sigma, abs=6 * sigma / np.sqrt(8000) + 1 / median)


def test_a_fit_finds_what_was_drawn():
    drawn = w.Lognormal(700.0, 0.9).draw(200_000, seed=1)
    fit = w.Lognormal.fit(drawn)
    assert fit.median_tokens == pytest.approx(700, rel=0.02)
    assert fit.sigma == pytest.approx(0.9, rel=0.02)


def test_the_published_lengths_are_those_of_the_public_trace():
    if not AZURE.is_file():
        pytest.skip("../shared/traces is not here")
    trace = traces.read_trace(AZURE)
    fit, table = w.Lengths.fit(trace), w.Lengths.published()
    for ours, recorded in ((fit.prompt, table.prompt), (fit.answer, table.answer)):
        assert recorded.median_tokens == pytest.approx(ours.median_tokens, rel=1e-5)
        assert recorded.sigma == pytest.approx(ours.sigma, rel=1e-5)
        assert recorded.most_tokens == ours.most_tokens
    gaps = np.diff(trace.arrival_s)
    assert facts.value("traffic/azure-conversation-rate") == pytest.approx(
        1 / gaps.mean(), rel=1e-5
    )
    cv = facts.value("traffic/azure-conversation-gap-cv")
    assert cv == pytest.approx(gaps.std() / gaps.mean(), rel=1e-5)


def test_drawn_from_a_trace_a_prompt_keeps_its_answer():
    trace = pd.DataFrame({"input_tokens": [10, 20, 30], "output_tokens": [1, 2, 3]})
    drawn = w.requests(np.arange(3000.0), trace, seed=1)
    assert (drawn.input_tokens == 10 * drawn.output_tokens).all()
    assert stats.chisquare(drawn.output_tokens.value_counts()).pvalue > 1e-3


@settings(max_examples=25)
@given(st.integers(0, 200), st.integers(0, 3000), st.integers(16, 600))
def test_a_conversations_prompt_holds_everything_said_before(seed, system, block):
    chats = w.sessions(
        np.arange(8.0), CHAT, turns_mean=3.0, gap_s=60.0, system_tokens=system, block_tokens=block,
        seed=seed,
    )  # fmt: skip
    assert chats.arrival_s.is_monotonic_increasing
    assert (chats.hash_ids.map(len) == -(-chats.input_tokens // block)).all()
    common = system // block
    for _, turns in chats.sort_values(["session", "arrival_s"]).groupby("session"):
        for (_, before), (_, now) in zip(
            turns.iloc[:-1].iterrows(), turns.iloc[1:].iterrows(), strict=True
        ):
            # The next prompt begins with this prompt: equal ids for its full blocks, no more.
            assert now.input_tokens > before.input_tokens + before.output_tokens
            full = before.input_tokens // block
            assert now.hash_ids[:full] == before.hash_ids[:full]
            if before.input_tokens % block:
                assert now.hash_ids[full] != before.hash_ids[full]
    heads = chats.hash_ids.map(lambda ids: ids[:common])
    assert (heads == tuple(range(common))).all()
    owners = [set(ids) - set(range(common)) for ids in chats.groupby("session").hash_ids.sum()]
    assert sum(map(len, owners)) == len(set().union(*owners))  # nothing else is shared


def test_conversations_have_their_mean_number_of_turns_and_their_gap():
    starts = np.arange(20_000.0)
    chats = w.sessions(starts, CHAT, turns_mean=3.0, gap_s=45.0, most_tokens=10**9, seed=5)
    turns = chats.groupby("session").size()
    assert turns.mean() == pytest.approx(3, abs=5 * np.sqrt(6 / 20_000))  # Var = m(m − 1)
    gaps = chats.sort_values(["session", "arrival_s"]).groupby("session").arrival_s.diff().dropna()
    assert gaps.mean() == pytest.approx(45, rel=5 / np.sqrt(len(gaps)))


def test_no_prompt_outgrows_the_window():
    chats = w.sessions(np.zeros(200), CHAT, turns_mean=20.0, gap_s=1.0, most_tokens=4000, seed=1)
    assert chats.input_tokens.max() <= 4000
    # Ends early, without a hole: each conversation keeps its first turns.
    whole = w.sessions(np.zeros(200), CHAT, turns_mean=20.0, gap_s=1.0, seed=1)
    kept, all_turns = chats.groupby("session").size(), whole.groupby("session").size()
    assert (kept <= all_turns[kept.index]).all()


def test_squeezing_time_changes_the_rate_and_nothing_else():
    table = w.requests(
        arrivals.gamma_arrivals_s(2.0, 500.0, cv=3.0, seed=1), w.Lengths.published(), seed=2
    )
    fast = w.scaled(table, 4.0)
    gaps, fast_gaps = np.diff(table.arrival_s), np.diff(fast.arrival_s)
    assert fast_gaps.mean() == pytest.approx(gaps.mean() / 4)
    assert fast_gaps.std() / fast_gaps.mean() == pytest.approx(gaps.std() / gaps.mean())
    pd.testing.assert_frame_equal(table.drop(columns="arrival_s"), fast.drop(columns="arrival_s"))


def test_a_resampled_trace_keeps_rate_clumps_and_lengths():
    table = w.requests(
        arrivals.gamma_arrivals_s(2.0, 8e3, cv=3.0, seed=1), w.Lengths.published(), seed=2
    )
    more = w.resampled(table, 50_000, block=50, seed=3)
    gaps, new = np.diff(table.arrival_s), np.diff(more.arrival_s)
    assert len(more) == 50_000
    assert more.arrival_s.is_monotonic_increasing
    assert new.mean() == pytest.approx(gaps.mean(), rel=0.06)
    assert new.std() / new.mean() == pytest.approx(gaps.std() / gaps.mean(), rel=0.06)
    assert more.input_tokens.mean() == pytest.approx(table.input_tokens.mean(), rel=0.03)


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: arrivals.poisson_arrivals_s(3.0, 100.0, seed=seed),
        lambda seed: arrivals.gamma_arrivals_s(3.0, 100.0, cv=2.0, seed=seed),
        lambda seed: arrivals.mmpp_arrivals_s([1.0, 9.0], [5.0, 5.0], 100.0, seed=seed),
        lambda seed: arrivals.diurnal_arrivals_s(0.01, 86_400.0, seed=seed),
        lambda seed: w.sessions(np.arange(50.0), CHAT, turns_mean=2, gap_s=9.0, seed=seed).arrival_s,
        lambda seed: w.requests(np.arange(50.0), CHAT, seed=seed).input_tokens,
    ],
)  # fmt: skip
def test_the_same_seed_gives_the_same_traffic_and_another_seed_another(draw):
    np.testing.assert_array_equal(draw(7), draw(7))
    np.testing.assert_array_equal(draw(7), draw(np.random.default_rng(7)))
    assert not np.array_equal(draw(7), draw(8))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: arrivals.poisson_arrivals_s(0.0, 1.0), "rate_per_s = 0.0"),
        (lambda: arrivals.poisson_arrivals_s(1.0, -1.0), "duration_s = -1.0"),
        (lambda: arrivals.poisson_arrivals_s(1.0, np.inf), "must be finite"),
        (lambda: arrivals.gamma_arrivals_s(1.0, 1.0, cv=0.0), "cv = 0.0"),
        (lambda: arrivals.mmpp_arrivals_s([1.0], [1.0, 2.0], 1.0), "equal length"),
        (lambda: arrivals.mmpp_arrivals_s([1.0], [0.0], 1.0), "stays_s"),
        (lambda: arrivals.mmpp_arrivals_s([0.0], [1.0], 1.0), "rate_per_s = 0.0"),
        (lambda: arrivals.diurnal_arrivals_s(1.0, 1.0, peak_to_mean=3.0), "peak_to_mean = 3.0"),
        (lambda: arrivals.diurnal_arrivals_s(1.0, 1.0, peak_h=25.0), "peak_h = 25.0"),
        (lambda: arrivals.thinned_arrivals_s(lambda t: t + 9, 1.0, 9.0), "most_per_s = 1.0"),
        (lambda: w.Lognormal(0, 1.0), "median_tokens = 0"),
        (lambda: w.Lognormal(9, 1.0, least_tokens=5, most_tokens=4), "most_tokens = 4"),
        (lambda: w.Lognormal.fit([1, 0]), "tokens"),
        (lambda: w.Lengths.published("nobody"), "nobody"),
        (lambda: w.requests([-1.0], CHAT), "arrivals_s"),
        (lambda: w.requests([1.0], pd.DataFrame({"input_tokens": []})), "at least one request"),
        (lambda: w.sessions([0.0], CHAT, turns_mean=0.5, gap_s=1.0), "turns_mean = 0.5"),
        (lambda: w.sessions([0.0], CHAT, turns_mean=2, gap_s=1, system_tokens=9, most_tokens=9),
         "most_tokens = 9"),
        (lambda: w.scaled(w.requests([1.0], CHAT), 0), "factor = 0"),
        (lambda: w.resampled(w.requests([1.0], CHAT), 9), "has 1 requests"),
        (lambda: w.resampled(w.requests([1.0, 2.0], CHAT), 0), "count = 0"),
    ],
)  # fmt: skip
def test_impossible_traffic_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
