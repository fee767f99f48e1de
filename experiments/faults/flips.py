#!/usr/bin/env python3
"""Flip one bit in a file of a finished stage, run again, and see whether it was noticed.

    flips.py JOVE WORK [--flips N] [--seed N]

JOVE   the program, such as target/release/jove
WORK   an empty folder to work in

The kinds of files take turns; the place in the file is random, and half of the flips keep the file's time of modification.
A flip is noticed where the next run names the stage as damaged, or ends with an error; harmless where the results and the
weights are the same bit for bit all the same; silent otherwise. Prints a table; ends with 1 where one was silent. Needs nothing
but Python.
"""
import argparse
import collections
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import world


def kind(path, cache):
    """The stage and the file, without key and seed."""
    stage, *inner = path.relative_to(cache).parts
    stage = re.sub(r"-[0-9a-f]{16}", "", stage)
    return "/".join([stage, *inner])


def flip(path, rng, keep_time):
    about = path.stat()
    bytes_ = bytearray(path.read_bytes())
    at = rng.randrange(len(bytes_))
    bytes_[at] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes_)
    if keep_time:
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def unfinished(work, program, base):
    """A run that was killed in training, after its second checkpoint: its files are kinds of their own."""
    folder = world.copy(base, work / "unfinished")
    (trained,) = (folder / "runs/cache").glob("train-*[0-9a-f]")
    for probe in (folder / "runs/cache").glob("probe-*"):
        if probe.is_dir():
            subprocess.run(["rm", "-r", probe], check=True)
    subprocess.run(["rm", "-r", trained], check=True)
    process = subprocess.Popen([program, "--quiet", "run", "run.toml"], cwd=folder, stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    state = trained.with_name(trained.name + ".partial") / "checkpoint/state.json"
    while process.poll() is None and not (state.is_file() and '"step": ' in state.read_text()):
        pass
    process.kill()
    process.wait()
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jove", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--flips", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, work, program = random.Random(args.seed), args.work.resolve(), args.jove.resolve()
    base = work / "base"
    world.build(base, steps=12)
    code, said = world.jove(program, base, ["run", "run.toml"])
    if code != 0:
        sys.exit(said)
    expected = world.outcome_of_run(base)
    places = []
    for folder in (base, unfinished(work, program, base)):
        cache = folder / "runs/cache"
        files = [path for path in sorted(cache.rglob("*")) if path.is_file() and path.stat().st_size > 0]
        if folder is not base:
            files = [path for path in files if ".partial" in str(path)]
        places += [(folder, path.relative_to(folder)) for path in files]
    tally = collections.defaultdict(collections.Counter)
    for number in range(args.flips):
        source, name = places[number % len(places)]
        folder = world.copy(source, work / "trial")
        flip(folder / name, rng, number // len(places) % 2 == 1)
        code, said = world.jove(program, folder, ["run", "run.toml"])
        same = world.outcome_of_run(folder) == expected
        row = tally[kind(folder / name, folder / "runs/cache")]
        row["flips"] += 1
        if code == 0 and not same:
            row["silent"] += 1
            print(f"silent: {name}: {said}", file=sys.stderr, flush=True)
        elif "is damaged and is made again" in said:
            row["noticed, made again"] += 1
        elif code != 0:
            row["noticed, refused"] += 1
        else:
            row["harmless"] += 1
    columns = ["flips", "noticed, made again", "noticed, refused", "harmless", "silent"]
    total = collections.Counter()
    print(f"| file | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}")
    for name, row in sorted(tally.items()):
        total.update(row)
        print(f"| `{name}` | {' | '.join(str(row[column]) for column in columns)} |")
    print(f"| all | {' | '.join(str(total[column]) for column in columns)} |")
    sys.exit(1 if total["silent"] else 0)


if __name__ == "__main__":
    main()
