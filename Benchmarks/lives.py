"""The parts of a container's life, each timed alone, and many lives side by side."""
import concurrent.futures
import contextlib
import ctypes
import os
import select
import subprocess
import tempfile
import time

import runtimes

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER, MS_BIND, MNT_DETACH = 36, 4096, 2


class Timed:
    """What one run of a command took, in seconds."""

    def __init__(self, command):
        quiet = os.open(os.devnull, os.O_RDWR)
        with tempfile.TemporaryFile() as errors:
            begin = time.perf_counter()
            pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
                (os.POSIX_SPAWN_DUP2, quiet, 0), (os.POSIX_SPAWN_DUP2, quiet, 1),
                (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)])
            _, status, usage = os.wait4(pid, 0)
            self.wall = time.perf_counter() - begin
            os.close(quiet)
            self.processor = usage.ru_utime + usage.ru_stime
            if status != 0:
                errors.seek(0)
                text = errors.read().decode(errors="replace").strip().replace("\n", " ")
                raise RuntimeError(f"{' '.join(command[3:])}: {text or status}")


def adopt_orphans():
    """Makes what the runtimes leave behind this process's to wait for."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def create(runtime, bundle, id, work):
    """Creates a container. Returns the time and the number of its first process."""
    file = os.path.join(work, f"{id}.pid")
    timed = Timed([*runtime, "create", "-b", bundle, "--pid-file", file, id])
    with open(file) as text:
        return timed, int(text.read())


def wait_for_end(pid):
    """Waits for a first process, which is nobody's child but ours by now."""
    descriptor = os.pidfd_open(pid)
    try:
        if not select.select([descriptor], [], [], 10)[0]:
            raise RuntimeError(f"process {pid} does not end")
    finally:
        os.close(descriptor)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def live(runtime, bundle, id, work):
    """One life of a program that ends at once: the seconds of each part."""
    made, pid = create(runtime, bundle, id, work)
    started = Timed([*runtime, "start", id])
    wait_for_end(pid)
    removed = Timed([*runtime, "delete", id])
    return {"create": made.wall, "start": started.wall, "delete": removed.wall}


class Sleepers:
    """Containers of a runtime that wait for their start."""

    def __init__(self, runtime, bundle, work, count):
        self.runtime, self.pids = runtime, {}
        try:
            for index in range(count):
                id = f"sleeper-{index}"
                _, self.pids[id] = create(runtime, bundle, id, work)
        except RuntimeError:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for id, pid in self.pids.items():
            subprocess.run([*self.runtime, "delete", "-f", id], capture_output=True)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def parts(comparison, programs, bundle, work):
    """Create, start and delete, each as a command of its own."""
    times = comparison.turns(
        "the parts of a life", runtimes.prefixes(programs, work), comparison.rounds,
        lambda name, runtime: [live(runtime, bundle, f"life-{name}", work)
                               for _ in range(comparison.runs)])
    for part in ["create", "start", "delete"]:
        yield comparison.seconds(
            f"runtime {part}", {name: [life[part] for life in lives]
                                for name, lives in times.items()}, goals={"crun": 1.0})


def execs(comparison, programs, bundle, work):
    """A program more in a container that runs."""
    prefixes = runtimes.prefixes(programs, work)
    with contextlib.ExitStack() as stack:
        for runtime in prefixes.values():
            stack.enter_context(Sleepers(runtime, bundle, work, 1))
            Timed([*runtime, "start", "sleeper-0"])
        times = comparison.turns(
            "exec", prefixes, comparison.rounds,
            lambda _, runtime: [Timed([*runtime, "exec", "sleeper-0", "/bin/true"]).wall
                                for _ in range(comparison.runs)])
    yield comparison.seconds("runtime exec", times, goals={"crun": 0.5})


def crowd(comparison, programs, bundle, work, count=200, width=8, turns=4):
    """Lives of which eight go on at the same time."""
    spans = {}

    def batch(name, runtime):
        def one(index):
            begin = time.perf_counter()
            live(runtime, bundle, f"crowd-{name}-{index}", work)
            return time.perf_counter() - begin

        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(width) as pool:
            each = list(pool.map(one, range(count // turns)))
        spans[name] = spans.get(name, 0) + time.perf_counter() - begin
        return each

    times = comparison.turns("a crowd", runtimes.prefixes(programs, work), turns, batch)
    yield comparison.report(
        f"{count} lives, {width} side by side",
        {name: spans[name] * 1000 for name in times}, "ms", {"crun": 0.67}, None)
    for name, each in times.items():
        each = sorted(each)
        median, late = each[len(each) // 2], each[len(each) * 9 // 10]
        verdict = f", {comparison.verdict(late / median, 2)} 2" if name == "kade-runtime" else ""
        print(f"  {name:13} a life: median {median * 1000:.1f} ms, 90 of 100 within "
              f"{late * 1000:.1f} ms: {late / median:.2f} times{verdict}", flush=True)


@contextlib.contextmanager
def mounts(work, count):
    """Adds mounts to the namespace of this process."""
    place = os.path.join(work, "mounts")
    os.makedirs(place)
    call("mount", b"tmpfs", place.encode(), b"tmpfs", 0, None)
    os.mkdir(os.path.join(place, "source"))
    source = os.path.join(place, "source").encode()
    try:
        for index in range(count):
            target = os.path.join(place, str(index))
            os.mkdir(target)
            call("mount", source, target.encode(), None, MS_BIND, None)
        yield
    finally:
        call("umount2", place.encode(), MNT_DETACH)


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


def beside_much(comparison, programs, bundle, work):
    """`run` on a machine with many mounts, and on one with many containers."""
    prefixes = runtimes.prefixes(programs, work)

    def run(name, runtime):
        return [Timed([*runtime, "run", "-b", bundle, f"run-{name}"]).wall
                for _ in range(comparison.runs)]

    quiet = comparison.turns("run", prefixes, comparison.rounds, run)
    with mounts(work, 5000):
        crowded = comparison.turns("run", prefixes, comparison.rounds, run)
    yield growth(comparison, "run beside 5,000 mounts", crowded, quiet)
    # The kernel itself takes longer then, for pivot_root(2) and new sysfs mounts: for every runtime.
    with Sleepers(prefixes["kade-runtime"], bundle, work, 1000):
        crowded = comparison.turns("run", prefixes, comparison.rounds, run)
    yield growth(comparison, "run beside 1,000 containers", crowded, quiet)


def growth(comparison, name, crowded, quiet):
    result = comparison.seconds(name, crowded, goals={"crun": 0.67})
    for peer, seconds in crowded.items():
        times = comparison.median(seconds) / comparison.median(quiet[peer])
        verdict = f", {comparison.verdict(times, 1.2)} 1.2" if peer == "kade-runtime" else ""
        print(f"  {peer:13}{times:10.2f} times what it takes without them{verdict}", flush=True)
    return result
