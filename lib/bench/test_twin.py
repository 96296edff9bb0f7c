"""Another implementation says the same with the same weights; ``make check`` runs it beside the rivals."""

import runpy
from pathlib import Path

import pytest
import torch

from supercycle.transformer import Decoder, small_config

llama_twin = runpy.run_path(str(Path(__file__).with_name("bench_transformer.py")))["llama_twin"]


@pytest.mark.parametrize("kv_heads", [1, 4])
def test_hugging_faces_llama_gives_the_same_logits(kv_heads):
    model = Decoder(small_config(kv_heads=kv_heads), seed=4)
    twin, _ = llama_twin(model)
    text = torch.randint(model.config.vocab, (2, 100), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(model(text), twin(text).logits, atol=2e-5, rtol=1e-5)
