"""The table of what a test cell may do with a student's names: a right answer earns each row, a wrong one none."""

import json
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.execution import Worker, describe, unsupported_idioms
from grader.execution.spec import Limits
from grader.source import Lab, LabFile, read_script

#: What it is → (answer, test, wrong answer).
ROWS = {
    "a value": ("x = 3", "assert x == 3", "x = 4"),
    "a call": ("def f(n):\n    return n + 1", "assert f(2) == 3", "def f(n):\n    return n"),
    "keywords and defaults": ("def f(a, *, b=2):\n    return a * b", "assert f(3) == 6\nassert f(a=3, b=5) == 15", "def f(a, *, b=2):\n    return 6"),
    "any number of arguments": ("def f(*a, **k):\n    return sum(a) + sum(k.values())", "assert f(1, 2, z=3) == 6", "def f(*a, **k):\n    return 0"),
    "text, bytes, None, truth": ("def f(k):\n    return {'s': 'ä', 'b': b'\\0', 'n': None, 't': True}[k]", "assert [f(k) for k in 'sbnt'] == ['ä', b'\\0', None, True]\nassert f('n') is None\nassert f('t') is True", "def f(k):\n    return 1"),
    "tuples, lists, sets, dicts": ("def f():\n    return (1, [2, {3}], {'k': (4, frozenset({5}))})", "assert f() == (1, [2, {3}], {'k': (4, frozenset({5}))})", "def f():\n    return [1, [2, {3}], {'k': (4, frozenset({5}))}]"),
    "large and complex numbers": ("def f():\n    return 7 ** 2000, 1j, float('inf')", "assert f() == (7 ** 2000, 1j, float('inf'))", "def f():\n    return 0, 1j, 2.0"),
    "isinstance and type": ("def f(x):\n    return x / 2", "assert isinstance(f(3), float)\nassert type(f(3)) is float", "def f(x):\n    return x // 2"),
    "callable": ("def f():\n    pass", "assert callable(f)", "f = 3"),
    "arrays": ("def f(a):\n    return a.T @ a", "got = f(np.eye(3))\nassert got.shape == (3, 3) and got.dtype == float\nnp.testing.assert_allclose(got, np.eye(3))", "def f(a):\n    return a + 1"),
    "array scalars": ("def f(a):\n    return np.mean(a)", "assert isinstance(f(np.ones(3)), np.floating)\nassert abs(f(np.array([1.0, 3.0])) - 2) < 1e-12", "def f(a):\n    return 2"),
    "arrays of texts and objects": ("def f():\n    return np.array(['a', 'bc']), np.array([1, None], dtype=object)", "a, b = f()\nassert a.tolist() == ['a', 'bc'] and b[1] is None", "def f():\n    return 1, 2"),
    "tables": ("def f(t):\n    return t.groupby('k')['v'].sum()", "got = f(pd.DataFrame({'k': ['a', 'b', 'a'], 'v': [1, 2, 3]}))\npd.testing.assert_series_equal(got, pd.Series({'a': 4, 'b': 2}, name='v').rename_axis('k'))", "def f(t):\n    return t['v']"),
    "a table of a student's": ("table = pd.DataFrame({'t': pd.to_datetime(['2024-01-01', None]), 'c': pd.Categorical(['x', 'y'])})", "assert table['t'].isna().tolist() == [False, True] and list(table['c']) == ['x', 'y']\nassert table.shape == (2, 2)", "table = pd.DataFrame({'t': [1, 2], 'c': [1, 2]})"),
    "moments": ("def f(d):\n    return d + dt.timedelta(days=1)", "assert f(dt.date(2024, 2, 28)) == dt.date(2024, 2, 29)\nassert f(dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)).tzinfo is not None", "def f(d):\n    return d"),
    "an expected exception": ("def f(x):\n    if x < 0:\n        raise ValueError(f'x = {x}')\n    return x", "try:\n    f(-1)\nexcept ValueError as error:\n    assert 'x = -1' in str(error)\nelse:\n    raise AssertionError('nothing raised')", "def f(x):\n    return x"),
    "pytest.raises": ("def f():\n    raise KeyError('k')", "with pytest.raises(KeyError, match='k'):\n    f()", "def f():\n    raise IndexError('k')"),
    "an exception of the student's own": ("class TooCold(ValueError):\n    pass\n\ndef f():\n    raise TooCold('brr')", "for kind in (TooCold, ValueError):\n    try:\n        f()\n    except kind as error:\n        assert str(error) == 'brr'\n    else:\n        assert False", "class TooCold(Exception):\n    pass\n\ndef f():\n    raise TooCold('brr')"),
    "name and docstring": ("def f():\n    '''Say so.'''", "assert f.__name__ == 'f' and 'Say' in f.__doc__", "def f():\n    pass"),
    "signature and annotations": ("def f(a: int, b: float = 2.5) -> str:\n    return ''", "p = inspect.signature(f).parameters\nassert list(p) == ['a', 'b'] and p['b'].default == 2.5 and f.__annotations__['a'] is int", "def f(b, a=1):\n    return ''"),
    "source": ("def f(n):\n    return sum(i for i in range(n))", "assert 'for' in inspect.getsource(f) and 'while' not in inspect.getsource(f)", "def f(n):\n    while n:\n        n -= 1"),
    "printed output": ("def f(n):\n    print('n =', n)", "with contextlib.redirect_stdout(io.StringIO()) as out:\n    f(3)\nassert out.getvalue() == 'n = 3\\n'", "def f(n):\n    print(n)"),
    "a list sorted in place": ("def f(a):\n    a.sort()", "data = [3, 1, 2]\nassert f(data) is None\nassert data == [1, 2, 3]", "def f(a):\n    return sorted(a)"),
    "an array changed in place": ("def f(a):\n    a *= 2", "data = np.arange(3.0)\nview = data[1:]\nf(view)\nassert data.tolist() == [0, 2, 4]", "def f(a):\n    a = a * 2"),
    "dict, set and table changed in place": ("def f(d, s, t):\n    d['k'] = 1; s.add(2); t['new'] = 3", "d, s, t = {}, set(), pd.DataFrame({'old': [1]})\nf(d, s, t=t)\nassert d == {'k': 1} and s == {2} and list(t) == ['old', 'new']", "def f(d, s, t):\n    pass"),
    "a list within a list changed in place": ("def f(a):\n    a[0].append(9); a.append([7])", "inner = [1]\ndata = [inner, [2]]\nf(data)\nassert inner == [1, 9] and data == [[1, 9], [2], [7]]", "def f(a):\n    a[0] = [1, 9]"),
    "a function as argument": ("def f(g, xs):\n    return [g(x) for x in xs]", "assert f(lambda x: x * 10, [1, 2]) == [10, 20]\nassert f(math.sqrt, [4]) == [2]", "def f(g, xs):\n    return xs"),
    "a function that raises": ("def f(g):\n    try:\n        return g(0)\n    except ZeroDivisionError:\n        return 'no'", "assert f(lambda x: 1 / x) == 'no'", "def f(g):\n    return g(0)"),
    "a function given back": ("def f(g):\n    return lambda x: g(g(x))", "twice = f(lambda x: x + 1)\nassert twice(0) == 2", "def f(g):\n    return g"),
    "a student's function as argument": ("def double(x):\n    return 2 * x\n\ndef apply(g, x):\n    return g(x)", "assert apply(double, 4) == 8\nassert apply(lambda x: double(double(x)), 1) == 4", "def double(x):\n    return x\n\ndef apply(g, x):\n    return g(x)"),
    "an iterator as argument": ("def f(xs):\n    return sum(xs)", "assert f(x * x for x in range(4)) == 14", "def f(xs):\n    return 0"),
    "a random generator as argument": ("def f(rng):\n    return rng.normal(size=3)", "rng, twin = np.random.default_rng(5), np.random.default_rng(5)\nassert np.array_equal(f(rng), twin.normal(size=3))\nassert rng.random() == twin.random()", "def f(rng):\n    return np.zeros(3)"),
    "seeded global generators": ("def f():\n    return random.random(), np.random.rand()", "random.seed(1); np.random.seed(2)\ngot = f()\nrandom.seed(1); np.random.seed(2)\nassert got == (random.random(), np.random.rand())", "def f():\n    return 0.5, 0.5"),
    "a class": ("class Account:\n    rate = 0.1\n    def __init__(self, usd=0):\n        self.usd = usd\n    def pay(self, usd):\n        self.usd += usd\n        return self\n    def __len__(self):\n        return 7\n    def __str__(self):\n        return f'{self.usd} USD'", "a = Account(5)\na.pay(3).pay(2)\nassert a.usd == 10 and isinstance(a, Account) and len(a) == 7 and str(a) == '10 USD'\na.usd = 1\nassert a.usd == 1 and Account.rate == 0.1 and not hasattr(a, 'eur')", "class Account:\n    def __init__(self, usd=0):\n        self.usd = 0\n    def pay(self, usd):\n        return self"),
    "items and iteration": ("class Row:\n    def __init__(self): self.d = {}\n    def __getitem__(self, k): return self.d[k]\n    def __setitem__(self, k, v): self.d[k] = v\n    def __iter__(self): return iter(self.d)", "r = Row()\nr['a'] = 1\nassert r['a'] == 1 and list(r) == ['a']\ntry:\n    r['b']\nexcept KeyError:\n    pass\nelse:\n    assert False", "class Row(dict):\n    def __setitem__(self, k, v): pass"),
    "inheritance": ("class A:\n    def f(self): return 1\nclass B(A):\n    pass", "assert B().f() == 1 and isinstance(B(), B)", "class A:\n    pass\nclass B:\n    def f(self): return 2"),
    "a dataclass": ("@dataclasses.dataclass\nclass P:\n    x: float\n    y: float = 0.0\n    def norm(self): return (self.x ** 2 + self.y ** 2) ** 0.5\ndef f(): return P(3.0, 4.0)", "p = f()\nassert (p.x, p.y) == (3.0, 4.0) and p == P(3.0, 4.0) and p != P(3.0) and p.norm() == 5\nassert isinstance(p, P)", "@dataclasses.dataclass\nclass P:\n    x: float\n    y: float = 0.0\ndef f(): return P(3.0, 3.0)"),
    "a named tuple": ("Point = collections.namedtuple('Point', 'x y')\ndef f(): return Point(1, 2)", "p = f()\nassert p == (1, 2) and p.y == 2 and p._fields == ('x', 'y')", "def f(): return (2, 1)"),
    "a generator": ("def f(n):\n    for i in range(n):\n        yield i * i", "assert list(f(4)) == [0, 1, 4, 9]\ng = f(2)\nassert next(g) == 0 and next(g) == 1", "def f(n):\n    yield n"),
    "an endless generator": ("def f():\n    i = 0\n    while True:\n        yield i\n        i += 1", "assert list(itertools.islice(f(), 3)) == [0, 1, 2]", "def f():\n    yield 1"),
    "a figure": ("fig, ax = plt.subplots()\nax.plot([1, 2], [3, 4])\nax.set_title('up')", "assert ax.get_title() == 'up' and len(ax.lines) == 1\nassert ax.lines[0].get_ydata().tolist() == [3, 4]", "fig, ax = plt.subplots()"),
    "a global that a call changes": ("log = []\ndef f(x): log.append(x)", "f(1)\nf(2)\nassert log == [1, 2]", "log = []\ndef f(x): pass"),
    "a global that a visible test assigns": ("def f(x): return rate * x", "rate = 3\nassert f(2) == 6\nrate = 4\nassert f(2) == 8", "def f(x): return 6"),
    "a class of a locked cell": ("def f(tree):\n    return Tree(tree.value + 1, [tree])", "t = f(Tree(1))\nassert t.value == 2 and t.leaves[0].value == 1 and t.total() == 3", "def f(tree):\n    return tree"),
    "a method of a locked class that a student would replace": (
        "def f():\n    return Tree(3)",
        "assert f().total() == 3",
        "def f():\n    t = Tree(0)\n    t.total = lambda: 3\n    return t",
    ),
    "a value read where the test stands": ("y = 1", "assert y == 1", "y = 2"),
    "by name in globals()": ("z = 5", "assert 'z' in globals() and globals()['z'] == 5 and 'nothing' not in globals()", "zz = 5"),
    "types": ("def f(kind):\n    return kind(3), kind", "assert f(float) == (3.0, float) and f(np.float32)[1] is np.float32", "def f(kind):\n    return 3, int"),
    "a graph": ("def f(g):\n    g.add_edge('b', 'c', w=2)\n    return nx.shortest_path(g, 'a', 'c')", "g = nx.DiGraph([('a', 'b')])\nassert f(g) == ['a', 'b', 'c'] and g.edges['b', 'c']['w'] == 2", "def f(g):\n    return []"),
    "a record of the library": ("def f(m):\n    return m, m.layers", "m = models.get('llama-2-7b')\nassert f(m) == (m, 32) and f(m)[0].matmul_params == m.matmul_params", "def f(m):\n    return m.name, 32"),
    "a checked refusal": ("def f(x):\n    raise ValueError('no')", "check.refuses('f(1)', lambda: f(1))", "def f(x):\n    return x"),
    "partial applications and methods": ("f = functools.partial(max, 3)\ng = [1].count", "assert f(5) == 5 and g(1) == 1", "f = min\ng = [2].count"),
    "a decorated function": ("@functools.lru_cache\ndef f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)", "assert f(50) == 12586269025", "def f(n):\n    return n"),
    "the walrus, comprehensions, f-strings": ("def f(n):\n    return n", "assert [y for x in range(3) if (y := f(x)) > 0] == [1, 2] and f'{f(2)}' == '2'", "def f(n):\n    return -n"),
}  # fmt: skip

SETUP = '''
import collections, contextlib, dataclasses, datetime as dt, functools, inspect, io, itertools, math, random
import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from supercycle import check, models

class Tree:
    def __init__(self, value, leaves=()):
        self.value, self.leaves = value, list(leaves)
    def total(self):
        return self.value + sum(leaf.total() for leaf in self.leaves)
'''  # fmt: skip


def header(grade_id, **marks):
    meta = {"grade": False, "solution": False, "locked": True, "task": False, **marks}
    return f"# %% nbgrader={json.dumps({**meta, 'grade_id': grade_id, 'schema_version': 3})}\n"


def notebook_of(rows, answers):
    """Return a lab and its notebook: a set-up cell, then an answer and a test for each row."""
    parts = [header("setup") + SETUP]
    for number, (name, (_, test, _)) in enumerate(rows.items()):
        parts.append(header(f"a{number}", solution=True, locked=False) + answers[name])
        parts.append(header(f"t{number}", grade=True, points=1) + test)
    return read_script("\n\n".join(parts) + "\n")


def lab_of(rows, **limits):
    notebook = notebook_of(rows, {name: row[0] for name, row in rows.items()})
    lab = Lab("rows", Path(), LabFile("Rows", len(rows)), notebook, "0")
    return describe(lab, notebook, limits=Limits(cell_s=10, notebook_s=120, **limits))


def graded(worker, rows, answers):
    run = worker.grade(json.dumps(notebook_of(rows, answers)).encode())
    cells = {cell.grade_id: cell for cell in run.cells}
    return {name: cells[f"t{number}"] for number, name in enumerate(rows)}, run


@pytest.fixture(scope="module")
def worker():
    try:
        made = Worker(lab_of(ROWS))
    except GraderError as error:
        pytest.skip(str(error))
    yield made
    made.close()


@pytest.fixture(scope="module")
def right(worker):
    return graded(worker, ROWS, {name: row[0] for name, row in ROWS.items()})[0]


@pytest.fixture(scope="module")
def wrong(worker):
    return graded(worker, ROWS, {name: row[2] for name, row in ROWS.items()})[0]


@pytest.mark.parametrize("row", ROWS)
def test_an_idiom_works(right, wrong, row):
    assert (right[row].score, right[row].said) == (1.0, "")
    assert wrong[row].score == 0.0
    assert wrong[row].said


@pytest.mark.parametrize("row", ROWS)
def test_no_supported_idiom_is_refused(row):
    assert unsupported_idioms(ROWS[row][1], student_names=["f"]) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("assert f.__code__.co_argcount == 1", "__code__"),
        ("import doctest; doctest.run_docstring_examples(f, {})", "doctest"),
        ("assert eval(f()) == 3", "eval"),
        ("from unittest import mock", "mock"),
        ("builtins.input = lambda: '3'", "builtins.input"),
        ("with ThreadPoolExecutor() as p: pass\nimport concurrent.futures", "line 2: concurrent"),
        ("plt.gcf().axes", "gcf"),
        ("pickle.dumps(x)", "pickle"),
        ("assert f(data) is data", "`is`"),
        ("await f()", "await"),
        ("class Sub(f): pass", "class Sub"),
        ("%timeit f()", "not plain Python"),
    ],
)
def test_an_unsupported_idiom_is_named(source, names):
    (sentence, *_) = unsupported_idioms(source, student_names=["f"])
    assert names in sentence
