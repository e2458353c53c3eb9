"""Kernels counted in texts that are counted by hand; ceilings of the real programs."""

from importlib.util import find_spec

import jax
import pytest
from jax import numpy as jnp
from jax.profiler import ProfileData

import jaxnn
from jaxnn import devices
from jaxnn.training import blocks

# as XLA prints an optimized program, without the shapes' layouts
STRAIGHT = """\
HloModule jit_f, is_scheduled=true

%region (a: f32[], b: f32[]) -> f32[] {
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %add = f32[] add(%a, %b)
}

%fused (p: f32[2,3]) -> (f32[2], f32[2,3]) {
  %p = f32[2,3] parameter(0)
  %copy.9 = f32[2,3] copy(%p)
  %reduce = f32[2] reduce(%copy.9), dimensions={1}, to_apply=%region
  ROOT %both = (f32[2], /*index=1*/f32[2,3]) tuple(%reduce, %copy.9)
}

ENTRY %main (x: f32[2,3], w: f32[3,4]) -> (f32[2], f32[2,4]) {
  %x = f32[2,3]{1,0} parameter(0), sharding={replicated}
  %w = f32[3,4]{1,0} parameter(1)
  %copy.1 = f32[2,3]{1,0} copy(%x)
  %fusion = (f32[2]{0}, /*index=1*/f32[2,3]{1,0}) fusion(%copy.1), calls=%fused
  %gte.0 = f32[2]{0} get-tuple-element(%fusion), index=0
  %gte.1 = f32[2,3]{1,0} get-tuple-element(%fusion), index=1
  %gemm = (f32[2,4], s8[64]) custom-call(%gte.1, %w), custom_call_target="__cublas$gemm"
  %gte.2 = f32[2,4]{1,0} get-tuple-element(%gemm), index=0
  %start = f32[2,4]{1,0} all-reduce-start(%gte.2), to_apply=%region
  %done = f32[2,4]{1,0} all-reduce-done(%start)
  ROOT %out = (f32[2]{0}, f32[2,4]{1,0}) tuple(%gte.0, %done)
}
"""

# a loop of unknown length: in it a search of unknown length, five rounds of two
# kernels, a call, and a choice between one kernel and three
NESTED = """\
HloModule jit_g

%step_goes_on (s: (s32[], f32[3])) -> pred[] {
  %s = (s32[], f32[3]) parameter(0)
  %i = s32[] get-tuple-element(%s), index=0
  ROOT %less = pred[] fusion(%i), kind=kLoop, calls=%c
}

%search_goes_on (s: (s32[], f32[3])) -> pred[] {
  %s = (s32[], f32[3]) parameter(0)
  ROOT %flag = pred[] get-tuple-element(%s), index=0
}

%never_run (s: (s32[], f32[3])) -> pred[] {
  %s = (s32[], f32[3]) parameter(0)
  ROOT %less = pred[] fusion(%s), kind=kLoop, calls=%c
}

%search (s: (s32[], f32[3])) -> (s32[], f32[3]) {
  %s = (s32[], f32[3]) parameter(0)
  %k1 = f32[3] fusion(%s), kind=kLoop, calls=%c
  %k2 = f32[3] fusion(%k1), kind=kLoop, calls=%c
  %k3 = f32[3] fusion(%k2), kind=kLoop, calls=%c
  %copied = s32[] copy(%k3)
  ROOT %t = (s32[], f32[3]) tuple(%copied, %k3)
}

%five (s: (s32[], f32[3])) -> (s32[], f32[3]) {
  %s = (s32[], f32[3]) parameter(0)
  %k1 = f32[3] fusion(%s), kind=kLoop, calls=%c
  %k2 = s32[] fusion(%k1), kind=kLoop, calls=%c
  ROOT %t = (s32[], f32[3]) tuple(%k2, %k1)
}

%c (p: f32[3]) -> f32[3] {
  ROOT %p = f32[3] parameter(0)
}

%called (p: f32[3]) -> f32[3] {
  %p = f32[3] parameter(0)
  ROOT %sorted = f32[3] sort(%p), dimensions={0}, to_apply=%c
}

%cheap (p: f32[3]) -> f32[3] {
  %p = f32[3] parameter(0)
  ROOT %k = f32[3] fusion(%p), kind=kLoop, calls=%c
}

%dear (p: f32[3]) -> f32[3] {
  %p = f32[3] parameter(0)
  %k1 = f32[3] fusion(%p), kind=kLoop, calls=%c
  %k2 = f32[3] fusion(%k1), kind=kLoop, calls=%c
  ROOT %k3 = f32[3] fusion(%k2), kind=kLoop, calls=%c
}

%body (s: (s32[], f32[3])) -> (s32[], f32[3]) {
  %s = (s32[], f32[3]) parameter(0)
  %w1 = (s32[], f32[3]) while(%s), condition=%search_goes_on, body=%search
  %w2 = (s32[], f32[3]) while(%w1), condition=%never_run, body=%five, KNOWN
  %p = f32[3] get-tuple-element(%w2), index=1
  %v = f32[3] call(%p), to_apply=%called
  %i = s32[] get-tuple-element(%w2), index=0
  %u = f32[3] conditional(%i, %v, %v), branch_computations={%cheap, %dear}
  ROOT %t = (s32[], f32[3]) tuple(%i, %u)
}

ENTRY %main (s: (s32[], f32[3])) -> (s32[], f32[3]) {
  %s = (s32[], f32[3]) parameter(0)
  %zero = f32[3] fusion(), kind=kLoop, calls=%c
  ROOT %w = (s32[], f32[3]) while(%s), condition=%step_goes_on, body=%body
}
""".replace("KNOWN", 'backend_config={"known_trip_count":{"n":"5"},"other":["0"]}')


@pytest.fixture
def hlo(load):
    return load("harness.hlo")


def test_kernels_and_copies_are_counted_and_what_is_fused_is_not(hlo):
    # the fusion, the product, the sum over cards; the copy outside the fusion
    assert hlo.tally(STRAIGHT) == hlo.Tally(kernels=3, copies=1)


def test_what_runs_inside_is_counted(hlo):
    found = hlo.tally(NESTED)
    (step,) = found.loops
    (search,) = step.loops
    assert (found.kernels, found.copies, found.waits) == (1, 0, 0)
    # its condition, 5 rounds of 2, the sort that is called, the dearer branch
    assert (step.kernels, step.copies) == (1 + 5 * 2 + 1 + 3, 0)
    assert step.waits == 2  # whether to go on, and which branch
    assert search == hlo.Tally(kernels=3, copies=1, waits=1)
    assert search.launches == 4


def test_other_spellings_are_read(hlo):
    # newer texts may leave % out; older ones name two branches apart
    text = NESTED.replace("%", "")
    text = text.replace(
        "branch_computations={cheap, dear}",
        "true_computation=cheap, false_computation=dear",
    )
    assert hlo.tally(text) == hlo.tally(NESTED)


def test_work_on_the_side_is_counted_once(hlo):
    text = STRAIGHT.replace(
        "%copy.1 = f32[2,3]{1,0} copy(%x)",
        "%begun = ((f32[2,3]), f32[2,3], u32[]) async-start(%x), calls=%side\n"
        "  %copy.1 = f32[2,3] async-done(%begun), calls=%side",
    )
    side = "%side (p: f32[2,3]) -> f32[2,3] {\n  %p = f32[2,3] parameter(0)\n"
    side += "  ROOT %k = f32[2,3] fusion(%p), kind=kLoop, calls=%fused\n}\n\n"
    text = text.replace("ENTRY", side + "ENTRY")
    assert hlo.tally(text) == hlo.Tally(kernels=4)


def test_a_function_on_the_host_is_a_wait(hlo):
    text = STRAIGHT.replace("__cublas$gemm", "xla_ffi_python_gpu_callback")
    assert hlo.tally(text).waits == 1


# Kernels and copies of a step, and of an evaluation in its search, at most.
CEILINGS = {"gd": (29, 0), "lbfgs": (37, 25)}


compiles_for_cuda = pytest.mark.skipif(
    not find_spec("jax_plugins") or not find_spec("jax_plugins.xla_cuda12"),
    reason="JAX's CUDA plugin is not installed; .ci/run does so",
)


@compiles_for_cuda
@pytest.mark.parametrize("m", [5000, 40_000])
def test_four_cards_add_up_once(load, m):
    absent, kernels = load("harness.absent"), load("kernels")
    job = kernels.slope("float32", blocks.cost, m)
    assert absent.compiled(*job, absent.cards("H100", 4), m).reductions == 1


@compiles_for_cuda
@pytest.mark.parametrize("name", CEILINGS)
def test_a_step_takes_no_more_kernels(load, name):
    kernels = load("kernels")
    row = kernels.counted(next(p for p in kernels.SMALL if p.name == name))
    step, evaluation = CEILINGS[name]
    assert 10 < row["kernels per step"] <= step, row
    assert row.get("kernels per evaluation", 0) <= evaluation, row


# as JAX's profiler names what a GPU does; XLA Ops shows the streams' work again
PROFILE = """
planes {
  name: "/device:GPU:0"
  lines {
    name: "Stream #14(Compute,MemcpyD2H)"
    events { metadata_id: 1 } events { metadata_id: 1 } events { metadata_id: 2 }
    events { metadata_id: 3 }
  }
  lines { name: "Stream #15(MemcpyH2D)" events { metadata_id: 4 } }
  lines { name: "XLA Ops" events { metadata_id: 1 } events { metadata_id: 1 } }
  event_metadata { key: 1 value { id: 1 name: "loop_add_fusion" } }
  event_metadata { key: 2 value { id: 2 name: "MemcpyD2D" } }
  event_metadata { key: 3 value { id: 3 name: "MemcpyD2H" } }
  event_metadata { key: 4 value { id: 4 name: "MemcpyH2D" } }
}
planes {
  name: "/host:CPU"
  lines { name: "Stream" events { metadata_id: 1 } }
  event_metadata { key: 1 value { id: 1 name: "loop_add_fusion" } }
}
"""


def test_what_a_gpu_ran_is_counted(load):
    profiles = load("harness.profiles")
    as_bytes = ProfileData.text_proto_to_serialized_xspace(PROFILE)
    found = profiles.ran(ProfileData.from_serialized_xspace(as_bytes))
    assert found == profiles.Ran(kernels=3, reads=1)


def test_a_run_on_the_cpu_ran_nothing_on_a_gpu(load):
    profiles = load("harness.profiles")
    with jax.default_device(jax.devices("cpu")[0]):
        result, found = profiles.watched(lambda: jnp.arange(4).sum())
    assert result == 6 and found == profiles.Ran()


def test_what_more_steps_add_is_compared(load, monkeypatch):
    script = load("kernels_run")
    steps = {"gd": (3, 0), "lbfgs": (3, 2)}  # kernels: 3 a step, 2 an evaluation

    def counted(method, count):
        step, evaluation = steps[method]
        ran = 10 + count * step + 2 * count * evaluation
        return script.Count(2 * count, script.Ran(ran, count), step, evaluation)

    monkeypatch.setattr(script, "count", counted)
    assert script.line("gd", 5).split() == "gd 5 10 15 15 1.00 1.0".split()
    assert script.line("lbfgs", 5).split() == "lbfgs 5 10 35 35 1.00 1.0".split()


def test_without_a_gpu_it_names_the_next_step(load, monkeypatch):
    def choose(*_):
        raise jaxnn.DeviceError("a GPU was asked for; see nvidia-smi")

    monkeypatch.setattr(devices, "choose", choose)
    with pytest.raises(jaxnn.Mistake, match="see nvidia-smi"):
        load("kernels_run").main([])
    with pytest.raises(jaxnn.Mistake, match="--steps: 0 is not above 0"):
        load("kernels_run").main(["--steps", "0"])
