#!/usr/bin/env python3
"""Build wheels that carry the command gowsgi, one for each platform.

    wheel/build.py --version 1.2.3 --out dist                 all platforms
    wheel/build.py --version 1.2.3 --out dist linux-amd64     one of them

It needs Go and the standard library alone. The same sources, the same Go and the
same version give the same bytes.
"""

import argparse
import base64
import hashlib
import os
import pathlib
import re
import subprocess
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent

# A binary without cgo needs no libc, so any manylinux and musllinux tag is true;
# these two are the oldest that today's pip is given. Go 1.26 needs macOS 12.
PLATFORMS = {
    "linux-amd64": ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"],
    "linux-arm64": ["manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"],
    "darwin-amd64": ["macosx_12_0_x86_64"],
    "darwin-arm64": ["macosx_12_0_arm64"],
    "windows-amd64": ["win_amd64"],
}


def main() -> None:
    """Build what the command line asks for, and print the paths."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--version", required=True, help="the version, as in 1.2.3")
    parser.add_argument("--out", default="dist", type=pathlib.Path, help="folder of the wheels")
    parser.add_argument("platforms", nargs="*", metavar="platform", help=", ".join(PLATFORMS))
    given = parser.parse_args()
    if not re.fullmatch(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?", given.version):
        parser.error(f"{given.version} is no version in PEP 440's normal form, such as 1.2.3")
    for platform in given.platforms or PLATFORMS:
        if platform not in PLATFORMS:
            parser.error(f"there is no platform {platform}; there are {', '.join(PLATFORMS)}")
    given.out.mkdir(parents=True, exist_ok=True)
    for platform in given.platforms or PLATFORMS:
        print(build(platform, given.version, given.out))


def build(platform: str, version: str, out: pathlib.Path) -> pathlib.Path:
    """Build one wheel and return its path."""
    tags = PLATFORMS[platform]
    binary = "gowsgi/bin/gowsgi" + (".exe" if platform.startswith("windows") else "")
    info = f"gowsgi-{version}.dist-info/"
    files = {
        "gowsgi/__init__.py": (HERE / "gowsgi/__init__.py").read_bytes(),
        "gowsgi/__main__.py": (HERE / "gowsgi/__main__.py").read_bytes(),
        binary: compiled(platform, version),
        info + "METADATA": metadata(version).encode(),
        info + "WHEEL": wheel(tags).encode(),
        info + "entry_points.txt": b"[console_scripts]\ngowsgi = gowsgi.__main__:main\n",
        info + "licenses/LICENSE": (ROOT / "LICENSE").read_bytes(),
    }
    record = [f"{name},sha256={digest(data)},{len(data)}\n" for name, data in files.items()]
    files[info + "RECORD"] = f"{''.join(record)}{info}RECORD,,\n".encode()
    path = out / f"gowsgi-{version}-py3-none-{'.'.join(tags)}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, whose permissions pip keeps
            entry.external_attr = (0o100755 if name == binary else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return path


def compiled(platform: str, version: str) -> bytes:
    """Return the binary for a platform."""
    system, machine = platform.split("-")
    environment = {**os.environ, "GOOS": system, "GOARCH": machine, "CGO_ENABLED": "0"}
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "gowsgi")
        flags = f"-s -w -buildid= -X main.release={version}"
        command = ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags]
        command += ["-o", target, "./cmd/gowsgi"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        return pathlib.Path(target).read_bytes()


def metadata(version: str) -> str:
    """Return METADATA."""
    return f"""Metadata-Version: 2.4
Name: gowsgi
Version: {version}
Summary: Serves WSGI applications: Python workers behind Go's HTTP server
License-File: LICENSE
Requires-Python: >=3.9
Classifier: Environment :: Web Environment
Classifier: Topic :: Internet :: WWW/HTTP :: WSGI :: Server
Description-Content-Type: text/markdown

`gowsgi` serves a WSGI application, as gunicorn does: `gowsgi -w 4 shop.wsgi:application`.
`gowsgi --help` lists its flags. On Windows it runs inside WSL only.
"""


def wheel(tags: "list[str]") -> str:
    """Return WHEEL."""
    lines = "".join(f"Tag: py3-none-{tag}\n" for tag in tags)
    return f"Wheel-Version: 1.0\nGenerator: gowsgi\nRoot-Is-Purelib: false\n{lines}"


def digest(data: bytes) -> str:
    """Return a hash as RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    main()
