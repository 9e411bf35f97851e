#!/usr/bin/python3
"""Writes down in which cases a second recording differs from a first.

    beside.py FIRST SECOND FILE     FIRST and SECOND are folders that record.py wrote

A vector in FILE has the name of its case and the fields that differ, as they are in
SECOND; null is a field that only FIRST has. The environs of FILE are differences from
its own environ_base, as those of SECOND are.
"""
import json
import os
import sys

import layout


def wire_files(directory):
    return [name for name in sorted(os.listdir(directory)) if name not in layout.NOT_WIRE]


def load(directory, name):
    with open(os.path.join(directory, name), encoding='ascii') as source:
        return json.load(source)


def differing(first, second):
    """The fields of a vector that differ: its name and null for what only the first has."""
    names = [*second, *(name for name in first if name not in second)]
    changed = {name: second.get(name) for name in names if first.get(name) != second.get(name)}
    return dict(name=first['name'], **changed) if changed else None


def differing_vectors(first, second, name):
    pairs = list(zip(first['vectors'], second['vectors'], strict=True))
    for one, other in pairs:
        assert all(one[key] == other[key] for key in ('name', 'apps', 'methods', 'steps')), name
    return [changed for one, other in pairs if (changed := differing(one, other))]


def compare(first, second):
    """All that FILE holds."""
    head, vectors = {}, []
    for name in wire_files(first):
        one, other = load(first, name), load(second, name)
        head = {key: other[key] for key in ('recorded_with', 'environ_base')}
        vectors += differing_vectors(one, other, name)
    return dict(head, vectors=vectors)


def check_the_rest(first, second):
    for name in sorted(layout.NOT_WIRE):
        if load(first, name)['vectors'] != load(second, name)['vectors']:
            sys.exit('%s differs, and there is no place for a second one' % name)


def main():
    first, second, path = sys.argv[1:]
    check_the_rest(first, second)
    result = compare(first, second)
    layout.write(path, result)
    print('%d cases differ' % len(result['vectors']))


if __name__ == '__main__':
    main()
