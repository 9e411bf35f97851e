"""Applications for the tests: the first segment of the path names one.

Each is called through wsgiref.validate.validator, but for those marked plain,
which do on purpose what the validator would not let through.
"""

import ctypes
import io
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from wsgiref.validate import validator

APPS = {}
CLOSED = []
PLAIN = [("Content-Type", "text/plain")]


def app(function):
    """Validate the application; a list that it returns stays a list."""

    def validated(environ, start_response):
        returned = []

        def inner(environ, start_response):
            returned.append(function(environ, start_response))
            return returned[0]

        result = validator(inner)(environ, start_response)
        if type(returned[0]) is not list:
            return result
        try:
            return list(result)
        finally:
            result.close()

    APPS[function.__name__] = validated
    return function


def plain(function):
    APPS[function.__name__] = function
    return function


def application(environ, start_response):
    path = environ["PATH_INFO"]
    name, slash, rest = path[1:].partition("/")
    environ["SCRIPT_NAME"] += "/" + name
    environ["PATH_INFO"] = slash + rest
    return APPS[name](environ, start_response)


class Closing:
    """An iterable that notes how often it is closed."""

    def __init__(self, chunks, name):
        self.chunks = iter(chunks)
        self.name = name

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.chunks)

    def close(self):
        CLOSED.append(self.name)


CONNECTIONS = []


@plain
def connections(environ, start_response):
    """How many connections to Go there have been, in a body that ends after its last byte."""
    channel = start_response.__self__._channel
    if channel not in CONNECTIONS:
        CONNECTIONS.append(channel)
    text = b"%d\n" % len(CONNECTIONS)
    length = ("Content-Length", str(len(text)))
    start_response("200 OK", [("Content-Type", "text/plain"), length])

    def body():
        yield text
        time.sleep(0.02)

    return body()


@app
def closed(environ, start_response):
    start_response("200 OK", PLAIN)
    return [repr(sorted(CLOSED)).encode()]


@app
def environ_of(environ, start_response):
    start_response("200 OK", PLAIN)
    keys = environ["QUERY_STRING"].split(",")
    return ["".join(f"{key}={environ.get(key)!r}\n" for key in keys).encode("latin-1")]


@app
def two(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"one ", b"two"]


@app
def nothing(environ, start_response):
    start_response("200 OK", PLAIN)
    return []


@app
def no_content(environ, start_response):
    start_response("204 No Content", [])
    return []


@app
def not_modified_body(environ, start_response):
    start_response("304 Not Modified", [])
    return [b"a body"]


@app
def generator(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"a"
    yield b""
    yield b"b"


@app
def late(environ, start_response):
    def body():
        start_response("201 Created", PLAIN)
        yield b"late"

    return body()


@app
def writes(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"written ")
    write(b"twice ")
    return [b"returned"]


@app
def fails_after_empty_write(environ, start_response):
    start_response("200 OK", PLAIN)(b"")
    raise ValueError("boom after the head")


class ClosingList(list):
    def close(self):
        print("the list was closed")


@plain
def fails_in_late_close(environ, start_response):
    class Bad(Closing):
        def close(self):
            raise ValueError("boom after the length")

    start_response("200 OK", [*PLAIN, ("Content-Length", "4")])
    return Bad([b"fine"], "")


@plain
def connection(environ, start_response):
    start_response("200 OK", [*PLAIN, ("Content-Length", "8")])
    return Closing([b"%08d" % threading.get_native_id()], "connection")


@plain
def connection_large(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"%08d" % threading.get_native_id() * (100 << 10)]


@plain
def list_with_close(environ, start_response):
    start_response("200 OK", PLAIN)
    return ClosingList([b"one ", b"two"])


@app
def counted(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing([b"x"], "counted")


@app
def fails(environ, start_response):
    raise ValueError("boom")


@app
def fails_after_start(environ, start_response):
    start_response("200 OK", PLAIN)
    raise ValueError("boom after start")


@app
def fails_within(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"some"
    raise ValueError("boom within")


@plain
def fails_in_close(environ, start_response):
    class Bad(Closing):
        def close(self):
            raise ValueError("boom in close")

    start_response("200 OK", PLAIN)
    return Bad([b"fine"], "")


@app
def answers_error(environ, start_response):
    start_response("200 OK", PLAIN)
    try:
        raise ValueError("boom")
    except ValueError:
        start_response("418 Teapot", PLAIN, sys.exc_info())
    return [b"handled"]


@plain
def answers_too_late(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"out")
    try:
        raise ValueError("boom too late")
    except ValueError:
        start_response("500 No", PLAIN, sys.exc_info())
    return []


@plain
def never_starts(environ, start_response):
    return [b"x"]


@plain
def text_body(environ, start_response):
    start_response("200 OK", PLAIN)
    return ["text"]


@plain
def starts_twice(environ, start_response):
    start_response("200 OK", PLAIN)
    start_response("200 OK", PLAIN)
    return []


@plain
def refused(environ, start_response):
    """Try what start_response refuses, and say how it did."""
    tries = [
        ("200", [("A", "b\r\nC: d")]),
        ("200 OK\n", []),
        ("200 OK", [("Na me", "x")]),
        ("200 OK", [("", "x")]),
        ("200 OK", [("A", "\0")]),
        ("200 OK", [("A", "x\0B\0y")]),
        ("200 OK", [("A", "\u20ac")]),
        ("20 OK", []),
        ("200OK", []),
        ("100 Continue", []),
        ("2000 OK", []),
        ("200 OK", [("Content-Length", "-1")]),
        ("200 OK", [("Content-Length", "1"), ("content-length", "2")]),
        ("200 OK", [("Content-Length", "9223372036854775808")]),
        ("204 No Content", [("Content-Length", "1")]),
        ("200 OK", [("Transfer-Encoding", "chunked")]),
        ("200 OK", [("Connection", "upgrade")]),
        ("200 OK", [("Upgrade", "x")]),
        ("200 OK", [("Keep-Alive", "x")]),
        ("200 OK", [(b"A", "x")]),
        ("200 OK", [("A", 1)]),
        (b"200 OK", []),
        ("200 OK", [("A", "b", "c")]),
    ]
    said = []
    for status, headers in tries:
        try:
            start_response(status, headers)
            said.append(f"NOT REFUSED {status!r} {headers!r}")
        except Exception as error:
            said.append(f"{type(error).__name__}: {error}")
    start_response(
        "200",
        [
            ("Content-Type", "text/plain"),
            ("X-C1", "\x80\xff\t"),
            ("Connection", "Close"),
            ("Content-Length", str(sum(len(line) + 1 for line in said))),
        ],
    )
    return ["".join(line + "\n" for line in said).encode()]


@app
def too_short(environ, start_response):
    start_response("200 OK", [*PLAIN, ("Content-Length", "10")])
    return [b"short"]


@app
def too_short_stream(environ, start_response):
    start_response("200 OK", [*PLAIN, ("Content-Length", "10")])
    yield b"short"


@app
def too_long(environ, start_response):
    start_response("200 OK", [*PLAIN, ("Content-Length", "3")])
    yield b"short"


@app
def echo(environ, start_response):
    body = environ["wsgi.input"].read(-1)
    start_response("200 OK", PLAIN)
    return [body]


@app
def lines(environ, start_response):
    start_response("200 OK", PLAIN)
    return [repr(line).encode() + b"\n" for line in environ["wsgi.input"]]


@plain
def reads(environ, start_response):
    """Read as the query says: r5 is read(5), l is readline(), L9 is readlines(9)."""
    source, said = environ["wsgi.input"], []
    for call in environ["QUERY_STRING"].split(","):
        method = {"r": source.read, "l": source.readline, "L": source.readlines}[call[0]]
        said.append(repr(method(*[int(n) for n in [call[1:]] if n])))
    start_response("200 OK", PLAIN)
    return ["\n".join(said).encode()]


@plain
def counts(environ, start_response):
    """Count the body, in pieces of 64 KiB."""
    total = 0
    while piece := environ["wsgi.input"].read(65536):
        total += len(piece)
    start_response("200 OK", PLAIN)
    return [str(total).encode()]


@app
def catches_input(environ, start_response):
    try:
        environ["wsgi.input"].read(-1)
    except OSError as error:
        start_response("200 OK", PLAIN)
        return [type(error).__name__.encode()]
    start_response("200 OK", PLAIN)
    return [b"no error"]


@plain
def reads_after_error(environ, start_response):
    """Read in all ways a body that is cut short, each after the others have failed."""
    source, said = environ["wsgi.input"], []
    ways = [source.read, source.readline, source.readlines, lambda: next(source)]
    for way in [*ways, lambda: source.read(1), lambda: source.readline(1)]:
        try:
            said.append(repr(way()))
        except OSError as error:
            said.append(type(error).__name__)
    said.append(repr(source.read(0)))
    start_response("200 OK", PLAIN)
    return [" ".join(said).encode()]


@app
def keeps_input(environ, start_response):
    start_response("200 OK", PLAIN)
    keeps_input.kept = environ["wsgi.input"]
    return [b"kept"]


@plain
def reads_kept(environ, start_response):
    start_response("200 OK", PLAIN)
    try:
        keeps_input.kept.read(1)
    except ValueError as error:
        return [str(error).encode()]
    return [b"no error"]


@app
def logs(environ, start_response):
    errors = environ["wsgi.errors"]
    errors.write("one\ntw")
    errors.write("o\n")
    errors.writelines(["three\n", "fo\u20acur"])
    errors.flush()
    errors.write("five")
    start_response("200 OK", PLAIN)
    return [b"logged"]


@plain
def file(environ, start_response):
    """A file on disk, from the sixth byte on, read ahead by its buffer."""
    disk = open(os.environ["TEST_FILE"], "rb")
    disk.read(5)
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](disk, 8)


@plain
def file_length(environ, start_response):
    start_response("200 OK", [*PLAIN, ("Content-Length", "4")])
    return environ["wsgi.file_wrapper"](open(os.environ["TEST_FILE"], "rb"))


@plain
def file_temporary(environ, start_response):
    disk = tempfile.NamedTemporaryFile()
    disk.write(b"0123temporary")
    disk.seek(4)
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](disk)


@plain
def file_memory(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"from memory"), 4)


@plain
def file_gzip(environ, start_response):
    import gzip

    path = os.environ["TEST_FILE"] + ".gz"
    with gzip.open(path, "wb") as packed:
        packed.write(b"unpacked")
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](gzip.open(path, "rb"))


@plain
def large(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"x" * int(environ["QUERY_STRING"])]


@plain
def endless(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing(iter(lambda: b"x" * 10000, b""), "endless")


@plain
def waits(environ, start_response):
    """Send a chunk, and the next once a file is there."""
    start_response("200 OK", PLAIN)
    yield b"first;"
    while not os.path.exists(environ["QUERY_STRING"]):
        time.sleep(0.01)
    yield b"second"


@plain
def exits(environ, start_response):
    sys.exit("leaving")


@plain
def interrupts(environ, start_response):
    raise KeyboardInterrupt


@plain
def dies(environ, start_response):
    os._exit(7)


@plain
def dies_late(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"some"
    os._exit(7)


@plain
def dies_within_chunk(environ, start_response):
    """Die with the head on its way, and nothing of the chunk that it announces."""
    start_response("200 OK", PLAIN)
    head = b"\x06\0\0\0S\0\0\x00200 OK" + b"\x80\0\0\0C\0\0\0"
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, head)
        except OSError:
            pass
    os._exit(7)


@plain
def crashes(environ, start_response):
    ctypes.string_at(0)


@plain
def hangs(environ, start_response):
    time.sleep(600)


@plain
def hangs_late(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"some"
    time.sleep(600)


@plain
def sleeps(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"]))
    start_response("200 OK", PLAIN)
    return [str(os.getpid()).encode()]


@plain
def garbage(environ, start_response):
    """Write garbage to every socket of the process."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"HTTP/1.1 200 OK\r\n\r\nforged")
        except OSError:
            pass
    start_response("200 OK", PLAIN)
    return [b"x"]


@plain
def bloats(environ, start_response):
    bloats.kept = b"x" * (200 << 20)
    start_response("200 OK", PLAIN)
    return [str(os.getpid()).encode()]


@app
def prints(environ, start_response):
    print("printed")
    sys.stderr.write("to stderr\n")
    os.write(1, b"raw\n")
    start_response("200 OK", PLAIN)
    return [repr(sys.stdin.read()).encode()]


@plain
def closes(environ, start_response):
    for descriptor in range(3):
        os.close(descriptor)
    start_response("200 OK", PLAIN)
    return [b"closed"]


@plain
def forks(environ, start_response):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    start_response("200 OK", PLAIN)
    return [b"parent" if child else b"child"]  # the child comes back, too


@plain
def executes(environ, start_response):
    said = subprocess.run(["echo", "executed"], capture_output=True, check=True)
    start_response("200 OK", PLAIN)
    return [said.stdout]


@plain
def leaves_children(environ, start_response):
    """Start a child that left the session and whose parent is gone, and another."""
    said = subprocess.run(
        ["sh", "-c", "setsid sleep 600 >/dev/null 2>&1 & echo $!"],
        capture_output=True,
        check=True,
    )
    other = subprocess.Popen(["sleep", "600"])
    start_response("200 OK", PLAIN)
    return [said.stdout.strip() + b" %d %d" % (other.pid, os.getpid())]


@plain
def pid(environ, start_response):
    start_response("200 OK", PLAIN)
    return [str(os.getpid()).encode()]


@plain
def thread(environ, start_response):
    start_response("200 OK", PLAIN)
    return [str(threading.current_thread() is threading.main_thread()).encode()]


@plain
def handles_signals(environ, start_response):
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    start_response("200 OK", PLAIN)
    return [b"set"]


@plain
def switches(environ, start_response):
    """A 101: one thread echoes lines, and another sends by itself meanwhile."""
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "echo")]
    write = start_response("101 Switching Protocols", upgrade)
    pusher = threading.Timer(0.1, write, [b"unasked\n"])
    pusher.start()
    for line in iter(environ["wsgi.input"].readline, b"bye\r\n"):
        write(b"echo " + line)
    pusher.join()
    return [b"goodbye\n"]


@plain
def switches_both(environ, start_response):
    """A 101: as many bytes as the query says go each way, at once."""
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "both")]
    write = start_response("101 Switching Protocols", upgrade)
    size = int(environ["QUERY_STRING"])

    def push():
        for _ in range(size // 1000):
            write(b"p" * 1000)

    pusher = threading.Thread(target=push)
    pusher.start()
    got = environ["wsgi.input"].read(size)
    pusher.join()
    return [b"%d" % got.count(b"c")]


@plain
def says_reading(environ, start_response):
    source = environ["wsgi.input"]
    source.read(3)
    print("reading")
    source.read()
    start_response("200 OK", PLAIN)
    return [b"read"]


@plain
def writes_while_reading(environ, start_response):
    write = start_response("200 OK", PLAIN)
    threading.Timer(0.1, write, [b"written"]).start()
    return [environ["wsgi.input"].read()]


NOTED = []


@plain
def notes(environ, start_response):
    NOTED.append(environ["QUERY_STRING"])
    start_response("200 OK", PLAIN)
    return [repr(NOTED).encode()]


@plain
def large_header(environ, start_response):
    start_response("200 OK", [*PLAIN, ("X-Large", "x" * int(environ["QUERY_STRING"]))])
    return [b"large"]


@plain
def exhausts(environ, start_response):
    """Use up all descriptors until a file is there, with a low limit on them."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))
    taken = []
    try:
        while True:
            taken.append(os.dup(2))
    except OSError:
        pass
    start_response("200 OK", PLAIN)
    yield b"exhausted;"
    while not os.path.exists(environ["QUERY_STRING"]):
        time.sleep(0.01)
    for descriptor in taken:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    yield b"released"


@plain
def hangs_at_exit(environ, start_response):
    import atexit

    atexit.register(time.sleep, 600)
    start_response("200 OK", PLAIN)
    return [str(os.getpid()).encode()]


READ_NOW = threading.Event()


@plain
def counts_later(environ, start_response):
    print("not reading yet")
    READ_NOW.wait()
    return counts(environ, start_response)


@plain
def reads_now(environ, start_response):
    READ_NOW.set()
    start_response("200 OK", PLAIN)
    return []
