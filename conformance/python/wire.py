"""Reading raw response bytes, forgivingly, and making them fit for a vector."""
import hashlib
import re

LONG = 512
DATE = re.compile(rb'(?<=Date: )\w{3}, \d\d \w{3} (?!1970)\d{4} \d\d:\d\d:\d\d GMT')
VOLATILE_PORT = re.compile(r'("(?:REMOTE|SERVER)_PORT": )"\d+"')


def parse_responses(raw, methods, ended):
    """Parse raw into responses; returns them with the bytes that no response explains.

    methods are those of the requests, in order; ended says that the connection did end.
    """
    responses, interim, rest = [], [], raw
    while rest.startswith(b'HTTP/'):
        method = methods[len(responses)] if len(responses) < len(methods) else 'GET'
        response, after = parse_one(rest, method, ended)
        if response is None:
            break
        rest = after
        if 100 <= response['code'] < 200 and response['code'] != 101:
            interim.append(response['status_line'])
            continue
        responses.append(dict(response, interim=interim))
        interim = []
    return responses, interim, rest


def parse_one(raw, method, ended):
    head, separator, rest = raw.partition(b'\r\n\r\n')
    if not separator:
        return None, raw
    status_line, *lines = head.decode('latin-1').split('\r\n')
    code, reason = split_status(status_line)
    headers = [header_pair(line) for line in lines]
    response = {'status_line': status_line, 'code': code, 'reason': reason, 'headers': headers}
    if 100 <= code < 200 and code != 101:
        return response, rest
    response.update(read_body(response, rest, method, ended))
    return response, response.pop('rest')


def split_status(line):
    _, _, status = line.partition(' ')
    code, _, reason = status.partition(' ')
    return (int(code) if code.isascii() and code.isdigit() else -1), reason


def header_pair(line):
    name, colon, value = line.partition(':')
    return [name, value[1:] if value.startswith(' ') else value] if colon else [line, None]


def header(response, name):
    for key, value in response['headers']:
        if key.lower() == name:
            return value
    return None


def read_body(response, rest, method, ended):
    code = response['code']
    if code == 101:
        return body_of(rest, 'raw', True, b'')
    if code in (204, 304) or (method == 'HEAD' and (not rest or rest.startswith(b'HTTP/'))):
        return body_of(b'', 'none', True, rest)
    found = framed_body(response, rest, ended)
    if method == 'HEAD':
        found['body_on_head'] = True
    return found


def framed_body(response, rest, ended):
    declared = header(response, 'content-length')
    if (header(response, 'transfer-encoding') or '').lower() == 'chunked':
        return chunked_body(rest)
    if declared is not None and declared.isascii() and declared.isdigit():
        size = int(declared)
        return body_of(rest[:size], 'length', len(rest) >= size, rest[size:])
    return body_of(rest, 'close', ended, b'')


def body_of(body, framing, complete, rest, **more):
    return dict({'framing': framing, 'complete': complete, 'body': body, 'rest': rest}, **more)


def chunked_body(rest):
    chunks = []
    while True:
        line, separator, after = rest.partition(b'\r\n')
        if not separator or not re.fullmatch(rb'[0-9a-fA-F]+', line):
            return unfinished(chunks, rest)
        size = int(line, 16)
        if len(after) < size + 2 or after[size:size + 2] != b'\r\n':
            return unfinished(chunks, rest)
        rest = after[size + 2:]
        if size == 0:
            return chunk_result(chunks, True, rest)
        chunks.append(after[:size])


def unfinished(chunks, rest):
    """What follows is either another response, or a piece of a chunk that belongs to none."""
    return chunk_result(chunks, False, rest)


def chunk_result(chunks, complete, rest):
    sizes = [len(chunk) for chunk in chunks]
    return body_of(b''.join(chunks), 'chunked', complete, rest, chunks=sizes)


def shown(data):
    """Bytes or text for a vector: latin-1 text, or length and digest where that is long."""
    raw = data.encode('latin-1', 'backslashreplace') if isinstance(data, str) else bytes(data)
    raw = DATE.sub(b'<date>', raw)
    if len(raw) <= LONG:
        return raw.decode('latin-1')
    return {'length': len(raw), 'sha256': hashlib.sha256(raw).hexdigest()}


def response_vector(response):
    response = dict(response)
    body = response['body'].decode('latin-1')
    dumped = VOLATILE_PORT.search(body) is not None
    response['body'] = VOLATILE_PORT.sub(r'\1"<port>"', body) if dumped else shown(body)
    response['headers'] = [stable_header(pair, dumped) for pair in response['headers']]
    return response


def stable_header(pair, dumped):
    """The Date of now, and the length of a body that holds port numbers, change from run to run."""
    name, value = pair
    if name == 'Date' and DATE.search(b'Date: ' + value.encode('latin-1')):
        return [name, '<date>']
    if name == 'Content-Length' and dumped:
        return [name, '<length>']
    return [name, value if value is None else shown(value)]
