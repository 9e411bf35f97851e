"""An application for gevent: event streams, by the thousand."""

from gevent import Timeout, monkey, sleep
from gevent.event import Event

assert monkey.is_module_patched("socket"), "not patched before the import"
GO = Event()


def application(environ, start_response):
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    if path == "/go":
        GO.set()
        return [b"went"]
    if path == "/impatient":
        try:
            with Timeout(0.05):
                environ["wsgi.input"].read()
        except Timeout:
            print("request", environ["QUERY_STRING"], "lost its patience")
            return [b"timeout"]
        return [b"read"]
    return stream()


def stream():
    yield b"data: first\n\n"
    GO.wait()
    sleep(0)
    yield b"data: last\n\n"
