"""The applications as package python runs them: behind gowsgi, in a worker.

The player of the Go tests cannot see what happens in a worker. It sends the number
of the case in the environ, and asks for what was seen of the case by a request of
its own, which names the case in another key.
"""
import json
import threading
import time

import apps

CASE = 'conformance.case'
REPORT = 'conformance.report'
PATIENCE = 5.0

lock = threading.Lock()
cases = {}


class Case:
    """What the applications saw and counted on one connection."""

    def __init__(self):
        self.counters, self.environs, self.exchanges = {}, [], []

    def report(self):
        """Wait until no application of the case runs any more, and describe it.

        An application whose client has left learns that at its next chunk, which
        may be after the server has closed the connection.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not all(exchange.over for exchange in self.exchanges):
            time.sleep(0.005)
        return {'counters': self.counters, 'environs': self.environs}


def application(environ, start):
    if REPORT in environ:
        with lock:
            case = cases.pop(environ[REPORT], None) or Case()
        body = json.dumps(case.report()).encode()
        start('200 OK', [apps.TEXT])
        return [body]
    with lock:
        case = cases.setdefault(environ.pop(CASE), Case())
    case.environs.append(apps.snapshot(environ))
    case.exchanges.append(start.__self__)  # the worker's record of the request
    environ[apps.COUNTERS] = case.counters
    return apps.dispatch(environ, start)
