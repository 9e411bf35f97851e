#!/usr/bin/python3
"""Records what the real gevent.pywsgi answers to the raw requests of cases.py.

    record.py --out DIR                 all categories, one JSON file each
    record.py --cases FILE --out DIR    the cases of a file like requests.json instead
    record.py --serve                   serve the applications; the port is the first line printed
"""
import argparse
import contextlib
import io
import json
import os
import platform
import re
import socket as plain_socket
import sys
import time

import gevent
from gevent import pywsgi, socket
from gevent.event import Event
from gevent.pool import Pool

import apps
import cases
import layout
import wire

WINDOW, WINDOWS = 0.05, 3       # silence of this many windows means that nothing more will come
PARALLEL = 8
LOG_TIME = re.compile(r'\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]')
LOG_DURATION = re.compile(r' \d+\.\d{6}$')
SOCKET_PREFIX = re.compile(r'^<gevent\.[^>]*>: ')
CLIENT = re.compile(r" ?\(from \('127\.0\.0\.1', \d+\)\) ?")      # newer gevents say who sent the bad request


# ---- the server ------------------------------------------------------------

class LogStream:
    def __init__(self, write):
        self.write = write

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass


class TappedHandler(pywsgi.WSGIHandler):
    """The real handler; it only tells which exceptions it logged."""

    def _log_error(self, t, v, tb):
        self.server.errors.append({'kind': 'exception', 'type': t.__name__})
        super()._log_error(t, v, tb)

    def _handle_client_error(self, ex):
        self.server.errors.append({'kind': 'client', 'type': type(ex).__name__})
        return super()._handle_client_error(ex)


class CaseServer(pywsgi.WSGIServer):
    """The real server, for one case alone, so that logs and counters are that case's own."""

    handler_class = TappedHandler

    def __init__(self):
        self.access, self.errors, self.environs, self.counters = [], [], [], {}
        self.idle = Event()
        base = {'SERVER_NAME': 'localhost', apps.COUNTERS: self.counters}
        super().__init__(listener(), self.application_seen, environ=base,
                         log=LogStream(self.access.append), error_log=LogStream(self.error_line))

    def application_seen(self, environ, start_response):
        self.environs.append(apps.snapshot(environ))
        return apps.dispatch(environ, start_response)

    def error_line(self, text):
        message, found = SOCKET_PREFIX.subn('', text)
        if found:
            self.errors[-1]['text'] = CLIENT.sub('', message).split(':', 1)[0].rstrip('\n')
        else:
            self.errors.append({'kind': 'app', 'text': text})

    def handle(self, sock, address):
        try:
            super().handle(sock, address)
        except Exception as error:
            self.errors.append({'kind': 'escaped', 'type': type(error).__name__})
            raise
        finally:
            self.idle.set()


def listener():
    sock = socket.socket()
    sock.setsockopt(plain_socket.SOL_SOCKET, plain_socket.SO_REUSEADDR, 1)
    sock.setsockopt(plain_socket.IPPROTO_TCP, plain_socket.TCP_NODELAY, 1)
    sock.bind(('127.0.0.1', 0))
    sock.listen(16)
    return sock


# ---- the client ------------------------------------------------------------

class Client:
    """A raw socket with a reader that never rests, so that no send can block for good."""

    def __init__(self, port, methods):
        self.sock = socket.create_connection(('127.0.0.1', port))
        self.methods, self.received = methods, bytearray()
        self.ended, self.news = False, Event()
        self.reader = None

    def start_reading(self):
        self.reader = gevent.spawn(self.read)

    def read(self):
        while not self.ended:
            try:
                data = self.sock.recv(65536)
            except OSError:
                data = b''
            self.received += data
            self.ended = not data
            self.news.set()

    def wait(self, condition=lambda: False):
        silent = 0
        while silent < WINDOWS and not self.ended and not condition():
            self.news.clear()
            silent = 0 if self.news.wait(WINDOW) else silent + 1

    def complete_responses(self):
        responses, _, _ = wire.parse_responses(bytes(self.received), self.methods, self.ended)
        return sum(response['complete'] for response in responses)

    def take(self, step):
        if 'send' in step:
            self.send(cases.sent_bytes(step['send']))
        elif 'await' in step:
            self.wait(lambda: step['await'].encode('latin-1') in self.received)
        elif 'await_responses' in step:
            self.wait(lambda: self.complete_responses() >= step['await_responses'])
        elif 'half_close' in step:
            self.half_close()
        elif 'close' in step:
            self.close()

    def send(self, data):
        with contextlib.suppress(OSError):
            self.sock.sendall(data)

    def half_close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(plain_socket.SHUT_WR)

    def close(self):
        self.ended = True
        if self.reader is not None:
            self.reader.kill()
        self.sock.close()


# ---- one case --------------------------------------------------------------

def record(case):
    server = CaseServer()
    server.start()
    client = Client(server.address[1], case['methods'])
    try:
        return dict(described_case(case), **play(case, server, client))
    finally:
        client.close()
        server.stop(timeout=0.2)


def described_case(case):
    return {key: case[key] for key in ('name', 'apps', 'methods', 'steps')}


def goes_away(case):
    return any('close' in step for step in case['steps'])


def play(case, server, client):
    if not goes_away(case):
        client.start_reading()
    for step in case['steps']:
        client.take(step)
    client.wait()
    seen, closed = bytes(client.received), client.ended
    late = end(server, client, len(seen))
    return vector(case, server, seen, closed, late)


def end(server, client, seen):
    """Take leave, so that the server writes its last log lines; returns what it says to that."""
    if not client.ended:
        client.half_close()
        client.wait()
    late = bytes(client.received[seen:])
    client.close()
    server.idle.wait(2)
    return late


def vector(case, server, seen, closed, late):
    responses, interim, leftover = wire.parse_responses(seen, case['methods'], closed)
    result = {
        'responses': [wire.response_vector(response) for response in responses],
        'connection': 'closed' if closed else 'open',
        'environs': [stable_environ(environ) for environ in server.environs],
        'counters': stable_counters(case, server.counters),
        'access_log': [stable_log(case, line) for line in server.access],
        'error_log': server.errors,
    }
    extras = {'trailing_interim': interim, 'leftover': wire.shown(leftover), 'late': wire.shown(late)}
    return dict(result, **{key: value for key, value in extras.items() if value})


def stable_environ(environ):
    ports = {key: '<port>' for key in ('REMOTE_PORT', 'SERVER_PORT')}
    shown = {key: wire.shown(value) if isinstance(value, str) else value for key, value in environ.items()}
    return dict(shown, **ports)


def base_environ():
    """What the simplest request gives; the vectors only say where they differ from it."""
    text = cases.request('plain')
    simplest = {'category': '', 'name': '', 'apps': ['plain'], 'methods': ['GET'], 'steps': cases.steps_of([text])}
    environ = record(simplest)['environs'][0]
    del environ['HTTP_X_APP']
    return environ


def environ_change(environ, base):
    """Keys that the base has too are null where they are absent."""
    changed = {key: value for key, value in environ.items() if base.get(key) != value}
    return dict(sorted(dict(changed, **{key: None for key in base if key not in environ}).items()))


def stable_counters(case, counters):
    """How many chunks were taken before a client was seen to be gone depends on the kernel's buffers."""
    return {key: value for key, value in sorted(counters.items()) if not (goes_away(case) and key == 'yields')}


def stable_log(case, line):
    line = LOG_DURATION.sub(' <seconds>', LOG_TIME.sub('[<time>]', line.rstrip('\n')))
    if goes_away(case) or set(case['apps']) & {'environ'}:
        line = re.sub(r' \d+ <seconds>$', ' <bytes> <seconds>', line)
    return wire.shown(line)


# ---- all cases -------------------------------------------------------------

def record_all(chosen):
    """In parallel, but in the order of the cases."""
    recorded = {}
    with quiet():
        base = base_environ()
        for case, result in zip(chosen, Pool(PARALLEL).imap(record, chosen)):
            result['environs'] = [environ_change(environ, base) for environ in result['environs']]
            recorded.setdefault(case['category'], []).append(result)
    return base, recorded


@contextlib.contextmanager
def quiet():
    """pywsgi prints tracebacks to stderr; which exceptions they were is in the vectors."""
    sink = io.StringIO()
    hub = gevent.get_hub()
    hub.exception_stream = sink
    with contextlib.redirect_stderr(sink):
        yield


def versions():
    return {'gevent': gevent.__version__, 'python': '%d.%d' % sys.version_info[:2],
            'server_software': pywsgi.WSGIServer.base_env['SERVER_SOFTWARE']}


def write_json(directory, name, value):
    layout.write(os.path.join(directory, name + '.json'), value)


def serve():
    base = {'SERVER_NAME': 'localhost', apps.COUNTERS: {}}
    server = pywsgi.WSGIServer(listener(), apps.dispatch, environ=base, log=None)
    server.start()
    print(server.address[1], flush=True)
    gevent.get_hub().threadpool.apply(sys.stdin.read)
    server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--out')
    parser.add_argument('--cases')
    parser.add_argument('--only', help='one category')
    parser.add_argument('--serve', action='store_true')
    options = parser.parse_args()
    if options.serve:
        return serve()
    started = time.time()
    chosen = load(options.cases) if options.cases else cases.all_cases()
    chosen = [case for case in chosen if options.only in (None, case['category'])]
    os.makedirs(options.out, exist_ok=True)
    base, recorded = record_all(chosen)
    for category, vectors in recorded.items():
        write_json(options.out, category, {'recorded_with': versions(), 'environ_base': base, 'vectors': vectors})
    if not options.cases and not options.only:
        import record_secure
        import validate_apps
        record_secure.write(options.out)
        validate_apps.write(options.out)
    print('%d cases in %.1f s, %s' % (len(chosen), time.time() - started, platform.python_version()))


def load(path):
    with open(path, encoding='ascii') as source:
        return json.load(source)


if __name__ == '__main__':
    main()
