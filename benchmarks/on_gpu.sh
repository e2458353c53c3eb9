#!/usr/bin/env bash
# All that a GPU can show, in one call of at most eight minutes, from a checkout that need
# not be installed:
#
#     benchmarks/on_gpu.sh [gpu|cpu] [FOLDER]
#
# FOLDER, by default runs/on-gpu, gets a summary, one archive of logs, and the rows that the
# benchmarks measured; write_results.py reads them once they are in benchmarks/results.
# cpu: the same calls on a CPU, each as small as it can be, to try this script.
# PYTHON: the interpreter, by default python3.
set -uo pipefail
case ${1:-} in -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0" && exit 0 ;; esac
cd "$(dirname "$0")/.."
device=${1:-gpu} folder=${2:-runs/on-${1:-gpu}} python=${PYTHON:-python3}
case $device in
gpu) rounds=(--rounds 3 --save) steps=1000 ;;
cpu) rounds=(--quick) steps=20 ;;
*) echo "unknown device $device; gpu or cpu" >&2 && exit 2 ;;
esac
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
# what all steps need: a Python, packages, the device
if ! command -v "$python" >/dev/null; then
    echo "there is no $python; set PYTHON=.venv/bin/python" >&2
    exit 2
fi
if ! why=$("$python" - on_gpu "$device" 2>&1 <<'END'
import sys
from importlib.util import find_spec

needed = "jax lazy_loader matplotlib numpy optax PIL pytest scipy tqdm".split()
if lost := [name for name in needed if find_spec(name) is None]:
    sys.exit(f"{sys.executable} has no {', '.join(lost)}; set PYTHON=.venv/bin/python")
from jaxnn import cli, devices

sys.argv = sys.argv[1:]
cpu = "benchmarks/on_gpu.sh cpu"
cli.run(lambda words: devices.prepare_process(*words, cpu) or 0)
END
); then
    echo "${why##*$'\n'}" >&2
    exit 2
fi
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
mkdir -p "$folder"
summary=$folder/summary.txt
: >"$summary"
failed=0

ALL=470 # seconds, of all steps
# step NAME SECONDS COMMAND...: run it, at most so long; note how it ended
step() {
    local name=$1 limit=$2 began=$SECONDS code=0 left=$((ALL - SECONDS))
    shift 2
    timeout $((left < limit ? (left > 0 ? left : 1) : limit)) "$@" >"$logs/$name.txt" 2>&1 || code=$?
    ((code == 0)) || failed=1
    printf '%-24s exit code %3d  %4d s  %s\n' \
        "$name" "$code" $((SECONDS - began)) "$(grep -v '^ *$' "$logs/$name.txt" | tail -n 1)" |
        tee -a "$summary"
}

touch "$logs/began"
step doctor 40 "$python" -m jaxnn.doctor --device "$device"
step train 60 "$python" -m jaxnn.train --device "$device" --steps "$steps" \
    --out "$logs/run"
step gradients 120 "$python" -m pytest -q -p no:cacheprovider tests/test_gradients.py
step gradient 80 "$python" benchmarks/gradient.py --device "$device" "${rounds[@]}"
step train_to_cost 150 "$python" benchmarks/train_to_cost.py --device "$device" \
    --target 0.339 "${rounds[@]}"
step many_networks 90 "$python" benchmarks/many_networks.py --device "$device" \
    "${rounds[@]}"
step scaling 60 "$python" benchmarks/scaling.py --device "$device" "${rounds[@]}"
# one flag at a time; the last line of each says how long training took
for flag in xla_gpu_enable_command_buffer=+WHILE,+CONDITIONAL \
    xla_gpu_enable_triton_gemm=false xla_gpu_autotune_level=0; do
    XLA_FLAGS="${XLA_FLAGS:-} --$flag" step "train-${flag%%=*}" 40 "$python" \
        -m jaxnn.train --device "$device" --steps "$steps" --out "$logs/$flag"
done

if [ "$device" = gpu ]; then
    # in a graph of commands the profiler may count kernels together
    XLA_FLAGS="${XLA_FLAGS:-} --xla_gpu_enable_command_buffer=" step kernels_run 60 \
        "$python" benchmarks/kernels_run.py
    find benchmarks/results -name '*.json' -newer "$logs/began" \
        -exec cp {} "$folder" \;
fi
tar -czf "$folder/logs.tar.gz" -C "$logs" $(cd "$logs" && ls -- *.txt)
echo "$SECONDS s; summary, rows and logs are in $folder"
exit $failed
