"""Results show a few facts, and stay the NamedTuples that they are."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from jaxnn.display import displayed, short


@displayed
class Pair(NamedTuple):
    first: object
    other_one: object = 2.0


def test_facts_are_the_fields_unless_a_class_gives_its_own():
    assert repr(Pair(jnp.ones((2, 3)))) == (
        "Pair\n  first      float32[2,3]\n  other_one  2"
    )
    assert "<td" in Pair(1)._repr_html_()
    assert "&lt;b&gt;" in Pair("<b>")._repr_html_()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456789, "0.123457"),
        (np.bool_(True), "True"),
        (jnp.float32(0.5), "0.5"),
        ((np.zeros(3), None), "float64[3], None"),
        ({"w": np.zeros(2)}, "w: float64[2]"),
        (Pair(1), "Pair(...)"),
        (list("abcdefgh"), "a, b, c, d, e, f, ..."),
    ],
)
def test_a_value_in_a_few_words(value, text):
    assert short(value) == text


def test_it_stays_a_named_tuple():
    pair = Pair(jnp.ones(2), jnp.float32(3))
    first, other = pair
    assert other == 3 and pair._replace(first=0) == (0, 3)
    doubled = jax.jit(lambda pair: jax.tree.map(lambda a: 2 * a, pair))(pair)
    assert type(doubled) is Pair and doubled.other_one == 6


def test_tracers_are_shown_by_shape():
    seen = []
    jax.jit(lambda pair: seen.append(repr(pair)) or pair)(Pair(jnp.ones(2), 1.0))
    assert seen == ["Pair\n  first      float32[2]\n  other_one  float32[]"]


def test_results_are_short(few_digits):
    train, test = jaxnn.split(few_digits, 0.25)
    run = jaxnn.fit(train, test, steps=20, lam=0.3, hidden=(4, 3))
    text = repr(run)
    assert len(text.splitlines()) == 8
    assert "network   400-4-3-10, lambda 0.3, lbfgs\n" in text
    assert f"cost      {run.cost:.4f} at step 20\n" in text
    accuracies = run.history.train_accuracy[-1], run.history.test_accuracy[-1]
    assert "train {:.2%}, held out {:.2%}".format(*accuracies) in text
    assert "folder    none: " in text
    first, last = run.history.cost[[0, -1]]
    assert f"cost            {first:.4g} -> {last:.4g}\n" in repr(run.history)
    assert "x        float64[150,400]" in repr(train)
    assert repr(jaxnn.fit(train, steps=1).history).count("\n") == 5  # no test


def test_a_result_of_minimize_is_short():
    found = jaxnn.minimize(lambda p: jnp.sum(p["w"] ** 2), {"w": np.ones(3)})
    assert len(repr(found)) < 400 and "params       w: float32[3]" in repr(found)
