"""data/build_reader.py, which makes the network that reads photos."""

import runpy
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import softmax

import jaxnn
from jaxnn import digit_network, formats
from jaxnn.digit_network import NONE

SCRIPT = Path(__file__).parent.parent / "data/build_reader.py"


@pytest.fixture(scope="module")
def script():
    """The names that the script defines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPT.parent)  # as where Python runs it
        return SimpleNamespace(**runpy.run_path(str(SCRIPT)))


def test_no_picture_is_both_trained_on_and_judged_by(script):
    train, kept_back, held_out = (
        {p.tobytes() for p in pictures} for pictures, _ in script.parts()
    )
    assert (len(train), len(kept_back), len(held_out)) == (3600, 400, 1000)
    assert not train & kept_back and not (train | kept_back) & held_out
    _, test = jaxnn.split(jaxnn.load_digits())
    assert np.array_equal(script.parts()[2][1], test.y)


def test_the_temperature_of_scores_that_are_three_times_too_large(script):
    random = np.random.default_rng(0)
    scores = random.normal(0, 2, (20_000, 11))
    noise = random.gumbel(size=scores.shape)
    labels = (scores + noise).argmax(axis=1)  # drawn from softmax(scores)
    assert script.temperature_of(3 * scores, labels) == pytest.approx(3, rel=0.05)


def test_the_calibration_error_by_hand(script):
    chances = np.zeros((10, 11))
    chances[:5, 0], chances[:5, 1] = 0.65, 0.35
    chances[5:, 2], chances[5:, 3] = 0.95, 0.05
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 2])  # 3 of 5 right, 5 of 5
    found = script.reliability(chances, labels)
    np.testing.assert_allclose(found, [[0.5, 0.65, 0.6], [0.5, 0.95, 1]])
    assert script.calibration_error(chances, labels) == pytest.approx(0.05)
    (axes,) = script.diagram(chances, labels).axes
    assert axes.get_xlabel() == "probability"


def test_the_file_is_the_same_every_time_and_loads(script, tmp_path, monkeypatch):
    params = tuple(np.float32(p) for p in jaxnn.init_params(0, (400, 5, 11)))
    target = tmp_path / "reader.npz"
    monkeypatch.setitem(script.write.__globals__, "TARGET", target)
    script.write(params, 2.5)
    first = target.read_bytes()
    script.write(params, 2.5)
    assert target.read_bytes() == first
    with zipfile.ZipFile(target) as archive:  # no time of the day, which would differ
        assert {e.date_time for e in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    monkeypatch.setattr(formats, "embedded_file", lambda _: target)
    reader = digit_network.own_reader.__wrapped__()  # past its cache
    assert reader.temperature == 2.5 and reader.doubt == script.DOUBT
    for found, theta in zip(reader.params, params, strict=True):
        np.testing.assert_array_equal(found, theta.astype(np.float16))


@pytest.mark.slow
def test_a_smaller_one_reads_held_out_forms(script):
    train, _, held_out = script.parts()
    x, y = script.examples(12_000, 0, train)
    params = script.trained(x, y, (60,), ((0.02, 8), (0.005, 3)))
    x, y = script.examples(2000, 2, held_out)
    chances = softmax(script.scores(params, x), axis=1)
    right, is_digit = chances.argmax(axis=1) == y, y != NONE
    assert right[is_digit].mean() > 0.85 and right[~is_digit].mean() > 0.75
