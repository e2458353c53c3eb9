"""Ctrl-C and SIGTERM at any time of a command; two processes at one run.

The command runs in a process of its own. The time counts from its first line: before
that, Python itself is starting.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EVERY = 0.05  # seconds
# the script that an installer makes, with a mark when its first line has run
SCRIPT = """
import sys
import jaxnn
sys.stdout.write("begun\\n")
sys.stdout.flush()
from jaxnn.__main__ import run
run()
"""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
FUNCTION = """
def cost(theta1, theta2, X, y, lam):
    open("called", "w").close()
    while True:
        pass
"""


def start(folder: Path, *words: object) -> subprocess.Popen:
    """The script jaxnn with these words, just begun."""
    script = folder / "jaxnn"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, script, *map(str, words)],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    return process


def pressed(
    folder: Path, words: tuple[object, ...], after: float, number: int
) -> tuple[int, str]:
    """Exit code and errors of a command that gets a signal after so many seconds."""
    process = start(folder, *words)
    time.sleep(after)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def wrong_end(code: int, err: str, number: int) -> str:
    """What is wrong with the end of a command after a signal; "" if nothing is."""
    if code == 0:
        return ""  # it had ended before
    if code != CODES[signal.Signals(number)]:
        return f"exit code {code}: {err[-400:]!r}"
    lines = err.strip().splitlines()
    if len(lines) != 1 or ": stopped" not in lines[0]:
        return f"said {err[-400:]!r}"
    return ""


def campaign(cases: int, seed: int) -> list[str]:
    """What went wrong. cases: so many moments of each command, EVERY seconds apart."""
    wrong = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "endless.py").write_text(FUNCTION)
        commands: list[tuple[object, ...]] = [
            ("train", "--steps", 100_000, "--method", "gd", "--quiet"),
            ("gradcheck", "endless.py:cost"),
            ("doctor",),
            ("sweep", "--seeds", 2, "--lam", 0, 1, "--steps", 5000, "--quiet"),
        ]
        for i, words in enumerate(commands):
            for moment in range(cases):
                number = (signal.SIGINT, signal.SIGTERM)[(moment + i + seed) % 2]
                after = EVERY * moment
                code, err = pressed(folder, words, after, number)
                if what := wrong_end(code, err, number):
                    name = signal.Signals(number).name
                    wrong.append(f"{words[0]}, {name} after {after:.2f} s: {what}")
    return wrong + pairs(folder_count=min(cases, 3))


def pairs(folder_count: int) -> list[str]:
    """Two resumes of one run at once: one trains, the other is refused and names it."""
    wrong = []
    with tempfile.TemporaryDirectory() as made:
        for i in range(folder_count):
            folder = Path(made) / str(i)
            folder.mkdir()
            how = "--method", "gd", "--hidden", 5, "--quiet"
            first = start(folder, "train", *how, "--steps", 9, "--out", "run")
            first.communicate(timeout=60)
            again = "train", "--resume", "run", "--quiet", "--steps", 3000
            both = [start(folder, *again) for _ in range(2)]
            ends = [one.communicate(timeout=120)[1] for one in both]
            codes = [one.returncode for one in both]
            refused = codes.index(2) if 2 in codes else 0
            other = f"process {both[1 - refused].pid} is training it"
            if sorted(codes) != [0, 2] or other not in ends[refused]:
                wrong.append(f"pair {i}: {codes}, {ends}")
    return wrong
