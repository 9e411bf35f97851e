"""An application that starts processes in each way that Python has."""

import multiprocessing
import os
import subprocess
import sys
import time


def square(number):
    return number * number


def pool(method):
    with multiprocessing.get_context(method).Pool(2) as workers:
        return workers.map(square, range(5))


def fork():
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, b"a child's word")
        finally:
            os._exit(7)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    return f"{said}, exit status {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}"


def run():
    script = "import sys; print('said', sys.stdin.read())"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, input="hello", capture_output=True, text=True, check=True).stdout


def leave():
    """Start processes that would never end: a child, one in a session of its own, and a daemon."""
    child = subprocess.Popen(["sleep", "3600"])
    session = subprocess.Popen(["sleep", "3600"], start_new_session=True)
    script = "sleep 3600 </dev/null >/dev/null 2>&1 & echo $!"
    daemon = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, start_new_session=True)
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(3600,))
    process.start()
    return f"{child.pid} {session.pid} {daemon.stdout.strip()} {process.pid}"


ANSWERS = {
    "/fork": fork,
    "/subprocess": run,
    "/multiprocessing/fork": lambda: pool("fork"),
    "/multiprocessing/spawn": lambda: pool("spawn"),
    "/multiprocessing/forkserver": lambda: pool("forkserver"),
    "/leave": leave,
}


def application(environ, start_response):
    answer = str(ANSWERS[environ["PATH_INFO"]]()).encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer]
