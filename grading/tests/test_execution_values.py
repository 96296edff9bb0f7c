"""What crosses between the processes arrives as it left; what is malformed is refused, not run."""

import collections
import contextlib
import datetime as dt
import decimal
import fractions
import json
import math
import random

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.execution.reading import KINDS, decode
from grader.execution.values import Unsendable, dumps, encode, loads
from supercycle import models

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.complex_numbers(allow_nan=False) | st.datetimes() | st.timedeltas() | st.decimals(allow_nan=False) | st.fractions(),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text() | st.integers(), inner, max_size=4) | st.frozensets(st.integers() | st.text(), max_size=4),
    max_leaves=12,
)  # fmt: skip


def there_and_back(value):
    return decode(loads(dumps(encode(value), 1 << 24)))


@given(plain)
@settings(max_examples=150, deadline=None)
def test_a_plain_value_arrives_equal_and_of_the_same_type(value):
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)
    assert "frozenset" in repr(value) or repr(back) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        bytearray(b"x"),
        range(1, 9, 2),
        slice(1, None),
        ...,
        int,
        np.float32,
        ValueError,
        decimal.Decimal("NaN").copy_abs().is_nan(),
        fractions.Fraction(1, 3),
        dt.date(2024, 2, 29),
        dt.time(1, 2),
        dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        pd.Timestamp("2024-01-01T00:00:00.000000001"),
        pd.Timedelta("1ns"),
        np.float64(0.1),
        np.bool_(True),
        np.str_("ä"),
        np.datetime64("2024-01-01"),
        7**4000,
        models.get("llama-2-7b"),
    ],
)
def test_other_values_arrive_equal(value):
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.zeros((0, 3)),
        np.array(5),
        np.array([1 + 2j]),
        np.array(["a", "bc"]),
        np.array([b"a"]),
        np.array([True]),
        np.array(["NaT", "2024-01-01"], dtype="M8[D]"),
        np.arange(6).reshape(2, 3).T,
        np.array([1.5], dtype=">f4"),
        np.array([1, "a", None], dtype=object),
    ],
)
def test_an_array_arrives_whole_and_writeable(array):
    back = there_and_back(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.flags.writeable
    np.testing.assert_array_equal(back, array)


def test_not_a_number_arrives_as_one():
    assert math.isnan(there_and_back(math.nan))
    assert there_and_back(pd.NaT) is pd.NaT
    assert there_and_back(pd.NA) is pd.NA


def test_tables_arrive_with_index_types_and_names():
    frame = pd.DataFrame(
        {"n": [1, 2], "x": [0.5, np.nan], "s": ["a", None], "t": pd.to_datetime(["2024", "2025"]), "c": pd.Categorical(["u", "v"]), "i": pd.array([1, None], dtype="Int64")},
        index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "l"]),
    )  # fmt: skip
    pd.testing.assert_frame_equal(there_and_back(frame), frame)
    for column in frame:
        pd.testing.assert_series_equal(there_and_back(frame[column]), frame[column])
    pd.testing.assert_index_equal(
        there_and_back(pd.RangeIndex(3, name="r")), pd.RangeIndex(3, name="r")
    )
    pd.testing.assert_frame_equal(there_and_back(pd.DataFrame()), pd.DataFrame())


def test_generators_continue_where_they_were():
    rng, source = np.random.default_rng(3), random.Random(4)
    rng.normal(), source.gauss(0, 1)
    twin, copy = there_and_back(rng), there_and_back(source)
    assert twin.random() == rng.random()
    assert copy.random() == source.random()


def test_graphs_and_named_tuples_keep_their_attributes():
    graph = nx.MultiDiGraph(name="g")
    graph.add_edge("a", ("b", 1), w=2)
    back = there_and_back(graph)
    assert nx.utils.graphs_equal(back, graph)
    point = collections.namedtuple("Point", "x y")(1, [2])
    assert (there_and_back(point), there_and_back(point).y) == (point, [2])


def test_a_subclass_arrives_as_what_it_derives_from():
    class Lying(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    back = there_and_back(Lying(1.5))
    assert type(back) is float
    assert back != 7

    class Array(np.ndarray):
        def __array_ufunc__(self, *args, **kwargs):
            return True

    assert type(there_and_back(np.ones(2).view(Array))) is np.ndarray


def test_what_has_no_typed_form_is_refused_by_name():
    for value, kind in ((object(), "object"), (iter([]), "list_iterator"), (lambda: 1, "function")):
        with pytest.raises(Unsendable, match=f"a {kind} may not cross"):
            encode(value)
    endless = []
    endless.append(endless)
    with pytest.raises(Unsendable, match="nested deeper"):
        encode(endless)
    with pytest.raises(Unsendable, match="200 MB"):
        encode("x" * 200_000_000)
    with pytest.raises(Unsendable, match="larger than the 0 MB"):
        dumps(["x" * 1000], 100)


MALFORMED = [
    {"t": "array", "dtype": "|O", "shape": [1], "v": "AAAAAAAAAAA="},
    {"t": "array", "dtype": "<f8", "shape": [1 << 40], "v": "AAAAAAAAAAA="},
    {"t": "array", "dtype": "<f8", "shape": [-1], "v": "AAAAAAAAAAA="},
    {"t": "array", "dtype": "<f8", "shape": [1], "v": "not base64"},
    {"t": "library", "module": "os", "name": "system", "v": []},
    {"t": "library", "module": "supercycle.models", "name": "get.__globals__", "v": []},
    {"t": "library", "module": "supercycle.facts", "name": "Path", "v": []},
    {"t": "type", "v": "eval"},
    {"t": "type", "v": "numpy.load"},
    {"t": "type", "v": "__loader__"},
    {"t": "namedtuple", "name": "x", "fields": ["a; import os"], "v": [1]},
    {"t": "namedtuple", "name": "class", "fields": [], "v": []},
    {"t": "dict", "v": [[[1], 2]]},
    {"t": "dict", "v": [1]},
    {"t": "set", "v": [[1]]},
    {"t": "rng", "v": {"t": "dict", "v": [["bit_generator", "default_rng"]]}},
    {"t": "datetime", "v": "yesterday"},
    {"t": "timestamp", "v": {"a": 1}},
    {"t": "fraction", "v": [1, 0]},
    {"t": "series", "index": {}, "v": {}, "name": None},
    {"t": "pickle", "v": "gASVAAAA"},
    {"t": ["list"]},
    {},
    *({"t": kind} for kind in KINDS if kind not in ("ellipsis", "nat", "na")),
]


@pytest.mark.parametrize("data", MALFORMED, ids=str)
def test_a_malformed_value_is_refused_in_one_sentence(data):
    with pytest.raises(Unsendable) as error:
        decode(data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"NaN", b"\xff", b"[" * 100_000, b"[" + b"1," * 2_000_000 + b"1]"]
)
def test_what_is_no_strict_json_of_bounded_size_is_refused(raw):
    with pytest.raises(Unsendable):
        loads(raw)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["t", "v", "dtype", "shape", "name", "fields", "index"]), inner | st.sampled_from([*KINDS]), max_size=4), max_leaves=10))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_it_is_a_value_or_refused(data):
    with contextlib.suppress(Unsendable):
        decode(json.loads(json.dumps(data)))


@pytest.mark.slow
def test_a_tensor_arrives_as_one():
    torch = pytest.importorskip("torch")
    back = there_and_back(torch.arange(4.0, requires_grad=True).reshape(2, 2))
    assert torch.equal(back, torch.arange(4.0).reshape(2, 2))
    assert there_and_back(torch.ones(2, dtype=torch.bfloat16)).dtype == torch.float32
