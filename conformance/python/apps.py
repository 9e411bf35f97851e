"""The catalogue of applications. README.md says what each does, for the Go twins.

Nothing here knows gevent: the same functions run under any WSGI server.
A request names its application in the header X-App; a base environ may carry
the dict "conformance.counters", in which applications count what a response cannot show.
"""
import errno
import json
import sys
from io import BytesIO
from urllib.parse import unquote

TEXT = ('Content-Type', 'text/plain')
COUNTERS = 'conformance.counters'
APPS = {}


def app(function):
    APPS[function.__name__] = function
    return function


def dispatch(environ, start):
    count(environ, 'calls')
    return APPS.get(environ.get('HTTP_X_APP', 'plain'), unknown)(environ, start)


@app
def unknown(environ, start):
    start('404 Not Found', [TEXT])
    return [b'no such app']


def count(environ, what):
    counters = environ.get(COUNTERS)
    if counters is not None:
        counters[what] = counters.get(what, 0) + 1


def ok(start, *headers):
    return start('200 OK', [TEXT, *headers])


def length(value):
    return 'Content-Length', value


class Closing:
    """An iterator that counts its close(); a chunk that is an exception is raised."""

    def __init__(self, environ, *chunks, close_error=None):
        self.environ, self.chunks, self.close_error = environ, iter(chunks), close_error

    def __iter__(self):
        return self

    def __next__(self):
        chunk = next(self.chunks)
        if isinstance(chunk, Exception):
            raise chunk
        count(self.environ, 'yields')
        return chunk

    def close(self):
        count(self.environ, 'closed')
        if self.close_error:
            raise self.close_error


# ---- bodies ----------------------------------------------------------------

@app
def plain(environ, start):
    ok(start)
    return [b'hello world']


@app
def list_empty(environ, start):
    ok(start)
    return []


@app
def list_chunks(environ, start):
    ok(start)
    return [b'one,', b'two,', b'three']


@app
def tuple_empties(environ, start):
    ok(start)
    return (b'', b'a', b'', b'b', b'')


@app
def none_body(environ, start):
    ok(start)


@app
def no_headers(environ, start):
    start('200 OK', [])
    return [b'bare']


@app
def generator(environ, start):
    ok(start)
    return (chunk for chunk in (b'one', b'two', b'three'))


@app
def generator_empty(environ, start):
    ok(start)
    return (chunk for chunk in ())


@app
def generator_empties_first(environ, start):
    ok(start)
    return (chunk for chunk in (b'', b'', b'late', b'', b'r'))


@app
def generator_only_empties(environ, start):
    ok(start)
    return (chunk for chunk in (b'', b''))


@app
def generator_length(environ, start):
    ok(start, length('11'))
    return (chunk for chunk in (b'one', b'two', b'three'))


@app
def lazy_start(environ, start):
    ok(start)
    yield b'lazy'
    yield b'body'


@app
def lazy_start_after_empty(environ, start):
    yield b''
    ok(start)
    yield b'started'


@app
def lazy_start_late(environ, start):
    yield b'too early'
    ok(start)
    yield b'started'


@app
def lazy_start_at_end(environ, start):
    yield b''
    ok(start)


@app
def write_only(environ, start):
    write = ok(start)
    write(b'one')
    write(b'two')
    return []


@app
def write_list(environ, start):
    ok(start)(b'written,')
    return [b'listed']


@app
def write_generator(environ, start):
    ok(start)(b'written')
    return (chunk for chunk in (b'gene', b'rated'))


@app
def write_empty_first(environ, start):
    ok(start)(b'')
    return [b'body']


@app
def write_empty_only(environ, start):
    write = ok(start)
    write(b'')
    write(b'')
    return []


@app
def write_length(environ, start):
    ok(start, length('6'))(b'abc')
    return [b'def']


@app
def write_between_yields(environ, start):
    write = ok(start)
    yield b'y1'
    write(b'w1')
    yield b'y2'
    write(b'w2')


@app
def list_length(environ, start):
    ok(start, length('11'))
    return [b'hello ', b'world']


@app
def big(environ, start):
    ok(start)
    return [b'0123456789abcdef' * 65536]


@app
def big_chunks(environ, start):
    ok(start)
    return (bytes([number]) * 65536 for number in range(16))


@app
def small_chunks(environ, start):
    ok(start)
    return (b'%03d ' % number for number in range(200))


@app
def all_bytes(environ, start):
    ok(start)
    return [bytes(range(256))]


@app
def file_wrapper(environ, start):
    ok(start)
    wrapper = environ.get('wsgi.file_wrapper')
    if wrapper is None:
        return [b'no file_wrapper']
    return wrapper(BytesIO(b'the content of a file'), 8)


# ---- close() ---------------------------------------------------------------

@app
def closing(environ, start):
    ok(start)
    return Closing(environ, b'first', b'second')


class ClosingList(tuple):
    environ = None

    def close(self):
        count(self.environ, 'closed')


@app
def closing_list(environ, start):
    ok(start)
    body = ClosingList([b'first', b'second'])
    body.environ = environ
    return body


@app
def generator_finally(environ, start):
    ok(start)
    try:
        yield b'first'
        yield b'second'
    finally:
        count(environ, 'finally')


@app
def generator_finally_raises(environ, start):
    ok(start)
    try:
        yield b'first'
        raise ValueError('midway')
    finally:
        count(environ, 'finally')


@app
def closing_empty(environ, start):
    ok(start)
    return Closing(environ)


@app
def closing_length(environ, start):
    ok(start, length('11'))
    return Closing(environ, b'first', b'second')


@app
def closing_unstarted(environ, start):
    return Closing(environ, b'first')


@app
def closing_unstarted_empty(environ, start):
    return Closing(environ)


@app
def closing_raises_first(environ, start):
    ok(start)
    return Closing(environ, ValueError('first'))


@app
def closing_raises_midway(environ, start):
    ok(start)
    return Closing(environ, b'first', ValueError('midway'), b'never')


@app
def closing_short(environ, start):
    ok(start, length('20'))
    return Closing(environ, b'first', b'second')


@app
def closing_long(environ, start):
    ok(start, length('3'))
    return Closing(environ, b'first', b'second')


@app
def closing_no_content(environ, start):
    start('204 No Content', [])
    return Closing(environ, b'first')


@app
def close_raises(environ, start):
    ok(start)
    return Closing(environ, b'first', b'second', close_error=ValueError('close'))


@app
def close_raises_empty(environ, start):
    ok(start)
    return Closing(environ, close_error=ValueError('close'))


@app
def close_raises_length(environ, start):
    ok(start, length('5'))
    return Closing(environ, b'first', close_error=ValueError('close'))


@app
def close_raises_after_error(environ, start):
    ok(start)
    return Closing(environ, ValueError('first'), close_error=KeyError('close'))


@app
def counters(environ, start):
    ok(start)
    body = json.dumps(environ.get(COUNTERS), sort_keys=True).encode()
    environ.get(COUNTERS, {}).clear()
    return [body]


# ---- input -----------------------------------------------------------------

def bar(lines):
    return [b'|'.join(lines)]


@app
def read_all(environ, start):
    body = environ['wsgi.input'].read()
    ok(start)
    return [body]


@app
def read_five(environ, start):
    body = environ['wsgi.input'].read(5)
    ok(start)
    return [body]


@app
def read_minus(environ, start):
    body = environ['wsgi.input'].read(-1)
    ok(start)
    return [body]


@app
def read_zero(environ, start):
    source = environ['wsgi.input']
    parts = [source.read(0), source.read(2), source.read(0), source.read()]
    ok(start)
    return bar(parts)


@app
def read_pieces(environ, start):
    source = environ['wsgi.input']
    parts = [part for part in iter(lambda: source.read(3), b'')]
    ok(start)
    return bar(parts)


@app
def read_past_end(environ, start):
    source = environ['wsgi.input']
    parts = [source.read(), source.read(), source.read(5), source.readline(), source.read(-1)]
    ok(start)
    return bar(parts)


@app
def read_count(environ, start):
    size = len(environ['wsgi.input'].read())
    ok(start)
    return [b'%d' % size]


@app
def read_mixed(environ, start):
    source = environ['wsgi.input']
    parts = [source.read(3), source.readline(), source.read(2), source.readline(2), source.read()]
    ok(start)
    return bar(parts)


@app
def readline_one(environ, start):
    line = environ['wsgi.input'].readline()
    ok(start)
    return [line]


@app
def readline_all(environ, start):
    lines = [line for line in iter(environ['wsgi.input'].readline, b'')]
    ok(start)
    return bar(lines)


@app
def readline_four(environ, start):
    source = environ['wsgi.input']
    lines = [line for line in iter(lambda: source.readline(4), b'')]
    ok(start)
    return bar(lines)


@app
def readline_edges(environ, start):
    source = environ['wsgi.input']
    lines = [source.readline(0), source.readline(-1), source.readline(1000)]
    ok(start)
    return bar(lines)


@app
def readlines(environ, start):
    lines = environ['wsgi.input'].readlines()
    ok(start)
    return bar(lines)


@app
def readlines_hint(environ, start):
    lines = environ['wsgi.input'].readlines(3)
    ok(start)
    return bar(lines)


@app
def input_lines(environ, start):
    lines = [line for line in environ['wsgi.input']]
    ok(start)
    return bar(lines)


@app
def read_after_start(environ, start):
    ok(start)
    return [environ['wsgi.input'].read()]


@app
def read_after_bytes(environ, start):
    write = ok(start)
    write(b'start;')
    write(environ['wsgi.input'].read())
    return []


@app
def read_partial_after_bytes(environ, start):
    write = ok(start)
    write(b'start;')
    write(environ['wsgi.input'].read(4))
    return []


@app
def echo_stream(environ, start):
    ok(start)
    return iter(lambda: environ['wsgi.input'].read(4), b'')


@app
def echo_lines(environ, start):
    ok(start)
    yield b'ready\n'
    for line in iter(environ['wsgi.input'].readline, b''):
        yield b'echo ' + line


@app
def read_error_answered(environ, start):
    try:
        body = environ['wsgi.input'].read()
    except OSError:
        start('400 Bad Request', [TEXT])
        return [b'the app says: bad input']
    ok(start)
    return [body]


@app
def read_error_ignored(environ, start):
    try:
        body = environ['wsgi.input'].read()
    except OSError:
        body = b'error swallowed'
    ok(start)
    return [body]


@app
def read_error_again(environ, start):
    results = []
    for _ in range(3):
        try:
            results.append(environ['wsgi.input'].read(4))
        except OSError:
            results.append(b'<error>')
    ok(start)
    return bar(results)


# ---- failures --------------------------------------------------------------

@app
def unstarted(environ, start):
    return [b'body']


@app
def unstarted_empty(environ, start):
    return []


@app
def unstarted_generator(environ, start):
    return (chunk for chunk in (b'one', b'two'))


@app
def raises_first(environ, start):
    raise ValueError('first')


@app
def raises_after_start(environ, start):
    start('200 OK', [TEXT, ('X-Gone', 'yes')])
    raise ValueError('after start')


@app
def raises_in_generator(environ, start):
    ok(start)
    raise ValueError('in generator')
    yield b''


@app
def raises_in_generator_unstarted(environ, start):
    raise ValueError('in generator')
    yield b''


@app
def raises_after_empty(environ, start):
    ok(start)
    yield b''
    raise ValueError('after empty')


@app
def raises_after_bytes(environ, start):
    ok(start)
    yield b'partial'
    raise ValueError('after bytes')


@app
def raises_after_bytes_length(environ, start):
    ok(start, length('100'))
    yield b'partial'
    raise ValueError('after bytes')


@app
def raises_after_full_length(environ, start):
    ok(start, length('7'))
    yield b'partial'
    raise ValueError('after all the bytes')


@app
def raises_after_write(environ, start):
    ok(start)(b'partial')
    raise ValueError('after write')


@app
def raises_after_empty_write(environ, start):
    ok(start)(b'')
    raise ValueError('after empty write')


@app
def raises_broken_pipe(environ, start):
    raise BrokenPipeError(errno.EPIPE, 'of my own')


@app
def raises_broken_pipe_after_bytes(environ, start):
    ok(start)
    yield b'partial'
    raise BrokenPipeError(errno.EPIPE, 'of my own')


@app
def raises_reset(environ, start):
    raise ConnectionResetError(errno.ECONNRESET, 'of my own')


@app
def raises_not_found(environ, start):
    raise FileNotFoundError(errno.ENOENT, 'no such file')


# ---- start_response again --------------------------------------------------

def failed():
    try:
        raise ValueError('met')
    except ValueError:
        return sys.exc_info()


@app
def restart(environ, start):
    start('200 OK', [TEXT, ('X-First', 'yes')])
    start('500 Replaced', [TEXT, ('X-Second', 'yes')], failed())
    return [b'replaced']


@app
def restart_write(environ, start):
    start('200 OK', [TEXT])
    start('500 Replaced', [TEXT], failed())(b'written')
    return []


@app
def restart_old_write(environ, start):
    write = ok(start)
    start('500 Replaced', [TEXT], failed())
    write(b'through the first write')
    return []


@app
def restart_drops_length(environ, start):
    ok(start, length('3'))
    start('500 Replaced', [TEXT], failed())
    return [b'longer']


@app
def restart_after_empty_chunk(environ, start):
    ok(start)
    yield b''
    start('500 Replaced', [TEXT], failed())
    yield b'replaced'


@app
def restart_after_empty_write(environ, start):
    ok(start)(b'')
    start('500 Replaced', [TEXT], failed())
    return [b'replaced']


@app
def restart_after_bytes(environ, start):
    ok(start)(b'partial')
    start('500 Replaced', [TEXT], failed())
    return [b'never']


@app
def restart_after_bytes_caught(environ, start):
    ok(start)(b'partial;')
    try:
        start('500 Replaced', [TEXT], failed())
    except ValueError as error:
        return [b'caught ', str(error).encode()]
    return [b'nothing raised']


@app
def restart_only(environ, start):
    start('500 First', [TEXT], failed())
    return [b'first call with exc_info']


@app
def start_twice(environ, start):
    start('200 OK', [TEXT, ('X-First', 'yes')])
    start('201 Created', [TEXT, ('X-Second', 'yes')])
    return [b'twice']


@app
def start_twice_none(environ, start):
    start('200 OK', [TEXT])
    start('201 Created', [TEXT], None)
    return [b'twice']


@app
def start_twice_caught(environ, start):
    start('200 OK', [TEXT])
    try:
        start('201 Created', [TEXT])
    except Exception:
        return [b'refused']
    return [b'allowed']


@app
def start_twice_after_bytes(environ, start):
    ok(start)(b'partial;')
    start('404 Not Found', [TEXT])
    return [b'rest']


@app
def start_refused_then_good(environ, start):
    try:
        start('200 OK', [('X-Bad', 'a\nb')])
    except ValueError:
        start('200 Second', [TEXT, ('X-Good', 'yes')])
    return [b'body']


@app
def start_refused_ignored(environ, start):
    try:
        start('200 OK', [('X-Bad', 'a\nb')])
    except ValueError:
        pass
    return [b'body']


@app
def start_good_then_refused(environ, start):
    start('200 Good', [TEXT, ('X-Good', 'yes')])
    try:
        start('200 OK', [('X-Bad', 'a\nb')], failed())
    except ValueError:
        pass
    return [b'body']


# ---- 204, 304 and HEAD -----------------------------------------------------

@app
def no_content(environ, start):
    start('204 No Content', [])
    return []


@app
def no_content_generator(environ, start):
    start('204 No Content', [])
    return (chunk for chunk in (b'', b''))


@app
def no_content_body(environ, start):
    start('204 No Content', [])
    return [b'body']


@app
def no_content_write(environ, start):
    start('204 No Content', [])(b'body')
    return []


@app
def no_content_zero_length(environ, start):
    start('204 No Content', [length('0')])
    return []


@app
def no_content_length(environ, start):
    start('204 No Content', [length('5')])
    return []


@app
def no_content_length_caught(environ, start):
    try:
        start('204 No Content', [length('5')])
    except Exception:
        pass
    return []


@app
def not_modified(environ, start):
    start('304 Not Modified', [('ETag', '"one"')])
    return []


@app
def not_modified_body(environ, start):
    start('304 Not Modified', [('ETag', '"one"')])
    return [b'body']


@app
def not_modified_generator_body(environ, start):
    start('304 Not Modified', [('ETag', '"one"')])
    return (chunk for chunk in (b'', b'body'))


@app
def not_modified_length(environ, start):
    start('304 Not Modified', [('ETag', '"one"'), length('5')])
    return []


@app
def not_modified_typed(environ, start):
    start('304 Not Modified', [TEXT, ('ETag', '"one"')])
    return []


@app
def head_aware_list(environ, start):
    ok(start, length('11'))
    return [] if environ['REQUEST_METHOD'] == 'HEAD' else [b'hello world']


@app
def head_aware_generator(environ, start):
    ok(start, length('11'))
    if environ['REQUEST_METHOD'] != 'HEAD':
        yield b'hello world'


# ---- wrong lengths ---------------------------------------------------------

@app
def length_over_list(environ, start):
    ok(start, length('20'))
    return [b'hello']


@app
def length_over_generator(environ, start):
    ok(start, length('20'))
    return (chunk for chunk in (b'he', b'llo'))


@app
def length_over_write(environ, start):
    ok(start, length('20'))(b'hello')
    return []


@app
def length_under_list(environ, start):
    ok(start, length('3'))
    return [b'hello']


@app
def length_under_generator(environ, start):
    ok(start, length('3'))
    return (chunk for chunk in (b'he', b'llo', b'more'))


@app
def length_under_write(environ, start):
    write = ok(start, length('3'))
    write(b'he')
    write(b'llo')
    return []


@app
def length_zero_body(environ, start):
    ok(start, length('0'))
    return [b'hello']


# ---- headers and statuses --------------------------------------------------

def query_pairs(environ):
    for pair in environ['QUERY_STRING'].split('&'):
        key, _, value = pair.partition('=')
        yield key, unquote(value, encoding='latin-1')


def asked_for(environ):
    """The status, headers, chunks and flags that a query asks for."""
    pairs = [pair for pair in query_pairs(environ)]
    status = ''.join(value for key, value in pairs if key == 's') or '200 OK'
    headers = [tuple(value.split('|', 1)) for key, value in pairs if key == 'h']
    chunks = [value.encode('latin-1') for key, value in pairs if key == 'b']
    return status, headers, chunks, {key for key, _ in pairs}


@app
def respond(environ, start):
    status, headers, chunks, flags = asked_for(environ)
    write = start('' if 'empty_status' in flags else status, headers)
    if 'write' in flags:
        for chunk in chunks:
            write(chunk)
        return []
    return iter(chunks) if 'generator' in flags else chunks


@app
def respond_caught(environ, start):
    status, headers, chunks, _ = asked_for(environ)
    try:
        start(status, headers)
    except Exception:
        start('200 Refused', [TEXT])
        return [b'refused']
    return chunks


@app
def snowman_header(environ, start):
    start('200 OK', [TEXT, ('X-Snowman', '\u2603')])
    return [b'body']


@app
def snowman_name(environ, start):
    start('200 OK', [TEXT, ('X-\u2603', 'snowman')])
    return [b'body']


@app
def snowman_status(environ, start):
    start('200 \u2603', [TEXT])
    return [b'body']


@app
def latin1_header(environ, start):
    start('200 D\xe9j\xe0 vu', [TEXT, ('X-Latin', 'caf\xe9 \xff')])
    return [b'body']


@app
def date_of_mine(environ, start):
    ok(start, ('Date', 'Thu, 01 Jan 1970 00:00:00 GMT'))
    return [b'body']


@app
def server_of_mine(environ, start):
    ok(start, ('Server', 'mine/1.0'))
    return [b'body']


@app
def says_close(environ, start):
    ok(start, ('Connection', 'close'))
    return [b'body']


@app
def says_keep_alive(environ, start):
    ok(start, ('Connection', 'keep-alive'))
    return [b'body']


@app
def says_chunked(environ, start):
    ok(start, ('Transfer-Encoding', 'chunked'))
    return (chunk for chunk in (b'one', b'two'))


@app
def length_twice_same(environ, start):
    ok(start, length('5'), length('5'))
    return [b'hello']


@app
def length_twice_different(environ, start):
    ok(start, length('5'), length('3'))
    return [b'hello']


@app
def cookies(environ, start):
    ok(start, ('Set-Cookie', 'a=1'), ('X-Between', 'yes'), ('Set-Cookie', 'b=2'))
    return [environ.get('HTTP_COOKIE', 'no cookie').encode('latin-1')]


@app
def header_list_changed(environ, start):
    headers = [TEXT, ('X-Kept', 'yes')]
    start('200 OK', headers)
    headers.append(('X-Too-Late', 'yes'))
    return [b'body']


# ---- environ, errors, upgrade ----------------------------------------------

def described(value):
    """A string as it is; anything else by its type, and by its text where that is stable."""
    if isinstance(value, str):
        return value
    simple = value is None or isinstance(value, (bool, int, tuple))
    return {'type': type(value).__name__, 'value': repr(value) if simple else None}


def snapshot(environ):
    return {key: described(value) for key, value in environ.items() if key != COUNTERS}


@app
def environ(environ, start):
    body = json.dumps(snapshot(environ), sort_keys=True).encode()
    start('200 OK', [('Content-Type', 'application/json')])
    return [body]


@app
def environ_key(environ, start):
    key = unquote(environ['QUERY_STRING'], encoding='latin-1')
    ok(start)
    return [json.dumps(described(environ[key]) if key in environ else None).encode()]


@app
def environ_spoiled(environ, start):
    for key in ('REQUEST_METHOD', 'SERVER_PROTOCOL', 'PATH_INFO', 'wsgi.input'):
        environ.pop(key)
    environ['SCRIPT_NAME'], environ['X_NEW'] = '/spoiled', 'yes'
    ok(start)
    return [b'spoiled']


@app
def writes_errors(environ, start):
    errors = environ['wsgi.errors']
    errors.write('one line\n')
    errors.writelines(['two\n', 'three\n'])
    errors.flush()
    ok(start)
    return [b'body']


@app
def upgrade(environ, start):
    write = start('101 Switching Protocols', [('Upgrade', 'echo'), ('Connection', 'Upgrade')])
    write(b'')
    for line in iter(environ['wsgi.input'].readline, b''):
        write(b'echo ' + line)
        if line == b'bye\n':
            break
    return []


@app
def upgrade_generator(environ, start):
    start('101 Switching Protocols', [('Upgrade', 'echo'), ('Connection', 'Upgrade')])
    return (chunk for chunk in (b'raw one\n', b'raw two\n'))


@app
def upgrade_list(environ, start):
    start('101 Switching Protocols', [('Upgrade', 'echo'), ('Connection', 'Upgrade')])
    return [b'raw one\n', b'raw two\n']


@app
def upgrade_raises(environ, start):
    write = start('101 Switching Protocols', [('Upgrade', 'echo'), ('Connection', 'Upgrade')])
    write(b'raw one\n')
    raise ValueError('after the upgrade')


@app
def upgrade_closes(environ, start):
    start('101 Switching Protocols', [('Upgrade', 'echo'), ('Connection', 'close')])(b'bye\n')
    return []


@app
def echo_body_and_type(environ, start):
    body = environ['wsgi.input'].read()
    start('200 OK', [('Content-Type', environ.get('CONTENT_TYPE', 'none/none'))])
    return [body]


@app
def stream_long(environ, start):
    """Far more than socket buffers hold, for clients that go away."""
    ok(start)
    return Closing(environ, *[b'x' * 65536] * 512)


@app
def generator_long(environ, start):
    ok(start)
    try:
        for _ in range(512):
            yield b'x' * 65536
    finally:
        count(environ, 'finally')


@app
def write_long(environ, start):
    write = ok(start)
    try:
        for _ in range(512):
            write(b'x' * 65536)
    finally:
        count(environ, 'finally')
    return []
