"""Public traces read as published; what is malformed is named by its line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from supercycle.cluster.traces import read_trace

SHARED = Path(__file__).resolve().parents[3] / "shared" / "traces"

AZURE = """TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
2023-11-16 18:15:51.2224670,879,55
"""
BURST = """Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
5,ChatGPT,472,18,490,Conversation log
45,ChatGPT,1087,0,1087,Conversation log
118,GPT-4,417,276,693,API log
"""
MOONCAKE = [
    {"timestamp": 0, "input_length": 600, "output_length": 6, "hash_ids": [1, 2]},
    {"timestamp": 250, "input_length": 1024, "output_length": 1, "hash_ids": [1, 3]},
]


def written(folder, text):
    path = folder / "trace"
    path.write_text(text, encoding="utf-8")
    return path


def shared(name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"../shared/traces/{name} is not here")
    return path


def test_azure_times_count_from_the_first_request(tmp_path):
    frame = read_trace(written(tmp_path, AZURE))
    np.testing.assert_allclose(frame.arrival_s, [0, 4.314579, 4.541877], atol=1e-6)
    assert frame.input_tokens.tolist() == [374, 396, 879]
    assert frame.output_tokens.tolist() == [44, 109, 55]
    assert frame.attrs["format"] == "azure"


def test_times_with_a_zone_as_in_azures_trace_of_2024_are_read_alike(tmp_path):
    plain = read_trace(written(tmp_path, AZURE))
    zoned = read_trace(
        written(
            tmp_path,
            AZURE.replace("0,374", "0+00:00,374")
            .replace("0,396", "0+00:00,396")
            .replace("0,879", "0+00:00,879"),
        )
    )
    pd.testing.assert_frame_equal(plain, zoned)


def test_burstgpt_leaves_out_failed_requests_and_counts_them(tmp_path):
    # The publisher: rows whose Response tokens are 0 failed (github.com/HPMLL/BurstGPT).
    frame = read_trace(written(tmp_path, BURST))
    assert frame.arrival_s.tolist() == [0, 113]
    assert frame.output_tokens.tolist() == [18, 276]
    assert frame.model.tolist() == ["ChatGPT", "GPT-4"]
    assert frame.attrs["failed_requests"] == 1


def test_mooncake_counts_milliseconds_and_keeps_the_blocks(tmp_path):
    lines = "\n".join(json.dumps(row) for row in MOONCAKE)
    frame = read_trace(written(tmp_path, lines + "\n\n"))
    assert frame.arrival_s.tolist() == [0, 0.25]
    assert frame.hash_ids.tolist() == [(1, 2), (1, 3)]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path):
    plain = read_trace(written(tmp_path, AZURE))
    path = tmp_path / "windows"
    path.write_bytes(b"\xef\xbb\xbf" + AZURE.replace("\n", "\r\n").encode())
    pd.testing.assert_frame_equal(read_trace(path), plain)


def test_the_published_azure_trace_has_its_published_shape():
    # Patel et al. (2024), Splitwise, §3.2: conversation prompts have a median of 1,020 tokens,
    # answers one of 129; counted with pandas alone: 19,366 requests in 3,501.7 s.
    frame = read_trace(shared("AzureLLMInferenceTrace_conv_2023.csv"))
    assert len(frame) == 19_366
    assert frame.input_tokens.median() == 1020
    assert frame.output_tokens.median() == 129
    assert frame.arrival_s.iloc[-1] == pytest.approx(3501.721937, abs=1e-5)


def test_the_published_mooncake_trace_shares_prefixes():
    frame = read_trace(shared("mooncake_synthetic_trace.jsonl"))
    assert len(frame) == 3993
    assert frame.arrival_s.iloc[-1] == pytest.approx(1022.025)
    seen, found, asked = set(), 0, 0
    for blocks in frame.hash_ids:
        asked += len(blocks)
        known = [block in seen for block in blocks]
        found += known.index(False) if False in known else len(blocks)
        seen.update(blocks)
    # An unbounded cache, replayed by hand: two blocks in three were read before.
    assert 0.5 < found / asked < 0.8


def mooncake(**change):
    return json.dumps(MOONCAKE[0]) + "\n" + json.dumps({**MOONCAKE[1], **change}) + "\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (AZURE.replace("396", "many"), r"line 3: ContextTokens = 'many'; must be a whole number ≥ 1"),
        (AZURE.replace("396", "0"), r"line 3: ContextTokens = '0'"),
        (AZURE.replace("396", "39.5"), r"line 3: ContextTokens = '39.5'"),
        (AZURE.replace("396", ""), r"line 3: ContextTokens = ''"),
        (AZURE.replace("396", "inf"), r"line 3: ContextTokens = 'inf'"),
        (AZURE.replace("879,55", "879"), r"line 4: has 2 fields; must be 3"),
        (AZURE.replace("879,55", "879,55,1"), r"line 4: has 4 fields; must be 3"),
        (AZURE.replace("18:15:50", "noon"), r"line 3: TIMESTAMP = .*; must be a date and time"),
        (AZURE.replace("18:15:50", "17:15:50"), r"line 3: TIMESTAMP = .* before the line above"),
        ("\n" + AZURE.replace("396", "-1"), r"line 4: ContextTokens = '-1'"),
        (AZURE.splitlines()[0] + "\n", "holds no request"),
        (BURST.replace("118", "x"), r"line 4: Timestamp = 'x'; must be seconds"),
        (BURST.replace("118", "nan"), r"line 4: Timestamp = 'nan'"),
        (BURST.replace("276", "-276"), r"line 4: Response tokens = '-276'"),
        (BURST.replace("118", "1"), r"line 4: Timestamp = '1' is before"),
        (mooncake(input_length=5000), r"line 2: hash_ids has 2 blocks; .* has 10 of 512"),
        (mooncake(output_length=0), r"line 2: output_length = 0"),
        (mooncake(output_length=True), r"line 2: output_length = True"),
        (mooncake(timestamp="soon"), r"line 2: timestamp = 'soon'"),
        (mooncake(hash_ids="12"), r"line 2: hash_ids = '12'"),
        (mooncake(timestamp=-1), r"line 2: timestamp = -1"),
        (json.dumps(MOONCAKE[1]) + "\n" + json.dumps(MOONCAKE[0]), r"line 2: timestamp = 0 is before"),
        (json.dumps(MOONCAKE[0]) + "\n{oops}\n", r"line 2: Expecting"),
        (json.dumps(MOONCAKE[0]) + "\n[1]\n", r"line 2: .* missing"),
        ('{"timestamp": 0}\n', r"line 1: input_length, output_length, hash_ids missing"),
        ("a,b\n1,2\n", r"begins with 'a,b'; must be a CSV"),
        ("", r"begins with ''"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_named_by_its_line(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        read_trace(written(tmp_path, text))


def test_a_trace_of_another_kind_of_bytes_is_refused(tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match="is not a text file"):
        read_trace(path)
