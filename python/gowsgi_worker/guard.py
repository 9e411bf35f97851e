"""The guard: the parent of a worker, which sees to it that nothing outlives it.

The guard is forked off before anything is imported, and does not run a line of
the application. It adopts what the application leaves orphaned (prctl(2),
PR_SET_CHILD_SUBREAPER), so that a child which called setsid() is found too. When
the worker ends, Go says so, or Go itself is gone, it kills all of them and ends.
"""

import os
import select
import signal
import sys
import time
from typing import Final, Optional

DUMP: Final = getattr(signal, "SIGRTMAX", signal.SIGVTALRM + 1) - 1
"""At this signal a worker prints the stack of every thread and ends."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_PATIENCE: Final = 5.0
"""Seconds in which a killed process has to be gone."""


def fork(control: int, guarding: int) -> None:
    """Fork, and return in the child, which becomes the worker.

    control is the worker's socket, which the guard has no use for; guarding is
    the guard's: Go sends a letter there (d: dump the stacks and end; anything
    else: kill) or closes it, and learns the worker's process id and its wait
    status, a line each.
    """
    os.set_inheritable(control, False)
    os.set_inheritable(guarding, False)
    adopting = _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    worker = os.fork()
    if worker:
        os.close(control)
        try:
            _Guard(worker, guarding, adopting).watch()
        finally:
            os._exit(0)
    os.close(guarding)
    os.setpgid(0, 0)  # a kill(0, …) of the application's is not for the guard
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(1)


def _prctl(option: int, argument: int) -> bool:
    """Call prctl(2), where there is one."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(option, argument, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False


class _Guard:
    def __init__(self, worker: int, go: int, adopting: bool) -> None:
        self._worker = worker
        self._go = go
        self._adopting = adopting
        self._status: Optional[int] = None

    def watch(self) -> None:
        """Wait for the worker's end, or for Go's word."""
        wake, woken = os.pipe()
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _nothing)
        for number in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
            signal.signal(getattr(signal, number), signal.SIG_IGN)
        self._tell(self._worker)
        poller = select.poll()
        poller.register(wake, select.POLLIN)
        poller.register(self._go, select.POLLIN)
        while not self._reap():
            ready = [descriptor for descriptor, _ in poller.poll()]
            if wake in ready:
                os.read(wake, 4096)
            if self._go in ready:
                self._obey()
        self._kill_rest()
        self._tell(self._status)

    def _obey(self) -> None:
        try:
            word = os.read(self._go, 1)
        except OSError:
            word = b""
        if word == b"d":
            os.kill(self._worker, DUMP)
            os.kill(self._worker, signal.SIGCONT)
            return
        os.kill(self._worker, signal.SIGKILL)
        self._wait_for_worker()

    def _wait_for_worker(self) -> None:
        until = time.monotonic() + _PATIENCE
        while not self._reap() and time.monotonic() < until:
            time.sleep(0.001)

    def _reap(self) -> bool:
        """Bury what has ended, and report whether the worker has."""
        try:
            while True:
                child, status = os.waitpid(-1, os.WNOHANG)
                if child == self._worker:
                    self._status = status
                if child == 0:
                    break
        except ChildProcessError:
            pass
        return self._status is not None

    def _kill_rest(self) -> None:
        """Kill what the worker has started and left behind.

        The children of whatever is killed are adopted in turn, and found at the
        next look.
        """
        try:
            os.killpg(self._worker, signal.SIGKILL)
        except OSError:
            pass
        until = time.monotonic() + _PATIENCE
        while self._adopting and time.monotonic() < until:
            children = _children()
            if not children:
                return
            for child in children:
                try:
                    os.kill(child, signal.SIGKILL)
                except OSError:
                    pass
            self._reap()
            time.sleep(0.001)

    def _tell(self, number: Optional[int]) -> None:
        try:
            os.write(self._go, b"%d\n" % (number or 0))
        except OSError:
            pass


def _children() -> "list[int]":
    """Return the process ids of this process's children (proc(5))."""
    own = os.getpid()
    try:
        with open(f"/proc/self/task/{own}/children", encoding="ascii") as listing:
            return [int(child) for child in listing.read().split()]
    except OSError:
        return [child for child in _processes() if _parent(child) == own]


def _processes() -> "list[int]":
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _parent(process: int) -> int:
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _nothing(number: int, frame: object) -> None:
    """Take a signal: the wakeup descriptor has been written to."""
