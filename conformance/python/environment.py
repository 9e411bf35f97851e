#!/usr/bin/python3
"""Makes a virtual environment with what requirements.txt names, and prints its interpreter.

    environment.py FOLDER

It has the version of Python that runs this. A folder that is there already is taken as it is.
"""
import os
import subprocess
import sys
import tempfile
import venv

REQUIREMENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'requirements.txt')


def interpreter(folder):
    return os.path.join(folder, 'bin', 'python')


def make(folder):
    """Under another name first, so that an installation that fails or runs twice leaves nothing half done."""
    parent = os.path.dirname(os.path.abspath(folder))
    os.makedirs(parent, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as unfinished:
        made = os.path.join(unfinished, 'venv')
        venv.create(made, with_pip=True)
        subprocess.run([interpreter(made), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS],
                       check=True, stdout=sys.stderr)
        try:
            os.rename(made, folder)
        except OSError:
            if not os.path.exists(folder):
                raise


def main():
    folder, = sys.argv[1:]
    if not os.path.exists(folder):
        make(folder)
    print(interpreter(folder))


if __name__ == '__main__':
    main()
