"""The command gowsgi: it becomes the binary, which runs this interpreter's workers."""

import os
import subprocess
import sys


def main() -> None:
    """Run the binary with the arguments of this process."""
    name = "gowsgi.exe" if os.name == "nt" else "gowsgi"
    binary = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", name)
    # The workers need the packages that are installed beside this one.
    os.environ.setdefault("GOWSGI_PYTHON", sys.executable)
    arguments = [binary, *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.call(arguments))
    os.execv(binary, arguments)


if __name__ == "__main__":
    main()
