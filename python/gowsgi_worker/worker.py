"""The worker: it imports the application, says so to Go, and serves connections."""

import array
import faulthandler
import fcntl
import gc
import importlib
import json
import os
import socket
import sys
import threading
import traceback
from typing import Any, Optional, TypedDict

from . import application, guard


class Settings(TypedDict):
    """What Go says about the worker, under the names of its Config."""

    app: str
    dir: str
    threads: int
    gevent: bool
    multiprocess: bool
    reload: bool
    control: int
    guarding: int


def main(settings: Settings) -> None:
    """Become a guard and a worker; return, in the worker, when it is to end."""
    guard.fork(settings["control"], settings["guarding"])
    control = _out_of_the_way(settings["control"])
    _prepare(settings)
    try:
        if settings["gevent"]:
            _patch()
        loaded = application.load(settings["app"])
    except BaseException as error:
        _tell(socket.socket(fileno=control), failure=_import_failure(error))
        _leave(1)
    Worker(settings, loaded, socket.socket(fileno=control)).work()


class Worker:
    """A process that serves the connections which Go hands to it."""

    def __init__(
        self,
        settings: Settings,
        loaded: application.Application,
        control: socket.socket,
    ) -> None:
        from .server import Server  # not before gevent has patched the library

        self._threads = settings["threads"]
        self._control = control
        self._files = _Files() if settings["reload"] else None
        self._connections: "set[socket.socket]" = set()
        self._process = os.getpid()
        if self._files is not None:
            loaded = self._files.watching(loaded, control)
        self._server = Server(loaded, self._threads > 1, settings["multiprocess"])
        os.register_at_fork(after_in_child=self._forked)

    def work(self) -> None:
        """Serve until Go closes the control socket. With one thread, that is this."""
        files = self._files.fresh() if self._files is not None else []
        _settle_memory()
        _tell(self._control, ready=True, files=files)
        while (connection := self._accept()) is not None:
            if self._threads == 1:
                self._serve(*connection)
            else:
                threading.Thread(target=self._serve, args=connection, daemon=True).start()

    def _serve(self, *connection: socket.socket) -> None:
        self._connections.update(connection)
        try:
            self._server.serve(*connection)
        finally:
            if os.getpid() != self._process:
                os._exit(0)  # a fork of the application's came back from it
            self._connections.difference_update(connection)

    def _accept(self) -> "Optional[list[socket.socket]]":
        """Wait for Go to hand over a connection, and the socket for its requests
        where it has one; none comes when it is over.
        """
        room = socket.CMSG_SPACE(2 * array.array("i").itemsize)
        while True:
            try:
                data, ancillary, _, _ = self._control.recvmsg(1, room)
            except OSError:
                return None
            if not data:
                return None
            for level, kind, passed in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    return [_adopt(descriptor) for descriptor in array.array("i", passed)]

    def _forked(self) -> None:
        """In a fork of the application's: let go of what belongs to the worker."""
        for sock in (self._control, *self._connections):
            try:
                os.close(sock.detach())
            except OSError:
                pass
        self._connections.clear()


class _Files:
    """The source files that were imported, for a worker that is replaced when
    one of them changes.
    """

    def __init__(self) -> None:
        self._modules = 0
        self._known: "set[str]" = set()

    def fresh(self) -> "list[str]":
        """Return the files that were imported since the last call."""
        if len(sys.modules) == self._modules:
            return []
        self._modules = len(sys.modules)
        files = set()
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and os.path.isabs(path):
                files.add(path)
        fresh = files - self._known
        self._known |= fresh
        return sorted(fresh)

    def watching(
        self, loaded: application.Application, control: socket.socket
    ) -> application.Application:
        """Return loaded so that what it imports later is told to Go."""

        def call(environ: Any, start_response: Any) -> Any:
            try:
                return loaded(environ, start_response)
            finally:
                if files := self.fresh():
                    _tell(control, files=files)

        return call


def _prepare(settings: Settings) -> None:
    """Make the process what an application expects of one."""
    log = fcntl.fcntl(2, fcntl.F_DUPFD_CLOEXEC, 10)
    faulthandler.enable(file=log)
    faulthandler.register(guard.DUMP, file=log, all_threads=True, chain=True)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = ["gowsgi", settings["app"]]
    if sys.path and sys.path[0] == "":  # what -c puts there
        del sys.path[0]
    sys.path.insert(0, settings["dir"])


def _patch() -> None:
    """Make the standard library gevent's, before anything else is imported."""
    monkey = importlib.import_module("gevent.monkey")
    monkey.patch_all()


def _settle_memory() -> None:
    """Take what the import left out of the garbage collector's sight: it stays
    for good, and each full collection would go through all of it again.
    """
    gc.collect()
    gc.freeze()


def _out_of_the_way(descriptor: int) -> int:
    """Return descriptor, moved beyond those that an application takes for the
    standard streams, and not inherited.
    """
    if descriptor > 2:
        os.set_inheritable(descriptor, False)
        return descriptor
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    return moved


def _adopt(descriptor: int) -> socket.socket:
    """Return the socket of a descriptor. It blocks, whatever the application has
    made the default.
    """
    sock = socket.socket(fileno=_out_of_the_way(descriptor))
    sock.settimeout(None)
    return sock


def _import_failure(error: BaseException) -> str:
    if isinstance(error, application.NotAnApplication):
        return str(error)
    return "".join(traceback.format_exception(type(error), error, _own_frames_off(error)))


def _own_frames_off(error: BaseException) -> Any:
    """Return the traceback of error from the application's first frame on."""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(("<gowsgi>", "<frozen ")) and "importlib" not in file:
            return trace
        trace = trace.tb_next
    return None


def _tell(control: socket.socket, **message: Any) -> None:
    """Send Go a message: a line of JSON."""
    try:
        control.sendall(json.dumps(message).encode("ascii") + b"\n")
    except OSError:
        pass  # Go has gone


def _leave(status: int) -> None:
    """End without what an application that failed has registered for the end."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
