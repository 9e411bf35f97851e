"""The WSGI application that all Python peers serve: the works of ../twin.go."""

GREETING = b"hello, world\n"
CHUNK = b"x" * 1024
TEXT = ("Content-Type", "text/plain")


def app(environ, start_response):
    return WORKS[environ["PATH_INFO"]](environ, start_response)


def hello(environ, start_response):
    if not (environ["REQUEST_METHOD"] and environ["PATH_INFO"] and environ["HTTP_USER_AGENT"]):
        return []
    start_response("200 OK", [TEXT, ("Content-Length", str(len(GREETING)))])
    return [GREETING]


def stream(_environ, start_response):
    start_response("200 OK", [TEXT])
    return (CHUNK for _ in range(64))


def upload(environ, start_response):
    size = 0
    while data := environ["wsgi.input"].read(32 << 10):  # io.Copy's buffer
        size += len(data)
    answer = str(size).encode()
    start_response("200 OK", [TEXT, ("Content-Length", str(len(answer)))])
    return [answer]


WORKS = {"/hello": hello, "/stream": stream, "/upload": upload}
