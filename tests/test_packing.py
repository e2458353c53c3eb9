"""The loop whose numbers lie in one array, beside lax.while_loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxnn.optimizers.packing import packed_loop


def halving(loop, start):
    """Halve an array until its sum is small; (array, sum, rounds, done)."""

    def body(state):
        array, _, rounds, _ = state
        array = array / 2
        total = jnp.sum(array)
        return array, total, rounds + 1, total < 1

    first = jnp.full(3, start), jnp.asarray(start), jnp.int32(0), jnp.bool_(False)
    return loop(lambda state: ~state[3] & (state[2] < 9), body, first)


@pytest.mark.parametrize("start", [4.0, 1e9, np.inf, np.nan])
def test_the_state_is_that_of_a_plain_loop(start):
    start = np.float32(start)
    found, expected = halving(packed_loop, start), halving(lax.while_loop, start)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_array_equal(a, b)


def test_four_halvings_by_hand():
    array, total, rounds, done = halving(packed_loop, np.float32(4))
    # the sums are 6, 3, 1.5 and 0.75
    assert (float(total), int(rounds), bool(done)) == (0.75, 4, True)
    assert array.tolist() == [0.25] * 3


def test_each_of_many_has_its_own_length():
    starts = jnp.array([1.0, 4.0, 64.0], "float32")
    rounds = jax.vmap(lambda start: halving(packed_loop, start)[2])(starts)
    assert rounds.tolist() == [2, 4, 8]  # sums 1.5, 0.75; 6 ... 0.75; 96 ... 0.75
