"""What a container's network costs: throughput, beside a bridge made by hand."""
import json
import subprocess
import time

# The bytes that one measurement sends.
AMOUNT = "2G"


class Pair:
    """Two places that reach each other, each the network namespace of a process."""

    def __init__(self, server, client, address):
        self.server, self.client, self.address = server, client, address

    def seconds(self):
        """How long the bytes take from one to the other, sent by iperf3."""
        server = subprocess.Popen(self.inside(self.server) + ["iperf3", "-s", "-1"],
                                  stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                done = subprocess.run(
                    self.inside(self.client)
                    + ["iperf3", "-c", self.address, "-n", AMOUNT, "--json"],
                    capture_output=True, text=True)
                # An error of the connection is one in the answer alone.
                end = json.loads(done.stdout or "{}").get("end", {})
                if "sum_received" in end:
                    return end["sum_received"]["seconds"]
                time.sleep(0.05)  # it does not listen yet
            raise RuntimeError(done.stdout.strip())
        finally:
            server.kill()
            server.wait()

    @staticmethod
    def inside(pid):
        return ["nsenter", f"--net=/proc/{pid}/ns/net"]


class PlainBridge:
    """A bridge with two namespaces, as `ip` makes it."""

    def __init__(self):
        self.keepers = [subprocess.Popen(["unshare", "-n", "sleep", "100000"]) for _ in range(2)]
        self.call("ip link add plain0 type bridge; ip link set plain0 up")
        for number, keeper in enumerate(self.keepers):
            while not self.is_apart(keeper.pid):
                time.sleep(0.01)
            self.call(
                f"ip link add plain{number}p master plain0 up type veth peer name eth0 "
                f"netns {keeper.pid}; nsenter --net=/proc/{keeper.pid}/ns/net sh -ec "
                f"'ip link set lo up; ip address add 10.99.0.{number + 2}/24 dev eth0; "
                "ip link set eth0 up'")
        self.pair = Pair(self.keepers[0].pid, self.keepers[1].pid, "10.99.0.2")

    @staticmethod
    def is_apart(pid):
        links = [subprocess.run(["readlink", f"/proc/{process}/ns/net"], capture_output=True,
                                text=True).stdout for process in ["self", pid]]
        return links[0] != links[1]

    @staticmethod
    def call(script):
        subprocess.run(["sh", "-ec", script], check=True)

    def end(self):
        for keeper in self.keepers:
            keeper.kill()
            keeper.wait()
        self.call("ip link delete plain0")


def throughput(comparison, kade, image):
    """Two containers on a network of their own, beside a plain bridge."""
    names = ["bench-server", "bench-client"]
    kade.call("network", "create", "bench")
    plain = PlainBridge()
    try:
        for name in names:
            kade.call("run", "-d", "--name", name, "--network", "bench", image, "/bin/sleep",
                      "100000")
        server, client = (int(kade.call("inspect", "--format", "{{.State.Pid}}", name))
                          for name in names)
        address = kade.call("inspect", "--format",
                            "{{.NetworkSettings.Networks.bench.IPAddress}}", names[0])
        pairs = {"kade": Pair(server, client, address), "plain bridge": plain.pair}
        for pair in pairs.values():
            pair.seconds()
        times = comparison.turns("throughput", pairs, comparison.rounds,
                                 lambda _, pair: [pair.seconds()])
        return comparison.seconds(f"{AMOUNT} from container to container", times,
                                  {"plain bridge": 1.05})
    finally:
        plain.end()
        kade.call("rm", "-f", *names, check=False)
        kade.call("network", "rm", "bench", check=False)
