"""The application: what "module:callable" names, imported."""

import importlib
from typing import Any, Callable, cast

Application = Callable[..., Any]


class NotAnApplication(Exception):
    """The module was imported, but has nothing in it that can be called."""


def load(name: str) -> Application:
    """Return the application that name says: "module", "module:callable" or
    "module:factory()", which is called once.
    """
    module_name, _, attribute = name.partition(":")
    found: Any = importlib.import_module(module_name)
    path = attribute or "application"
    factory = path.endswith("()")
    for part in (path[:-2] if factory else path).split("."):
        if not hasattr(found, part):
            raise NotAnApplication(
                f"{name!r}: module {module_name!r} was imported, but has no {path!r}"
            )
        found = getattr(found, part)
    if factory:
        if not callable(found):
            raise NotAnApplication(f"{name!r}: {path[:-2]!r} cannot be called")
        found = found()
    if not callable(found):
        raise NotAnApplication(f"{name!r} is a {type(found).__name__}, which cannot be called")
    return cast(Application, found)
