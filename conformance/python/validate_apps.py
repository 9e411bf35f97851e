#!/usr/bin/python3
"""Applications, and servers, that break PEP 3333, held against the real wsgiref.validate.

    validate_apps.py --out DIR      writes validate.json
"""
import argparse
import contextlib
import gc
import io
import os
import re
import sys
import warnings
from wsgiref.validate import validator

import record

TEXT = ('Content-Type', 'text/plain')
CASES = []
ADDRESS = re.compile(r'0x[0-9a-f]+')
MODULE = re.compile(r'\b(__main__|validate_apps)\.')


def case(kind, wrong, go=True, environ=None, drive='properly', **more):
    """Registers an application. wrong is what is wrong with it, or with how it is served."""
    def register(function):
        CASES.append({'name': function.__name__, 'kind': kind, 'wrong': wrong, 'go': go, 'app': function,
                      'environ': environ or {}, 'drive': drive, **more})
        return function
    return register


def fine(environ, start):
    start('200 OK', [TEXT])
    return [b'body']


# ---- well-behaved ----------------------------------------------------------

@case('good', '')
def good_list(environ, start):
    return fine(environ, start)


@case('good', '')
def good_generator(environ, start):
    start('200 OK', [TEXT])
    yield b'one'
    yield b'two'


@case('good', '')
def good_write(environ, start):
    start('200 OK', [TEXT])(b'written')
    return []


@case('good', '')
def good_input(environ, start):
    source = environ['wsgi.input']
    parts = [source.read(2), source.readline(), source.readline(3), *source.readlines(), *source]
    start('200 OK', [TEXT])
    return [b''.join(parts)]


@case('good', '')
def good_errors(environ, start):
    errors = environ['wsgi.errors']
    errors.write('one\n')
    errors.writelines(['two\n'])
    errors.flush()
    return fine(environ, start)


@case('good', '')
def good_exc_info(environ, start):
    start('200 OK', [TEXT])
    try:
        raise ValueError('met')
    except ValueError:
        start('500 Oops', [TEXT], sys.exc_info())
    return [b'body']


@case('good', '')
def good_no_content(environ, start):
    start('204 No Content', [])
    return []


@case('good', '', environ={'SCRIPT_NAME': '/app', 'PATH_INFO': ''})
def good_mounted(environ, start):
    return fine(environ, start)


# ---- calling start_response ------------------------------------------------

@case('start', 'start_response is never called, the body has a chunk')
def start_never(environ, start):
    return [b'body']


@case('start', 'start_response is never called, the body is empty')
def start_never_empty(environ, start):
    return []


@case('start', 'the generator yields before start_response')
def start_late(environ, start):
    yield b'early'
    start('200 OK', [TEXT])


@case('start', 'the generator yields an empty chunk before start_response')
def start_late_empty(environ, start):
    yield b''
    start('200 OK', [TEXT])
    yield b'body'


@case('start', 'start_response is called twice without exc_info')
def start_twice(environ, start):
    start('200 OK', [TEXT])
    start('201 Created', [TEXT])
    return [b'body']


@case('start', 'start_response is called again after a chunk, without exc_info')
def start_after_chunk(environ, start):
    start('200 OK', [TEXT])
    yield b'one'
    start('201 Created', [TEXT])
    yield b'two'


@case('start', 'start_response gets one argument', go=False)
def start_one_argument(environ, start):
    start('200 OK')
    return []


@case('start', 'start_response gets no argument', go=False)
def start_no_argument(environ, start):
    start()
    return []


@case('start', 'start_response gets four arguments', go=False)
def start_four_arguments(environ, start):
    start('200 OK', [TEXT], None, None)
    return []


@case('start', 'start_response gets keyword arguments', go=False)
def start_keywords(environ, start):
    start('200 OK', headers=[TEXT])
    return []


@case('start', 'exc_info is no tuple', go=False)
def exc_info_no_tuple(environ, start):
    start('200 OK', [TEXT], ValueError('met'))
    return []


@case('start', 'exc_info is an empty tuple', go=False)
def exc_info_empty(environ, start):
    start('200 OK', [TEXT], ())
    return []


@case('start', 'exc_info is given on the first call')
def exc_info_first(environ, start):
    start('200 OK', [TEXT], (ValueError, ValueError('met'), None))
    return [b'body']


# ---- statuses and headers --------------------------------------------------

def bad_status(name, status, wrong, go=True):
    def app(environ, start):
        start(status, [TEXT])
        return [b'body']
    app.__name__ = name
    case('status', wrong, go=go, status=shown(status))(app)


def bad_headers(name, headers, wrong, go=True, status='200 OK'):
    def app(environ, start):
        start(status, headers)
        return []
    app.__name__ = name
    pairs = headers if go else None
    case('headers', wrong, go=go, status=status, headers=pairs)(app)


def shown(value):
    return value if isinstance(value, str) else None


for status_row in [
        ('status_bytes', b'200 OK', 'the status is bytes', False),
        ('status_int', 200, 'the status is an int', False),
        ('status_none', None, 'the status is None', False),
        ('status_no_reason', '200', 'a status without a reason'),
        ('status_no_reason_but_space', '200 ', 'a status with a space and no reason'),
        ('status_two_digits', '20 OK', 'a status of two digits'),
        ('status_four_digits', '2000 OK', 'a status of four digits'),
        ('status_word', 'abc OK', 'a status that is no number'),
        ('status_below_100', '099 Low', 'a status below 100'),
        ('status_empty', '', 'an empty status'),
        ('status_blank', '   ', 'a blank status'),
        ('status_leading_space', ' 200 OK', 'a space before the status'),
        ('status_tab', '200\tOK', 'a tab after the code'),
        ('status_no_space', '200OK', 'no space after the code'),
        ('status_plus', '+20 OK', 'a sign in the code'),
        ('status_newline', '200 OK\n', 'a newline in the status'),
        ('status_crlf_injection', '200 OK\r\nX-A: b', 'a header injected by the status'),
        ('status_nul', '200 O\x00K', 'NUL in the reason'),
        ('status_high', '999 High', 'a status of 999'),
        ('status_two_spaces', '200  OK', 'two spaces after the code')]:
    bad_status(*status_row)

for header_row in [
        ('headers_tuple', (TEXT,), 'the headers are a tuple', False),
        ('headers_dict', {'Content-Type': 'text/plain'}, 'the headers are a dict', False),
        ('headers_none', None, 'the headers are None', False),
        ('header_list', [['Content-Type', 'text/plain']], 'a header is a list', False),
        ('header_three', [('Content-Type', 'text/plain', 'x')], 'a header has three parts', False),
        ('header_name_bytes', [TEXT, (b'X-A', 'b')], 'a header name is bytes', False),
        ('header_value_bytes', [TEXT, ('X-A', b'b')], 'a header value is bytes', False),
        ('header_value_int', [TEXT, ('X-A', 1)], 'a header value is an int', False),
        ('header_status', [TEXT, ('Status', '200')], 'a header named Status'),
        ('header_status_lower', [TEXT, ('status', '200')], 'a header named status'),
        ('header_name_colon', [TEXT, ('X:A', 'b')], 'a colon in a name'),
        ('header_name_newline', [TEXT, ('X\nA', 'b')], 'a newline in a name'),
        ('header_name_trailing_newline', [TEXT, ('X-A\n', 'b')], 'a newline at the end of a name'),
        ('header_name_cr', [TEXT, ('X\rA', 'b')], 'a carriage return in a name'),
        ('header_name_space', [TEXT, ('X A', 'b')], 'a space in a name'),
        ('header_name_empty', [TEXT, ('', 'b')], 'an empty name'),
        ('header_name_trailing_dash', [TEXT, ('X-A-', 'b')], 'a name that ends in a dash'),
        ('header_name_trailing_underscore', [TEXT, ('X_A_', 'b')], 'a name that ends in an underscore'),
        ('header_name_underscore', [TEXT, ('X_A', 'b')], 'an underscore in a name'),
        ('header_name_digit_first', [TEXT, ('1X', 'b')], 'a name that begins with a digit'),
        ('header_name_dash_first', [TEXT, ('-X', 'b')], 'a name that begins with a dash'),
        ('header_name_dot', [TEXT, ('X.A', 'b')], 'a dot in a name (a token by RFC 9110)'),
        ('header_name_latin1', [TEXT, ('X-\xe9', 'b')], 'a latin-1 letter in a name'),
        ('header_name_nul', [TEXT, ('X\x00A', 'b')], 'NUL in a name'),
        ('header_value_newline', [TEXT, ('X-A', 'a\nb')], 'a newline in a value'),
        ('header_value_cr', [TEXT, ('X-A', 'a\rb')], 'a carriage return in a value'),
        ('header_value_nul', [TEXT, ('X-A', 'a\x00b')], 'NUL in a value'),
        ('header_value_tab', [TEXT, ('X-A', 'a\tb')], 'a tab in a value'),
        ('header_value_escape', [TEXT, ('X-A', 'a\x1bb')], 'an escape in a value'),
        ('header_value_delete', [TEXT, ('X-A', 'a\x7fb')], 'DEL in a value'),
        ('header_value_c1', [TEXT, ('X-A', 'a\x85b')], 'a C1 control character in a value'),
        ('header_value_snowman', [TEXT, ('X-A', '\u2603')], 'a value beyond latin-1'),
        ('content_type_missing', [('X-A', 'b')], 'no Content-Type'),
        ('content_type_missing_no_headers', [], 'no headers at all'),
        ('content_type_twice', [TEXT, TEXT], 'Content-Type given twice'),
        ('content_length_word', [TEXT, ('Content-Length', 'abc')], 'Content-Length is no number'),
        ('content_length_negative', [TEXT, ('Content-Length', '-1')], 'Content-Length is negative'),
        ('content_length_wrong', [TEXT, ('Content-Length', '5')], 'Content-Length is not what the body has'),
        ('hop_by_hop_connection', [TEXT, ('Connection', 'close')], 'a hop-by-hop header: Connection'),
        ('hop_by_hop_transfer_encoding', [TEXT, ('Transfer-Encoding', 'chunked')], 'a hop-by-hop header: Transfer-Encoding')]:
    bad_headers(*header_row)

bad_headers('content_type_with_204', [TEXT], 'Content-Type with 204', status='204 No Content')
bad_headers('content_type_with_304', [TEXT], 'Content-Type with 304', status='304 Not Modified')
bad_headers('content_type_missing_304', [], '', status='304 Not Modified')
bad_headers('content_type_missing_301', [('Location', '/')], 'no Content-Type with 301', status='301 Moved')


# ---- bodies ----------------------------------------------------------------

def returns(name, body, wrong, go=False, **more):
    def app(environ, start):
        start('200 OK', [TEXT])
        return body() if callable(body) else body
    app.__name__ = name
    case('body', wrong, go=go, **more)(app)


returns('body_none', None, 'the application returns nothing', go=True)
returns('body_false', False, 'the body is False')
returns('body_str', 'body', 'the body is a str')
returns('body_bytes', b'body', 'the body is bytes, to be iterated by byte')
returns('body_int', 5, 'the body cannot be iterated')
returns('body_chunk_str', ['body'], 'a chunk is a str')
returns('body_chunk_int', [5], 'a chunk is an int')
returns('body_chunk_none', [None], 'a chunk is None')
returns('body_chunk_bytearray', [bytearray(b'body')], 'a chunk is a bytearray')
returns('never_closed', [b'body'], 'the server never closes the body', go=True, drive='without_close')
returns('closed_by_server', [b'body'], '', go=True)
returns('iterated_after_close', [b'one', b'two'], 'the server goes on after close', go=True, drive='after_close')
returns('closed_twice', [b'one'], 'the server closes twice', go=True, drive='close_twice')
returns('closed_early', [b'one', b'two'], '', go=True, drive='close_early')


@case('write', 'write gets a str', go=False)
def write_str(environ, start):
    start('200 OK', [TEXT])('text')
    return []


@case('write', 'write gets a bytearray', go=False)
def write_bytearray(environ, start):
    start('200 OK', [TEXT])(bytearray(b'text'))
    return []


# ---- input and errors ------------------------------------------------------

def uses(name, key, use, wrong, go=True):
    def app(environ, start):
        use(environ['wsgi.' + key])
        return fine(environ, start)
    app.__name__ = name
    case(key, wrong, go=go)(app)


uses('input_read_no_argument', 'input', lambda source: source.read(), 'read() without a size', go=False)
uses('input_read_two_arguments', 'input', lambda source: source.read(1, 2), 'read() with two sizes', go=False)
uses('input_readline_two_arguments', 'input', lambda source: source.readline(1, 2), 'readline() with two sizes', go=False)
uses('input_readlines_two_arguments', 'input', lambda source: source.readlines(1, 2), 'readlines() with two sizes', go=False)
uses('input_read_negative', 'input', lambda source: source.read(-1), 'read(-1)')
uses('input_close', 'input', lambda source: source.close(), 'the input is closed')
uses('input_seek', 'input', lambda source: source.seek(0), 'the input is sought', go=False)
uses('errors_write_bytes', 'errors', lambda errors: errors.write(b'text'), 'bytes are written to errors', go=False)
uses('errors_write_int', 'errors', lambda errors: errors.write(5), 'an int is written to errors', go=False)
uses('errors_writelines_bytes', 'errors', lambda errors: errors.writelines([b'text']), 'bytes are written to errors by writelines', go=False)
uses('errors_close', 'errors', lambda errors: errors.close(), 'errors is closed')


# ---- environs --------------------------------------------------------------

ABSENT = object()


class StrangeDict(dict):
    pass


class NoRead:
    def readline(self):
        return b''


class TextInput(io.StringIO):
    pass


def serves(name, changes, wrong, go=True, app=fine):
    def wrapped(environ, start):
        return app(environ, start)
    wrapped.__name__ = name
    case('environ', wrong, go=go, environ=changes)(wrapped)


for missing in ['REQUEST_METHOD', 'SERVER_NAME', 'SERVER_PORT', 'QUERY_STRING', 'SERVER_PROTOCOL', 'SCRIPT_NAME', 'wsgi.version', 'wsgi.input',
                'wsgi.errors', 'wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once', 'wsgi.url_scheme']:
    serves('missing_' + missing.replace('.', '_').lower(), {missing: ABSENT}, 'no ' + missing)

serves('missing_path_and_script', {'PATH_INFO': ABSENT, 'SCRIPT_NAME': ''}, 'no PATH_INFO, SCRIPT_NAME empty')
serves('missing_path_with_script', {'PATH_INFO': ABSENT, 'SCRIPT_NAME': '/app'}, 'no PATH_INFO, which PEP 3333 allows here')
serves('empty_path_and_script', {'PATH_INFO': '', 'SCRIPT_NAME': ''}, 'PATH_INFO and SCRIPT_NAME both empty')
serves('script_name_slash', {'SCRIPT_NAME': '/'}, 'SCRIPT_NAME is /')
serves('script_name_no_slash', {'SCRIPT_NAME': 'app'}, 'SCRIPT_NAME does not begin with /')
serves('script_name_trailing_slash', {'SCRIPT_NAME': '/app/'}, 'SCRIPT_NAME ends with /')
serves('path_info_no_slash', {'PATH_INFO': 'path'}, 'PATH_INFO does not begin with /')
serves('path_info_star', {'PATH_INFO': '*', 'REQUEST_METHOD': 'OPTIONS'}, 'PATH_INFO is *')
serves('http_content_type', {'HTTP_CONTENT_TYPE': 'text/plain'}, 'HTTP_CONTENT_TYPE is there')
serves('http_content_length', {'HTTP_CONTENT_LENGTH': '5'}, 'HTTP_CONTENT_LENGTH is there')
serves('content_length_negative_in_environ', {'CONTENT_LENGTH': '-5'}, 'CONTENT_LENGTH is negative')
serves('content_length_word_in_environ', {'CONTENT_LENGTH': 'abc'}, 'CONTENT_LENGTH is no number')
serves('content_length_empty_in_environ', {'CONTENT_LENGTH': ''}, '')
serves('method_unknown', {'REQUEST_METHOD': 'BREW'}, 'an unknown REQUEST_METHOD')
serves('method_lower', {'REQUEST_METHOD': 'get'}, 'a REQUEST_METHOD in lower case')
serves('method_empty', {'REQUEST_METHOD': ''}, 'an empty REQUEST_METHOD')
serves('method_connect', {'REQUEST_METHOD': 'CONNECT'}, 'REQUEST_METHOD CONNECT')
serves('method_patch', {'REQUEST_METHOD': 'PATCH'}, '')
serves('version_list', {'wsgi.version': [1, 0]}, 'wsgi.version is a list')
serves('version_string', {'wsgi.version': '1.0'}, 'wsgi.version is a string')
serves('version_other', {'wsgi.version': (2, 0)}, 'wsgi.version is (2, 0)')
serves('scheme_unknown', {'wsgi.url_scheme': 'ftp'}, 'wsgi.url_scheme is ftp')
serves('scheme_upper', {'wsgi.url_scheme': 'HTTP'}, 'wsgi.url_scheme is HTTP')
serves('value_int', {'SERVER_PORT': 80}, 'SERVER_PORT is an int')
serves('value_none', {'HTTP_X': None}, 'a header variable is None')
serves('value_bytes', {'HTTP_X': b'x'}, 'a header variable is bytes')
serves('value_of_extension', {'my.extension': 5}, '')
serves('value_of_key_without_dot', {'MINE': 5}, 'a variable without a dot is no string')
serves('input_without_methods', {'wsgi.input': NoRead()}, 'wsgi.input lacks methods', go=False)
serves('input_of_text', {'wsgi.input': TextInput('text')}, 'wsgi.input gives str', go=False, app=good_input)
serves('input_none', {'wsgi.input': None}, 'wsgi.input is None')
serves('errors_none', {'wsgi.errors': None}, 'wsgi.errors is None')
serves('errors_without_methods', {'wsgi.errors': object()}, 'wsgi.errors lacks methods', go=False)
serves('multithread_string', {'wsgi.multithread': 'yes'}, 'wsgi.multithread is no bool')
serves('environ_subclass', {'class': StrangeDict}, 'the environ is a subclass of dict', go=False)


# ---- driving ---------------------------------------------------------------

def environ_for(changes):
    environ = {'REQUEST_METHOD': 'GET', 'SCRIPT_NAME': '', 'PATH_INFO': '/', 'QUERY_STRING': '', 'SERVER_NAME': 'localhost', 'SERVER_PORT': '80',
               'SERVER_PROTOCOL': 'HTTP/1.1', 'HTTP_HOST': 'localhost', 'wsgi.version': (1, 0), 'wsgi.url_scheme': 'http',
               'wsgi.input': io.BytesIO(b'some\nlines\nof\ninput'), 'wsgi.errors': io.StringIO(), 'wsgi.multithread': False,
               'wsgi.multiprocess': False, 'wsgi.run_once': False}
    kind = changes.get('class', dict)
    environ.update({key: value for key, value in changes.items() if key != 'class'})
    return kind((key, value) for key, value in environ.items() if value is not ABSENT)


def start_nothing(*arguments):
    return lambda data: None


def properly(body):
    try:
        for _ in body:
            pass
    finally:
        body.close()


def without_close(body):
    for _ in body:
        pass


def after_close(body):
    next(body)
    body.close()
    next(body)


def close_twice(body):
    properly(body)
    body.close()


def close_early(body):
    next(body)
    body.close()


DRIVERS = {function.__name__: function for function in [properly, without_close, after_close, close_twice, close_early]}


def verdict(item):
    """What wsgiref says: an exception while serving, one while collecting garbage, a warning, or nothing."""
    unraisable, noise = [], io.StringIO()
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stderr(noise), collecting(unraisable):
        warnings.simplefilter('always')
        raised = serve(item)
        gc.collect()
    if raised:
        return {'caught': True, 'by': type(raised).__name__, 'gist': gist(str(raised))}
    if unraisable:
        return {'caught': True, 'by': 'garbage collection', 'gist': gist(unraisable[0])}
    if warned:
        return {'caught': True, 'by': 'warning', 'gist': gist(str(warned[0].message))}
    return {'caught': False, 'by': None, 'gist': ''}


def serve(item):
    try:
        body = validator(item['app'])(environ_for(item['environ']), start_nothing)
        DRIVERS[item['drive']](body)
    except Exception as error:
        return error.with_traceback(None)


@contextlib.contextmanager
def collecting(found):
    before = sys.unraisablehook
    sys.unraisablehook = lambda caught: found.append(str(caught.exc_value))
    try:
        yield
    finally:
        sys.unraisablehook = before


def gist(text):
    """Enough to recognise the check by."""
    return MODULE.sub('', ADDRESS.sub('0x', text))[:70]


def vector(item):
    kept = ('name', 'kind', 'wrong', 'go', 'drive')
    changes = {key: described(value) for key, value in item['environ'].items()}
    details = {key: item[key] for key in ('status', 'headers') if item.get(key) is not None}
    return {**{key: item[key] for key in kept}, **details, 'environ': changes, **verdict(item)}


def described(value):
    if value is ABSENT:
        return {'absent': True}
    if isinstance(value, str):
        return value
    simple = value is None or isinstance(value, (int, tuple, list, bytes))
    return {'type': type(value).__name__, 'value': repr(value) if simple else None}


def write(directory):
    vectors = [vector(item) for item in CASES]
    record.write_json(directory, 'validate', {'python': record.versions()['python'], 'vectors': vectors})
    return len(vectors), sum(item['caught'] for item in vectors)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--out', required=True)
    directory = parser.parse_args().out
    os.makedirs(directory, exist_ok=True)
    print('%d cases, %d caught' % write(directory))


if __name__ == '__main__':
    main()
