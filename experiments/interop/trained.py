#!/usr/bin/env python3
"""Load what jove trained into transformers, and compare ids and logits with jove's own.

    venv/bin/python experiments/interop/trained.py CHECKPOINT... --jove target/release/jove \\
        --logits target/release/examples/logits [--sentences FILE]

Each checkpoint goes through `jove export --format hf`; then transformers must load weights and tokenizer without a word
about missing or unexpected keys, cut every sentence into the same ids, and give the same logits at every token to 1e-4.
Exit code 1 where anything differs.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers

from check import FAILED, check, jove, load_quietly

SENTENCES = """\
巴黎是法国的首都，人口超过两百万。
The capital of France is Paris, on the river Seine.
1 kg 等于 1000 g；e\u0301 与 é 相同。
中国 😀 emoji 与空格  混排
ירושלים היא עיר
我
a
"""


def from_jove(program, folder, sentences, out, vocabulary):
    subprocess.run([program, folder, sentences, out], check=True)
    ids = [[int(one) for one in line.split()] for line in Path(f"{out}.ids").read_text().splitlines()]
    logits = np.fromfile(out, np.float32).reshape(-1, vocabulary)
    return ids, np.split(logits, np.cumsum([len(one) for one in ids])[:-1])


def compare(name, folder, program, sentences, scratch):
    model, info, said = load_quietly(folder)
    wrong = {key: value for key, value in info.items() if value}
    check(f"{name}: transformers loads it without a word", not wrong and not said, f"{wrong} {said}")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ids, logits = from_jove(program, folder, sentences, scratch / f"{name}.f32", model.config.vocab_size)
    lines = sentences.read_text("utf-8").splitlines()
    same = [tokenizer(line)["input_ids"] == one for line, one in zip(lines, ids)]
    check(f"{name}: {type(tokenizer).__name__} cuts {len(lines)} sentences into the same ids", all(same),
          f"{same.count(False)} differ" if not all(same) else f"{sum(map(len, ids))} tokens")
    worst, largest, agree = 0.0, 0.0, 0
    for one, ours in zip(ids, logits):
        with torch.no_grad():
            theirs = model(input_ids=torch.tensor([one])).logits[0].numpy()
        worst = max(worst, float(np.abs(ours - theirs).max()))
        largest = max(largest, float(np.abs(theirs).max()))
        agree += int((ours.argmax(1) == theirs.argmax(1)).sum())
    check(f"{name}: {type(model).__name__}, logits of {sum(map(len, ids))} tokens", worst <= 1e-4,
          f"largest difference {worst:.2e}, largest logit {largest:.2f}, the same best piece at {agree}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+", metavar="CHECKPOINT")
    parser.add_argument("--jove", default="target/release/jove", help="the binary")
    parser.add_argument("--logits", default="target/release/examples/logits", help="the example `logits`")
    parser.add_argument("--sentences", type=Path, help="one a line; a few of every script by default")
    args = parser.parse_args()
    print(f"torch {torch.__version__}, transformers {transformers.__version__}")
    with tempfile.TemporaryDirectory() as root:
        root = Path(root)
        sentences = args.sentences or root / "sentences.txt"
        if not args.sentences:
            sentences.write_text(SENTENCES, "utf-8")
        for number, checkpoint in enumerate(args.checkpoints):
            name = checkpoint.parent.name or str(number)
            out = root / f"{number}-hf"
            jove(args.jove, "export", "--format", "hf", "--checkpoint", checkpoint, "--out", out)
            compare(name, out, args.logits, sentences, root)
    print(f"{len(FAILED)} failed")
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    main()
