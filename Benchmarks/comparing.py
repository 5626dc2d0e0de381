"""Comparisons: programs that take turns, medians, ratios, goals."""
import json
import os
import shlex
import statistics
import subprocess
import tempfile


class Comparison:
    """Measures Kade against its peers; the first entry of every comparison is Kade's."""

    def __init__(self, rounds, runs):
        self.rounds, self.runs = rounds, runs

    def times(self, name, commands, goals):
        """Times commands in turns: A B C A B C. Returns what is kept as JSON."""
        times = self.turns(name, commands, self.rounds, lambda _, command: self.turn(command))
        return self.seconds(name, times, goals)

    @staticmethod
    def turns(name, peers, rounds, body):
        """Lets peers take turns, and leaves out who fails.

        `body` gets a peer's name and what `peers` has for it, and returns a list of results.
        """
        results = {peer: [] for peer in peers}
        for _ in range(rounds):
            for peer in list(results):
                try:
                    results[peer] += body(peer, peers[peer])
                except RuntimeError as reason:
                    print(f"{name}: {peer} is left out, it fails: {reason}", flush=True)
                    del results[peer]
        return results

    def seconds(self, name, times, goals):
        """Compares the medians of lists of seconds. Returns what is kept as JSON."""
        medians = {peer: self.median(seconds) * 1000 for peer, seconds in times.items()}
        result = self.report(name, medians, "ms", goals, None)
        result["times"] = times
        return result

    @staticmethod
    def median(values):
        return statistics.median(values)

    def turn(self, command):
        """The seconds of one turn of a command, after one run that is not counted."""
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            done = subprocess.run(
                ["hyperfine", "-N", "--warmup", "1", "--runs", str(self.runs), "--style", "none",
                 "--export-json", file.name, shlex.join(command)],
                stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError((done.stderr or done.stdout).strip().replace("\n", " "))
            with open(file.name) as text:
                return json.load(text)["results"][0]["times"]

    def amounts(self, name, amounts, goals, limit_in_kib=None):
        """Compares memory, in KiB."""
        amounts = {peer: amount for peer, amount in amounts.items() if amount is not None}
        return self.report(name, amounts, "KiB", goals, limit_in_kib)

    def report(self, name, values, unit, goals, limit):
        print(f"{name}:")
        own = next(iter(values)) if values else ""
        result = {"name": name, "unit": unit, "medians": values, "ratios": {}, "goals": goals}
        if not own.startswith("kade"):
            print("  no result of Kade's", flush=True)
            return result
        for peer, value in values.items():
            line = f"  {peer:13}{value:10.2f} {unit}"
            if peer == own and limit is not None:
                line += f"   {self.verdict(value, limit)} {limit} {unit}"
            if peer != own:
                ratio = result["ratios"][peer] = values[own] / value
                line += f"   {own} / {peer} = {ratio:.2f}"
                if peer in goals:
                    line += f", {self.verdict(ratio, goals[peer])} {goals[peer]}"
            print(line, flush=True)
        if limit is not None:
            result["limit"] = limit
        return result

    @staticmethod
    def verdict(value, goal):
        return "meets" if value <= goal else "MISSES"


def private_memory(pid):
    """The KiB that only this process holds."""
    total = 0
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith(("Private_Clean:", "Private_Dirty:")):
                total += int(line.split()[1])
    return total


def peak_memory(pid):
    """The most KiB that a process has held."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return None


def parent(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])
