"""The only things that cross between the two processes: typed values, written as JSON.

Whatever the sandbox sends is untrusted text. Decoding it runs no code of the sender: there is no
pickle, no constructor of the student's, no attribute named by the data. What arrives is a plain
value of an exact built-in (or NumPy, pandas, …) type, so an object whose ``__eq__`` is always true,
a ``float`` that lies, or an array with its own ``__array_ufunc__`` can be *sent from* but never
*arrives*: equality is decided later, here, on what was decoded.

JSON's own ``null``, ``true``, numbers, strings and arrays (= lists) stand for themselves; all else
is an object ``{"t": kind, …}``. `encode` writes it; `reading` has the table of
kinds and `decode`.
Things without a typed form (a generator, a student's own object) are left to ``refer``, which gives
a reference or refuses.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import decimal
import fractions
import json
import math
import random
import re
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["MAX_DEPTH", "Unsendable", "dumps", "encode", "is_library_record", "loads"]

#: Values nested deeper than this are refused (a list that holds itself is).
MAX_DEPTH = 60
#: No single text, array or bytes object may be larger [B].
MAX_BYTES = 32 << 20
#: One message holds at most this many separate values; arrays count as one.
MAX_VALUES = 1_000_000

Json = Any
Refer = Callable[[Any], Json]


PLAIN_DTYPE = re.compile(
    r"\A[<>|=](b1|[iu][1248]|f(2|4|8|16)|c(8|16|32)|S[1-9]\d{0,5}|[mM]8\[(\d{0,4}(Y|M|W|D|h|m|s|ms|us|ns))\])\Z"
)
BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
#: The package whose frozen dataclasses both processes know.
LIBRARY = "supercycle"


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
    return None if dataclasses.is_dataclass(value) else _derived(value, part)


def _derived(value: Any, part: Callable[[Any], Json]) -> Json:
    """Encode the plain value of `Fact`, an ``IntEnum``, a ``defaultdict``, or a kind of float that lies."""
    for scalar in (float, int, str):
        if isinstance(value, scalar):
            return part(scalar.__new__(scalar, value))  # type: ignore[type-var]
    if type(value).__module__ == "__main__":
        return None  # a container with methods of its own: an object
    for container in (list, dict):
        if isinstance(value, container):
            return part(container(value))
    return None


def _plain_dtype(dtype: np.dtype[Any]) -> bool:
    return bool(PLAIN_DTYPE.match(dtype.str))


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
    return {"t": "rng", "v": part(state)} if state.get("bit_generator") in BIT_GENERATORS else None


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
    if module == LIBRARY and is_library_record(type(value)):
        return {
            "t": "library",
            "module": type(value).__module__,
            "name": type(value).__qualname__,
            "v": [part(getattr(value, f.name)) for f in dataclasses.fields(value)],
        }
    return None


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


def is_library_record(kind: Any) -> bool:
    """Whether a class is a frozen dataclass of the library, which both processes know."""
    return (
        isinstance(kind, type)
        and kind.__module__.partition(".")[0] == LIBRARY
        and dataclasses.is_dataclass(kind)
        and bool(kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]
    )
