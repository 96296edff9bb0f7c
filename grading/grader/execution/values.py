"""The only things that cross between the two processes: typed values, written as JSON.

Whatever the sandbox sends is untrusted text. Decoding it runs no code of the sender: there is no
pickle, no constructor of the student's, no attribute named by the data. What arrives is a plain
value of an exact built-in (or NumPy, pandas, …) type, so an object whose ``__eq__`` is always true,
a ``float`` that lies, or an array with its own ``__array_ufunc__`` can be *sent from* but never
*arrives*: equality is decided later, here, on what was decoded.

JSON's own ``null``, ``true``, numbers, strings and arrays (= lists) stand for themselves; all else
is an object ``{"t": kind, …}``. See `KINDS` for the table, `encode` and `decode` for the two ways.
Things without a typed form (a generator, a student's own object) are left to ``refer``, which gives
a reference or refuses; references are read back by ``resolve``.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import decimal
import fractions
import json
import keyword
import math
import random
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["MAX_DEPTH", "Unsendable", "decode", "dumps", "encode", "loads"]

#: Values nested deeper than this are refused (a list that holds itself is).
MAX_DEPTH = 60
#: No single text, array or bytes object may be larger [B].
MAX_BYTES = 32 << 20
#: One message holds at most this many separate values; arrays count as one.
MAX_VALUES = 1_000_000

Json = Any
Refer = Callable[[Any], Json]
Resolve = Callable[[dict[str, Any], Callable[[Json], Any]], Any]


class Unsendable(ValueError):  # noqa: N818 - it is a property of a value, not a failure of ours
    """A value that may not cross, said in one sentence."""


def dumps(message: Json, limit_bytes: int) -> bytes:
    """Write a message, which must not be larger than the limit."""
    raw = json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")
    if len(raw) > limit_bytes:
        raise Unsendable(
            f"a value of {len(raw) / 1e6:.0f} MB is larger than the {limit_bytes / 1e6:.0f} MB that may cross"
        )
    return raw


def loads(raw: bytes) -> Json:
    """Read a message; anything but strict JSON of bounded size is refused.

    The number of values is bounded before parsing: 32 MB of ``[],[],`` would be gigabytes of lists.
    """
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MAX_VALUES:
        raise Unsendable(f"a value of more than {MAX_VALUES:,} parts may not cross")
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError, UnicodeDecodeError) as error:
        raise Unsendable(f"not a message: {type(error).__name__}") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _no_reference(value: Any) -> Json:
    raise Unsendable(f"a {type(value).__name__} may not cross")


def _no_resolution(data: dict[str, Any], decode_part: Callable[[Json], Any]) -> Any:
    raise Unsendable(f"unknown kind of value {str(data.get('t'))[:40]!r}")


# --- encoding -----------------------------------------------------------------------------------


def encode(value: Any, refer: Refer = _no_reference, depth: int = 0) -> Json:
    """Turn a value into JSON.

    Parameters
    ----------
    value
    refer : callable
        Called for what has no typed form; returns JSON or raises `Unsendable`.
    depth : int
        How deep the value is nested already.

    Raises
    ------
    Unsendable
        With one sentence.

    Examples
    --------
    >>> encode([1, 2.5, "x", None, (1,)])
    [1, 2.5, 'x', None, {'t': 'tuple', 'v': [1]}]
    """
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return _bounded(value, len(value))
    if kind is float:
        return value if math.isfinite(value) else {"t": "float", "v": repr(value)}
    if kind is int:
        return value if -(1 << 256) < value < 1 << 256 else {"t": "int", "v": hex(value)}
    if depth >= MAX_DEPTH:
        raise Unsendable(f"a value nested deeper than {MAX_DEPTH} may not cross")

    def part(inner: Any) -> Json:
        return encode(inner, refer, depth + 1)

    if kind is list:
        return [part(item) for item in value]
    if kind is dict:
        return {"t": "dict", "v": [[part(k), part(v)] for k, v in value.items()]}
    known = _by_type(value, part)
    if known is not None:
        return known
    known = _by_module(value, part)
    return known if known is not None else refer(value)


def _bounded(value: Any, size: int) -> Any:
    """Refuse a large value before time is spent on it; `dumps` weighs the whole message."""
    if size > MAX_BYTES:
        raise Unsendable(
            f"a value of {size / 1e6:.0f} MB is more than the {MAX_BYTES / 1e6:.0f} MB that may cross"
        )
    return value


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _by_type(value: Any, part: Callable[[Any], Json]) -> Json:
    """Encode NumPy's and the standard library's types; subclasses become what they derive from."""
    if isinstance(value, np.ndarray):
        return _array(value, part)
    if isinstance(value, np.generic):
        if value.dtype.kind == "U":
            return {"t": "scalar", "objects": str.__str__(value)}
        return {**_array(np.asarray(value), part), "t": "scalar"}
    if isinstance(value, tuple):
        fields = getattr(type(value), "_fields", None)
        items = [part(item) for item in tuple.__iter__(value)]
        if isinstance(fields, tuple):
            return {
                "t": "namedtuple",
                "name": type(value).__name__,
                "fields": list(fields),
                "v": items,
            }
        return {"t": "tuple", "v": items}
    if isinstance(value, (set, frozenset)):
        name = "set" if isinstance(value, set) else "frozenset"
        return {"t": name, "v": [part(item) for item in value]}
    if isinstance(value, (bytes, bytearray)):
        _bounded(value, len(value))
        return {"t": "bytes" if isinstance(value, bytes) else "bytearray", "v": _text(bytes(value))}
    if isinstance(value, complex):
        return {"t": "complex", "v": [part(value.real), part(value.imag)]}
    if isinstance(value, (range, slice)):
        return {
            "t": type(value).__name__,
            "v": [part(x) for x in (value.start, value.stop, value.step)],
        }
    if value is ...:
        return {"t": "ellipsis"}
    if isinstance(value, type):
        return _type(value)
    if isinstance(value, decimal.Decimal):
        return {"t": "decimal", "v": str(value)}
    if isinstance(value, fractions.Fraction):
        return {"t": "fraction", "v": [part(value.numerator), part(value.denominator)]}
    if isinstance(value, types.MappingProxyType):
        return {"t": "mapping", "v": [[part(k), part(v)] for k, v in value.items()]}
    if isinstance(value, (np.random.Generator, random.Random)):
        return _generator(value, part)
    if isinstance(value, (dt.datetime, dt.date, dt.time, dt.timedelta)):
        return _moment(value)
    if isinstance(value, (float, int, str, list, dict)) and not dataclasses.is_dataclass(value):
        # `Fact`, `IntEnum`'s cousins, `defaultdict`, and a student's lying subclass: the plain value
        for base in (float, int, str, list, dict):
            if base in (list, dict) and type(value).__module__ == "__main__":
                break  # a container with methods of its own: an object
            if isinstance(value, base):
                return part(base.__new__(base, value) if base in (float, int, str) else base(value))
    return None


def _plain_dtype(dtype: np.dtype[Any]) -> bool:
    return bool(_DTYPE.match(dtype.str))


def _array(value: np.ndarray, part: Callable[[Any], Json]) -> dict[str, Any]:
    plain = np.asarray(value)
    if _plain_dtype(_bounded(plain, plain.nbytes).dtype):
        return {
            "t": "array",
            "dtype": plain.dtype.str,
            "shape": list(plain.shape),
            "v": _text(plain.tobytes()),
        }
    if plain.dtype.kind in "OU":
        items = [part(item) for item in plain.ravel().tolist()]
        return {"t": "objects", "dtype": plain.dtype.kind, "shape": list(plain.shape), "v": items}
    raise Unsendable(f"an array of {plain.dtype} may not cross")


def _type(value: type) -> Json:
    if value.__module__ == "builtins" and getattr(_builtins(), value.__name__, None) is value:
        return {"t": "type", "v": value.__name__}
    if issubclass(value, np.generic) and getattr(np, value.__name__, None) is value:
        return {"t": "type", "v": f"numpy.{value.__name__}"}
    return None


def _builtins() -> types.ModuleType:
    import builtins

    return builtins


def _generator(value: Any, part: Callable[[Any], Json]) -> Json:
    if isinstance(value, random.Random):
        return (
            {"t": "random", "v": part(value.getstate())} if type(value) is random.Random else None
        )
    state = value.bit_generator.state
    return {"t": "rng", "v": part(state)} if state.get("bit_generator") in _BIT_GENERATORS else None


def _moment(value: Any) -> Json:
    pandas = sys.modules.get("pandas")
    if pandas is not None and value is pandas.NaT:
        return {"t": "nat"}
    if pandas is not None and isinstance(value, (pandas.Timestamp, pandas.Timedelta)):
        if isinstance(value, pandas.Timedelta):
            return {"t": "pandas_timedelta", "v": value.isoformat()}
        return {"t": "timestamp", "v": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"t": "timedelta", "v": [value.days, value.seconds, value.microseconds]}
    name = next(n for n in ("datetime", "date", "time") if isinstance(value, getattr(dt, n)))
    return {"t": name, "v": value.isoformat(), "fold": getattr(value, "fold", 0)}


def _by_module(value: Any, part: Callable[[Any], Json]) -> Json:
    """Encode what needs a library that the sender must have loaded already."""
    module = type(value).__module__.partition(".")[0]
    if module == "pandas":
        return _pandas(value, part)
    if module == "torch" and hasattr(value, "detach"):
        tensor = value.detach().cpu()
        tensor = tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor
        return {"t": "tensor", "v": _array(tensor.numpy(), part)}
    if module == "networkx" and hasattr(value, "edges"):
        edges = (
            value.edges(keys=True, data=True) if value.is_multigraph() else value.edges(data=True)
        )
        return {
            "t": "graph",
            "kind": ("Multi" if value.is_multigraph() else "")
            + ("Di" if value.is_directed() else ""),
            "graph": part(dict(value.graph)),
            "nodes": [[part(node), part(dict(data))] for node, data in value.nodes(data=True)],
            "edges": [[part(x) for x in (*edge[:-1], dict(edge[-1]))] for edge in edges],
        }
    if module == LIBRARY and _is_library_record(type(value)):
        return {
            "t": "library",
            "module": type(value).__module__,
            "name": type(value).__qualname__,
            "v": [part(getattr(value, f.name)) for f in dataclasses.fields(value)],
        }
    return None


#: The package whose frozen dataclasses both processes know.
LIBRARY = "supercycle"


def _is_library_record(kind: Any) -> bool:
    return (
        isinstance(kind, type)
        and kind.__module__.partition(".")[0] == LIBRARY
        and dataclasses.is_dataclass(kind)
        and bool(kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]
    )


def _pandas(value: Any, part: Callable[[Any], Json]) -> Json:
    import pandas as pd

    def column(values: Any) -> Json:
        array = values.to_numpy()
        if isinstance(values.dtype, np.dtype) and _plain_dtype(array.dtype):
            return {"dtype": "", "v": _array(array, part)}
        return {"dtype": str(values.dtype), "v": [part(item) for item in values.tolist()]}

    def index(values: pd.Index) -> Json:
        if isinstance(values, pd.RangeIndex):
            return {"range": [values.start, values.stop, values.step], "names": [part(values.name)]}
        if isinstance(values, pd.MultiIndex):
            return {
                "tuples": [part(t) for t in values.tolist()],
                "names": [part(n) for n in values.names],
            }
        return {"column": column(values), "names": [part(values.name)]}

    if value is pd.NA:
        return {"t": "na"}
    if isinstance(value, pd.Series):
        return {
            "t": "series",
            "index": index(value.index),
            "v": column(value),
            "name": part(value.name),
        }
    if isinstance(value, pd.DataFrame):
        columns = [column(value.iloc[:, i]) for i in range(value.shape[1])]
        return {
            "t": "frame",
            "index": index(value.index),
            "columns": index(value.columns),
            "v": columns,
        }
    if isinstance(value, pd.Index):
        return {"t": "index", "v": index(value)}
    return None


# --- decoding -----------------------------------------------------------------------------------

_DTYPE = re.compile(
    r"\A[<>|=](b1|[iu][1248]|f(2|4|8|16)|c(8|16|32)|S[1-9]\d{0,5}|[mM]8\[(\d{0,4}(Y|M|W|D|h|m|s|ms|us|ns))\])\Z"
)
_PANDAS_DTYPE = re.compile(
    r"\A(category|string|str|boolean|U?Int(8|16|32|64)|Float(32|64)|datetime64\[(s|ms|us|ns), UTC\])\Z"
)
_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
_TYPES = ("bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "dict", "set", "frozenset", "object", "type")  # fmt: skip
_SCALARS = re.compile(r"\Anumpy\.(bool_?|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)|str_)\Z")


def decode(data: Json, resolve: Resolve = _no_resolution, depth: int = 0) -> Any:
    """Turn JSON back into a value; text that is no value of ours is refused.

    Examples
    --------
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
    if not _DTYPE.match(data["dtype"]):
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
    return collections.namedtuple(_name(data["name"]), fields)(*[part(item) for item in data["v"]])  # type: ignore[misc]


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
        return getattr(_builtins(), name)
    if _SCALARS.match(name):
        return getattr(np, name.partition(".")[2])
    kind = getattr(_builtins(), name, None)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return kind
    raise ValueError("type")


def _read_rng(data: Json, part: Callable[[Json], Any]) -> Any:
    state = part(data["v"])
    if state["bit_generator"] not in _BIT_GENERATORS:
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

    graph = {"": nx.Graph, "Di": nx.DiGraph, "Multi": nx.MultiGraph, "MultiDi": nx.MultiDiGraph}[
        data["kind"]
    ]()
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
    if not _is_library_record(kind) or kind.__module__ != module:
        raise ValueError("class")
    fields, made = dataclasses.fields(kind), object.__new__(kind)
    for field, value in zip(fields, data["v"], strict=True):
        object.__setattr__(made, field.name, part(value))
    return made


def _read_index(data: Json, part: Callable[[Json], Any]) -> Any:
    import pandas as pd

    names = [part(name) for name in data["names"]]
    if "range" in data:
        return pd.RangeIndex(*[int(n) for n in data["range"]], name=names[0])
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
