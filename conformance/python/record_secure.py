#!/usr/bin/python3
"""Records how the real environ classes print, and what the real LoggingLogAdapter logs.

    record_secure.py --out DIR      writes secure.json and log.json
"""
import argparse
import copy
import logging
import os
import pickle
import re

from gevent import pywsgi

import record

CLASSES = {'Environ': pywsgi.Environ, 'SecureEnviron': pywsgi.SecureEnviron, 'WSGISecureEnviron': pywsgi.WSGISecureEnviron}
IDENTITY = re.compile(r' at \d+>')


# ---- values that Go can build ----------------------------------------------

def tagged(value):
    """A value as {"type": text}, so that "1", 1 and True stay apart."""
    if isinstance(value, pywsgi.Environ):
        return {type(value).__name__: tagged_items(value)}
    if isinstance(value, dict):
        return {'dict': tagged_items(value)}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [tagged(item) for item in value]}
    if isinstance(value, bytes):
        return {'bytes': value.decode('latin-1')}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {type(value).__name__: repr(value)}
    return {'none' if value is None else type(value).__name__: value}


def tagged_items(mapping):
    return [[key, tagged(value)] for key, value in sorted(mapping.items())]


# ---- secure.json -----------------------------------------------------------

PEOPLE = {'REMOTE_ADDR': '::1', 'HTTP_AUTHORIZATION': 'secret'}
THREE = {'HTTP_COOKIE': 'id=secret', 'HTTP_HOST': 'example.test', 'REMOTE_ADDR': '10.0.0.1'}


def one(value):
    return {'KEY': value}


def secure_cases():
    """name, class, items, settings of the instance, operation."""
    yield 'default_empty', 'SecureEnviron', {}, {}, None
    yield 'default_one', 'SecureEnviron', one('v'), {}, None
    yield 'default_three', 'SecureEnviron', THREE, {}, None
    yield 'wsgi_empty', 'WSGISecureEnviron', {}, {}, None
    yield 'wsgi_one_shown_one_hidden', 'WSGISecureEnviron', PEOPLE, {}, None
    yield 'wsgi_all_shown', 'WSGISecureEnviron', {'HTTP_HOST': 'h', 'REMOTE_ADDR': 'a', 'REMOTE_PORT': '1'}, {}, None
    yield 'wsgi_none_shown', 'WSGISecureEnviron', {'A': '1', 'B': '2'}, {}, None
    yield 'wsgi_three', 'WSGISecureEnviron', THREE, {}, None
    yield 'wsgi_lower_case_key', 'WSGISecureEnviron', {'remote_addr': 'a'}, {}, None
    yield 'plain_environ_empty', 'Environ', {}, {}, None
    yield 'plain_environ', 'Environ', PEOPLE, {}, None
    yield 'allow_one', 'SecureEnviron', PEOPLE, {'whitelist_keys': ('REMOTE_ADDR',)}, None
    yield 'allow_missing', 'SecureEnviron', PEOPLE, {'whitelist_keys': ('MISSING',)}, None
    yield 'allow_empty_tuple', 'SecureEnviron', PEOPLE, {'whitelist_keys': ()}, None
    yield 'allow_all', 'SecureEnviron', PEOPLE, {'whitelist_keys': ('REMOTE_ADDR', 'HTTP_AUTHORIZATION')}, None
    yield 'allow_of_empty', 'SecureEnviron', {}, {'whitelist_keys': ('REMOTE_ADDR',)}, None
    yield 'allow_hide_of_empty', 'SecureEnviron', {}, {'whitelist_keys': ('A',), 'print_masked_keys': False}, None
    yield 'allow_one_hide', 'SecureEnviron', PEOPLE, {'whitelist_keys': ('REMOTE_ADDR',), 'print_masked_keys': False}, None
    yield 'allow_missing_hide', 'SecureEnviron', PEOPLE, {'whitelist_keys': ('MISSING',), 'print_masked_keys': False}, None
    yield 'allow_all_hide', 'SecureEnviron', PEOPLE, {'whitelist_keys': tuple(PEOPLE), 'print_masked_keys': False}, None
    yield 'hide_without_allow', 'SecureEnviron', PEOPLE, {'print_masked_keys': False}, None
    yield 'wsgi_show_masked', 'WSGISecureEnviron', THREE, {'print_masked_keys': True}, None
    yield 'wsgi_allow_cookie', 'WSGISecureEnviron', THREE, {'whitelist_keys': ('HTTP_COOKIE',)}, None
    yield 'wsgi_allow_none', 'WSGISecureEnviron', THREE, {'whitelist_keys': ()}, None
    yield 'off', 'SecureEnviron', PEOPLE, {'secure_repr': False}, None
    yield 'off_empty', 'SecureEnviron', {}, {'secure_repr': False}, None
    yield 'off_wsgi', 'WSGISecureEnviron', PEOPLE, {'secure_repr': False}, None
    yield 'off_despite_allow', 'SecureEnviron', PEOPLE, {'secure_repr': False, 'whitelist_keys': ('REMOTE_ADDR',)}, None
    yield 'masked_value_is_a_dict', 'SecureEnviron', {'A': {'x': 'secret'}, 'B': '1'}, {'whitelist_keys': ('B',)}, None
    yield 'shown_value_is_masked_environ', 'SecureEnviron', one(pywsgi.SecureEnviron(PEOPLE)), {'whitelist_keys': ('KEY',)}, None
    yield 'shown_value_is_wsgi_environ', 'SecureEnviron', one(pywsgi.WSGISecureEnviron(PEOPLE)), {'whitelist_keys': ('KEY',)}, None
    yield 'key_needs_quoting', 'SecureEnviron', {"it's": '1', 'a"b': '2', 'line\n': '3'}, {'secure_repr': False}, None
    yield 'masked_key_needs_quoting', 'SecureEnviron', {"it's": '1', 'x\n': '2'}, {'whitelist_keys': ('z',)}, None
    yield 'value_is_the_mask', 'SecureEnviron', one('<MASKED>'), {'secure_repr': False}, None
    yield from value_cases()
    yield from operation_cases()


VALUES = [
    ('empty', ''), ('single_quote', "it's"), ('double_quote', 'say "x"'), ('both_quotes', 'it\'s "x"'), ('backslash', 'a\\b'), ('newline', 'a\nb'), ('tab', 'a\tb'), ('return', 'a\rb'), ('crlf', 'a\r\nb'),
    ('nul', 'a\x00b'), ('bell', 'a\x07b'), ('escape', 'a\x1bb'), ('unit', 'a\x1fb'), ('delete', 'a\x7fb'), ('c1', 'a\x80\x85\x9fb'), ('no_break_space', 'a\xa0b'), ('soft_hyphen', 'a\xadb'), ('latin1', 'caf\xe9 \xff'),
    ('utf8_as_latin1', 'caf\xc3\xa9'), ('snowman', '\u2603'), ('line_separator', 'a\u2028b'), ('zero_width', 'a\u200bb'), ('bom', '\ufeffa'), ('astral', '\U0001f600'), ('unassigned', '\U000e0000'), ('private', '\ue000'), ('surrogate', '\ud800'), ('combining', 'e\u0301'), ('ideographic_space', 'a\u3000b'),
    ('int', 1), ('negative', -5), ('big_int', 2 ** 70), ('none', None), ('true', True), ('false', False), ('float', 1.5), ('float_whole', 2.0), ('float_small', 1e-7), ('float_big', 1e16), ('float_bigger', 1e22), ('float_third', 1 / 3), ('float_nan', float('nan')), ('float_inf', float('-inf')), ('float_negative_zero', -0.0),
    ('tuple', (1, 0)), ('tuple_one', (1,)), ('tuple_empty', ()), ('tuple_mixed', ('a', 1, None)), ('list', ['a', 1, None, True]), ('list_empty', []), ('list_nested', [['a'], ('b',)]),
    ('dict', {'a': '1', 'b': {'c': None}}), ('dict_empty', {}), ('bytes', b'ab'), ('bytes_empty', b''), ('bytes_escapes', b'\x00\t\n\r\x7f\x80\xff\\'), ('bytes_single_quote', b"it's"), ('bytes_double_quote', b'"'), ('bytes_both_quotes', b'\'"'),
]


def value_cases():
    for name, value in VALUES:
        yield 'value_' + name, 'SecureEnviron', one(value), {'secure_repr': False}, None


def operation_cases():
    allow = {'whitelist_keys': ('REMOTE_ADDR',)}
    for settings_name, settings in [('default', {}), ('allow', allow), ('off', {'secure_repr': False})]:
        for operation in ('copy', 'copy.copy', 'copy.deepcopy', 'pickle', 'dict', 'or'):
            yield 'after_%s_%s' % (operation, settings_name), 'SecureEnviron', PEOPLE, settings, operation
    yield 'after_copy_wsgi', 'WSGISecureEnviron', PEOPLE, {}, 'copy'
    yield 'after_copy_environ', 'Environ', PEOPLE, {}, 'copy'
    yield 'after_percent_s', 'SecureEnviron', PEOPLE, {}, 'percent'
    yield 'after_format', 'SecureEnviron', PEOPLE, allow, 'format'
    yield 'inside_a_list', 'SecureEnviron', PEOPLE, {}, 'list'


OPERATIONS = {
    None: lambda environ: environ, 'copy': lambda environ: environ.copy(), 'copy.copy': copy.copy, 'copy.deepcopy': copy.deepcopy,
    'pickle': lambda environ: pickle.loads(pickle.dumps(environ)), 'dict': dict, 'or': lambda environ: environ | {},
    'percent': lambda environ: '%s' % environ, 'format': lambda environ: '{}'.format(environ), 'list': lambda environ: [environ],
}


def secure_vector(name, class_name, items, settings, operation):
    environ = CLASSES[class_name](sorted(items.items()))
    for key, value in settings.items():
        setattr(environ, key, value)
    result = OPERATIONS[operation](environ)
    return {'name': name, 'go': name not in NOT_IN_GO, 'class': class_name, 'items': tagged_items(items), 'settings': settings, 'operation': operation,
            'result_class': type(result).__name__, 'repr': steady(repr(result)), 'str': steady(str(result))}


NOT_IN_GO = {'value_surrogate', 'value_big_int'}


def steady(text):
    return IDENTITY.sub(' at <id>>', text)


# ---- log.json --------------------------------------------------------------

class Recorder(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, log_record):
        self.records.append({'level': log_record.levelno, 'message': log_record.getMessage()})


def adapter_on(level):
    logger = logging.getLogger('conformance')
    vars(logger).pop('thing', None)
    handler = Recorder()
    logger.handlers, logger.propagate, logger.disabled = [handler], False, False
    logger.setLevel(1)
    adapter = pywsgi.LoggingLogAdapter(logger) if level is None else pywsgi.LoggingLogAdapter(logger, level)
    return adapter, logger, handler


WRITES = [
    ('plain', ['text']), ('newline', ['text\n']), ('two_newlines', ['text\n\n']), ('three_newlines', ['text\n\n\n']), ('only_newline', ['\n']), ('only_two_newlines', ['\n\n']), ('empty', ['']),
    ('crlf', ['text\r\n']), ('cr', ['text\r']), ('lf_cr', ['text\n\r']), ('inner_newline', ['a\nb\n']), ('leading_newline', ['\ntext']), ('spaces', ['  text  \n']), ('space_after_newline', ['text\n ']), ('percent_s', ['100%s\n']), ('percent_d', ['%d of %d']), ('percent', ['50%\n']), ('brace', ['{x}\n']),
    ('unicode', ['snow \u2603\n']), ('latin1', ['caf\xe9\n']), ('astral', ['\U0001f600']), ('nul', ['a\x00b\n']), ('line_separator', ['a\u2028']), ('several', ['one\n', 'two', 'three\n']), ('parts_of_a_line', ['one ', 'line\n']), ('tab', ['a\tb\n']),
]


def log_cases():
    """name, level given to the adapter, calls."""
    for name, texts in WRITES:
        yield 'write_' + name, None, [['write', text] for text in texts]
    yield 'writelines', None, [['writelines', ['one\n', 'two\n', 'three']]]
    yield 'writelines_empty', None, [['writelines', []]]
    yield 'writelines_empty_strings', None, [['writelines', ['', '\n', '']]]
    yield 'writelines_of_a_string', None, [['writelines', 'ab\n']]
    yield 'flush', None, [['flush']]
    yield 'write_flush_write', None, [['write', 'one'], ['flush'], ['write', 'two\n'], ['flush']]
    for level in (10, 20, 30, 40, 50, 5, 0, 25):
        yield 'level_%d' % level, level, [['write', 'text\n'], ['writelines', ['a\n', 'b']]]
    yield 'level_by_assignment', None, [['set', '_level', 40], ['write', 'text\n']]
    yield 'write_none', None, [['write', None]]
    yield 'write_int', None, [['write', 5]]
    yield 'write_bytes', None, [['write', b'text\n']]
    yield 'logger_level_above', None, [['call', 'setLevel', 30], ['write', 'dropped\n'], ['call', 'setLevel', 20], ['write', 'kept\n']]
    yield 'logger_disabled', None, [['set', 'disabled', True], ['write', 'dropped\n']]
    yield 'proxied_method_info', 40, [['call', 'info', 'through the logger'], ['write', 'through the adapter\n']]
    yield 'proxied_method_error_with_arguments', None, [['call', 'error', '%s and %s', 'a', 'b']]
    yield 'proxied_method_keeps_newline', None, [['call', 'info', 'text\n']]
    yield 'proxied_attribute_name', None, [['get', 'name']]
    yield 'proxied_attribute_level', None, [['get', 'level']]
    yield 'proxied_is_enabled_for', None, [['call', 'isEnabledFor', 10], ['call', 'setLevel', 30], ['call', 'isEnabledFor', 20], ['call', 'isEnabledFor', 30]]
    yield 'proxied_missing_attribute', None, [['get', 'no_such_attribute']]
    yield 'proxied_set_get_delete', None, [['set', 'thing', 42], ['get', 'thing'], ['get_of_logger', 'thing'], ['delete', 'thing'], ['get', 'thing']]
    yield 'proxied_delete_missing', None, [['delete', 'no_such_attribute']]
    yield 'close_is_not_there', None, [['call', 'close']]
    yield 'fileno_is_not_there', None, [['call', 'fileno']]


ACTIONS = {
    'write': lambda adapter, logger, text: adapter.write(text), 'writelines': lambda adapter, logger, lines: adapter.writelines(lines),
    'flush': lambda adapter, logger: adapter.flush(), 'call': lambda adapter, logger, name, *args: getattr(adapter, name)(*args),
    'get': lambda adapter, logger, name: getattr(adapter, name), 'get_of_logger': lambda adapter, logger, name: getattr(logger, name),
    'set': lambda adapter, logger, name, value: setattr(adapter, name, value), 'delete': lambda adapter, logger, name: delattr(adapter, name),
}


def log_vector(name, level, calls):
    adapter, logger, handler = adapter_on(level)
    results = [outcome(adapter, logger, call) for call in calls]
    calls = [[tagged(argument) if isinstance(argument, bytes) else argument for argument in call] for call in calls]
    return {'name': name, 'level': level, 'calls': calls, 'results': results, 'records': handler.records}


def outcome(adapter, logger, call):
    try:
        return {'value': ACTIONS[call[0]](adapter, logger, *call[1:])}
    except Exception as error:
        return {'raised': type(error).__name__}


# ---- which log a server makes of its arguments -----------------------------

def server_log_vectors():
    logger = logging.Logger('conformance')
    given = [('none', None), ('logger', logger), ('stream', record.LogStream(print))]
    for name, value in given:
        server = pywsgi.WSGIServer(('127.0.0.1', 0), None, log=value, error_log=value)
        yield {'name': 'server_' + name, 'log': log_kind(server.log), 'error_log': log_kind(server.error_log),
               'wsgi.errors is error_log': server.environ['wsgi.errors'] is server.error_log}


def log_kind(log):
    level = getattr(log, '_level', None)
    return {'type': type(log).__name__, 'level': level}


def write(directory):
    secure = [secure_vector(*case) for case in secure_cases()]
    log = [log_vector(*case) for case in log_cases()]
    record.write_json(directory, 'secure', {'recorded_with': record.versions(), 'vectors': secure})
    record.write_json(directory, 'log', {'recorded_with': record.versions(), 'servers': [item for item in server_log_vectors()], 'vectors': log})
    return len(secure), len(log)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--out', required=True)
    directory = parser.parse_args().out
    os.makedirs(directory, exist_ok=True)
    print('%d environs, %d logs' % write(directory))


if __name__ == '__main__':
    main()
