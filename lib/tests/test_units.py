"""Numbers are written with the prefix people use, and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import units


@given(st.floats(1, 9.9e14))
def test_a_power_that_is_written_can_be_read_again(power_w):
    text = units.format_si(power_w, "W", digits=15)
    if text.split()[1] in ("W", "kW", "MW", "GW", "TW"):
        assert units.parse_power_w(text) == pytest.approx(power_w, rel=1e-12)


@pytest.mark.parametrize(
    ("number", "text"),
    [(999.9, "1 ks"), (1e-9, "1 ns"), (0.45, "450 ms"), (6.8e17, "680 Ps"), (-3e6, "-3 Ms"), (70, "70 s"),
     (float("inf"), "inf s")],
)  # fmt: skip
def test_si_prefixes(number, text):
    assert units.format_si(number, "s") == text


@pytest.mark.parametrize("text", ["", "GW", "-1GW", "0", "1 horse", "1.2.3MW"])
def test_what_is_no_power_is_refused(text):
    with pytest.raises(ValueError, match=r"1GW or 50MW"):
        units.parse_power_w(text)
