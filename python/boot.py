"""The first code in a worker's process: it makes a package importable from memory.

Go sends this text, and behind it a call of ``boot`` with the package's sources
and the worker's settings. So nothing is written to a disk, and nothing is left
there by a process that was killed.
"""

import importlib
import importlib.machinery
import json
import sys
from typing import Any, cast


class Sources:
    """Finder and loader of the modules of one package (importlib's protocol)."""

    def __init__(self, package: str, sources: "dict[str, str]") -> None:
        self.package = package
        self.sources = sources

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> "importlib.machinery.ModuleSpec | None":
        """Return the spec of a module that is among the sources, else None."""
        if name not in self.sources:
            return None
        return importlib.machinery.ModuleSpec(
            name, cast(Any, self), origin=self._origin(name), is_package=name == self.package
        )

    def create_module(self, spec: Any) -> None:
        """Leave the making of the module to importlib."""

    def exec_module(self, module: Any) -> None:
        """Run the module's source in it."""
        name = module.__name__
        exec(compile(self.sources[name], self._origin(name), "exec"), module.__dict__)

    def get_source(self, name: str) -> "str | None":
        """Return the source for tracebacks (linecache asks for it)."""
        return self.sources.get(name)

    def _origin(self, name: str) -> str:
        return f"<gowsgi>/{name.rpartition('.')[2]}.py"


def boot(text: str) -> None:
    """Make the package importable and start the worker."""
    given = json.loads(text)
    sys.meta_path.insert(0, Sources(given["package"], given["sources"]))
    importlib.import_module(given["package"] + ".worker").main(given["settings"])
