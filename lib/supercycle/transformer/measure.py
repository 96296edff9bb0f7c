"""Measure a decoder: cases, an honest clock, the machine's ceilings, and fits.

>>> from supercycle.transformer import Decoder, measure, small_config
>>> model = Decoder(small_config())
>>> cases = [measure.prefill_case(model, batch=1, tokens=n) for n in (32, 64, 128)]
>>> timings = measure.bench(cases, budget_s=10, max_samples=5)
>>> measure.fit_prefill(timings)(128) > 0
True
"""

from supercycle.transformer.cases import Case, decode_case, prefill_case
from supercycle.transformer.ceilings import Roof, mbu, mfu, roof
from supercycle.transformer.clock import Bench, Timing, bench
from supercycle.transformer.fits import DecodeFit, PrefillFit, fit_decode, fit_prefill

__all__ = [
    "Bench",
    "Case",
    "DecodeFit",
    "PrefillFit",
    "Roof",
    "Timing",
    "bench",
    "decode_case",
    "fit_decode",
    "fit_prefill",
    "mbu",
    "mfu",
    "prefill_case",
    "roof",
]
