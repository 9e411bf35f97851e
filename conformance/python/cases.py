#!/usr/bin/python3
"""The raw requests. Run it to write requests.json; README.md gives the format."""
import json
import re
from urllib.parse import quote

import apps

CASES = []
NAMES = set()
RUN = re.compile(r'(.)\1{63,}', re.DOTALL)

HALF_CLOSE = {'half_close': True}
CLOSE = {'close': True}


def after(text):
    return {'await': text}


def answered(number):
    return {'await_responses': number}


# ---- building --------------------------------------------------------------

class Request(str):
    """The text of one request, which knows its method and application."""
    method = app = None


def request(app, target='/', *headers, method='GET', version='HTTP/1.1', body='', host='example.test'):
    lines = ['%s %s %s' % (method, target, version), 'X-App: ' + app]
    lines += ['Host: ' + host] if host is not None else []
    text = Request('\r\n'.join([*lines, *headers, '', '']) + body)
    text.method, text.app = method, app
    return text


def post(app, body, *headers, target='/', **more):
    return request(app, target, 'Content-Length: %d' % len(body), *headers,
                   body=body, **{'method': 'POST', **more})


def chunked(app, *chunks, headers=(), target='/', tail='0\r\n\r\n', **more):
    body = ''.join('%x\r\n%s\r\n' % (len(chunk), chunk) for chunk in chunks) + tail
    return request(app, target, 'Transfer-Encoding: chunked', *headers,
                   body=body, **{'method': 'POST', **more})


def raw_body(app, body, *headers, **more):
    return request(app, '/', *headers, body=body, **{'method': 'POST', **more})


def case(category, name, *parts, methods=None):
    """Neighbouring texts go out in one send; dicts are steps of their own."""
    assert name not in NAMES, name
    NAMES.add(name)
    requests = [part for part in parts if isinstance(part, Request)]
    CASES.append({'name': name, 'category': category, 'apps': [part.app for part in requests],
                  'methods': methods or [part.method for part in requests], 'steps': steps_of(parts)})


def steps_of(parts):
    steps, text = [], ''
    for part in [*parts, None]:
        if isinstance(part, str):
            text += part
            continue
        if text:
            steps.append({'send': compressed(text)})
            text = ''
        if part is not None:
            steps.append(part)
    return steps


def spelt(text):
    """A text as it may stand in a name."""
    return '"%s"' % text.encode('unicode_escape').decode('ascii')


def compressed(text):
    """The text itself, or a list in which long runs of one character are {"repeat", "times"}."""
    pieces, at = [], 0
    for run in RUN.finditer(text):
        pieces += [text[at:run.start()]] if run.start() > at else []
        pieces.append({'repeat': run.group(1), 'times': len(run.group())})
        at = run.end()
    pieces += [text[at:]] if at < len(text) else []
    return text if pieces == [text] or not pieces else pieces


def sent_bytes(send):
    pieces = [send] if isinstance(send, str) else send
    texts = [piece if isinstance(piece, str) else piece['repeat'] * piece['times'] for piece in pieces]
    return ''.join(texts).encode('latin-1')


def query(*pairs, flags=()):
    """A query for the apps respond and respond_caught."""
    return '/?' + '&'.join(['%s=%s' % (key, quote(value.encode('latin-1'), safe='')) for key, value in pairs]
                           + [flag + '=' for flag in flags])


PLAIN = request('plain')


# ---- every application in every form ---------------------------------------

INPUT_APPS = ['read_all', 'read_five', 'read_minus', 'read_zero', 'read_pieces', 'read_past_end', 'read_count',
              'read_mixed', 'readline_one', 'readline_all', 'readline_four', 'readline_edges', 'readlines',
              'readlines_hint', 'input_lines', 'read_after_start', 'read_after_bytes', 'read_partial_after_bytes',
              'echo_stream', 'echo_lines', 'read_error_answered', 'read_error_ignored', 'read_error_again',
              'echo_body_and_type']

ELSEWHERE = {'respond', 'respond_caught', 'environ', 'environ_key', 'upgrade', 'upgrade_generator', 'upgrade_list',
             'upgrade_raises', 'upgrade_closes', 'stream_long', 'write_long', 'generator_long', 'counters', *INPUT_APPS}

IMPORTANT = ['plain', 'list_empty', 'list_chunks', 'generator', 'generator_empty', 'lazy_start', 'write_only',
             'write_list', 'write_empty_first', 'list_length', 'generator_length', 'closing', 'no_content',
             'not_modified', 'raises_first', 'raises_after_start', 'raises_after_bytes', 'unstarted',
             'unstarted_empty', 'restart', 'length_over_list', 'length_under_list', 'close_raises']


def application_cases():
    for name in apps.APPS:
        if name not in ELSEWHERE:
            case('apps', name, request(name))
    for name in IMPORTANT:
        case('apps_http10', name + '__http10', request(name, version='HTTP/1.0'))
        case('apps_http10', name + '__http10_keep_alive',
             request(name, '/', 'Connection: keep-alive', version='HTTP/1.0'))
        case('apps_head', name + '__head', request(name, method='HEAD'))
        case('apps_keep_alive', name + '__then_plain', request(name), answered(1), PLAIN)
        case('apps_keep_alive', name + '__close', request(name, '/', 'Connection: close'))
    for name in ['head_aware_list', 'head_aware_generator', 'no_content_body', 'write_length', 'big', 'not_modified_typed']:
        case('apps_head', name + '__head', request(name, method='HEAD'))
    for name in ['latin1_header', 'cookies', 'generator_length']:
        case('apps_keep_alive', name + '__pipelined_twice', request(name), request(name))


def failing_then_plain():
    """After which failures does the connection go on?"""
    for name in ['closing_unstarted_empty', 'raises_after_bytes_length', 'raises_after_full_length',
                 'raises_after_empty_write', 'raises_broken_pipe', 'length_over_generator', 'length_under_generator',
                 'close_raises_length', 'close_raises_empty', 'no_content_body', 'no_content_length_caught',
                 'restart_after_bytes_caught', 'start_twice_after_bytes', 'says_close', 'says_keep_alive',
                 'length_twice_different', 'says_chunked', 'not_modified_generator_body', 'environ_spoiled',
                 'raises_in_generator_unstarted', 'start_refused_ignored', 'none_body', 'snowman_header']:
        case('apps_keep_alive', name + '__then_plain', request(name), answered(1), PLAIN)
    for name in ['closing', 'closing_raises_midway', 'closing_unstarted', 'close_raises', 'closing_length']:
        case('apps_keep_alive', name + '__then_counters', request(name), answered(1), request('counters'))


# ---- reading the input -----------------------------------------------------

TEXT = 'alpha\nbeta\n\ngamma'
PARTS = ('al', 'pha\nbe', 'ta\n', '\ngam', 'ma')


def input_cases():
    for name in INPUT_APPS:
        case('input', name + '__length', post(name, TEXT))
        case('input', name + '__chunked', chunked(name, *PARTS))
        case('input', name + '__no_body', request(name, method='POST'))
        case('input_truncated', name + '__length_truncated',
             raw_body(name, TEXT, 'Content-Length: 30'), HALF_CLOSE)
        case('input_truncated', name + '__chunked_truncated',
             chunked(name, 'al', 'pha\n', tail='9\r\nbeta'), HALF_CLOSE)


def more_input_cases():
    case('input', 'post_unread', post('plain', TEXT), PLAIN)
    case('input', 'post_unread_chunked', chunked('plain', *PARTS), PLAIN)
    case('input', 'post_partly_read', post('read_five', TEXT), PLAIN)
    case('input', 'post_partly_read_chunked', chunked('read_five', *PARTS), PLAIN)
    case('input', 'post_read_then_plain', post('read_all', TEXT), PLAIN)
    case('input', 'post_read_after_bytes_then_plain', post('read_after_bytes', TEXT), PLAIN)
    case('input', 'post_partial_after_bytes_then_plain', post('read_partial_after_bytes', TEXT), PLAIN)
    case('input', 'post_big', post('read_count', 'x' * 300000))
    case('input', 'post_big_unread', post('plain', 'x' * 300000), PLAIN)
    case('input', 'post_big_unread_close', post('plain', 'x' * 300000, 'Connection: close'))
    case('input', 'post_big_chunked', chunked('read_count', *['x' * 70000] * 4))
    case('input', 'post_big_app_raises', post('raises_first', 'x' * 300000))
    case('input', 'get_with_body', post('read_all', TEXT, method='GET'))
    case('input', 'delete_with_body', post('read_all', TEXT, method='DELETE'))
    case('input', 'http10_length', post('read_all', TEXT, version='HTTP/1.0'))
    case('input', 'http10_no_length', raw_body('read_all', TEXT, version='HTTP/1.0'), HALF_CLOSE)
    case('input', 'http11_no_length', raw_body('read_all', TEXT), HALF_CLOSE, methods=['POST', 'GET'])
    case('input', 'length_zero', post('read_all', ''), PLAIN)
    case('input', 'body_in_two_sends', raw_body('read_all', TEXT[:6], 'Content-Length: %d' % len(TEXT)),
         answered(1), TEXT[6:])
    case('input', 'line_over_many_chunks', chunked('readline_all', 'a', 'b', 'c\nd', 'e\n', 'f'))
    case('input', 'line_longer_than_limit', post('readline_four', 'abcdefghij\nkl\n'))
    case('input', 'binary', post('echo_body_and_type', bytes(range(256)).decode('latin-1'),
                                 'Content-Type: application/octet-stream'))
    lockstep_cases()


def lockstep_cases():
    """Each chunk goes out before the next line is asked for."""
    lines = ['one\n', 'two\n', 'three\n']
    case('input', 'echo_lines_lockstep_length',
         raw_body('echo_lines', '', 'Content-Length: 14'), after('ready\n'),
         lines[0], after('echo one\n'), lines[1], after('echo two\n'), lines[2])
    case('input', 'echo_lines_lockstep_chunked',
         raw_body('echo_lines', '', 'Transfer-Encoding: chunked'), after('ready\n'),
         '4\r\none\n\r\n', after('echo one\n'), '4\r\ntwo\n\r\n', after('echo two\n'), '0\r\n\r\n')
    case('input', 'echo_stream_lockstep',
         raw_body('echo_stream', 'abcd', 'Content-Length: 10'), after('abcd'), 'efgh', after('efgh'), 'ij')


# ---- start_response's arguments --------------------------------------------

STATUSES = ['200', '200 ', '200  Two', '299 Custom Reason', '999 X', '1000 X', 'abc', '99 Low', '', ' 200 OK', '+200 OK',
            '-200 OK', '2_00 OK', '0200 OK', '200OK', '20 OK', '100 Continue', '102 Processing', '103 Early Hints',
            '199 Odd', '205 Reset Content', '404 ', '426 Upgrade Required', '500 \xe9', '200\tOK', '200 \t', '200 OK ',
            '200 O\x00K', '200 O\rK', '200 O\nK', '200 OK\r\nX-Injected: yes', '200 O\x7fK', '200 O\x01K', '2\xb20 OK']

HEADERS = [
    ('cr_in_value', 'X-A|a\rb'), ('lf_in_value', 'X-A|a\nb'), ('crlf_in_value', 'X-A|a\r\nX-Injected: yes'),
    ('nul_in_value', 'X-A|a\x00b'), ('tab_in_value', 'X-A|a\tb'), ('escape_in_value', 'X-A|a\x1bb'),
    ('delete_in_value', 'X-A|a\x7fb'), ('c1_in_value', 'X-A|a\x85b'), ('folded_value', 'X-A|a\r\n b'),
    ('trailing_lf', 'X-A|a\n'), ('leading_space', 'X-A|  a'), ('trailing_space', 'X-A|a  '), ('empty_value', 'X-A|'),
    ('latin1_value', 'X-A|caf\xe9'), ('cr_in_name', 'X\rA|a'), ('lf_in_name', 'X\nA|a'), ('nul_in_name', 'X\x00A|a'),
    ('space_in_name', 'X A|a'), ('colon_in_name', 'X:A|a'), ('empty_name', '|a'), ('latin1_name', 'X-\xe9|a'),
    ('underscore_name', 'X_A|a'), ('trailing_dash_name', 'X-A-|a'), ('tab_in_name', 'X\tA|a'), ('crlf_in_name', 'X\r\nY|a'),
    ('status_name', 'Status|404'), ('lower_case_name', 'x-lower-case|a'), ('odd_case_name', 'x-ODD-cAsE|a'),
    ('own_date', 'Date|yesterday'), ('own_server', 'Server|mine'), ('own_date_lower', 'date|yesterday'),
    ('connection_close', 'Connection|close'), ('connection_close_upper', 'Connection|Close'),
    ('connection_close_list', 'Connection|x, close'), ('connection_keep_alive', 'Connection|keep-alive'),
    ('connection_upgrade', 'Connection|Upgrade'), ('connection_empty', 'Connection|'),
    ('transfer_encoding', 'Transfer-Encoding|chunked'), ('transfer_encoding_identity', 'Transfer-Encoding|identity'),
    ('keep_alive', 'Keep-Alive|timeout=5'), ('upgrade', 'Upgrade|h2c'), ('trailer', 'Trailer|X-A'), ('te', 'TE|trailers'),
    ('proxy_connection', 'Proxy-Connection|keep-alive'), ('proxy_authenticate', 'Proxy-Authenticate|Basic'),
    ('pragma', 'Pragma|no-cache'), ('location', 'Location|/caf\xc3\xa9'),
    ('length_right', 'Content-Length|4'), ('length_lower', 'content-length|4'), ('length_negative', 'Content-Length|-4'),
    ('length_word', 'Content-Length|four'), ('length_plus', 'Content-Length|+4'), ('length_spaces', 'Content-Length| 4 '),
    ('length_empty', 'Content-Length|'), ('length_hex', 'Content-Length|0x4'), ('length_leading_zero', 'Content-Length|004'),
    ('length_huge', 'Content-Length|99999999999999999999'), ('length_list', 'Content-Length|4, 4'),
    ('length_float', 'Content-Length|4.0'),
]


def respond(*pairs, flags=(), app='respond', **more):
    return request(app, query(*pairs, flags=flags), **more)


def response_head_cases():
    for status in STATUSES:
        case('statuses', 'status ' + spelt(status), respond(('s', status), ('b', 'body'), flags=() if status else ('empty_status',)))
    for name, pair in HEADERS:
        case('response_headers', 'response_' + name, respond(('h', pair), ('b', 'body')))
    for name in ['cr_in_value', 'nul_in_value', 'lf_in_name', 'space_in_name', 'empty_name', 'length_word', 'transfer_encoding',
                 'connection_upgrade', 'length_negative']:
        case('response_headers', 'response_%s__caught' % name,
             respond(('h', dict(HEADERS)[name]), ('b', 'body'), app='respond_caught'))
    for status in ['200 O\nK', 'abc', '99 Low', '2_00 OK', '200']:
        case('statuses', 'status %s caught' % spelt(status), respond(('s', status), ('b', 'body'), app='respond_caught'))
    case('statuses', 'status_100_then_plain', respond(('s', '100 Continue'), ('b', 'body')), PLAIN)
    case('statuses', 'status_205_generator', respond(('s', '205 Reset Content'), flags=('generator',)))


def response_mix_cases():
    many = [('h', 'X-Many|%d' % number) for number in range(5)]
    case('response_headers', 'response_repeated_headers', respond(*many, ('h', 'Vary|a'), ('h', 'Vary|b'), ('b', 'body')))
    case('response_headers', 'response_order', respond(('h', 'Zebra|1'), ('h', 'Apple|2'), ('h', 'Mango|3'), ('b', 'body')))
    case('response_headers', 'response_date_twice', respond(('h', 'Date|one'), ('h', 'Date|two'), ('b', 'body')))
    case('response_headers', 'response_connection_twice',
         respond(('h', 'Connection|keep-alive'), ('h', 'Connection|close'), ('b', 'body')))
    case('response_headers', 'response_long_header', respond(('h', 'X-Long|' + 'v' * 6000), ('b', 'body')))
    case('response_headers', 'response_generator_keep_alive', respond(('h', 'Connection|keep-alive'), ('b', 'a'), flags=('generator',)))
    case('response_headers', 'response_http10_connection_close',
         respond(('h', 'Connection|close'), ('b', 'body'), version='HTTP/1.0'))
    case('response_headers', 'response_http10_connection_keep_alive',
         respond(('h', 'Connection|keep-alive'), ('b', 'body'), version='HTTP/1.0'))
    case('response_headers', 'response_no_type', respond(('b', '<html>')))
    case('response_headers', 'response_write_with_length', respond(('h', 'Content-Length|4'), ('b', 'bo'), ('b', 'dy'), flags=('write',)))
    case('response_headers', 'response_te_and_length',
         respond(('h', 'Transfer-Encoding|chunked'), ('h', 'Content-Length|4'), ('b', 'body')))


# ---- keep-alive and pipelining ---------------------------------------------

def keep_alive_cases():
    case('keep_alive', 'two_in_turn', PLAIN, answered(1), PLAIN)
    case('keep_alive', 'two_pipelined', PLAIN, request('generator'))
    case('keep_alive', 'five_pipelined', PLAIN, request('generator'), post('read_all', TEXT), chunked('read_all', *PARTS),
         request('no_content'))
    case('keep_alive', 'pipelined_split_anywhere', PLAIN[:20], answered(1), PLAIN[20:] + PLAIN[:9], answered(1), PLAIN[9:],
         methods=['GET', 'GET'])
    case('keep_alive', 'close_then_ignored', request('plain', '/', 'Connection: close'), PLAIN)
    case('keep_alive', 'http10_then_ignored', request('plain', version='HTTP/1.0'), PLAIN)
    case('keep_alive', 'http10_keep_alive_twice',
         *[request('plain', '/', 'Connection: keep-alive', version='HTTP/1.0')] * 2)
    case('keep_alive', 'http10_keep_alive_generator_then_plain',
         request('generator', '/', 'Connection: keep-alive', version='HTTP/1.0'), answered(1), PLAIN)
    case('keep_alive', 'http10_between_http11', PLAIN, request('plain', '/', 'Connection: Keep-Alive', version='HTTP/1.0'), PLAIN)
    connections = ['Close', 'CLOSE', 'close, x', 'keep-alive, close', 'Keep-Alive', 'x', '', 'close;x', ' close ']
    for value in connections:
        name = 'connection ' + spelt(value)
        case('keep_alive', name, request('plain', '/', 'Connection: ' + value))
        case('keep_alive', name + ' http10', request('plain', '/', 'Connection: ' + value, version='HTTP/1.0'))
    case('keep_alive', 'connection_twice', request('plain', '/', 'Connection: keep-alive', 'Connection: close'))
    case('keep_alive', 'crlf_between', PLAIN, '\r\n', PLAIN)
    case('keep_alive', 'crlf_between_post_and_get', post('read_all', TEXT), '\r\n', PLAIN)
    case('keep_alive', 'crlf_after', PLAIN, '\r\n')
    case('keep_alive', 'half_close_after_request', PLAIN, HALF_CLOSE)
    case('keep_alive', 'half_close_after_pipeline', PLAIN, request('generator'), HALF_CLOSE)
    case('keep_alive', 'bad_second', PLAIN, 'garbage\r\n\r\n', PLAIN, methods=['GET', 'GET'])
    case('keep_alive', 'head_then_get', request('plain', method='HEAD'), answered(1), PLAIN)
    case('keep_alive', 'error_state_does_not_leak', request('no_content'), request('unstarted'), PLAIN)
    case('keep_alive', 'logged_status_does_not_leak', request('no_content'), answered(1), request('unstarted_empty'))
    case('keep_alive', 'lengths_do_not_leak', request('length_over_list'), PLAIN)
    case('keep_alive', 'date_does_not_leak', request('date_of_mine'), PLAIN)
    case('keep_alive', 'nothing_sent', HALF_CLOSE, methods=['GET'])


# ---- chunked requests ------------------------------------------------------

def chunk_body(name, body, app='read_all', then=True, category='chunked', headers=(), closing=()):
    """A chunked body spelt out; a second request after it shows where the server thinks it ended."""
    first = raw_body(app, body, 'Transfer-Encoding: chunked', *headers)
    case(category, name, first, *([request('plain', '/second')] if then else []), *closing)


def chunked_cases():
    good = '2\r\noh\r\n4\r\n hai\r\n'
    for name, body in [
            ('plain', good + '0\r\n\r\n'), ('upper_hex', 'A\r\n0123456789\r\n0\r\n\r\n'),
            ('lower_hex', 'a\r\n0123456789\r\n0\r\n\r\n'), ('leading_zeros', '0002\r\noh\r\n0\r\n\r\n'),
            ('sixteen_digits', '0000000000000002\r\noh\r\n0\r\n\r\n'),
            ('seventeen_digits', '00000000000000002\r\noh\r\n0\r\n\r\n'),
            ('many_zeros_last', good + '000\r\n\r\n'), ('empty_body', '0\r\n\r\n'),
            ('token_extension', '2;token=oh_hi\r\noh\r\n0\r\n\r\n'), ('quoted_extension', '2;token="oh hi"\r\noh\r\n0\r\n\r\n'),
            ('bare_extension', '2;token\r\noh\r\n0\r\n\r\n'), ('empty_extension', '2;\r\noh\r\n0\r\n\r\n'),
            ('two_extensions', '2;a=1;b=2\r\noh\r\n0\r\n\r\n'), ('extension_with_nul', '2; dirt\0bla\r\noh\r\n0\r\n\r\n'),
            ('extension_with_lf', '2;a\nb\r\noh\r\n0\r\n\r\n'), ('last_chunk_extension', good + '0;last=yes\r\n\r\n'),
            ('space_before_extension', '2 ;a=1\r\noh\r\n0\r\n\r\n'), ('extension_8191', '2;' + 'x' * 8190 + '\r\noh\r\n0\r\n\r\n'),
            ('extension_too_long', '2;' + 'x' * 24000 + '\r\noh\r\n0\r\n\r\n'),
            ('space_before_size', ' 2\r\noh\r\n0\r\n\r\n'), ('space_after_size', '2 \r\noh\r\n0\r\n\r\n'),
            ('tab_after_size', '2\t\r\noh\r\n0\r\n\r\n'), ('no_size', '\r\noh\r\n0\r\n\r\n'), ('only_extension', ';a=1\r\noh\r\n0\r\n\r\n'),
            ('negative', '-2\r\noh\r\n0\r\n\r\n'), ('plus', '+2\r\noh\r\n0\r\n\r\n'), ('prefix_0x', '0x2\r\noh\r\n0\r\n\r\n'),
            ('non_hex', 'zz\r\noh\r\n0\r\n\r\n'), ('underscore', '1_0\r\n0123456789abcdef\r\n0\r\n\r\n'),
            ('lf_only', '2\noh\n0\n\n'), ('lf_after_size', '2\noh\r\n0\r\n\r\n'), ('cr_only', '2\roh\r\n0\r\n\r\n'),
            ('lf_after_data', '2\r\noh\n0\r\n\r\n'), ('data_too_long', '2\r\nohno\r\n0\r\n\r\n'),
            ('data_too_short', '4\r\noh\r\n0\r\n\r\n'), ('no_crlf_after_data', '2\r\noh0\r\n\r\n'),
            ('extra_after_data', '2\r\nohX\r\n0\r\n\r\n'), ('huge_size', 'ffffffffffffffff\r\noh\r\n0\r\n\r\n'),
            ('json_instead', '{"hi": "ho"}'), ('json_and_crlf', '{"hi": "ho"}\r\n'), ('last_without_crlf', good + '0\r\n')]:
        chunk_body('chunked_' + name, body)
    chunk_body('chunked_huge_size_half_close', 'fffffff\r\noh\r\n0\r\n\r\n', then=False, closing=[HALF_CLOSE])
    chunk_body('chunked_data_too_long__echo_stream', '4\r\nabcd\r\n2\r\nohno\r\n0\r\n\r\n', app='echo_stream')
    chunk_body('chunked_data_too_long_first__echo_stream', '2\r\nohno\r\n0\r\n\r\n', app='echo_stream')
    chunk_body('chunked_data_too_short__echo_stream', '4\r\noh\r\n0\r\n\r\n', app='echo_stream')
    chunk_body('chunked_unread__write_between_yields', good + '0\r\n\r\n', app='write_between_yields')
    bad = 'zz\r\noh\r\n0\r\n\r\n'
    for app in ['plain', 'read_five', 'read_after_start', 'read_after_bytes', 'read_error_answered', 'read_error_ignored',
                'read_error_again', 'echo_stream', 'raises_first', 'readline_all']:
        chunk_body('bad_chunk__' + app, bad, app=app)
        chunk_body('bad_second_chunk__' + app, '5\r\nalpha\r\n' + bad, app=app)


def trailer_cases():
    good = '2\r\noh\r\n4\r\n hai\r\n'
    for name, tail in [
            ('one', '0\r\nTrailer1: value1\r\n\r\n'), ('two', '0\r\nTrailer1: value1\r\nTrailer2: value2\r\n\r\n'),
            ('empty_value', '0\r\nTrailer1:\r\n\r\n'), ('no_colon', '0\r\nTrailer1\r\n\r\n'), ('bad_name', '0\r\nTrai ler: 1\r\n\r\n'),
            ('length', '0\r\nContent-Length: 5\r\n\r\n'), ('too_long', '0\r\nT: ' + 't' * 9000 + '\r\n\r\n'),
            ('missing_end', '0\r\nT: 1\r\n'), ('looks_like_request', '0\r\nGET /smuggled HTTP/1.1\r\nX-App: plain\r\n\r\n'),
            ('header_then_request', '0\r\nHeader: v\r\nGET /smuggled HTTP/1.1\r\nX-App: plain\r\n\r\n'),
            ('request_with_colon_first', '0\r\nGETpath2a:123 HTTP/1.1\r\nX-App: plain\r\n\r\n')]:
        chunk_body('trailer_' + name, good + tail, headers=['Trailer: Trailer1'], category='trailers')
        chunk_body('trailer_%s__close' % name, good + tail, headers=['Connection: close'], then=False, category='trailers')
    chunk_body('trailer_unread', good + '0\r\nT: 1\r\n\r\n', app='plain', category='trailers')
    chunk_body('trailer_announced', good + '0\r\nT: 1\r\n\r\n', app='environ', headers=['Trailer: T'], category='trailers')


# ---- truncation ------------------------------------------------------------

def truncation_cases():
    whole = post('read_all', TEXT)
    for name, text in [('in_method', 'GE'), ('after_method', 'GET '), ('in_target', 'GET /pa'), ('in_version', 'GET / HTTP/1'),
                       ('after_line', 'GET / HTTP/1.1\r\n'), ('in_header', 'GET / HTTP/1.1\r\nX-App: pl'),
                       ('before_blank_line', 'GET / HTTP/1.1\r\nX-App: plain\r\n'), ('cr_of_blank_line', 'GET / HTTP/1.1\r\nX-App: plain\r\n\r')]:
        case('truncation', 'truncated_' + name, text, HALF_CLOSE, methods=['GET'])
        case('truncation', 'stalled_' + name, text, methods=['GET'])
    for app in ['plain', 'read_five', 'read_count', 'raises_first', 'generator', 'read_partial_after_bytes']:
        text = raw_body(app, 'alpha\nbe', 'Content-Length: 100')
        case('truncation', 'short_length__' + app, text, HALF_CLOSE)
        case('truncation', 'stalled_length__' + app, text)
    for name, tail in [('in_size', '3'), ('after_size', '3\r\n'), ('in_data', '3\r\nab'), ('after_data', '3\r\nabc'),
                       ('before_last', '3\r\nabc\r\n'), ('in_last', '0'), ('after_last', '0\r\n'), ('last_cr', '0\r\n\r'),
                       ('in_extension', '3;abc'), ('in_trailer', '0\r\nTra')]:
        for app in ['read_all', 'read_error_answered', 'plain']:
            case('truncation', 'short_chunks_%s__%s' % (name, app), chunked(app, 'al', 'pha\n', tail=tail), HALF_CLOSE)
    case('truncation', 'short_body_then_late', whole[:-5], answered(1), whole[-5:], methods=['POST'])


# ---- 100-continue ----------------------------------------------------------

def expect_cases():
    expect = 'Expect: 100-continue'
    size = 'Content-Length: %d' % len(TEXT)
    waits = [after('100 Continue'), TEXT]
    case('expect', 'expect_read', raw_body('read_all', '', expect, size), *waits)
    case('expect', 'expect_read_then_plain', raw_body('read_all', '', expect, size), *waits, answered(1), PLAIN)
    case('expect', 'expect_body_at_once', raw_body('read_all', TEXT, expect, size), PLAIN)
    case('expect', 'expect_unread', raw_body('plain', '', expect, size))
    case('expect', 'expect_unread_no_body_then_plain', raw_body('plain', '', expect, size), answered(1), PLAIN)
    case('expect', 'expect_unread_body_at_once', raw_body('plain', TEXT, expect, size), PLAIN)
    smuggled = request('plain', '/smuggled')
    case('expect', 'expect_unread_body_is_request',
         raw_body('plain', smuggled, expect, 'Content-Length: %d' % len(smuggled)), request('plain', '/second'))
    case('expect', 'expect_read_twice', raw_body('read_pieces', '', expect, size), *waits)
    case('expect', 'expect_read_zero', raw_body('read_zero', '', expect, size), *waits)
    case('expect', 'expect_partly_read', raw_body('read_five', '', expect, size), *waits, PLAIN)
    case('expect', 'expect_chunked', raw_body('read_all', '', expect, 'Transfer-Encoding: chunked'), after('100 Continue'),
         '5\r\nalpha\r\n0\r\n\r\n')
    case('expect', 'expect_chunked_unread', chunked('plain', 'alpha', headers=[expect]), PLAIN)
    case('expect', 'expect_chunked_partly_read', chunked('read_five', 'alphabet', headers=[expect]), PLAIN)
    case('expect', 'expect_no_length', raw_body('read_all', '', expect))
    case('expect', 'expect_length_zero', raw_body('read_all', '', expect, 'Content-Length: 0'))
    case('expect', 'expect_upper_case', raw_body('read_all', '', 'Expect: 100-Continue', size), *waits)
    case('expect', 'expect_other', raw_body('read_all', TEXT, 'Expect: 200-maybe', size), PLAIN)
    case('expect', 'expect_twice', raw_body('read_all', TEXT, expect, expect, size), PLAIN)
    case('expect', 'expect_http10', raw_body('read_all', '', expect, size, version='HTTP/1.0'), *waits)
    case('expect', 'expect_after_start', raw_body('read_after_start', '', expect, size), *waits)
    case('expect', 'expect_after_bytes', raw_body('read_after_bytes', '', expect, size), *waits)
    case('expect', 'expect_app_raises', raw_body('raises_first', '', expect, size), answered(1), PLAIN)
    case('expect', 'expect_half_close', raw_body('read_all', '', expect, size), HALF_CLOSE)
    case('expect', 'expect_refused', raw_body('read_all', '', expect, size, 'Host: second.test'), *waits)
    case('expect', 'expect_get', request('plain', '/', expect), PLAIN)
    case('expect', 'expect_environ', raw_body('environ', TEXT, expect, size))


# ---- targets ---------------------------------------------------------------

PATHS = ['/', '/plain', '/a%2Fb', '/a%2fb', '/%FF', '/%ff', '/%00', '/a%00b', '/%25', '/%2525', '/%252F', '/%C3%A9', '/%e9', '/%E2%98%83',
         '/%', '/%a', '/%zz', '/%2', '/%%41', '/%4%31', '/%u2603', '/a+b', '/a%20b', '/a%2Bb', '/;p=1', '/a;p=1/b', '/a;p=%3B', '//', '//a', '///a//b//',
         '/./a', '/a/./b', '/../a', '/a/../b', '/a/..', '/a/.', '/%2e%2e/a', '/%2E/', '/..%2Fa', '/caf\xc3\xa9', '/\xff\xfe', '/\xe9', '/a\x01b', '/a\x00b', '/a\x7fb',
         '/a|b', '/a"b', '/a<b>', '/a\\b', '/{a}', '/a^b`c', "/a'b", '/a:b', '/a@b', '/~a', '/a%0Ab', '/a%0D%0Ab', '/%0d%0aX:y', '/a?', '/?', '/a?b', '/a?b=c&d=e',
         '/a?b=%20%zz', '/a??b', '/a?b?c', '/a?b#c', '/a#b', '/a#b?c', '/a%3Fb', '/a%3Fb?c', '/a%23b', '/?a=1;b=2', '/?\xe9', '/?%C3%A9', '/?a+b', '/?=', '/?&&', '/a/', '/a//', '/.', '/..',
         '/a%5Cb', '/a?%00', '/a?\x00', '/a?/../b', '/a%c0%afb', '/\xa0', '/a\xa0b', '/a\x85b', '/a\x0bb', '/a\x0cb', '/a\x1cb', '/a\tb', '/a b']

TARGETS = ['*', 'http://example.test/path', 'http://example.test', 'http://example.test/', 'http://example.test?q', 'HTTP://EXAMPLE.test/Path%20x?q=1',
           'http://other.test/path', 'https://example.test/path', 'http://user:pw@example.test/path', 'http://example.test:99/path', 'http:///path', 'http:path',
           'example.test:443', 'example.test', 'a', 'a/b', '?q', '#f', '%2F', '..', '.', '\\', ':', '://', 'ftp://example.test/x', 'urn:x', '%', 'mailto:a@b', '[::1]', 'http://[::1]/x', 'http://[::1/x']


def path_cases():
    for target in PATHS:
        case('paths', 'path ' + spelt(target), request('plain', target))
    for target in TARGETS:
        case('targets', 'target ' + spelt(target), request('plain', target))
    for target in ['*', 'example.test:443', '/path', 'http://example.test/']:
        case('targets', 'options ' + spelt(target), request('plain', target, method='OPTIONS'))
        case('targets', 'connect ' + spelt(target), request('plain', target, method='CONNECT'))
    case('targets', 'environ_of_a_path', request('environ', '/a%2Fb%20c/%C3%A9?x=%20&y=+'))


def request_line_cases():
    for total in (8000, 8190, 8191, 8192, 8193, 8200, 16000, 70000):
        room = total - len('GET / HTTP/1.1\r\n')
        case('request_lines', 'line_of_%d' % total, request('plain', '/' + 'a' * room))
    case('request_lines', 'line_of_8191_lf', 'GET /%s HTTP/1.1\nX-App: plain\nHost: example.test\n\n' % ('a' * (8191 - 15)), methods=['GET'])
    case('request_lines', 'line_of_8191_query', request('plain', '/?' + 'a' * (8191 - 17)))
    case('request_lines', 'line_of_8192_post', post('read_all', TEXT, target='/' + 'a' * (8192 - 17)))
    case('request_lines', 'line_without_end', 'GET /' + 'a' * 9000, HALF_CLOSE, methods=['GET'])
    for name, line in [
            ('http09', 'GET /'), ('http09_post', 'POST /'), ('http09_head', 'HEAD /'), ('http09_spelt', 'GET / HTTP/0.9'),
            ('http12', 'GET / HTTP/1.2'), ('http19', 'GET / HTTP/1.9'), ('http110', 'GET / HTTP/1.10'), ('http10_more', 'GET / HTTP/1.00'), ('http011', 'GET / HTTP/01.1'),
            ('http2', 'GET / HTTP/2.0'), ('http2_short', 'GET / HTTP/2'), ('http3', 'GET / HTTP/3.0'), ('http1', 'GET / HTTP/1'), ('http1_dot', 'GET / HTTP/1.'),
            ('http_x', 'GET / HTTP/x.y'), ('http_empty', 'GET / HTTP/'), ('http_three', 'GET / HTTP/1.1.1'), ('http_plus', 'GET / HTTP/+1.+1'),
            ('http_underscore', 'GET / HTTP/0_1.1'), ('http_negative', 'GET / HTTP/1.-1'), ('http_lower', 'GET / http/1.1'), ('http_mixed', 'GET / Http/1.1'), ('ftp', 'GET / FTP/1.1'), ('percent', 'GET / HTTP %'),
            ('lower_method', 'get / HTTP/1.1'), ('custom_method', 'BREW / HTTP/1.1'), ('dashed_method', 'M-SEARCH / HTTP/1.1'), ('odd_method', 'G@T / HTTP/1.1'),
            ('colon_method', 'GET: / HTTP/1.1'), ('latin1_method', 'G\xc9T / HTTP/1.1'), ('nul_method', 'G\x00T / HTTP/1.1'), ('digit_method', '1 / HTTP/1.1'), ('long_method', 'A' * 300 + ' / HTTP/1.1'),
            ('two_spaces', 'GET  / HTTP/1.1'), ('spaces_before_version', 'GET /   HTTP/1.1'), ('tabs', 'GET\t/\tHTTP/1.1'), ('leading_space', ' GET / HTTP/1.1'),
            ('trailing_space', 'GET / HTTP/1.1 '), ('trailing_tab', 'GET / HTTP/1.1\t'), ('form_feeds', 'GET\x0c/\x0cHTTP/1.1'), ('no_break_spaces', 'GET\xa0/\xa0HTTP/1.1'), ('next_lines', 'GET\x85/\x85HTTP/1.1'),
            ('four_words', 'GET / x HTTP/1.1'), ('one_word', 'GET'), ('empty', ''), ('spaces_only', '   '), ('trailing_cr', 'GET / HTTP/1.1\r'), ('cr_inside', 'GET /\rHTTP/1.1'), ('nul_inside', 'GET /\x00 HTTP/1.1'),
            ('tls_hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'), ('ssh', 'SSH-2.0-OpenSSH_9.2'), ('bom', '\xef\xbb\xbfGET / HTTP/1.1')]:
        case('request_lines', 'line_' + name, line + '\r\nX-App: plain\r\nHost: example.test\r\n\r\n', methods=[line.split(' ')[0] or 'GET'])
    case('request_lines', 'http2_preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', methods=['PRI'])
    case('request_lines', 'leading_crlf', '\r\n', PLAIN)
    case('request_lines', 'leading_crlf_twice', '\r\n\r\n', PLAIN)
    case('request_lines', 'leading_lf', '\n', PLAIN)
    case('request_lines', 'leading_space_line', ' \r\n', PLAIN)
    case('request_lines', 'fold_first', 'GET / HTTP/1.1\r\n folded: yes\r\nX-App: plain\r\nHost: example.test\r\n\r\n', methods=['GET'])
    case('request_lines', 'bare_lf_everywhere', 'GET / HTTP/1.1\nX-App: plain\nHost: example.test\n\n', methods=['GET'])
    case('request_lines', 'bare_cr_everywhere', 'GET / HTTP/1.1\rX-App: plain\rHost: example.test\r\r', HALF_CLOSE, methods=['GET'])
    for method in ['HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND']:
        case('request_lines', 'method_' + method.lower(), request('plain', '/', method=method))
        case('request_lines', 'environ_of_' + method.lower(), request('environ', '/', method=method))


# ---- request headers -------------------------------------------------------

def header_cases():
    for name, lines in [
            ('repeated', ['X-A: one', 'X-A: two', 'X-A: three']), ('repeated_empty', ['X-A:', 'X-A: two', 'X-A:']), ('repeated_case', ['X-A: one', 'x-a: two']),
            ('repeated_apart', ['X-A: one', 'X-B: b', 'X-A: two']), ('cookies', ['Cookie: a=1', 'Cookie: b=2']), ('cookies_apart', ['Cookie: a=1', 'Cookie2: n=1', 'Cookie2: n=2', 'Cookie: b=2']),
            ('x_cookie', ['X-Cookie-Like: a', 'X-Cookie-Like: b']), ('accept', ['Accept: text/html', 'Accept: text/plain']), ('set_cookie', ['Set-Cookie: a', 'Set-Cookie: b']),
            ('folded_space', ['X-A: one', ' two']), ('folded_tab', ['X-A: one', '\ttwo']), ('folded_many', ['X-A: one', '  two', '\t\tthree', 'X-B: b']), ('folded_empty', ['X-A:', ' one']),
            ('folded_blank', ['X-A: one', '   ', 'X-B: b']), ('folded_first', [' folded', 'X-B: b']), ('folded_colon', ['X-A: one', ' X-Hidden: two']), ('folded_type', ['Content-Type: multipart/related; boundary="==x==";', ' type="text/xml"']),
            ('folded_after_underscore', ['X_A: one', ' two', 'X-B: b']), ('repeated_folded', ['X-A: one', ' more', 'X-A: two']),
            ('underscore', ['X_A: one']), ('underscore_twin', ['X-A: dash', 'X_A: underscore']), ('underscore_first', ['X_A: underscore', 'X-A: dash']), ('underscore_length', ['Content_Length: 5']),
            ('underscore_app', ['X_App: generator']), ('proxy', ['Proxy: http://evil.test/']), ('proxy_lower', ['proxy: http://evil.test/']), ('proxy_underscore', ['_Proxy: x', 'Proxy_: y']), ('http_prefix', ['HTTP-Host: forged']),
            ('no_value', ['X-A:']), ('spaces_value', ['X-A:   ']), ('no_space', ['X-A:one']), ('many_spaces', ['X-A:   one   ']), ('tabs_value', ['X-A:\tone\t']), ('colon_value', ['X-A: a:b:c']),
            ('latin1_value', ['X-A: caf\xe9']), ('utf8_value', ['X-A: caf\xc3\xa9']), ('high_value', ['X-A: \xff\xfe\x80']), ('nul_value', ['X-A: a\x00b']), ('escape_value', ['X-A: a\x1bb']), ('delete_value', ['X-A: a\x7fb']),
            ('no_break_space_value', ['X-A: \xa0one\xa0']), ('next_line_value', ['X-A: one\x85two']), ('vertical_tab_value', ['X-A: one\x0btwo']), ('separator_value', ['X-A: one\x1ctwo']), ('form_feed_value', ['X-A: one\x0ctwo']), ('bare_cr_value', ['X-A: one\rtwo']), ('bare_cr_header', ['X-A: one\rX-Hidden: two']),
            ('bare_cr_end', ['X-A: one\r']), ('no_colon', ['X-A one', 'X-B: b']), ('only_word', ['garbage', 'X-B: b']), ('empty_name', [': value', 'X-B: b']), ('space_name', ['X A: one', 'X-B: b']), ('space_before_colon', ['X-A : one', 'X-B: b']),
            ('tab_before_colon', ['X-A\t: one', 'X-B: b']), ('latin1_name', ['X-\xc9: one', 'X-B: b']), ('nul_name', ['X\x00A: one', 'X-B: b']), ('control_name', ['X\x01A: one', 'X-B: b']), ('quoted_name', ['"X-A": one', 'X-B: b']), ('slash_name', ['X/A: one', 'X-B: b']), ('paren_name', ['X(A): one', 'X-B: b']), ('digit_name', ['1: one', 'X-B: b']), ('dot_name', ['X.A: one', 'X-B: b']),
            ('dollar_name', ['$X: one', 'X-B: b']), ('from_line', ['From me: one', 'X-B: b']), ('from', ['From: me@example.test']), ('upper_name', ['X-UPPER-CASE: one']), ('lower_name', ['x-lower-case: one']), ('trailing_dash', ['X-A-: one']), ('leading_dash', ['-X: one', 'X-B: b']),
            ('type', ['Content-Type: text/html; charset=utf-8']), ('type_empty', ['Content-Type:']), ('type_twice', ['Content-Type: text/html', 'Content-Type: text/plain']), ('type_upper', ['CONTENT-TYPE: Text/HTML']), ('type_multipart', ['Content-Type: multipart/form-data; boundary=x']), ('type_message', ['Content-Type: message/rfc822', 'X-B: b']),
            ('authorization', ['Authorization: Basic eDp5']), ('forwarded', ['X-Forwarded-For: 1.2.3.4', 'Forwarded: for=1.2.3.4']), ('remote_addr', ['Remote-Addr: 9.9.9.9', 'Remote_Addr: 9.9.9.9']), ('script_name', ['Script-Name: /forged', 'Path-Info: /forged']), ('wsgi_header', ['wsgi.input: forged']), ('encoded_word', ['X-A: =?utf-8?q?caf=C3=A9?=']),
            ('date', ['Date: now']), ('trailer', ['Trailer: X-T']), ('te', ['TE: trailers']), ('keep_alive', ['Keep-Alive: timeout=5']), ('upgrade_h2c', ['Upgrade: h2c', 'HTTP2-Settings: x']), ('https', ['Https: on'])]:
        case('request_headers', 'header_' + name, request('plain', '/', *lines))
    host_cases()
    size_cases()


def host_cases():
    for name, value in [('port', 'example.test:8080'), ('upper', 'EXAMPLE.Test'), ('ipv6', '[::1]:80'), ('space', 'exa mple'), ('slash', 'example.test/x'), ('userinfo', 'u@example.test'), ('latin1', 'ex\xe4mple'), ('list', 'a, b'), ('nul', 'a\x00b'), ('empty', '')]:
        case('request_headers', 'host_' + name, request('plain', host=value))
    case('request_headers', 'host_missing', request('plain', host=None))
    case('request_headers', 'host_missing__http10', request('plain', host=None, version='HTTP/1.0'))
    case('request_headers', 'host_empty__http10', request('plain', host='', version='HTTP/1.0'))
    case('request_headers', 'host_twice', request('plain', '/', 'Host: second.test'))
    case('request_headers', 'host_twice_same', request('plain', '/', 'Host: example.test'))
    case('request_headers', 'host_absolute_form_differs', request('plain', 'http://first.test/', host='second.test'))
    case('request_headers', 'host_absolute_form_missing', request('plain', 'http://first.test/', host=None))


def size_cases():
    for number in (99, 100, 101):
        fillers = ['X-%d: v' % index for index in range(number - 2)]
        case('request_headers', 'header_count_%d' % number, request('plain', '/', *fillers), PLAIN)
    for size in (1000, 60000, 65000, 66000, 100000):
        case('request_headers', 'header_size_%d' % size, request('plain', '/', 'X-Big: ' + 'v' * size), PLAIN)
    case('request_headers', 'header_line_65536', request('plain', '/', 'X: ' + 'v' * (65536 - 5)))
    case('request_headers', 'header_line_65537', request('plain', '/', 'X: ' + 'v' * (65536 - 4)))
    case('request_headers', 'header_big_name', request('plain', '/', 'X-' + 'n' * 2000 + ': v'))
    case('request_headers', 'environ_of_headers',
         request('environ', '/', 'Accept: */*', 'Cookie: a=1', 'Cookie: b=2', 'X-A: one', 'X-A: two', 'Content-Type: text/x', 'User-Agent: tests'))
    case('request_headers', 'environ_key_absent_length', request('environ_key', '/?CONTENT_LENGTH'))
    case('request_headers', 'environ_key_empty_length', request('environ_key', '/?CONTENT_LENGTH', 'Content-Length:'))
    for key in ['wsgi.version', 'wsgi.url_scheme', 'wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once', 'wsgi.file_wrapper', 'wsgi.input_terminated', 'SCRIPT_NAME', 'SERVER_NAME', 'REMOTE_ADDR', 'CONTENT_TYPE', 'REQUEST_URI', 'QUERY_STRING', 'HTTPS']:
        case('request_headers', 'environ_key_' + key.lower().replace('.', '_'), request('environ_key', '/?' + key))


# ---- framing ---------------------------------------------------------------

def framing(name, *headers, body='alpha', then=True, app='read_all', **more):
    second = [request('plain', '/second')] if then else [HALF_CLOSE]
    case('framing', 'framing ' + name, raw_body(app, body, *headers, **more), *second)


def framing_cases():
    lengths = ['-1', '-0', '+5', '0x5', '5 ', '  5', '5,5', '5, 5', '5;', '5.0', '5e0', 'abc', '', '005', '0_5', '1_0', '5\x00', '5\x0b', '\xa05', '\xb25', '99999999999999999999', '9223372036854775808', '4294967301', '0']
    for value in lengths:
        framing('length ' + spelt(value), 'Content-Length: ' + value)
    for value in ['99999999999999999999', '9223372036854775808']:
        framing('length_huge_half_close_%d' % len(value), 'Content-Length: ' + value, then=False)
        framing('length_huge_unread_%d' % len(value), 'Content-Length: ' + value, then=False, app='plain')
    framing('length_twice_same', 'Content-Length: 5', 'Content-Length: 5')
    framing('length_twice_more', 'Content-Length: 5', 'Content-Length: 2')
    framing('length_twice_less', 'Content-Length: 2', 'Content-Length: 5')
    framing('length_and_bad_length', 'Content-Length: 5', 'Content-Length: abc')
    framing('length_lower_case', 'content-length: 5')
    framing('length_space_before_colon', 'Content-Length : 5')
    framing('length_folded', 'Content-Length:', ' 5')
    framing('length_underscore', 'Content_Length: 5')
    framing('length_after_bad_header', 'garbage', 'Content-Length: 5')
    framing('length_after_bare_cr', 'X-A: one\rContent-Length: 5')
    framing('length_on_head', 'Content-Length: 5', method='HEAD')
    framing('length_zero_on_head', 'Content-Length: 0', method='HEAD', body='')
    framing('length_on_options', 'Content-Length: 5', method='OPTIONS')
    framing('length_on_connect', 'Content-Length: 5', method='CONNECT')
    chunks = '5\r\nalpha\r\n0\r\n\r\n'
    for name, headers in [
            ('te_and_length', ['Transfer-Encoding: chunked', 'Content-Length: 5']), ('length_and_te', ['Content-Length: 5', 'Transfer-Encoding: chunked']),
            ('te_and_length_zero', ['Transfer-Encoding: chunked', 'Content-Length: 0']), ('te_and_bad_length', ['Transfer-Encoding: chunked', 'Content-Length: abc']), ('te_and_negative_length', ['Transfer-Encoding: chunked', 'Content-Length: -1']),
            ('te_upper', ['Transfer-Encoding: CHUNKED']), ('te_mixed_name', ['tRANSFER-eNCODING: Chunked']), ('te_twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']),
            ('te_list_twice', ['Transfer-Encoding: chunked, chunked']), ('te_identity', ['Transfer-Encoding: identity']), ('te_identity_and_length', ['Transfer-Encoding: identity', 'Content-Length: 15']),
            ('te_identity_then_chunked', ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked']), ('te_chunked_then_identity', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity']), ('te_chunked_then_identity_length', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity', 'Content-Length: 15']),
            ('te_gzip_chunked', ['Transfer-Encoding: gzip, chunked']), ('te_gzip', ['Transfer-Encoding: gzip']), ('te_unknown', ['Transfer-Encoding: foo']), ('te_unknown_and_length', ['Transfer-Encoding: foo', 'Content-Length: 15']), ('te_empty', ['Transfer-Encoding:']),
            ('te_space_before_colon', ['Transfer-Encoding : chunked']), ('te_space_before_colon_length', ['Transfer-Encoding : chunked', 'Content-Length: 15']), ('te_folded', ['Transfer-Encoding:', ' chunked']), ('te_folded_after', ['Transfer-Encoding: chunked', ' ']), ('te_tab', ['Transfer-Encoding:\tchunked']),
            ('te_trailing_space', ['Transfer-Encoding: chunked  ']), ('te_parameter', ['Transfer-Encoding: chunked;q=1']), ('te_quoted', ['Transfer-Encoding: "chunked"']), ('te_trailing_comma', ['Transfer-Encoding: chunked,']), ('te_vertical_tab', ['Transfer-Encoding: \x0bchunked']), ('te_vertical_tab_length', ['Transfer-Encoding: \x0bchunked', 'Content-Length: 15']),
            ('te_no_break_space', ['Transfer-Encoding: chunked\xa0']), ('te_nul', ['Transfer-Encoding: chunked\x00']), ('te_underscore', ['Transfer_Encoding: chunked']), ('te_bare_cr', ['X-A: one\rTransfer-Encoding: chunked']), ('te_bare_cr_length', ['X-A: one\rTransfer-Encoding: chunked', 'Content-Length: 15']), ('te_xchunked', ['Transfer-Encoding: xchunked']), ('te_after_bad_header', ['garbage', 'Transfer-Encoding: chunked'])]:
        framing(name, *headers, body=chunks)
    framing('te_http10', 'Transfer-Encoding: chunked', 'Connection: keep-alive', body=chunks, version='HTTP/1.0')
    framing('te_http10_stream', 'Transfer-Encoding: chunked', body=chunks, version='HTTP/1.0', app='echo_stream')
    framing('te_http10_and_length', 'Transfer-Encoding: chunked', 'Content-Length: 5', body=chunks, version='HTTP/1.0')
    framing('te_get', 'Transfer-Encoding: chunked', body=chunks, method='GET')
    framing('te_head', 'Transfer-Encoding: chunked', body=chunks, method='HEAD')
    framing('no_length_then_second', body='')
    framing('no_length_body_is_request', body=request('plain', '/smuggled'))
    framing('cl_te_smuggling', 'Content-Length: 6', 'Transfer-Encoding: chunked', body='0\r\n\r\nG', app='environ')
    framing('te_cl_smuggling', 'Content-Length: 4', 'Transfer-Encoding: chunked', body='1c\r\nGET /smuggled HTTP/1.1\r\nX: x\r\n0\r\n\r\n')
    framing('header_block_ends_by_bare_lf', 'X-A: one\n\nGET /smuggled HTTP/1.1', body='')
    framing('header_block_ends_by_bare_cr', 'X-A: one\r\rGET /smuggled HTTP/1.1', body='')


# ---- upgrades and clients that leave ---------------------------------------

def upgrade_cases():
    head = ('Connection: Upgrade', 'Upgrade: echo')
    for name, headers in [('connection_upgrade', head), ('websocket', ('Upgrade: websocket',)), ('connection_lower', ('Connection: upgrade', 'Upgrade: echo')),
                          ('connection_list', ('Connection: keep-alive, Upgrade', 'Upgrade: echo')), ('unasked', ()), ('websocket_mixed', ('Upgrade: WebSocket', 'Connection: x'))]:
        case('upgrade', 'upgrade_' + name, request('upgrade', '/', *headers), after('101'), 'one\n', after('echo one'), 'two\n', HALF_CLOSE)
        case('upgrade', 'upgrade_environ_' + name, request('environ', '/', *headers))
    case('upgrade', 'upgrade_without_protocol', request('environ', '/', 'Connection: Upgrade'))
    case('upgrade', 'upgrade_without_protocol_read', request('read_all', '/', 'Connection: Upgrade'))
    case('upgrade', 'upgrade_data_at_once', request('upgrade', '/', *head), 'one\ntwo\nbye\n')
    case('upgrade', 'upgrade_then_request', request('upgrade', '/', *head), 'one\nbye\n', after('echo bye'), PLAIN)
    case('upgrade', 'upgrade_half_close', request('upgrade', '/', *head), 'one\nunfinished', HALF_CLOSE)
    case('upgrade', 'upgrade_http10', request('upgrade', '/', *head, version='HTTP/1.0'), after('101'), 'one\nbye\n')
    case('upgrade', 'upgrade_head', request('upgrade', '/', *head, method='HEAD'), after('101'), 'one\nbye\n')
    for name in ['upgrade_generator', 'upgrade_list', 'upgrade_raises', 'upgrade_closes']:
        case('upgrade', name, request(name, '/', *head))
        case('upgrade', name + '__unasked', request(name))
    case('upgrade', 'upgrade_generator_head', request('upgrade_generator', '/', *head, method='HEAD'))
    case('upgrade', 'upgrade_offered_plain', request('plain', '/', *head), PLAIN)
    case('upgrade', 'upgrade_offered_post', post('read_five', TEXT, *head), HALF_CLOSE)
    case('upgrade', 'upgrade_offered_post_chunked', chunked('read_five', TEXT, headers=head), HALF_CLOSE)
    case('upgrade', 'upgrade_offered_post_unread', post('plain', TEXT, *head), PLAIN)
    case('upgrade', 'upgrade_offered_post_read_all', post('read_all', TEXT, *head), PLAIN, HALF_CLOSE)
    case('upgrade', 'status_101_by_respond', respond(('s', '101 Switching Protocols'), ('b', 'body')), PLAIN)


def leaving_cases():
    case('leaving', 'leaves_during_stream', request('stream_long'), CLOSE)
    case('leaving', 'leaves_during_write', request('write_long'), CLOSE)
    case('leaving', 'leaves_during_generator', request('generator_long'), CLOSE)
    case('leaving', 'leaves_during_stream_http10', request('stream_long', version='HTTP/1.0'), CLOSE)
    case('leaving', 'leaves_during_request_body', raw_body('read_all', 'alpha', 'Content-Length: 100'), CLOSE)
    case('leaving', 'leaves_during_request_chunk', chunked('read_all', 'alpha', tail='9\r\nbe'), CLOSE)
    case('leaving', 'leaves_during_head', 'GET / HTTP/1.1\r\nX-App: pl', CLOSE, methods=['GET'])
    case('leaving', 'leaves_half_closed_but_reads', request('big'), HALF_CLOSE)
    case('leaving', 'leaves_half_closed_generator', request('small_chunks'), HALF_CLOSE)
    case('leaving', 'leaves_at_once', CLOSE, methods=['GET'])


def build():
    if not CASES:
        for part in [application_cases, failing_then_plain, input_cases, more_input_cases, response_head_cases, response_mix_cases,
                     keep_alive_cases, chunked_cases, trailer_cases, truncation_cases, expect_cases, path_cases, request_line_cases,
                     header_cases, framing_cases, upgrade_cases, leaving_cases]:
            part()
    return CASES


all_cases = build


def write(path):
    with open(path, 'w', encoding='ascii') as out:
        out.write('[\n%s\n]\n' % ',\n'.join(json.dumps(item) for item in build()))


if __name__ == '__main__':
    write('requests.json')
    print(len(CASES), 'cases')
