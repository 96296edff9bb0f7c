"""Read values back: from text that a student may have forged to plain Python objects, or a refusal.

Each kind has one short reader. None of them runs code that the text names: types, classes and dtypes
are looked up in closed lists, names must be identifiers, sizes must add up.
"""

from __future__ import annotations

import base64
import builtins
import dataclasses
import datetime as dt
import decimal
import fractions
import keyword
import math
import random
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grader.execution.values import (
    BIT_GENERATORS,
    LIBRARY,
    MAX_DEPTH,
    PLAIN_DTYPE,
    Json,
    Unsendable,
    is_library_record,
)

__all__ = ["KINDS", "decode"]

Resolve = Callable[[dict[str, Any], Callable[[Json], Any]], Any]

_PANDAS_DTYPE = re.compile(
    r"\A(category|string|str|boolean|U?Int(8|16|32|64)|Float(32|64)|datetime64\[(s|ms|us|ns), UTC\])\Z"
)
_TYPES = ("bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "dict", "set", "frozenset", "object", "type")  # fmt: skip
_SCALARS = re.compile(r"\Anumpy\.(bool_?|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)|str_)\Z")


def _no_resolution(data: dict[str, Any], decode_part: Callable[[Json], Any]) -> Any:
    raise Unsendable(f"unknown kind of value {str(data.get('t'))[:40]!r}")


def decode(data: Json, resolve: Resolve = _no_resolution, depth: int = 0) -> Any:
    """Turn JSON back into a value; text that is no value of ours is refused.

    Examples
    --------
    >>> from grader.execution.values import encode
    >>> decode(encode({"a": (1, float("inf"))}))
    {'a': (1, inf)}
    """
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if depth > 2 * MAX_DEPTH:
        raise Unsendable(f"a value nested deeper than {MAX_DEPTH} may not cross")

    def part(inner: Json) -> Any:
        return decode(inner, resolve, depth + 1)

    if isinstance(data, list):
        return [part(item) for item in data]
    kind = data.get("t")
    reader = KINDS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        return resolve(data, part)
    try:
        return reader(data, part)
    except Unsendable:
        raise
    except MemoryError:
        raise Unsendable("a value that does not fit into memory may not cross") from None
    except Exception as error:  # malformed on purpose or by a bug: never more than a refusal
        raise Unsendable(f"a malformed {kind}: {type(error).__name__}") from None


def _pairs(data: Json, part: Callable[[Json], Any]) -> Iterator[tuple[Any, Any]]:
    return ((part(key), part(value)) for key, value in data["v"])


def _read_array(data: Json, part: Callable[[Json], Any]) -> Any:
    if not PLAIN_DTYPE.match(data["dtype"]):
        raise ValueError("dtype")
    shape = tuple(int(n) for n in data["shape"])
    raw = base64.b64decode(data["v"], validate=True)
    if any(n < 0 for n in shape):
        raise ValueError("shape")
    return np.frombuffer(raw, np.dtype(data["dtype"])).reshape(shape).copy()


def _read_objects(data: Json, part: Callable[[Json], Any]) -> Any:
    items = [part(item) for item in data["v"]]
    if data["dtype"] == "U":
        return np.array([str(item) for item in items], dtype=str).reshape(data["shape"])
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(data["shape"])


def _read_scalar(data: Json, part: Callable[[Json], Any]) -> Any:
    if "objects" in data:
        return np.str_(str(part(data["objects"])))
    return _read_array(data, part)[()]


def _read_namedtuple(data: Json, part: Callable[[Json], Any]) -> Any:
    import collections

    fields = [_name(field) for field in data["fields"]]
    return collections.namedtuple(_name(data["name"]), fields)(*[part(item) for item in data["v"]])


def _name(text: Any) -> str:
    if not (isinstance(text, str) and text.isidentifier() and len(text) < 200) or keyword.iskeyword(
        text
    ):
        raise ValueError("name")
    return text


def _read_int(data: Json, part: Callable[[Json], Any]) -> int:
    return int(data["v"], 16)


def _read_float(data: Json, part: Callable[[Json], Any]) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[data["v"]]


def _read_type(data: Json, part: Callable[[Json], Any]) -> Any:
    name = data["v"]
    if name in _TYPES:
        return getattr(builtins, name)
    if _SCALARS.match(name):
        return getattr(np, name.partition(".")[2])
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return kind
    raise ValueError("type")


def _read_rng(data: Json, part: Callable[[Json], Any]) -> Any:
    state = part(data["v"])
    if state["bit_generator"] not in BIT_GENERATORS:
        raise ValueError("bit generator")
    bits = getattr(np.random, state["bit_generator"])(0)
    bits.state = state
    return np.random.Generator(bits)


def _read_random(data: Json, part: Callable[[Json], Any]) -> Any:
    source = random.Random(0)
    source.setstate(part(data["v"]))
    return source


def _read_tensor(data: Json, part: Callable[[Json], Any]) -> Any:
    array, torch = _read_array(data["v"], part), sys.modules.get("torch")
    return torch.from_numpy(array) if torch is not None else array


def _read_graph(data: Json, part: Callable[[Json], Any]) -> Any:
    import networkx as nx

    graph: Any = {
        "": nx.Graph,
        "Di": nx.DiGraph,
        "Multi": nx.MultiGraph,
        "MultiDi": nx.MultiDiGraph,
    }[data["kind"]]()
    graph.graph.update(part(data["graph"]))
    for node, attributes in data["nodes"]:
        graph.add_node(part(node))
        graph.nodes[part(node)].update(part(attributes))
    for *ends, attributes in data["edges"]:
        ends = [part(end) for end in ends]
        graph.add_edge(*ends)
        graph.edges[tuple(ends)].update(part(attributes))
    return graph


def _read_library(data: Json, part: Callable[[Json], Any]) -> Any:
    """Rebuild a frozen dataclass of the library field by field, without running its constructor."""
    import importlib

    module = data["module"]
    if not re.match(rf"\A{LIBRARY}(\.[a-z_0-9]+)*\Z", module):
        raise ValueError("module")
    kind: Any = importlib.import_module(module)
    for step in data["name"].split("."):
        kind = vars(kind)[_name(step)]
    if not is_library_record(kind) or kind.__module__ != module:
        raise ValueError("class")
    fields, made = dataclasses.fields(kind), object.__new__(kind)
    for field, value in zip(fields, data["v"], strict=True):
        object.__setattr__(made, field.name, part(value))
    return made


def _read_index(data: Json, part: Callable[[Json], Any]) -> Any:
    import pandas as pd

    names = [part(name) for name in data["names"]]
    if "range" in data:
        start, stop, step = (int(n) for n in data["range"])
        return pd.RangeIndex(start, stop, step, name=names[0])
    if "tuples" in data:
        return pd.MultiIndex.from_tuples([part(t) for t in data["tuples"]], names=names)
    return pd.Index(_read_column(data["column"], part), name=names[0])


def _read_column(data: Json, part: Callable[[Json], Any]) -> Any:
    import pandas as pd

    if not data["dtype"]:
        return _read_array(data["v"], part)
    values = [part(item) for item in data["v"]]
    dtype = data["dtype"] if _PANDAS_DTYPE.match(data["dtype"]) else object
    return pd.Series(values, dtype=dtype).array


def _read_series(data: Json, part: Callable[[Json], Any]) -> Any:
    import pandas as pd

    index = _read_index(data["index"], part)
    return pd.Series(_read_column(data["v"], part), index=index, name=part(data["name"]))


def _read_frame(data: Json, part: Callable[[Json], Any]) -> Any:
    import pandas as pd

    index = _read_index(data["index"], part)
    columns = {i: _read_column(column, part) for i, column in enumerate(data["v"])}
    frame = pd.DataFrame(columns, index=index)
    frame.columns = _read_index(data["columns"], part)
    return frame


def _pandas_value(name: str) -> Callable[[Json, Callable[[Json], Any]], Any]:
    def read(data: Json, part: Callable[[Json], Any]) -> Any:
        import pandas as pd

        made = getattr(pd, name)
        return made(data["v"]) if callable(made) else made

    return read


#: Every kind of value that may cross, and how it is read.
KINDS: dict[str, Callable[[Json, Callable[[Json], Any]], Any]] = {
    "int": _read_int,
    "float": _read_float,
    "complex": lambda d, part: complex(*[float(part(x)) for x in d["v"]]),
    "tuple": lambda d, part: tuple(part(x) for x in d["v"]),
    "namedtuple": _read_namedtuple,
    "dict": lambda d, part: dict(_pairs(d, part)),
    "mapping": lambda d, part: types.MappingProxyType(dict(_pairs(d, part))),
    "set": lambda d, part: {part(x) for x in d["v"]},
    "frozenset": lambda d, part: frozenset(part(x) for x in d["v"]),
    "bytes": lambda d, part: base64.b64decode(d["v"], validate=True),
    "bytearray": lambda d, part: bytearray(base64.b64decode(d["v"], validate=True)),
    "range": lambda d, part: range(*[part(x) for x in d["v"]]),
    "slice": lambda d, part: slice(*[part(x) for x in d["v"]]),
    "ellipsis": lambda d, part: ...,
    "type": _read_type,
    "decimal": lambda d, part: decimal.Decimal(d["v"]),
    "fraction": lambda d, part: fractions.Fraction(*[part(x) for x in d["v"]]),
    "array": _read_array,
    "objects": _read_objects,
    "scalar": _read_scalar,
    "rng": _read_rng,
    "random": _read_random,
    "datetime": lambda d, part: dt.datetime.fromisoformat(d["v"]).replace(fold=d["fold"]),
    "date": lambda d, part: dt.date.fromisoformat(d["v"]),
    "time": lambda d, part: dt.time.fromisoformat(d["v"]).replace(fold=d["fold"]),
    "timedelta": lambda d, part: dt.timedelta(*[int(n) for n in d["v"]]),
    "timestamp": _pandas_value("Timestamp"),
    "pandas_timedelta": _pandas_value("Timedelta"),
    "nat": lambda d, part: _pandas_value("NaT")(d, part),
    "na": lambda d, part: _pandas_value("NA")(d, part),
    "series": _read_series,
    "frame": _read_frame,
    "index": lambda d, part: _read_index(d["v"], part),
    "tensor": _read_tensor,
    "graph": _read_graph,
    "library": _read_library,
}
