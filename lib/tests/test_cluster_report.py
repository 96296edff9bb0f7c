"""The report: true numbers, figures with words, one file that needs nothing else."""

import io
import re
import tomllib
import xml.etree.ElementTree as ET
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console

from supercycle.cluster import commands, report, sweep
from supercycle.cluster.scenario_file import build_scenario

TEXT = """
title = "Two <b>pools</b> & a job"
until_s = 120.0
[traffic]
arrivals = "gamma"
rate_per_s = 3.0
duration_s = 100.0
cv = 2.0
[lengths]
published = "azure-conversation"
[[pool]]
name = "chat"
count = 2
[pool.replica]
model = "llama-3.1-8b"
chip = "h100-sxm"
[[job]]
name = "run"
steps = 40
[job.pattern]
gpus = 64
compute_w = 1000.0
communicate_w = 500.0
compute_s = 1.5
communicate_s = 0.5
[slo]
ttft_s = 0.05
[price]
output_usd_per_mtok = 1.0
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    path = folder / "two-pools.toml"
    path.write_text(TEXT, encoding="utf-8")
    console = Console(file=io.StringIO(), width=120)
    out = commands.simulate_command(path, out=folder / "report.html", console=console)
    return out.read_text(encoding="utf-8"), console.file.getvalue()


class Page(HTMLParser):
    """Tags, their attributes, and whether every one is closed."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def claims(page):
    """Titles of the figures: the drawings carry them as comments of their outlines."""
    drawn = [
        b64decode(a["src"].split(",", 1)[1]).decode() for t, a in Page(page).found if t == "img"
    ]
    return " ".join(re.findall(r"<!-- (.*?) -->", " ".join(drawn)))


def test_the_page_is_whole_and_needs_nothing_from_outside(made):
    page = Page(made[0])
    assert page.open == []
    tags = [tag for tag, _ in page.found]
    assert not {"script", "link", "iframe"} & set(tags)
    sources = [attrs["src"] for tag, attrs in page.found if tag == "img"]
    assert len(sources) >= 6
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not re.search(r"(src|href)=['\"]https?:|url\(|@import", made[0])


def test_every_figure_says_in_words_what_it_shows(made):
    images = [attrs for tag, attrs in Page(made[0]).found if tag == "img"]
    assert all(len(attrs["alt"]) > 40 for attrs in images)
    assert len({attrs["alt"] for attrs in images}) == len(images)
    for attrs in images:
        svg = b64decode(attrs["src"].split(",", 1)[1])
        assert ET.fromstring(svg).tag.endswith("svg")


def test_what_the_user_wrote_cannot_become_markup(made):
    assert "<b>pools" not in made[0]
    assert "Two &lt;b&gt;pools&lt;/b&gt; &amp; a job" in made[0]
    assert "until_s = 120.0" in made[0]  # the scenario itself stands at the end


def test_terminal_and_page_say_the_same(made):
    page, terminal = made
    for words in ("promise kept", "time to first token", "job run", "cost of machines"):
        assert words in page
        assert words in terminal
    kept = re.search(r"promise kept\s+([\d.]+%)", terminal)[1]
    assert f"{kept} of requests" in page


def test_numbers_in_the_report_are_those_of_the_result():
    scenario = build_scenario({
        "traffic": {"arrivals": "poisson", "rate_per_s": 4.0, "duration_s": 50.0},
        "lengths": {"published": "azure-conversation"},
        "pool": [{"replica": {"model": "llama-3.1-8b", "chip": "h100-sxm"}}],
        "slo": {"ttft_s": 0.03},
    })  # fmt: skip
    result = scenario.run()
    rows = dict(report.summary_rows(scenario, result))
    good = (result.requests.ttft_s <= 0.03).mean()
    assert rows["promise kept"].startswith(f"{good:.1%} of requests")
    median_ms = 1e3 * np.median(result.requests.ttft_s)
    assert float(rows["time to first token"].split(" ms")[0]) == pytest.approx(median_ms, rel=5e-3)
    hours = result.end_s / 3600
    assert (
        f"${hours * 2:.3g}" in rows["cost of machines"]
    )  # one H100 at 2 USD an hour, chips/…/rent
    assert "revenue" not in rows  # nothing was priced
    assert f"{good:.1%} of them as promised" in report.headline(scenario, result)


def test_the_same_result_gives_the_same_bytes():
    scenario = build_scenario({
        "traffic": {"arrivals": "poisson", "rate_per_s": 1.0, "duration_s": 20.0},
        "lengths": {"published": "azure-conversation"},
        "pool": [{"replica": {"steps": {"base_s": 0.01}, "kv_tokens": 50_000}}],
    })  # fmt: skip
    first, second = (report.report_html(scenario, scenario.run()) for _ in range(2))
    assert first == second
    assert "promise" not in first.split("<footer>")[0].split("</style>")[1]


def test_replications_give_intervals_that_hold_other_seeds(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(TEXT, encoding="utf-8")
    runs = commands.replicate(path, 12, workers=2, progress=False)
    again = commands.replicate(path, 12, workers=1, progress=False)
    assert runs.equals(again)
    assert runs.ttft_p50_s.nunique() == 12  # another seed, other traffic
    scenario = build_scenario(tomllib.loads(TEXT))
    rows = dict(report.replication_rows(scenario, runs))
    ours = sweep.interval(runs.good_share)
    assert rows["promise kept"] == f"{ours.mean:.1%} ({ours.low:.1%} to {ours.high:.1%})"
    page = report.report_html(scenario, scenario.run(), runs=runs)
    assert "The same with 12 other seeds" in page
    assert rows["promise kept"] in page


def test_agents_and_regions_have_their_own_figures():
    agents = build_scenario({
        "traffic": {"arrivals": "poisson", "rate_per_s": 0.5, "duration_s": 60.0},
        "task": [{"name": "think", "input_tokens": 500, "output_tokens": 20},
                 {"name": "ask", "after": ["think"], "human_s": 30.0}],
        "pool": [{"replica": {"steps": {"base_s": 0.01}, "kv_tokens": 50_000}}],
    })  # fmt: skip
    result = agents.run()
    page = report.report_html(agents, result)
    whole_s = result.requests.e2e_s.mean()  # nobody works beside another here: the path is all
    assert f"People at work: {30 / whole_s:.0%} of a request" in claims(page)
    assert "people at work 30 s" in page
    regions = build_scenario({
        "traffic": {"arrivals": "regions", "duration_s": 60.0},
        "region": [{"name": n, "rate_per_s": 2.0, "rtt_s": {"site": r}} for n, r in (("a", 0.01), ("b", 0.2))],
        "lengths": {"published": "azure-conversation"},
        "pool": [{"name": "site", "replica": {"steps": {"base_s": 0.01}, "kv_tokens": 50_000}}],
    })  # fmt: skip
    result = regions.run()
    assert result.requests.ttft_s.min() >= 0.01
    assert "Cumulative distribution" in report.report_html(regions, result)


def test_the_command_line_reports_and_refuses_in_one_sentence(tmp_path):
    import subprocess
    import sys
    from pathlib import Path

    command = [Path(sys.executable).parent / "supercycle", "simulate"]
    path = tmp_path / "small.toml"
    path.write_text(TEXT, encoding="utf-8")
    ran = subprocess.run(
        [*command, path, "--replications", "2"], capture_output=True, text=True, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    assert "promise kept" in ran.stdout
    assert "2 runs with other seeds" in ran.stdout
    assert (tmp_path / "small-report.html").stat().st_size > 50_000
    path.write_text(TEXT.replace("[traffic]", "[trafic]"), encoding="utf-8")
    wrong = subprocess.run([*command, path], capture_output=True, text=True, cwd=tmp_path)
    assert wrong.returncode == 1
    assert len(wrong.stderr.strip().splitlines()) == 1
    assert "did you mean 'traffic'?" in wrong.stderr


def test_a_machine_without_a_price_costs_what_is_not_known():
    unpriced = TEXT.replace('chip = "h100-sxm"', 'chip = "a100-80gb"')  # no published rent
    scenario = build_scenario(tomllib.loads(unpriced))
    result = scenario.run()
    rows = dict(report.summary_rows(scenario, result))
    assert rows["cost of machines"] == report.UNKNOWN_COST
    page = report.report_html(scenario, result)
    assert "not known" in page
    assert "nan" not in re.sub(r"base64,[^']*", "", page).lower()
