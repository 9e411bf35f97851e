"""An application with threads of its own: one that works off jobs, a pool, a timer, and one that never ends."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

jobs, results = SimpleQueue(), {}
pool = ThreadPoolExecutor(4)
ticks = threading.Event()


def work():
    while True:
        name, done = jobs.get()
        results[name] = name.upper()
        done.set()


def forever():
    while True:
        time.sleep(3600)


threading.Thread(target=work, daemon=True).start()
threading.Thread(target=forever).start()  # no daemon: Python waits for it at its end
threading.Timer(0.01, ticks.set).start()


def application(environ, start_response):
    path, text = environ["PATH_INFO"], environ["QUERY_STRING"]
    if path == "/background":
        done = threading.Event()
        jobs.put((text, done))
        done.wait()
        answer = results.pop(text)
    elif path == "/pool":
        answer = " ".join(pool.map(str.upper, text.split("+")))
    elif path == "/timer":
        ticks.wait()
        answer = "ticked"
    else:
        answer = " ".join(sorted(thread.name for thread in threading.enumerate()))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode("latin-1")]
