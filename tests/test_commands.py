"""The commands as a person runs them: their output and exit codes.

Most run in this process, some in one of their own.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import jaxnn
from jaxnn import __main__ as listing
from jaxnn import cli, data, showing, three_way
from jaxnn.mistake import Mistake
from jaxnn.training import run as training
from jaxnn.training import starting


def one_line(result, *words):
    """A person's mistake: exit code 2, one line on standard error, no traceback."""
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def same_params(a, b):
    pairs = zip(jaxnn.load_params(a), jaxnn.load_params(b), strict=True)
    return all((one == other).all() for one, other in pairs)


SCRIPT = "import sys; sys.argv[0] = 'bin/jaxnn'; import jaxnn.__main__ as m; m.run()"
WAYS = {  # by what a person types, the words of a process that does the same
    "python -m jaxnn": [sys.executable, "-m", "jaxnn"],
    "jaxnn": [sys.executable, "-c", SCRIPT],
}


@pytest.fixture(params=WAYS)
def way(request):
    """What a person types before a command's name, if not python -m jaxnn.NAME."""
    return request.param


@pytest.fixture
def jaxnn_command(way, environment, tmp_path):
    """jaxnn_command("train", "--steps", "5"): run it in that way."""

    def run(*words):
        return subprocess.run(
            [*WAYS[way], *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


def test_listing_names_every_command(way, jaxnn_command):
    for words in ((), ("--help",)):
        result = jaxnn_command(*words)
        assert result.returncode == 0 and result.stderr == ""
        for name in listing.COMMANDS:
            assert f"  {way} {name} " in result.stdout
    result = jaxnn_command("--version")
    assert (result.returncode, result.stdout) == (0, f"jaxnn {jaxnn.__version__}\n")


def test_a_command_is_the_same_in_every_way(command, way, jaxnn_command):
    words = ("train", "--lam", "-1")
    for name, *flags in (words, ("train", "--help"), ("train", "--step", "1")):
        result, other = jaxnn_command(name, *flags), command(name, *flags)
        assert result.returncode == other.returncode
        for one, like in ((result.stdout, other.stdout), (result.stderr, other.stderr)):
            like = like.replace("python -m jaxnn.train", f"{way} train")
            assert one.split() == like.split()  # usage is wrapped by its length
    one_line(jaxnn_command("trian"), "unknown command trian; did you mean train?")
    one_line(jaxnn_command("frobnicate"), "choose from train, evaluate,")


@pytest.mark.parametrize("name", listing.COMMANDS)
def test_help_shows_an_example_and_the_shared_flags(command, name):
    result = command(name, "--help")
    assert result.returncode == 0 and result.stderr == ""
    for words in ("example:", "--device", "--dtype", "--seed", "--quiet"):
        assert words in result.stdout


def test_train_then_evaluate(process, command, tmp_path):
    result = process("train", "--steps", 30, "--out", "mine")
    assert result.returncode == 0 and result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0].startswith("device   cpu:0") or "gpu" in lines[0]
    assert "400-25-10, lambda 1, lbfgs, float32" in lines[2]
    assert lines[3].startswith("step 10/30  cost ")
    assert lines[-2].startswith("result   cost ") and lines[-2].endswith("in mine")
    assert lines[-1].startswith("time ")
    held = {path.name for path in (tmp_path / "mine").iterdir()}
    assert {"curves.png", "hidden_units.png", "digits.png", "weights.mat"} <= held

    on_test = process("evaluate", "mine").stdout.splitlines()
    # 1000 digits held out: the accuracy is what training printed last
    shown = re.search(r"held out ([\d.]+)%, best held-out", lines[-2])[1]
    assert on_test[0] == f"{shown}% of 1000 digits read right"
    on_all = command("evaluate", "mine/weights.mat", "--dtype", "float64", "--quiet")
    lines = on_all.stdout.splitlines()
    # a file of weights in a run folder is judged as that run: on what it held out
    assert lines[0] == on_test[0] and lines[1] == on_test[1] and len(lines) == 2


def test_confusion_matrix_adds_up(command, tmp_path):
    jaxnn.save_params(tmp_path / "start.npz", jaxnn.init_params(0))
    lines = command("evaluate", "start.npz").stdout.splitlines()
    table = np.array([line.split() for line in lines[-10:]], int)
    assert (table[:, 0] == np.arange(10)).all()
    assert (table[:, 1:].sum(axis=1) == 500).all()
    right = np.trace(table[:, 1:]) / 5000
    assert lines[0] == f"{right:.2%} of 5000 digits read right"


def test_published_figures_of_the_given_weights(command):
    weights = os.environ.get("JAXNN_EX4_WEIGHTS", "data/ex4weights.mat")
    if not os.path.exists(weights):
        pytest.skip("ex4weights.mat is not here; see data/README.md")
    plain = command("evaluate", os.path.abspath(weights)).stdout
    assert plain.startswith("97.52% ") and "cost     0.28763 " in plain
    penal = command("evaluate", os.path.abspath(weights), "--lam", 1).stdout
    assert "cost     0.38377 " in penal


def test_quiet_prints_the_result_alone(command):
    result = command("train", "--quiet", "--steps", 5, "--out", "run")
    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "result",
        "time",
    ]


def test_other_networks_and_data(command, tmp_path, few_digits):
    np.savez(
        tmp_path / "mine.npz",
        x_train=few_digits.x.reshape(-1, 20, 20),
        y_train=few_digits.y,
        x_test=few_digits.x[:50].reshape(-1, 20, 20),
        y_test=few_digits.y[:50],
    )
    flags = ("--data", "mine.npz", "--hidden", 12, 8, "--init", "glorot")
    how = ("--method", "adam", "--batch-size", 20, "--steps", 60, "--standardize")
    result = command("train", *flags, *how, "--out", "deep")
    assert result.returncode == 0, result.stderr
    assert "mine.npz (train) 200, mine.npz (test) 50" in result.stdout
    assert "400-12-8-10" in result.stdout
    config = json.loads((tmp_path / "deep" / "config.json").read_text())
    assert config["settings"]["hidden"] == [12, 8]
    assert "of 50 digits" in command("evaluate", "deep").stdout
    assert "is complete" in command("train", "--resume", "deep").stdout

    command("train", "--method", "cg", "--out", "cg", "--steps", 20)
    result = command("train", "--resume", "cg", "--steps", 40)
    assert "after 40 steps" in result.stdout, result.stderr

    result = command("train", "--hidden", "none", "--steps", 5, "--test-fraction", 0)
    assert "400-10," in result.stdout and "held" not in result.stdout.splitlines()[-2]
    assert "in runs/" in result.stdout


def test_no_gpu_says_so(command):
    result = command("train", "--device", "gpu", "--steps", 1)
    if result.returncode == 0:
        assert "gpu:0" in result.stdout
    else:
        one_line(result, "JAX sees only cpu:0", "pip install 'jax[cuda13]'")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["train", "--method", "lbgfs"],
            "choose from adam, bfgs, cg, gd, lbfgs, momentum",
        ),
        (["train", "--lam", "-1"], "lambda -1.0"),
        (["train", "--lam", "much"], "--lam"),
        (["train", "--seed", "-1"], "--seed"),
        (["train", "--hidden", "\u00b2"], "--hidden"),
        (["gradcheck", "--seed", "2147483648"], "--seed"),
        (["train", "--steps", "0"], "at least 1"),
        (["train", "--steps", "3000000000"], "fewer than 2147483648"),
        (["train", "--hidden", "99999999999999999999"], "at most 2147483647"),
        (["reproduce", "--seeds", "99999999999999999999"], "give 1 to 100000"),
        (["train", "--hidden", "many"], "--hidden many"),
        (["train", "--learning-rate", "1"], "leave learning rate out"),
        (["train", "--batch-size", "10"], "use mini-batches with adam, gd, momentum"),
        (["train", "--data", "nowhere.mat"], "nowhere.mat: no such file"),
        (["train", "--test-fraction", "1"], "test fraction 1.0"),
        (["train", "--resume", "nowhere"], "not a run folder"),
        (
            ["train", "--resume", "nowhere", "--lam", "2"],
            "--lam does not go with --resume",
        ),
        (["train", "--frobnicate"], "arguments: --frobnicate; see"),
        (["train", "--lr", "1"], "did you mean --learning-rate?"),
        (["train", "--epochs", "9"], "did you mean --steps?"),
        (["train", "--alpha", "1"], "did you mean --lam?"),
        (["train", "--solver", "cg"], "did you mean --method?"),
        (["train", "--layers", "9"], "did you mean --hidden?"),
        (["train", "--gpu"], "did you mean --device gpu?"),
        (["evaluate", "a.npz", "--epochs", "9"], "arguments: --epochs 9; see"),
        (["train", "--centre"], "arguments: --centre; see"),
        (["train", "--learning_rate=1"], "did you mean --learning-rate?"),
        (["train", "--batch", "10"], "did you mean --batch-size?"),
        (["train", "--lambda", "3"], "did you mean --lam?"),
        (["evaluate"], "--help"),
        (["evaluate", "nowhere.npz"], "no such run or file"),
        (["evaluate", "weights.txt"], "no such run or file"),
        (["gradcheck", "--dtype", "float32"], "float64"),
        (["gradcheck", "--quick", "--all"], "not allowed with"),
    ],
)
def test_mistakes_are_one_line(command, tmp_path, words, said):
    result = command(*words)
    one_line(result, said)
    assert result.stdout == ""  # nothing was begun
    assert list(tmp_path.iterdir()) == []  # and nothing is left behind


def test_a_folder_that_cannot_be_made_is_one_line(command, tmp_path):
    one_line(command("train", "--out", "/proc/nowhere"), "/proc")
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_shape_are_refused(command, tmp_path):
    jaxnn.save_params(tmp_path / "tiny.npz", jaxnn.init_params(0, (3, 5, 3)))
    one_line(command("evaluate", "tiny.npz"), "reads 3 pixels into 3 classes")


def test_cost_that_turns_infinite_is_one_line(command, tmp_path):
    how = ("--method", "gd", "--learning-rate", 1e30, "--out", "run", "--steps", 50)
    one_line(command("train", *how), "at step 1", "smaller --learning-rate")
    assert np.isfinite(jaxnn.load_params(tmp_path / "run")[0]).all()


def in_python(program, environment, folder):
    """Run a program that calls a command's main itself."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (jaxnn.Mistake("no such thing; choose another"), 2),
        (MemoryError(), 2),
        (OSError(28, "No space left on device"), 2),
        (PermissionError(13, "Permission denied", "runs/mine"), 2),
        (FileNotFoundError(2, "No such file", str(data.embedded_file())), 3),
        (FileNotFoundError(2, "No such file", cli.__file__ + ".html"), 3),
        (ValueError("shapes do not match"), 3),
        (OSError("no place of anybody's"), 3),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
    ],
)
def test_exit_codes(error, code, capsys, monkeypatch):
    def fail(argv):
        raise error

    monkeypatch.setattr(cli, "silence", lambda: None)
    assert cli.exit_code(fail, [], "train") == code
    lines = capsys.readouterr().err.strip().splitlines()
    if code == 3:
        assert lines[0].startswith("Traceback") and "bug" in lines[-1]
    else:
        assert len(lines) == (code != 0) and "bug" not in "".join(lines)
    assert all(line.startswith("train: ") for line in lines[-1:])


@pytest.mark.parametrize(
    "name, words",
    [
        ("bin/jaxnn", []),
        ("-m", ["-m", "jaxnn.train"]),
        ("-m", ["-mjaxnn"]),
        ("-m", ["-m", "mine"]),
        ("mine.py", ["mine.py"]),
    ],
)
def test_ctrl_c_among_the_imports(name, words, environment, tmp_path):
    program = (
        "import signal, sys\n"
        f"sys.argv[0], sys.orig_argv[1:] = {name!r}, {words}\n"
        "import jaxnn\n"
        "signal.raise_signal(signal.SIGINT)\n"
    )
    result = in_python(program, environment, tmp_path)
    if "mine" in "".join(words):  # a person's own program keeps its own way
        assert "KeyboardInterrupt" in result.stderr
    else:
        assert (result.returncode, result.stderr) == (130, "\njaxnn: stopped\n")


def test_ctrl_c_while_the_pictures_are_drawn(command, monkeypatch):
    def pressed(*_):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(showing.Painter, "finish", pressed)
    done = command("train", "--steps", 2, "--out", "run")
    assert done.returncode == 130 and "result   cost" in done.stdout
    assert done.stderr.startswith("\ntrain: stopped; continue with ")
    assert done.stderr.endswith(" --resume run\n")


def test_ctrl_c_while_jax_is_loaded(environment, tmp_path):
    program = (
        "import signal, sys\n"
        "from jaxnn import devices\n"
        "class PressesCtrlC:\n"
        "    def find_spec(name, *_):\n"
        "        if name == 'jax':\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, PressesCtrlC)\n"
        "devices.prepare_process('cpu')\n"
    )
    result = in_python(program, environment, tmp_path)
    assert (result.returncode, result.stderr) == (130, "\njaxnn: stopped\n")


def test_the_process_that_trains_loads_neither_scipy_nor_matplotlib(
    environment, tmp_path
):
    program = (
        "import sys\n"
        "from jaxnn import showing, train\n"
        "showing.painter.cores = lambda: 2\n"
        "train.main(['--steps', '2', '--quiet', '--out', 'run'])\n"
        "print(*{'jax', 'scipy', 'matplotlib'} & set(sys.modules))\n"
    )
    done = in_python(program, environment, tmp_path)
    assert done.stdout.splitlines()[-1] == "jax", done.stderr
    held = {path.name for path in (tmp_path / "run").iterdir()}
    assert set(showing.FILES) <= held


def test_a_run_that_converges_says_so(command, tmp_path, few_digits):
    np.savez(tmp_path / "mine.npz", x=few_digits.x, y=few_digits.y)
    how = ("--data", "mine.npz", "--hidden", "none", "--lam", 100, "--out", "run")
    done = command("train", *how, "--steps", 500)
    assert "(converged: the gradient's norm is at most 1e-06), " in done.stdout, (
        done.stderr
    )
    again = command("train", "--resume", "run", "--steps", 600)
    assert "is complete (converged: " in again.stdout
    assert again.stdout.endswith("; no step is left to take\n")


def test_a_run_is_replaced_when_a_person_says_so(command, a_run, monkeypatch):
    again = ("train", "--steps", 3, "--out", "run")
    one_line(command(*again), "run: holds a run already; continue it with --resume run")
    one_line(command(*again), "replace it with --overwrite, or choose another folder")
    old, first = jaxnn.load_params(a_run), starting.first_snapshot

    def press_ctrl_c(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(starting, "first_snapshot", press_ctrl_c)
    stopped = command(*again, "--overwrite")
    assert stopped.stderr == "\ntrain: stopped, nothing saved\n"
    assert all(map(np.array_equal, jaxnn.load_params(a_run), old))
    monkeypatch.setattr(starting, "first_snapshot", first)
    assert command(*again, "--overwrite").returncode == 0
    assert not all(map(np.array_equal, jaxnn.load_params(a_run), old))
    assert set(showing.FILES) <= {path.name for path in a_run.iterdir()}
    monkeypatch.setattr(training, "train_on", press_ctrl_c)
    assert "continue with" in command(*again, "--overwrite").stderr


def test_run_folder_that_is_damaged_is_one_line(command, a_run):
    checkpoint = a_run / "checkpoint.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    one_line(command("train", "--resume", "run", "--steps", 29), "checkpoint.npz")
    config = a_run / "config.json"
    config.write_text(config.read_text().replace('"steps": 20', '"steps": "many"'))
    one_line(command("train", "--resume", "run"), "config.json: damaged")
    config.write_text("{}")
    one_line(command("train", "--resume", "run"), "config.json")
    one_line(command("evaluate", "run"), "config.json")


def test_a_command_ends_here_as_in_a_process_of_its_own(command, process):
    words = ("evaluate", "nowhere.npz")
    ended = [run(*words) for run in (command, process)]
    one_line(ended[0], "no such run or file")
    fields = ("returncode", "stdout", "stderr")
    assert len({tuple(getattr(one, f) for f in fields) for one in ended}) == 1


def planted(*_, **__):
    return np.zeros(3).reshape(2, 2)


def test_a_terminal_has_a_bar_and_a_pipe_has_lines(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show = cli.progress()
    show("half", 1, 2)
    show("", 0, 0)
    assert "\rhalf |" in capsys.readouterr().out
    monkeypatch.undo()
    show = cli.progress()
    for done in range(40):
        show(f"{done} of 40", done, 40)
    show("", 0, 0)
    assert capsys.readouterr().out.split(" of 40\n")[:3] == ["4", "8", "12"]


def test_a_bug_ends_with_its_traceback_and_code_3(command, monkeypatch):
    monkeypatch.setattr(starting, "first_snapshot", planted)
    ended = command("train", "--steps", 2)
    assert ended.returncode == 3
    first, *_, line, raised, last = ended.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert "return np.zeros(3).reshape(2, 2)" in ended.stderr and ", in fit" in (
        ended.stderr
    )
    assert raised.startswith("ValueError: cannot reshape array of size 3")
    assert last.startswith("train: ") and "a bug in jaxnn" in last


def test_a_mistake_found_in_fit_is_one_line_and_code_2(command, monkeypatch):
    def refuse(*_):
        raise Mistake("too few;\ntake more")

    monkeypatch.setattr(starting, "first_snapshot", refuse)
    ended = command("train", "--steps", 2)
    assert (ended.returncode, ended.stderr) == (2, "train: too few;\\ntake more\n")


def test_gradcheck_passes(command):
    result = command("gradcheck", "--quick")
    assert result.returncode == 0 and result.stdout.endswith("PASS\n")


def test_pictures_that_are_asked_for(command, tmp_path):
    jaxnn.save_params(tmp_path / "start.npz", jaxnn.init_params(0))
    for words, names in (
        (["evaluate", "start.npz"], ["confusion.png", "mistakes.png"]),
        (["gradcheck", "--quick"], ["gradients.png"]),
    ):
        result = command(*words, "--show", "seen")
        assert result.returncode == 0, result.stderr
        assert (
            result.stdout.splitlines()[-1] == f"result   {' and '.join(names)} in seen"
        )
        for name in names:
            assert (tmp_path / "seen" / name).read_bytes()[:4] == b"\x89PNG"


def test_gradcheck_quiet_is_the_verdict_alone(command):
    assert command("gradcheck", "--quick", "--quiet").stdout == "PASS\n"


def test_gradcheck_fails_on_a_wrong_derivation(command, monkeypatch):
    def wrong(params, x, y, lam):
        cost, gradient = jaxnn.backprop(params, x, y, lam)
        return cost, tuple(-theta for theta in gradient)

    monkeypatch.setattr(three_way, "backprop", wrong)
    result = command("gradcheck", "--quick", "--quiet")
    assert result.returncode == 1
    assert result.stdout == "FAIL: 8 of 16 differ\n"


@pytest.mark.slow
def test_a_closed_pipe_costs_the_output_alone(environment, tmp_path):
    line = f"{sys.executable} -m jaxnn.train --steps 100 --out run | head -n 4"
    subprocess.run(line, shell=True, cwd=tmp_path, env=environment, check=True)
    deadline = time.monotonic() + 60  # head may end before the training does
    while not (tmp_path / "run" / "curves.png").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (tmp_path / "run" / "weights.mat").exists()


def test_pictures_that_are_missing_are_drawn_again(command, a_run):
    (a_run / "curves.png").unlink()
    assert command("train", "--resume", "run").returncode == 0
    assert (a_run / "curves.png").exists()


def test_more_steps_are_remembered(command, a_run):
    assert command("train", "--resume", "run", "--steps", 29).returncode == 0
    assert "all 29 steps" in command("train", "--resume", "run").stdout
    config = json.loads((a_run / "config.json").read_text())
    assert config["notes"]["steps"] == 29


def test_run_made_from_python_can_be_evaluated(command, tmp_path, few_digits):
    train, test = jaxnn.split(few_digits, 0.25)
    jaxnn.fit(train, test=test, steps=3, out=tmp_path / "run")
    one_line(command("evaluate", "run"), "with --data")
    np.savez(tmp_path / "few.npz", x=few_digits.x.reshape(-1, 20, 20), y=few_digits.y)
    assert "of 200 digits" in command("evaluate", "run", "--data", "few.npz").stdout


def test_digits_that_changed_are_not_called_held_out(command, tmp_path, few_digits):
    pictures = few_digits.x.reshape(-1, 20, 20)
    np.savez(tmp_path / "few.npz", x=pictures, y=few_digits.y)
    how = ("--data", "few.npz", "--test-fraction", 0.25, "--steps", 3, "--quiet")
    command("train", *how, "--out", "run")
    assert command("evaluate", "run").returncode == 0
    np.savez(tmp_path / "few.npz", x=pictures[::-1], y=few_digits.y[::-1])
    one_line(command("evaluate", "run"), "have changed since")


# A run that only ends when it is stopped, in chunks of a few milliseconds
ENDLESS = ("--method", "gd", "--quiet", "--steps", 10_000_000)


def stopped(environment, folder, saves, sign):
    """Train until the checkpoint was saved `saves` times, then send the signal.

    Returns the exit code, standard error, and the step of the checkpoint.
    """
    words = [sys.executable, "-m", "jaxnn.train", *map(str, ENDLESS), "--out", folder]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(words, cwd=folder.parent, env=environment, **pipes)
    checkpoint, seen = folder / "checkpoint.npz", set()
    deadline = time.monotonic() + 90
    while len(seen) < saves:
        assert time.monotonic() < deadline and process.poll() is None
        if checkpoint.exists():
            seen.add(checkpoint.stat().st_mtime_ns)
        time.sleep(0.01)
    process.send_signal(sign)
    _, said = process.communicate(timeout=60)
    with np.load(checkpoint) as arrays:  # the history is the last of its leaves
        return process.returncode, said, len(arrays[arrays.files[-1]])


@pytest.mark.slow
@pytest.mark.parametrize("saves", [1, 2])  # 1: the one the folder appears with
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_stopped_run_resumes_to_the_same_bits(
    command, environment, tmp_path, saves, sign
):
    folder = tmp_path / "cut"
    code, said, step = stopped(environment, folder, saves, sign)
    if sign != signal.SIGKILL:
        assert code == 128 + sign
        assert "--resume" in said and "Traceback" not in said
    else:
        assert code == -signal.SIGKILL
        assert step == 0 if saves == 1 else step > 0
    steps = ("--steps", step + 50)
    assert command("train", "--resume", "cut", *steps, "--quiet").returncode == 0
    whole = ("--method", "gd", "--quiet", "--out", "whole")
    assert command("train", *whole, *steps).returncode == 0
    assert same_params(tmp_path / "whole", folder)
