"""The processor time of `run` beside that of the least that does the same, on cgroup version 2."""
import contextlib
import os
import subprocess

import lives
import runtimes

HERE = os.path.dirname(os.path.abspath(__file__))
# Without a profile: the floor loads a filter that is made, and Kade makes it from 35 KB of JSON.
GOAL = {"floor": 1.3}


def compiled(name, work, *more):
    program = os.path.join(work, name)
    subprocess.run(["cc", "-O2", "-static", "-o", program, os.path.join(HERE, f"{name}.c"), *more],
                   check=True)
    return program


def own_entry():
    """How the floor is compiled to leave its writable file as the runtime does."""
    entry = os.path.join(HERE, "../Sources/CEntry")
    return [os.path.join(entry, "entry.c"), "-I", os.path.join(entry, "include"),
            "-Wl,--entry=kade_entry"] if os.uname().machine == "x86_64" else []


@contextlib.contextmanager
def unified():
    """Shows this process cgroup version 2 alone, also on a machine with version 1."""
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        yield
        return
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "/sys/fs/cgroup"], check=True)


def filter_of(runtime, bundle, work):
    """Writes the filter that Kade makes of a profile to a file. Returns its path."""
    path = os.path.join(work, "filter")
    _, pid = lives.create(runtime, bundle, "filtered", work)
    try:
        lives.Timed([*runtime, "start", "filtered"])
        with open(path, "wb") as file:
            subprocess.run([compiled("seccomp-filter-of", work), str(pid)], stdout=file, check=True)
    finally:
        subprocess.run([*runtime, "delete", "-f", "filtered"], capture_output=True)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    return path


def comparisons(comparison, programs, plain, filtered, sleeping, work):
    """`run` of true without and with a profile; each is a bundle, and `sleeping` has the profile."""
    floor = compiled("floor", work, *own_entry())
    with unified():
        for name, bundle in [("", plain), (", seccomp", filtered)]:
            if bundle is None:
                continue
            least = [floor, "run", "-u", "/sys/fs/cgroup/bench-floor", "-b", bundle,
                     "-r", os.path.join(work, "floor-root")]
            if name:
                kade = runtimes.prefixes(programs, work)["kade-runtime"]
                least += ["-s", filter_of(kade, sleeping, work)]
            commands = runtimes.commands(programs, bundle, work)
            commands["floor"] = [*least, os.path.join(bundle, "rootfs"), "/bin/true"]
            times = comparison.turns(
                "run", commands, comparison.rounds,
                lambda _, command: [lives.Timed(command).processor
                                    for _ in range(comparison.runs)])
            yield comparison.seconds(f"run{name}: processor time, cgroup v2", times,
                                     {} if name else GOAL)
