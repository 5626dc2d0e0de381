"""The OCI runtimes: one bundle of busybox, and the commands that run it."""
import copy
import json
import os
import shutil
import subprocess

import comparing

CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_NET_BIND_SERVICE",
                "CAP_SETGID", "CAP_SETUID", "CAP_SYS_CHROOT"]
SPEC = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False, "user": {"uid": 0, "gid": 0}, "args": ["/bin/true"],
        "env": ["PATH=/bin"], "cwd": "/", "noNewPrivileges": True,
        "capabilities": {kind: CAPABILITIES for kind in ["bounding", "effective", "permitted"]},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "bench",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
         "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs",
         "options": ["nosuid", "noexec", "nodev", "ro"]},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": kind} for kind in ["pid", "network", "ipc", "uts", "mount"]],
        "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
                        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                        "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                          "/proc/sysrq-trigger"],
    },
}


def make_rootfs(path):
    """Busybox with the programs that the benchmarks call."""
    for name in ["bin", "dev", "etc", "proc", "sys", "tmp"]:
        os.makedirs(os.path.join(path, name))
    shutil.copy(shutil.which("busybox"), os.path.join(path, "bin/busybox"))
    for name in ["sh", "true", "sleep"]:
        os.symlink("busybox", os.path.join(path, "bin", name))
    return path


def make_bundle(path, seccomp=None, program=("/bin/true",)):
    make_rootfs(os.path.join(path, "rootfs"))
    spec = copy.deepcopy(SPEC)
    spec["process"]["args"] = list(program)
    if seccomp is not None:
        spec["linux"]["seccomp"] = seccomp
    with open(os.path.join(path, "config.json"), "w") as file:
        json.dump(spec, file)
    return path


def prefixes(programs, work):
    """How the command line of each runtime begins that is there, Kade's first."""
    result = {}
    for name, program in [("kade-runtime", os.path.join(programs, "kade-runtime")),
                          ("crun", shutil.which("crun")), ("runc", shutil.which("runc"))]:
        if program is None or not os.path.exists(program):
            print(f"{name}: left out, it is missing", flush=True)
            continue
        result[name] = [program, "--root", os.path.join(work, f"{name}-root")]
    return result


def commands(programs, bundle, work):
    """The command of each runtime that runs a bundle."""
    return {name: [*prefix, "run", "-b", bundle, f"bench-{name}"]
            for name, prefix in prefixes(programs, work).items()}


def peak_memory(command):
    """The most KiB that a runtime has held by the time that its container runs.

    It is the process's own count (VmHWM): what wait4(2) reports would be its parent's, if that was
    larger before execve, and `time` of some busyboxes prints it four times too large. The program
    prints something and ends with its standard input.
    """
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    if not process.stdout.read(1):
        return None
    peak = comparing.peak_memory(process.pid)
    process.communicate()
    return peak
