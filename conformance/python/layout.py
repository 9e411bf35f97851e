"""How a recording is laid out in its files."""
import json

NOT_WIRE = {'secure.json', 'log.json', 'validate.json'}     # files whose vectors are no connections


def write(path, value):
    with open(path, 'w', encoding='ascii') as out:
        out.write(text(value) + '\n')


def text(value):
    """One line for each field of each vector: small, and good to diff."""
    head = {key: item for key, item in value.items() if key != 'vectors'}
    vectors = ',\n'.join('{%s}' % ',\n '.join(field_line(item) for item in vector.items())
                         for vector in value['vectors'])
    return '%s,\n"vectors": [\n%s\n]}' % (json.dumps(head, indent=1)[:-2], vectors)


def field_line(item):
    key, value = item
    if isinstance(value, (dict, list)) and len(json.dumps(value)) > 120:
        return '%s: %s' % (json.dumps(key), spread(value))
    return '%s: %s' % (json.dumps(key), json.dumps(value))


def spread(value):
    if isinstance(value, list):
        return '[\n  %s]' % ',\n  '.join(json.dumps(item) for item in value)
    return '{\n  %s}' % ',\n  '.join('%s: %s' % (json.dumps(k), json.dumps(v)) for k, v in value.items())
