"""The compiled loop that every method runs in, a chunk of steps per call."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxnn.optimizers.method import Method, Objective, State, Tree


class Trace(NamedTuple):
    """What a chunk of steps went through; entries from `done` on are unused."""

    costs: jax.Array  # (size,) after each step
    grad_norms: jax.Array  # (size,) Euclidean norm over all parameters
    done: jax.Array  # shape (), int32: steps taken
    last_good: tuple[Tree, Any]  # params and cost before the last step, if that failed


class Minibatches(NamedTuple):
    """Every epoch a new order of the examples, cut into batches of one size.

    The examples of a step depend only on the seed and the step's number, so a resumed
    run sees the same ones as an unbroken run. The rest of an epoch is left out.

    Examples outside the program have an order of their own: `read` gives a group of
    batches by its number, as many as `group` says.
    """

    size: int  # examples per batch
    examples: int  # in all
    # take(args, indices (size,)) -> args; of a group, take(args, group, place in it)
    take: Callable[..., tuple]
    read: Callable[..., Any] | None = None  # read(args, seed, number) -> group
    group: int = 1  # batches in a group


def epoch_order(batches: Minibatches, seed: jax.Array, step: jax.Array) -> jax.Array:
    """The order (examples,) of the epoch to which step belongs."""
    epoch = step // (batches.examples // batches.size)
    key = jax.random.fold_in(jax.random.key(seed), epoch)
    return jax.random.permutation(key, batches.examples)


def order_at(
    batches: Minibatches | None, args: tuple, seed: jax.Array, step: jax.Array
) -> Any:
    """What gives the batch of a step: the order of its epoch, or a group read for it.

    Without mini-batches there is none (None).
    """
    if batches is None:
        return None
    if batches.read is None:
        return epoch_order(batches, seed, step)
    return batches.read(args, seed, jnp.maximum(step, 0) // batches.group)


def args_of_step(
    batches: Minibatches | None,
    args: tuple,
    seed: jax.Array,
    order: Any,
    step: jax.Array,
) -> tuple[tuple, Any]:
    """The args for step, and what gave them (`order_at`); order: that of step - 1.

    Without mini-batches args stay whole.
    """
    if batches is None:
        return args, None
    epoch = batches.examples // batches.size  # in steps
    place = step % (epoch if batches.read is None else batches.group)
    order = lax.cond(
        place == 0, lambda: order_at(batches, args, seed, step), lambda: order
    )
    return cut_batch(batches, args, order, place), order


def cut_batch(batches: Minibatches, args: tuple, order: Any, place: jax.Array) -> tuple:
    """args of the batch number `place` of its epoch, or of its group."""
    if batches.read is not None:
        return batches.take(args, order, place)
    indices = lax.dynamic_slice(order, (place * batches.size,), (batches.size,))
    return batches.take(args, indices)


def first_batch(
    batches: Minibatches | None, args: tuple, seed: Any, step: Any
) -> tuple:
    """The args on which the start is evaluated: all, or those of its step."""
    order = order_at(batches, args, seed, step)
    return args_of_step(batches, args, seed, order, step)[0]


@partial(jax.jit, static_argnames="method")
def unevaluated(method: Method, params: Tree, learning_rate: jax.Array) -> State:
    """The state before the start: a step from here evaluates the cost at params.

    The step goes nowhere, because the gradient is 0. So evaluating the start needs no
    program of its own.
    """
    leaves = jax.tree.leaves(params)
    most = jnp.full((), jnp.finfo(leaves[0].dtype).max, leaves[0].dtype)
    grad = jax.tree.map(jnp.zeros_like, params)
    memory = method.init(params, learning_rate)
    state = State(params, most, grad, most, memory, jnp.int32(-1), jnp.int32(0))
    return typed_like(state, state)


@partial(jax.jit, static_argnames=("fun", "method", "batches", "size"))
def run_chunk(
    fun: Objective,
    method: Method,
    batches: Minibatches | None,
    size: int,
    state: State,
    args: tuple,
    seed: jax.Array,
    limit: jax.Array,
    tolerance: jax.Array,
) -> tuple[State, Trace]:
    """Take up to `limit` <= size steps; end early when converged or not finite.

    tolerance: the gradient's norm at which a run has converged.
    """
    costs = jnp.full(size, jnp.nan, state.cost.dtype)
    order = order_at(batches, args, seed, state.steps)

    def continues(carry: tuple) -> jax.Array:
        state, trace, _ = carry
        return (trace.done < limit) & is_open(state, tolerance)

    def body(carry: tuple) -> tuple:
        state, trace, order = carry
        # cost and gradient at the new point are taken on the next step's batch
        now, order = args_of_step(batches, args, seed, order, state.steps + 1)
        new = typed_like(method.step(fun, state, now), state)
        i, good = trace.done, (state.params, state.cost)
        costs = trace.costs.at[i].set(new.cost)
        norms = trace.grad_norms.at[i].set(new.grad_norm)
        return new, Trace(costs, norms, i + 1, good), order

    trace = Trace(costs, costs, jnp.int32(0), (state.params, state.cost))
    return lax.while_loop(continues, body, (state, trace, order))[:2]


def is_open(state: State, tolerance: jax.Array) -> jax.Array:
    """Whether a run can continue from state: finite, and not converged."""
    is_finite = jnp.isfinite(state.cost) & jnp.isfinite(state.grad_norm)
    return is_finite & (state.grad_norm > tolerance)


def typed_like(tree: Tree, old: Tree) -> Tree:
    """tree with the dtypes of old.

    optax leaves some arrays weakly typed, and counts in int64 where that is enabled.
    The loop needs a state that keeps its types.
    """
    return jax.tree.map(lambda a, b: lax.convert_element_type(a, b.dtype), tree, old)
