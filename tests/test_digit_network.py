"""The reader's own network, and what readers say of pictures."""

import numpy as np
import pytest

import jaxnn
from jaxnn import data, digit_network, images, training
from jaxnn.digit_network import NONE, Reader
from jaxnn.reading import made


@pytest.fixture(scope="module")
def own():
    """The network that comes with jaxnn."""
    return digit_network.own_reader()


@pytest.fixture(scope="module")
def held_out(digits, originals):
    """MNIST's bytes and digits that the network was not trained on, (1000, 28, 28)."""
    places = np.arange(5000.0)[:, None]  # each example's own place, to be found again
    _, test = jaxnn.split(jaxnn.Digits(places, digits.y))
    bytes_ = np.round(255 * originals[test.x[:, 0].astype(int)]).astype(np.uint8)
    return bytes_, test.y


def answers(reader, pictures):
    """What a reader reads in pictures (m, 28, 28) uint8: a digit or NONE, (m,)."""
    chances = digit_network.judged(reader, images.shrink(pictures / 255))
    likeliest = chances.argmax(axis=1)
    return np.where(chances.max(axis=1) < reader.doubt, NONE, likeliest)


def test_its_chances_are_probabilities(own, held_out):
    chances = digit_network.judged(own, images.shrink(held_out[0][::50] / 255))
    assert chances.shape == (20, 11) and chances.min() >= 0
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert 0.2 <= own.doubt <= 0.6 and own.temperature > 0


def test_on_mnists_held_out_digits_it_reads_more_than_a_network_of_25_units(
    own, held_out, digits
):
    pictures, labels = held_out
    train, _ = jaxnn.split(digits)
    small = Reader(jaxnn.fit(train, device="cpu").params)
    right = (answers(own, pictures) == labels).mean()
    assert right >= (answers(small, pictures) == labels).mean()
    assert right > 0.95


def test_on_new_forms_it_reads_most_and_refuses_what_is_no_digit(own, held_out):
    pictures, labels = made.drawn(2000, 77, held_out, none=0.2)
    right, is_digit = answers(own, pictures) == labels, labels != NONE
    assert right[is_digit].mean() > 0.93 and right[~is_digit].mean() > 0.92
    each = [right[labels == digit].mean() for digit in range(10)]
    assert min(each) > 0.86, each


def test_its_probabilities_are_as_often_right_as_they_say(own, held_out):
    pictures, labels = made.drawn(4000, 78, held_out, none=0.2)
    chances = digit_network.judged(own, images.shrink(pictures / 255))
    largest, is_right = chances.max(axis=1), chances.argmax(axis=1) == labels
    for low, high in ((0, 0.7), (0.7, 0.95), (0.95, 1.01)):
        some = (low <= largest) & (largest < high)
        chance = largest[some].mean()
        error = np.sqrt(chance * (1 - chance) / some.sum())  # of a share, if it is so
        assert abs(is_right[some].mean() - chance) < 0.03 + 3 * error


def test_the_file_is_small_and_travels_in_the_wheel(own):
    path = data.embedded_file("reader.npz")
    assert path.stat().st_size < 400_000
    assert own.params[0].shape[1] == 401 and own.params[-1].shape[0] == 11
    assert own.params[0].dtype == np.float32
    project = path.parents[1] / "pyproject.toml"
    if project.exists():  # not in an installed package
        assert '"data/reader.npz" = "jaxnn/reader.npz"' in project.read_text()


def test_params_alone_are_no_run():
    with pytest.raises(jaxnn.Mistake, match="give a Run, a run folder or a file"):
        digit_network.reader_of(jaxnn.init_params(0))


def test_a_run_says_what_its_outputs_say(few_digits):
    run = jaxnn.fit(few_digits, steps=20)
    reader = digit_network.reader_of(run)
    assert reader.doubt == training.scores.DOUBT
    found = digit_network.judged(reader, images.roll(few_digits.x[:6]))
    assert found.shape == (6, 11) and (found[:, NONE] == 0).all()
    outputs = jaxnn.forward(run.params, few_digits.x[:6].astype(np.float32))
    np.testing.assert_allclose(found[:, :10], outputs, atol=1e-6)


@pytest.mark.parametrize("k", [0, 1, 5, 16, 17])
def test_the_number_of_pictures_changes_nothing(own, held_out, k):
    pictures = images.shrink(held_out[0][::50] / 255)
    found = digit_network.judged(own, pictures[:k])
    assert found.shape == (k, 11)
    every = digit_network.judged(own, pictures)
    np.testing.assert_allclose(found, every[:k], atol=1e-5)
