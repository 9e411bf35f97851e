"""What the benchmarks in this folder share: servers that are pinned to a core, wrk
that asks them from the other, samples that say how much was disturbed."""

import collections
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TICK = os.sysconf("SC_CLK_TCK")
DISTURBED = 0.05
WRONG = "NOT MEASURED"
UNTIL_END = "until the end of the connection"


def install(packages):
    """Installs the missing ones of Debian's packages, and returns the version of each, "" for one that cannot be had."""
    names = dict.fromkeys(packages)
    missing = [name for name in names if not version(name)]
    if missing:
        root = [] if os.getuid() == 0 else ["sudo", "-n"]
        attempt(root + ["apt-get", "update"])
    for name in missing:  # one by one: each may fail on its own
        print("installing", name, file=sys.stderr)
        attempt(root + ["apt-get", "install", "-y", "--no-install-recommends", name])
    return {name: version(name) for name in names}


def attempt(command):
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    if not shutil.which(command[0]) or subprocess.run(command, env=env, capture_output=True).returncode:
        print("run: this did not work:", *command, file=sys.stderr)


def version(package):
    if not shutil.which("dpkg-query"):
        return ""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package]
    status, _, number = subprocess.run(query, capture_output=True, text=True).stdout.partition(" ")
    return number if status == "installed" else ""


class Server:
    """A server under measurement, on core 0 unless other cores are given."""

    def __init__(self, name, command, scratch, cores="0", **fields):
        self.port = free_port()
        self.log = os.path.join(scratch, name.replace("/", " ") + ".log")
        command = command.format(port=self.port, **fields)
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", cores] + command.split(), cwd=HERE, stdout=log, stderr=log,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": HERE}, start_new_session=True)

    def wait(self):
        """Waits until the server takes connections, and returns what went wrong."""
        until = time.monotonic() + 10
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return ""
            except OSError:
                time.sleep(0.05)
        with open(self.log) as log:
            return f"{WRONG}: did not start: " + " ".join(log.read().split()[-30:])

    def cpu(self):
        """The seconds of CPU time that the process and its children have used, with all their threads."""
        return sum(used(pid) for pid in tree(self.process.pid))

    def memory(self):
        """The proportional set size in bytes of the process and its descendants."""
        return sum(proportional(pid) for pid in tree(self.process.pid))

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)  # a session of its own, begun above
                self.process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def stat(pid):
    """The fields of /proc/PID/stat that follow the name of the program."""
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()


def used(pid):
    return sum(int(field) for field in stat(pid)[11:15]) / TICK  # utime, stime, and those of children that ended


def proportional(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(line.split()[1]) << 10 for line in f if line.startswith("Pss:"))


def tree(root):
    """The process ids of root and its descendants."""
    children = collections.defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                children[int(stat(name)[1])].append(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def read(response):
    """The framing of a response, with the number of its chunks, and its body."""
    if not response.chunked:
        return UNTIL_END if response.length is None else "Content-Length", response.read()
    chunks = []
    while size := int(response.fp.readline().split(b";")[0], 16):
        chunks.append(response.fp.read(size))
        response.fp.readline()
    response.fp.readline()
    response.close()
    return f"{len(chunks)} chunks", b"".join(chunks)


Sample = collections.namedtuple("Sample", "rate cpu core cut failed others p50 p99")


def undisturbed(deadline, *arguments):
    """A sample, or the quietest of up to three if other processes took more than DISTURBED of the cores."""
    samples = []
    while not samples or len(samples) < 3 and time.monotonic() < deadline:
        samples.append(sample(*arguments))
        if samples[-1].others <= DISTURBED:
            break
    return min(samples, key=lambda s: s.others)


def sample(server, work, headers, seconds):
    before, busy, own = server.cpu(), cores(), client()
    began = time.monotonic()
    requests, duration, cut, failed, p50, p99 = drive(server.port, work, headers, seconds)
    wall, cpu = time.monotonic() - began, server.cpu() - before
    others = (cores() - busy - cpu - (client() - own)) / wall / 2
    return Sample(requests / duration, cpu / max(requests, 1), cpu / wall, cut, failed, others, p50, p99)


def drive(port, work, headers, seconds):
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{work.connections}", f"-d{seconds}s", "-s", HERE + "/request.lua"]
    for h in headers:
        command += ["-H", h]
    command += [f"http://127.0.0.1:{port}{work.path}", "--", str(work.body)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 20).stdout
    requests, microseconds, cut, failed, p50, p99 = map(int, output.split()[-6:])
    return requests, microseconds / 1e6, cut, failed, p50, p99


def cores():
    """The seconds that cores 0 and 1 have been busy, or taken away by the host."""
    with open("/proc/stat") as f:
        fields = [line.split()[1:9] for line in f if line.startswith(("cpu0 ", "cpu1 "))]
    return sum(int(v) for f in fields for i, v in enumerate(f) if i not in (3, 4)) / TICK  # idle, iowait


def client():
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(": ")[1].strip() for line in f if line.startswith("model name")), "unknown CPU")
    return f"{model}, {os.cpu_count()} cores, Linux {os.uname().release}"


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]


def spread(values, form):
    """The median of values, with their range."""
    low, middle, high = (form.format(v) for v in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low}–{high})"
