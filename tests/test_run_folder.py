"""config.json, read back: whole, from an older jaxnn, damaged."""

import json

import numpy as np
import pytest

import jaxnn
from jaxnn.training import Settings, record, run_folder

DIGITS = {"name": "some", "examples": 3, "sha256": "ab"}
HELD = {
    "settings": {"hidden": [4, 3], "lam": 2, "method": "cg"},
    "data": {"train": DIGITS},
    "device": "cpu:0 (2 cores)",
    "versions": {"jax": "0.10.2"},
}


def config(folder, held):
    """What is read where held was written."""
    (folder / "config.json").write_text(json.dumps(held))
    return record.read_config(folder)


def test_newer_keys_may_be_missing(tmp_path):
    found = config(tmp_path, HELD)
    assert found.settings == Settings(hidden=(4, 3), lam=2.0, method="cg")
    assert found.data == {"train": record.Part(**DIGITS)} and found.notes == {}
    assert not run_folder.is_standardized(tmp_path / "params.npz")


def test_written_is_read(tmp_path, few_digits):
    settings = Settings(hidden=(), batch_size=7)
    notes = {"data": None, "test_fraction": 0, "mine": [1]}
    written = record.describe(settings, [few_digits, few_digits], notes, "cpu:0")
    record.write_config(tmp_path, written)
    assert record.read_config(tmp_path) == written
    assert written.versions["jaxnn"] == jaxnn.__version__


@pytest.mark.parametrize(
    "damage",
    [
        {"settings": None},
        {"settings": {"lam": "many"}},
        {"settings": {"method": ["cg"]}},
        {"settings": {"seed": None}},
        {"settings": {"unheard of": 1}},
        {"data": {}},
        {"data": {"train": "digits"}},
        {"data": {"test": DIGITS}},
        {"notes": 3},
        {"notes": {"steps": "many"}},
        {"notes": {"data": 7}},
        {"notes": {"test_fraction": None}},
        {"notes": {"standardize": "no"}},
        {"device": 0},
        {"versions": 1},
        {"classes": 3, "shape": None},
        {"classes": ["a", "b"]},
        {"classes": ["a", "b"], "shape": [20]},
        {"classes": ["a", "b"], "shape": "20x20"},
    ],
)
def test_wrong_types_are_one_line(tmp_path, damage):
    with pytest.raises(jaxnn.FileError, match=r"config\.json: damaged: ") as caught:
        config(tmp_path, {**HELD, **damage})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["settings", "data", "device", "versions"])
def test_a_config_that_lacks_an_entry_is_one_line(tmp_path, name):
    held = {key: value for key, value in HELD.items() if key != name}
    with pytest.raises(jaxnn.FileError, match=f"damaged: {name} is missing"):
        config(tmp_path, held)


def test_a_setting_that_a_folder_lacks_is_its_default(tmp_path):
    held = config(tmp_path, HELD)  # it lacks init, which is course then
    same = held._replace(settings=held.settings._replace(init="course"))
    run_folder.require_same(tmp_path, held, same)
    other = held._replace(settings=held.settings._replace(init="glorot"))
    with pytest.raises(jaxnn.FileError, match="with init course, not glorot; resume"):
        run_folder.require_same(tmp_path, held, other)


def history(folder, text):
    """What is read from history.csv."""
    (folder / "history.csv").write_text(text)
    return run_folder.read_history(folder)


HEAD = "step,cost,gradient_norm,seconds,train_accuracy,test_accuracy\n"


def test_a_history_has_no_gap_in_its_steps_costs_and_times(tmp_path):
    found = history(tmp_path, HEAD + "1,2.5,0.5,0.1,,\n2,2.25,0.25,0.2,0.5,\n")
    np.testing.assert_array_equal(found["train_accuracy"], [np.nan, 0.5])
    for gap in "nan", "", "inf":
        for row in f"{gap},2.5,0.5,0.1,,", f"1,{gap},0.5,0.1,,", f"1,2.5,0.5,{gap},,":
            with pytest.raises(jaxnn.FileError, match="history.csv: damaged; delete"):
                history(tmp_path, f"{HEAD}{row}\n2,2.25,0.25,0.2,0.5,\n")


def test_classes_and_shape_are_those_of_digits_unless_it_says_otherwise(tmp_path):
    found = config(tmp_path, HELD)
    assert found.classes == tuple(range(10)) and found.shape == (20, 20)
    found = config(tmp_path, {**HELD, "classes": ["a", "b"], "shape": None})
    assert found.classes == ("a", "b") and found.shape is None and found.held_out


def test_other_than_an_object_is_one_line(tmp_path):
    with pytest.raises(jaxnn.FileError, match=r"config\.json: damaged: "):
        config(tmp_path, [HELD])
