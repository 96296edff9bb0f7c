"""The data package is whole: every value has a unit, every row a source, every lookup an answer."""

import pickle
from pathlib import Path

import pytest

from supercycle import facts
from supercycle.facts import records

ROOT = Path(records.root())


def test_the_data_package_is_valid_frictionless():
    from frictionless import validate

    report = validate(str(ROOT / "datapackage.json"))
    assert report.valid, report.flatten(["fieldName", "rowNumber", "note"])


def test_a_row_without_a_source_fails_validation(tmp_path):
    import json

    from frictionless import validate

    package = json.loads((ROOT / "datapackage.json").read_text())
    package["resources"] = [r for r in package["resources"] if r["name"] == "chips"]
    lines = (ROOT / "chips.csv").read_text().splitlines()
    source = facts.value("chips/h200/tdp_w").source
    (tmp_path / "chips.csv").write_text("\n".join(lines).replace(f'"{source}"', "", 1) + "\n")
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    report = validate(str(tmp_path / "datapackage.json"))
    assert not report.valid
    assert "source" in str(report.flatten(["fieldName"]))


def test_every_csv_is_described_and_every_description_has_its_csv():
    described = {str(records.package()[name]["path"]) for name in facts.tables()}
    present = {str(p.relative_to(ROOT)) for p in ROOT.rglob("*.csv")}
    assert described == present


@pytest.mark.parametrize("name", facts.tables())
def test_every_table_ends_with_its_provenance_and_states_units(name):
    fields = facts.schema(name)
    assert tuple(fields)[-len(facts.PROVENANCE) :] == facts.PROVENANCE
    long_form = "value" in fields
    for column, field in fields.items():
        assert field["description"], f"{name}.{column} has no description"
        if field["type"] in ("number", "integer") and not long_form:
            assert field.get("unit"), f"{name}.{column} has no unit"


@pytest.mark.parametrize("name", facts.tables())
def test_recalled_columns_exist(name):
    fields = facts.schema(name)
    for row_id in facts.ids(name):
        recalled = facts.row(name, row_id)["recalled"] or ""
        for column in filter(None, recalled.split(";")):
            assert column in fields, f"{name}/{row_id}: recalled column {column!r} is unknown"


def test_a_fact_is_a_float_that_knows_where_it_comes_from():
    peak = facts.value("chips/h100-sxm/bf16_dense_flops_per_s")
    assert peak == 989.4e12  # NVIDIA H100 data sheet, SXM column, without sparsity
    assert peak.unit == "FLOP/s"
    assert peak.basis == "published"
    assert "Epoch" in peak.source
    assert type(peak * 2) is float


def test_a_cell_that_rests_on_memory_says_so_inside_a_published_row():
    assert facts.value("chips/h100-sxm/tdp_w").basis == "published"
    assert facts.value("chips/h100-sxm/hbm_stacks_count").basis == "recalled"


def test_a_fact_survives_pickling():
    peak = facts.value("chips/h100-sxm/tdp_w")
    copy = pickle.loads(pickle.dumps(peak))
    assert copy == peak
    assert copy.describe() == peak.describe()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("chip/h100-sxm/tdp_w", "unknown table 'chip': did you mean 'chips'"),
        ("chips/h100/tdp_w", "unknown row of 'chips' 'h100': did you mean 'h100-sxm'"),
        ("chips/h100-sxm/tdp", "unknown column of 'chips' 'tdp': did you mean 'tdp_w'"),
        ("chips/h100-sxm/vendor", "holds text"),
        ("chips/h100-sxm/fp4_dense_flops_per_s", "no source gives it. Rows that have it: b200"),
        ("chips/h100-sxm", "write 'chips/h100-sxm/column'"),
        ("chips", "write 'table/row/column'"),
        ("chips/zzzz/tdp_w", "valid: a100-40gb"),
    ],
)
def test_a_wrong_path_gets_one_sentence_that_names_what_is_valid(path, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        facts.value(path)
    assert sentence in str(refused.value)


def test_a_table_has_numbers_where_the_schema_says_so():
    chips = facts.table("chips")
    assert chips.loc["h200", "memory_bytes"] == 141e9
    assert chips["tdp_w"].dtype == float
    assert chips.attrs["units"]["tdp_w"] == "W"
    assert facts.table("models")["tied_embeddings"].isin([True, False]).all()


def test_sources_lists_each_source_once_and_skips_our_own_numbers():
    tdp = facts.value("chips/h100-sxm/tdp_w")
    assert facts.sources(tdp, tdp, 2.0) == tdp.describe()


def test_the_sources_of_a_years_electricity_sum_to_what_was_generated():
    years = facts.table("us-electricity")
    sources = ["coal", "gas", "nuclear", "hydro", "wind", "solar", "bioenergy", "oil",
               "other_renewables"]  # fmt: skip
    summed = years[[f"{source}_wh" for source in sources]].sum(axis=1)
    assert summed.to_numpy() == pytest.approx(years["generation_wh"].to_numpy(), rel=2e-5)
    assert (years["demand_wh"] > years["generation_wh"]).all()  # the US imports on balance


def test_recorded_training_operations_are_at_least_six_times_parameters_times_data():
    # C = 6ND of dense decoders. Epoch's size of a data set is smaller than the tokens seen where it
    # counts words (three for four tokens) or data read more than once, so the ratio leans above 1.
    runs = facts.table("training-compute")
    dense = runs[(runs["total_params"] == runs["active_params"]) & (runs["basis"] == "published")]
    ratio = (dense["train_flop"] / (6 * dense["total_params"] * dense["tokens"])).dropna()
    assert len(ratio) > 15
    assert ratio.min() > 0.75
    assert 1 <= ratio.median() < 4 / 3


def test_rows_of_one_thing_from_two_sources_stand_side_by_side():
    # PUE of one firm and year, CoWoS of one year, demand of data centres by five forecasters.
    forecasts = [row for row in facts.ids("energy") if row.startswith("us-data-centre-demand-2030")]
    assert len(forecasts) >= 3
    assert len({float(facts.value(f"energy/{row}")) for row in forecasts}) == len(forecasts)


def test_a_table_without_rows_has_its_columns(monkeypatch):
    from supercycle.facts import records

    monkeypatch.setattr(records, "_rows", lambda name: {})
    frame = facts.table("chips")
    assert len(frame) == 0
    assert {"memory_bytes", "source"} <= set(frame.columns)
    assert frame.memory_bytes.dtype == float
