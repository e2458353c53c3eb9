"""Arguments of `fit` of every wrong kind: one Mistake that names the argument."""

import numpy as np
import pytest

import jaxnn

NO_NUMBERS = [[1, 2], "x", b"x", "", {}, object(), np.array([1.0, 2.0]), [[1, 2], [3]]]
NO_WHOLE = [*NO_NUMBERS, 1.5, float("nan"), float("inf"), -np.inf, 10**400]
NO_TEXT = [None, 1.5, 3, [1], ["lbfgs"], {}, np.array(3), b"cpu", float("nan")]
WRONG = {
    "hidden": [None, "x", b"x", {}, 2.5, float("nan"), [None], ["a"], [[1, 2], [3]]],
    "lam": [None, *NO_NUMBERS, float("nan"), -1, 10**400],
    "learning_rate": [*NO_NUMBERS, float("nan"), 10**400, float("inf"), -1],
    "batch_size": [*NO_WHOLE, -1, 0],
    "seed": [None, *NO_WHOLE, -1],
    "steps": [None, *NO_WHOLE, -1],
    "init": NO_TEXT,
    "method": NO_TEXT,
    "dtype": NO_TEXT,
    "device": NO_TEXT,
    "out": [1.5, 3, [1], ["run"], {}, np.array(3), b"run", object()],
    "resume": [None, "yes", [1], np.array([True, False])],
    "overwrite": [None, "yes", [1], np.array([True, False])],
    "held_out": [None, "yes", [1], np.array([True, False])],
    "pictures": [None, "yes", [1], np.array([True, False])],
    "notes": [1.5, "x", [1, 2], [[1, 2], [3]], {"a": object()}, {"a": {1}}],
    "progress": [1.5, "x", [1], {}],
    "train": [None, 1.5, [1.0], "digits", np.zeros((3, 400))],
    "test": [1.5, [1.0], "digits", np.zeros((3, 400))],
}
CASES = [(name, i) for name, values in WRONG.items() for i in range(len(values))]


@pytest.mark.parametrize(("name", "which"), CASES)
def test_a_wrong_kind_of_argument_is_one_line(few_digits, tmp_path, name, which):
    value, method = WRONG[name][which], "lbfgs"
    if name in ("learning_rate", "batch_size"):
        method = "adam"
    how = {"train": few_digits, "steps": 1, "method": method, "out": tmp_path / "run"}
    with pytest.raises(jaxnn.Mistake) as refused:
        jaxnn.fit(**(how | {name: value}))
    text = str(refused.value)
    assert "\n" not in text and 10 < len(text) < 500
    said = {"train": "digits", "test": "digits", "lam": "lam", "hidden": "hidden"}
    assert said.get(name, name).replace("_", " ") in text.replace("_", " ")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden", 2),
        ("hidden", np.int64(2)),
        ("hidden", [2.0, 3]),
        ("hidden", ()),
        ("lam", 1),
        ("lam", np.float32(0.5)),
        ("lam", np.array(2)),
        ("seed", np.uint8(3)),
        ("seed", 3.0),
        ("resume", np.False_),
        ("notes", {"a": [1, None, "x"]}),
    ],
)
def test_values_of_like_kinds_are_taken(few_digits, name, value):
    how = {"hidden": 2, "steps": 1, name: value}
    assert np.isfinite(jaxnn.fit(few_digits, **how).cost)


FIELDS = {
    "x": [None, 1.5, [1], np.zeros(200), np.full((200, 400), "a"),
          np.full((200, 400), None), np.zeros((200, 400), complex)],
    "y": [None, 1.5, [1], np.zeros(200), np.array(["a"] * 200),
          np.zeros((200, 1), int), np.full(200, 11), np.full(200, -1)],
    "classes": [None, 1.5, [1], (), 5, ("a",) * 10],
    "shape": [1.5, [1], "x", (2, 2), (20,), (0, 0)],
    "name": [None, 1.5, [1], b"x"],
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("part", ["train", "test"])
def test_what_replace_lets_in_is_one_line(few_digits, field, part):
    for value in FIELDS[field]:
        odd = few_digits._replace(**{field: value})
        parts = (odd, few_digits) if part == "train" else (few_digits, odd)
        with pytest.raises(jaxnn.Mistake) as refused:
            jaxnn.fit(*parts, steps=1)
        text = str(refused.value)
        assert "\n" not in text and 10 < len(text) < 500
