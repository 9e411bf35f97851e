"""A guest book, served by gevent.pywsgi."""
import sys
from urllib.parse import parse_qs

from gevent.pywsgi import WSGIServer

guests = []
PLAIN = ("Content-Type", "text/plain")


def index(environ, start_response):
    start_response("200 OK", [PLAIN])
    return [b"Guests so far: %d\n" % len(guests)]


def sign(environ, start_response):
    body = environ["wsgi.input"].read()
    name = parse_qs(body.decode()).get("name", [""])[0]
    if not name:
        environ["wsgi.errors"].write("a guest without a name\n")
        start_response("400 Bad Request", [PLAIN])
        return [b"Who are you?\n"]
    guests.append(name)
    place = environ["SCRIPT_NAME"] + "/guests"
    start_response("303 See Other", [PLAIN, ("Location", place)])
    return []


def listing(environ, start_response):
    start_response("200 OK", [PLAIN])
    for name in guests:
        yield name.encode() + b"\n"


def missing(environ, start_response):
    start_response("404 Not Found", [PLAIN])
    return [b"Nothing here.\n"]


ROUTES = {
    ("GET", "/"): index,
    ("POST", "/sign"): sign,
    ("GET", "/guests"): listing,
}


def application(environ, start_response):
    asked = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    view = ROUTES.get(asked, missing)
    return view(environ, start_response)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    server = WSGIServer(("127.0.0.1", port), application)
    server.start()
    print("Listening on http://127.0.0.1:%d" % server.server_port, flush=True)
    server.serve_forever()
