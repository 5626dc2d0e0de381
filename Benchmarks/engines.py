"""The engines: each with data of its own and the same image, made from the same tar archive."""
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import time

import lives
import runtimes
from comparing import parent, private_memory

IMAGE = "localhost/bench:latest"
CONTAINERS = ["bench", "beside"]
MANY = [f"many{number}" for number in range(50)]
SIDE_BY_SIDE = 8


def engine_cgroups():
    """The cgroups that the engines keep their containers in, as far as they exist."""
    places = (os.path.join("/sys/fs/cgroup", hierarchy, name)
              for hierarchy in os.listdir("/sys/fs/cgroup")
              for name in ["docker", "libpod_parent", "kade"])
    return {place for place in places if os.path.isdir(place)}


# Those of engines that were here before stay.
FOREIGN_CGROUPS = engine_cgroups()


class Missing(Exception):
    """Why an engine cannot take part."""


class Engine:
    """What the three engines have in common: Docker's command line."""

    def __init__(self, name, command, tar, environment=None):
        self.name, self.command = name, command
        self.environment = {**os.environ, **(environment or {})}
        self.call("import", tar, IMAGE)

    def call(self, *arguments, check=True):
        done = subprocess.run(self.command + list(arguments), env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if check and done.returncode != 0:
            raise Missing(f"{self.name} {arguments[0]} fails: {done.stderr.strip()}")
        return done.stdout.strip()

    def timed(self, *arguments):
        """A command for hyperfine, which starts it without a shell."""
        own = [f"{key}={value}" for key, value in self.environment.items()
               if os.environ.get(key) != value]
        return (["env", *own] if own else []) + self.command + list(arguments)

    def run_command(self):
        return self.timed("run", "--rm", "--network", "none", IMAGE, "/bin/true")

    def publish_command(self):
        return self.timed("run", "--rm", "-p", "18080:80", IMAGE, "/bin/true")

    def exec_command(self):
        return self.timed("exec", "bench", "/bin/true")

    # Flags of `build` that an engine needs to run at all here.
    build_flags = []

    def build_command(self, kind, context):
        flags = ["--no-cache"] if kind == "cold" else []
        return self.timed("build", "-q", "--network", "none", *self.build_flags, *flags, "-t",
                          "bench-built", context)

    def ps_command(self):
        return self.timed("ps")

    def start_container(self):
        try:
            for name in CONTAINERS:
                self.call("run", "-d", "--name", name, "--network", "none", IMAGE, "/bin/sleep",
                          "100000")
            return True
        except Missing as reason:
            print(reason)
            return False

    def companion_memory(self):
        """The private KiB of the process that watches over the container: its parent.

        A second container makes the pages of the program shared, as they are on a real machine.
        """
        pid = int(self.call("inspect", "--format", "{{.State.Pid}}", "bench"))
        return private_memory(parent(pid))

    # What `rm -f` needs so as not to wait for a program that ignores SIGTERM.
    removal = ["rm", "-f"]

    def life_of_many(self):
        """The seconds of 50 × `run -d`, 8 side by side, and of one removal of them all."""
        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            starts = [pool.submit(self.call, "run", "-d", "--name", name, IMAGE, "/bin/sleep",
                                  "100000") for name in MANY]
            problems = [str(start.exception()) for start in starts if start.exception()]
        started = time.perf_counter()
        try:
            if problems:
                raise RuntimeError(problems[0])
            self.call(*self.removal, *MANY)
            return started - begin, time.perf_counter() - started
        finally:
            self.call(*self.removal, *MANY, check=False)

    def stop(self):
        self.call(*self.removal, *CONTAINERS, check=False)


class Kade(Engine):
    def __init__(self, programs, work, tar):
        program = os.path.join(programs, "kade")
        if not os.path.exists(program):
            raise Missing(f"{program} is missing")
        self.root = os.path.join(work, "kade")
        super().__init__(
            "kade", [program, "--root", self.root, "--runroot", "/run/kade-bench"], tar)

    def cost_of_steps(self, comparison):
        """`run` as it is, beside one that keeps no record of what it did.

        The difference is small, so that it takes many short turns of one run each.
        """
        commands = {"kade": ["env", "KADE_STEPS=on"], "kade unrecorded": ["env", "KADE_STEPS=off"]}
        run = self.timed("run", "--rm", "--network", "none", IMAGE, "/bin/true")
        times = comparison.turns(
            "steps", commands, comparison.rounds * 15,
            lambda _, prefix: [lives.Timed([*prefix, *run]).wall])
        return comparison.seconds("run --rm, its steps recorded", times, {"kade unrecorded": 1.02})

    def seccomp_profile(self):
        """The profile of a container, as it stands in the config.json that is run."""
        self.start_container()
        id = self.call("inspect", "--format", "{{.Id}}", "bench")
        with open(os.path.join(self.root, "containers", id, "config.json")) as file:
            profile = json.load(file)["linux"]["seccomp"]
        self.stop()
        return profile


class Podman(Engine):
    def __init__(self, work, tar):
        if not shutil.which("podman"):
            raise Missing("it is missing")
        config = os.path.join(work, "containers.conf")
        with open(config, "w") as file:
            file.write('[containers]\ndefault_ulimits = ["nofile=20000:20000", '
                       '"nproc=32768:32768"]\n')
        root = os.path.join(work, "podman")
        super().__init__(
            "podman", ["podman", "--root", root, "--runroot", "/run/podman-bench",
                       "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs"],
            tar, {"CONTAINERS_CONF": config})

    removal = ["rm", "-f", "-t", "0"]


class Docker(Engine):
    def __init__(self, work, tar):
        if not shutil.which("dockerd") or not shutil.which("docker"):
            raise Missing("it is missing")
        home = "/run/docker-bench"
        os.makedirs(home)
        self.log = os.path.join(work, "dockerd.log")
        socket = f"unix://{home}/docker.sock"
        with open(self.log, "w") as log:
            self.daemon = subprocess.Popen(
                ["dockerd", "--data-root", os.path.join(work, "docker"),
                 "--exec-root", f"{home}/exec", "--pidfile", f"{home}/pid", "-H", socket],
                stdout=log, stderr=log)
        try:
            self.wait(socket)
            # Without the plug-in buildx the classic builder is what Docker has.
            super().__init__("docker", ["docker", "-H", socket], tar, {"DOCKER_BUILDKIT": "0"})
        except Missing:
            self.end_daemon()
            raise

    def wait(self, socket):
        for _ in range(300):
            if subprocess.run(["docker", "-H", socket, "version"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0:
                return
            if self.daemon.poll() is not None:
                break
            time.sleep(0.1)
        with open(self.log) as log:
            raise Missing("dockerd does not start: " + log.read()[-400:])

    def stop(self):
        super().stop()
        self.end_daemon()

    def end_daemon(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait()


def make_context(work):
    """A context whose Dockerfile has five steps. podman builds with buildah's own code."""
    context = os.path.join(work, "context")
    os.makedirs(os.path.join(context, "files"))
    with open(os.path.join(context, "Dockerfile"), "w") as file:
        file.write(f'FROM {IMAGE}\nRUN ["/bin/busybox", "touch", "/one"]\nCOPY files /files/\n'
                   'RUN ["/bin/busybox", "rm", "/one"]\nWORKDIR /work\n'
                   'RUN ["/bin/busybox", "touch", "/two"]\n')
    for number in range(100):
        with open(os.path.join(context, "files", f"{number}"), "w") as file:
            file.write(f"{number}\n" * 1000)
    return context


def makers(programs, work):
    """How each engine is started, Kade first."""
    rootfs = runtimes.make_rootfs(os.path.join(work, "rootfs"))
    tar = os.path.join(work, "rootfs.tar")
    subprocess.run(["tar", "-C", rootfs, "-cf", tar, "."], check=True)
    return {"kade": lambda: Kade(programs, work, tar), "podman": lambda: Podman(work, tar),
            "docker": lambda: Docker(work, tar)}


def remove_all(work):
    """Removes the stores and the cgroups that the engines have made meanwhile."""
    with open("/proc/self/mountinfo") as file:
        mounts = [line.split()[4] for line in file]
    for path in sorted((path for path in mounts if path.startswith(work + "/")), reverse=True):
        subprocess.run(["umount", "-l", path])
    shutil.rmtree(work)
    for cgroup in engine_cgroups() - FOREIGN_CGROUPS:
        try:
            os.rmdir(cgroup)
        except OSError:
            pass  # another engine's containers are in it by now
