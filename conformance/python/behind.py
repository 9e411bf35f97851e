"""The applications as package python runs them: behind gowsgi, in a worker.

The player of the Go tests cannot see what happens in a worker. It sends the number
of the case in the environ, and asks for what was seen of the case by a request of
its own, which names the case in another key.
"""
import json
import os
import socket
import threading
import time

import apps

CASE = 'conformance.case'
REPORT = 'conformance.report'
PATIENCE = 5.0
FOLDER = os.environ.get('CONFORMANCE_SOCKETS')

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
        times = [at for at, _ in self.environs]
        environs = [environ for _, environ in self.environs]
        return {'counters': self.counters, 'environs': environs, 'times': times}


def own(of):
    """Describe what this worker has seen of a case, and forget it."""
    with lock:
        case = cases.pop(of, None) or Case()
    return case.report()


def listen():
    """Answer the workers that ask for what this one has seen of a case."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.join(FOLDER, str(os.getpid())))
    server.listen(64)

    def answer(peer):
        with peer:
            peer.sendall(json.dumps(own(peer.recv(100).decode())).encode())

    def accept():
        while True:
            threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def everywhere(of):
    """Put together what all workers have seen of a case."""
    counters, environs = {}, []
    for name in os.listdir(FOLDER):
        with socket.socket(socket.AF_UNIX) as worker:
            worker.connect(os.path.join(FOLDER, name))
            worker.sendall(of.encode())
            seen = json.loads(b''.join(iter(lambda: worker.recv(65536), b'')))
        for key, value in seen['counters'].items():
            counters[key] = counters.get(key, 0) + value
        environs += zip(seen['times'], seen['environs'])
    environs.sort(key=lambda seen: seen[0])
    return {'counters': counters, 'environs': [environ for _, environ in environs]}


if FOLDER:
    listen()


def application(environ, start):
    if REPORT in environ:
        body = json.dumps((everywhere if FOLDER else own)(environ[REPORT])).encode()
        start('200 OK', [apps.TEXT])
        return [body]
    with lock:
        case = cases.setdefault(environ.pop(CASE), Case())
    case.environs.append((time.monotonic(), apps.snapshot(environ)))
    case.exchanges.append(start.__self__)  # the worker's record of the request
    environ[apps.COUNTERS] = case.counters
    return apps.dispatch(environ, start)
