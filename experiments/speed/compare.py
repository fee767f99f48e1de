#!/usr/bin/env python3
"""Time `jove bench train` beside transformers on torch, one after the other, and print the table of docs/performance.md.

    compare.py JOVE BASELINE [--rounds N] [--steps N] [--only NAME]

JOVE      the program, such as target/release/jove
BASELINE  the command of the baseline, such as "python hf_speed.py": it takes the same options as `jove bench train`
          and prints one line of JSON with `tokens_per_s` and `peak_rss_mib`

Programs take turns within a round, so that both meet the machine in the same state; ratios are of medians over rounds.
Each measurement goes to standard error as one line of JSON. Needs nothing but Python.
"""
import argparse
import json
import shlex
import statistics
import subprocess
import sys

LARGE = "--layers 12 --hidden 768 --heads 12 --ff 3072 --vocab 21128 --batch 8 --seq 128"
SMALL = "--layers 4 --hidden 256 --heads 4 --ff 1024 --seq 128"
CASES = {
    "12x768": LARGE,
    "12x768-uniform": LARGE + " --lengths uniform",
    "4x256": SMALL + " --vocab 21128 --batch 32",
    "4x256-250k": SMALL + " --vocab 250002 --batch 8",
}


def measure(command, case, steps, name, program):
    run = subprocess.run([*command, *case.split(), "--threads", "2", "--steps", str(steps)],
                         stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(run.stdout.strip().splitlines()[-1])
    kept = {key: found[key] for key in ("tokens_per_s", "peak_rss_mib", "share_of_peak") if key in found}
    print(json.dumps({"case": name, "program": program, **kept}), file=sys.stderr, flush=True)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jove")
    parser.add_argument("baseline")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--only", choices=CASES, action="append")
    args = parser.parse_args()
    programs = {"jove": [args.jove, "bench", "train"], "torch": shlex.split(args.baseline)}
    print("| model | jove, tokens/s | torch, tokens/s | ratio | share of peak | MiB | torch MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in args.only or CASES:
        found = {program: [] for program in programs}
        for _ in range(args.rounds):
            for program, command in programs.items():
                found[program].append(measure(command, CASES[name], args.steps, name, program))
        middle = {program: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
                  for program, runs in found.items()}
        jove, torch = middle["jove"], middle["torch"]
        print(f"| {name} | {jove['tokens_per_s']:,.0f} | {torch['tokens_per_s']:,.0f} "
              f"| {jove['tokens_per_s'] / torch['tokens_per_s']:.2f} | {jove['share_of_peak']:.0%} "
              f"| {jove['peak_rss_mib']:,.0f} | {torch['peak_rss_mib']:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
