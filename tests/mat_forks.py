"""Read .mat files each in a process of its own, as jaxnn does, without starting Python.

files.read_mat starts Python and loads SciPy for every file, because SciPy's reader can
crash. Run alone, this module loads SciPy once and forks for each file; the fork runs
jaxnn/mat_child.py, and may crash as any other process.
"""

import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys

SECONDS = 60  # that a fork may take


@contextlib.contextmanager
def reader(folder):
    """subprocess.run, for the command with which files.read_mat reads a file."""
    out, err = folder / "stdout", folder / "stderr"
    python = [sys.executable, "-P"]  # one that a test puts in its place is run itself
    words = [*python, "-W", "ignore", __file__]
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, text=True, env=one_thread, **pipes) as server:

        def run(command, **how):
            if command[:2] != python or not hasattr(os, "fork"):
                return subprocess.run(command, **how)
            request = json.dumps([command[2:], os.getcwd(), str(out), str(err)])
            print(request, file=server.stdin, flush=True)
            code = int(server.stdout.readline())
            streams = out.read_bytes(), err.read_bytes()
            return subprocess.CompletedProcess(command, code, *streams)

        yield run
        server.stdin.close()


def serve():
    """For each line with arguments, folder and two files: fork, print the exit code."""
    import scipy.io  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            read(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def read(argv, folder, out, err):
    """In the fork: run the program argv[0], its output in files, and end."""
    signal.alarm(SECONDS)
    os.chdir(folder)
    for number, name in enumerate((out, err), 1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = argv
    try:
        runpy.run_path(argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    os._exit(code)  # without the time to take everything apart


if __name__ == "__main__":
    serve()
