#!/usr/bin/env python3
"""Kill commands that write, at random times and at system calls, and look at what is left.

    kills.py JOVE WORK [--kills N] [--errors N] [--seed N] [--only NAME ...]

JOVE   the program, such as target/release/jove
WORK   an empty folder to work in

Each kill takes one command of the list below, with an older output in its place. Afterwards the output is the old one, the new
one, or lost; then the same command runs again, and has to end well with the new output and nothing left over. Half of the kills
come at a random time, half at a random system call that changes files (by `strace --inject`). `--errors` lets such a
call fail with EIO instead: the command must then say so, or the output be new. Prints a table; ends with 1 where something was
lost, left over or silent. Needs strace, and nothing else but Python.
"""
import argparse
import collections
import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import world

CALLS = ["rename,renameat,renameat2", "fsync,fdatasync", "write,pwrite64", "unlink,unlinkat,rmdir", "openat",
         "mkdir,mkdirat,linkat", "ftruncate,flock"]

MODEL = ["--checkpoint", "model"]


def commands():
    """Each command: its name, its arguments, its output, and the arguments that make an older output."""
    return [
        ("run", ["run", "run.toml"], None, None),
        ("kb build", ["kb", "build", "--out", "o.sqlite", "--source", "jsonl:ships.jsonl", "--source",
                      "jsonl:more.jsonl"], "o.sqlite",
         ["kb", "build", "--out", "o.sqlite", "--source", "jsonl:more.jsonl"]),
        ("kb build --update", ["kb", "build", "--update", "--out", "o.sqlite", "--source", "jsonl:more.jsonl"],
         "o.sqlite", ["kb", "build", "--out", "o.sqlite", "--source", "jsonl:ships.jsonl"]),
        ("kb export", ["kb", "export", "k.sqlite", "--format", "jsonl", "--out", "o.jsonl"], "o.jsonl",
         ["kb", "export", "old.sqlite", "--format", "jsonl", "--out", "o.jsonl"]),
        ("kb view", ["kb", "view", "k.sqlite", "--out", "o.html"], "o.html",
         ["kb", "view", "old.sqlite", "--out", "o.html"]),
        ("mask preview", ["mask", "preview", "run.toml", "--html", "o.html"], "o.html",
         ["mask", "preview", "run.toml", "--html", "o.html", "--epoch", "1"]),
        ("link", ["link", "--kb", "k.sqlite", "--input", "text.txt", "--output", "o.jsonl", "--lang", "en"],
         "o.jsonl", ["link", "--kb", "k.sqlite", "--input", "old.txt", "--output", "o.jsonl", "--lang", "en"]),
        ("link to Parquet", ["link", "--kb", "k.sqlite", "--input", "text.txt", "--output", "o.parquet", "--lang", "en"],
         "o.parquet", ["link", "--kb", "k.sqlite", "--input", "old.txt", "--output", "o.parquet", "--lang", "en"]),
        ("import", ["import", "--format", "uer", "--checkpoint", "model-uer", "--out", "o"], "o",
         ["import", "--checkpoint", "older", "--out", "o"]),
        ("export to UER", ["export", "--format", "uer", *MODEL, "--out", "o"], "o",
         ["export", "--format", "uer", "--checkpoint", "older", "--out", "o"]),
        ("export to TensorFlow", ["export", "--format", "tf", *MODEL, "--out", "o"], "o",
         ["export", "--format", "tf", "--checkpoint", "older", "--out", "o"]),
        ("convert", ["convert", *MODEL, "--to-format", "hf", "--out", "o"], "o",
         ["convert", "--checkpoint", "older", "--to-format", "hf", "--out", "o"]),
        ("vocab trim", ["vocab", "trim", *MODEL, "--corpus", "en:text.txt", "--out", "o"], "o",
         ["vocab", "trim", "--checkpoint", "older", "--corpus", "en:text.txt", "--out", "o"]),
    ]


class Bench:
    """The world, with every command's older and newer output."""

    def __init__(self, program, work):
        self.program, self.base = program, work / "base"
        self.trial = work / "trial"
        world.build(self.base)
        self.must(["run", "run.toml"])
        trained = world.trained(self.base / "runs/cache")
        world.copy(trained / "checkpoint", self.base / "model")
        for name in ("state.json", "optimizer.safetensors", "heads.safetensors", "queues.safetensors",
                     "momentum.safetensors"):
            (self.base / "model" / name).unlink(missing_ok=True)
        self.expected_run = world.outcome_of_run(self.base)
        world.copy(self.base / "runs", work / "runs")
        self.must(["run", "run.toml", "--set", "train.steps=2", "--set", "output=other"])
        other = world.trained(self.base / "other/cache")
        world.copy(other / "checkpoint", self.base / "older")
        for name in ("state.json", "optimizer.safetensors", "heads.safetensors", "queues.safetensors",
                     "momentum.safetensors"):
            (self.base / "older" / name).unlink(missing_ok=True)
        for name in ("runs", "other"):
            subprocess.run(["rm", "-rf", self.base / name], check=True)
        (self.base / "old.txt").write_text("The Aurel is late.\n")
        self.must(["kb", "build", "--out", "k.sqlite", "--source", "jsonl:ships.jsonl"])
        self.must(["kb", "build", "--out", "old.sqlite", "--source", "jsonl:more.jsonl"])
        self.must(["export", "--format", "uer", *MODEL, "--out", "model-uer"])

    def must(self, arguments, folder=None):
        code, said = world.jove(self.program, folder or self.base, arguments)
        if code != 0:
            sys.exit(f"{' '.join(arguments)}: {said}")

    def prepare(self, command):
        """A trial's folder with the older output; returns how the output is told, and the older and newer one."""
        name, arguments, output, older = command
        folder = world.copy(self.base, self.trial)
        if output is None:
            return lambda: world.outcome_of_run(folder), None, self.expected_run
        of = lambda: world.digest(folder / output)
        self.must(older, folder)
        old = of()
        reference = world.copy(folder, self.trial.with_name("reference"))
        started = time.monotonic()
        self.must(arguments, reference)
        self.took = time.monotonic() - started
        return of, old, world.digest(reference / output)


def count_calls(bench, command, calls):
    """How many of these system calls a command makes."""
    log = bench.trial.with_name("calls.txt")
    folder = world.copy(bench.trial, bench.trial.with_name("count"))
    world.jove(bench.program, folder, command[1], ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={calls}"])
    return sum(1 for line in log.read_text(errors="replace").splitlines() if re.search(r"\b\w+\(", line))


def strike(bench, command, rng, at_call, error):
    """Runs the command and kills it, or lets a call fail; returns its exit code and what it said."""
    if not at_call:
        # The first look takes as long as any: time it where that is not known yet.
        limit = getattr(bench, "took", 2.0) if command[2] else 4.0
        process = subprocess.Popen([str(bench.program), "--quiet", *command[1]], cwd=bench.trial,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * limit)
        process.kill()
        return process.wait(), ""
    calls = rng.choice(CALLS[:3] if error else CALLS)
    count = count_calls(bench, command, calls)
    if count == 0:
        return None, ""
    what = "error=EIO" if error else "signal=KILL"
    wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e",
               f"inject={calls}:{what}:when={rng.randint(1, count)}"]
    return world.jove(bench.program, bench.trial, command[1], wrapper)


def trial(bench, command, rng, at_call, error, tally):
    of, old, new = bench.prepare(command)
    code, said = strike(bench, command, rng, at_call, error)
    if code is None:
        return
    found, row = of(), tally[command[0]]
    row["tried"] += 1
    kind = "new" if found == new else "old" if found == old else "none" if found is None and old is None else "lost"
    row[kind] += 1
    if error and code == 0 and found != new:
        row["silent"] += 1
    row["left at first"] += bool(world.hidden(bench.trial))
    code, said_again = world.jove(bench.program, bench.trial, command[1])
    left = world.hidden(bench.trial)
    row["left in the end"] += bool(left)
    row["not as it should be in the end"] += code != 0 or of() != new
    if kind == "lost" or left or code != 0 or of() != new:
        print(json.dumps({"command": command[0], "kind": kind, "left": left, "code": code, "said": said[-500:],
                          "said_again": said_again[-500:]}), file=sys.stderr, flush=True)


def table(title, tally):
    columns = ["tried", "old", "new", "none", "lost", "silent", "left at first", "left in the end",
               "not as it should be in the end"]
    total = collections.Counter()
    print(f"\n{title}\n\n| command | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}")
    for name, row in tally.items():
        total.update(row)
        print(f"| {name} | {' | '.join(str(row[column]) for column in columns)} |")
    print(f"| all | {' | '.join(str(total[column]) for column in columns)} |")
    return sum(total[column] for column in columns[4:6] + columns[7:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jove", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--errors", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", metavar="NAME", help="a command of the list; may be repeated")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    rng, bench = random.Random(args.seed), Bench(args.jove.resolve(), args.work.resolve())
    known = [command for command in commands() if not args.only or command[0] in args.only]
    faults = 0
    for title, count, error in [("Killed", args.kills, False), ("EIO", args.errors, True)]:
        tally = collections.defaultdict(collections.Counter)
        for number in range(count):
            # Every third is a run, which does the most.
            command = known[0] if number % 3 == 0 else known[number % len(known)]
            trial(bench, command, rng, error or number % 2 == 1, error, tally)
        faults += table(title, tally)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
