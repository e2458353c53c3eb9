"""Hostile and unlucky functions for gradcheck: right, or refused with the line.

Each is a right cost and gradient to which one harm is done, at its import, at a call or
in what it returns. So the verdict is never "wrong": PASS where the harm is none, else
exit code 2 with one line. That names the line of a harm that ends the process, or a
call.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

TIMEOUT = 3.0  # seconds for a call
SECONDS = 60.0  # for a case, on a busy machine
RIGHT = '''
import numpy as np
calls = [0]
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
class Gift:
    """A number that does harm when it is looked at."""
    def __init__(self, value): self.value = value
    def __array__(self, *args, **more):
        {in_array}
        return np.asarray(self.value)
    def __float__(self):
        {in_float}
        return float(self.value)
{at_import}
def cost(nn_params, input_size, hidden_size, num_labels, X, y, lambda_):
    calls[0] += 1
    if calls[0] == {count}:
        {at_call}
    cut = hidden_size * (input_size + 1)
    t1 = nn_params[:cut].reshape(hidden_size, input_size + 1)
    t2 = nn_params[cut:].reshape(num_labels, hidden_size + 1)
    m = len(X)
    a1 = np.c_[np.ones(m), X]
    a2 = np.c_[np.ones(m), sigmoid(a1 @ t1.T)]
    h = sigmoid(a2 @ t2.T)
    Y = np.eye(num_labels)[y - 1]
    J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / m
    J += lambda_ / (2 * m) * (np.sum(t1[:, 1:] ** 2) + np.sum(t2[:, 1:] ** 2))
    d3 = h - Y
    d2 = (d3 @ t2)[:, 1:] * a2[:, 1:] * (1 - a2[:, 1:])
    g1 = d2.T @ a1 / m + lambda_ / m * np.c_[np.zeros(hidden_size), t1[:, 1:]]
    g2 = d3.T @ a2 / m + lambda_ / m * np.c_[np.zeros(num_labels), t2[:, 1:]]
    return {made}(J), {made}(np.r_[g1.ravel(), g2.ravel()])
'''
DEADLY = {  # ends the process, or never ends
    "exit 0": "import os; os._exit(0)",
    "exit 1": "import os; os._exit(1)",
    "posix exit": "import posix; posix._exit(0)",
    "abort": "import os; os.abort()",
    "SIGKILL": "import os; os.kill(os.getpid(), 9)",
    "SIGTERM": "import os; os.kill(os.getpid(), 15)",
    "deep": "import sys; sys.setrecursionlimit(10**8); f = lambda: f(); f()",
    "segmentation fault": "import ctypes; ctypes.string_at(0)",
    "endless": "while True: pass",
    "sleeps": "import time; time.sleep(10**6)",
    "swallows all": "exec('while True:\\n try:\\n  while True: pass\\n except: pass')",
}
RAISING = {  # ends a call
    "sys.exit": "import sys; sys.exit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "own BaseException": "raise type('E', (BaseException,), dict())('two\\nlines')",
    "no str": "raise type('E', (Exception,), dict(__str__=lambda s: exit(0)))()",
    "no repr": "raise type('E', (Exception,), dict(__repr__=lambda s: 1 / 0))()",
    "too large": "np.ones(10**13)",
}
ODD = {  # spoils the process, or only seems to
    "no modules": "import sys; sys.modules.clear()",
    "no jax": "import sys; [sys.modules.pop(n) for n in [*sys.modules] if 'jax' in n]",
    "no len": "import builtins; builtins.len = None",
    "no dot": "np.dot = np.asarray = np.zeros = None",
    "raises": "np.seterr(all='raise')",
    "elsewhere": "import os; os.chdir('/')",
    "no streams": "import sys; sys.stdout = sys.stderr = sys.stdin = None",
    "closes files": "import os; os.closerange(0, 3)",
    "closes all files": "import os; os.closerange(0, 512)",
    "two of it": "import os; os.fork()",
    "thread": "import threading as t, time; t.Timer(99, time.sleep, [9]).start()",
    "alarm": "import signal; signal.alarm(1)",
    "says PASS": "import os; os.write(1, b'PASS\\n')",
    "prints": "print('PASS'); print('x' * 10**6)",
    "no path": "import sys; del sys.path[:]",
    "warnings": "import warnings; warnings.simplefilter('error')",
    "shallow": "import sys; sys.setrecursionlimit(60)",
    "no environment": "import os; os.environ.clear()",
    "trace": "import sys; sys.settrace(lambda *a: None)",
    "no excepthook": "import sys; sys.excepthook = None",
    "at exit": "import atexit, time; atexit.register(time.sleep, 99)",
    "reads": "input()",
    "nothing": "pass",
}
HARMS = DEADLY | RAISING | ODD
PLACES = "at_import", "at_call", "in_array", "in_float"


def source(harm: str, place: str, count: int) -> tuple[str, int]:
    """A file with the harm in one place, and the number of its line."""
    words = {name: "pass" for name in PLACES} | {place: harm + "  # HARM"}
    made = "Gift" if place.startswith("in_") else ""
    text = RIGHT.format(**words, count=count, made=made)
    lines = text.splitlines()
    return text, 1 + next(i for i, line in enumerate(lines) if "# HARM" in line)


def campaign(cases: int, seed: int) -> list[str]:
    """What went wrong, a line each; every harm comes before one comes twice."""
    chance = random.Random(seed)
    every = [(name, place) for place in PLACES for name in HARMS]
    chance.shuffle(every)
    wrong = []
    with tempfile.TemporaryDirectory() as made:
        for case in range(cases):
            name, place = every[case % len(every)]
            path = Path(made) / f"work{case}.py"
            text, line = source(HARMS[name], place, chance.choice((1, 7, 60)))
            path.write_text(text)
            title = f"seed {seed}, case {case}: {name}, {place}"
            is_named = name in DEADLY or (name in RAISING and place == "at_call")
            found = judged(path, line if is_named else 0)
            wrong += [f"{title}: {what}" for what in found]
    return wrong


def judged(path: Path, line: int) -> Iterator[str]:
    """What is wrong with what gradcheck says about the function in a file.

    line: the one that a refusal names; 0 if none need be.
    """
    words = [sys.executable, "-m", "jaxnn.gradcheck", f"{path}:cost", "--quiet"]
    ours = os.pathsep.join(map(os.path.abspath, sys.path))
    began = time.monotonic()
    done = subprocess.run(
        [*words, "--timeout", str(TIMEOUT)],
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": ours},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10 * SECONDS,
    )
    code, err = done.returncode, done.stderr
    if time.monotonic() - began > SECONDS:
        yield f"took {time.monotonic() - began:.0f} s"
    if code == 0:
        if not done.stdout.startswith("PASS") or done.stdout.count("PASS") > 1:
            yield f"exit code 0, and said {done.stdout[:99]!r}"
    elif code != 2:
        yield f"exit code {code}: {done.stdout[-300:]!r} {err[-600:]!r}"
    elif "Traceback" in err or not re.search(r"^gradcheck: .", err, re.M):
        yield f"refused with {err[-600:]!r}"
    elif line and f"line {line}" not in err:
        yield f"does not name line {line}: {err[:300]!r}"
