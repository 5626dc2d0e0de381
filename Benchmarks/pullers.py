"""The programs that pull, each into a store of its own below a directory."""
import os
import shutil
import signal
import subprocess
import time


def run(arguments, **options):
    """Runs a program; its output is shown when it fails."""
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)
    if done.returncode != 0:
        raise SystemExit(f"{arguments[0]} fails ({done.returncode}): {done.stdout.strip()}")


class Kade:
    """kade pull, or kade-server pull, the program that it starts; layers are unpacked."""

    name = "kade"
    grounds = ["disk", "tmpfs"]
    snapshotter = "directory"

    def __init__(self, program):
        self.program = program

    def start(self, root):
        store = os.path.join(root, "kade")
        self.command = [self.program, "pull", "--root", store]
        if os.path.basename(self.program) == "kade":
            runroot = os.path.join(root, "kade-run")
            self.command = [self.program, "--root", store, "--runroot", runroot, "pull", "-q"]

    def pull(self, reference):
        environment = os.environ | {"KADE_SNAPSHOTTER": self.snapshotter}
        run(self.command + [reference], env=environment)

    def stop(self):
        pass


class KadeErofs(Kade):
    """The same, and layers become EROFS images, which the kernel does not mount from a tmpfs."""

    name = "kade-erofs"
    grounds = ["disk"]
    snapshotter = "erofs"


class Skopeo:
    """skopeo copy into containers-storage, which unpacks."""

    name = "skopeo"
    grounds = ["disk", "tmpfs"]

    def start(self, root):
        self.root, self.runroot = os.path.join(root, self.name), os.path.join(root, "run")

    def pull(self, reference):
        run(["skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false",
             f"docker://{reference}",
             f"containers-storage:[overlay@{self.root}+{self.runroot}]{reference}"])

    def stop(self):
        """Takes away the mounts that containers-storage leaves."""
        for path in [self.root + "/overlay", self.root]:
            subprocess.run(["umount", "-l", path], stderr=subprocess.DEVNULL)


class Podman(Skopeo):
    """podman pull with the overlay driver."""

    name = "podman"

    def pull(self, reference):
        run(["podman", "--root", self.root, "--runroot", self.runroot, "--storage-driver",
             "overlay", "pull", "-q", "--tls-verify=false", reference])


class Docker:
    """docker pull from a daemon with a data root of its own."""

    name = "docker"
    grounds = ["disk", "tmpfs"]

    def start(self, root):
        home = os.path.join(root, "docker")
        os.makedirs(home)
        self.socket = f"unix://{home}/docker.sock"
        with open(f"{home}/log", "w") as log:
            self.daemon = subprocess.Popen(
                ["dockerd", "--data-root", f"{home}/data", "--exec-root", f"{home}/exec",
                 "--pidfile", f"{home}/pid", "-H", self.socket, "--bridge=none",
                 "--iptables=false", "--ip6tables=false", "--ip-forward=false"],
                stdout=log, stderr=log)
        for _ in range(300):
            if self.client("version").returncode == 0:
                return
            time.sleep(0.1)
        with open(f"{home}/log") as log:
            raise SystemExit("dockerd does not start:\n" + log.read())

    def client(self, *arguments):
        return subprocess.run(
            ["docker", "-H", self.socket, *arguments], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def pull(self, reference):
        run(["docker", "-H", self.socket, "pull", "-q", reference])

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait()


def makers(kade):
    """All of them, by name; `kade` is the path of Kade's program."""
    return {"kade": lambda: Kade(kade), "kade-erofs": lambda: KadeErofs(kade), "skopeo": Skopeo,
            "podman": Podman, "docker": Docker}


def missing(name):
    """The program that a puller lacks on this machine, or None."""
    needed = {"kade": [], "kade-erofs": [], "skopeo": ["skopeo"], "podman": ["podman"],
              "docker": ["docker", "dockerd"]}
    return next((program for program in needed[name] if not shutil.which(program)), None)
