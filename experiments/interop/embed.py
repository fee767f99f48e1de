#!/usr/bin/env python3
"""Sentence vectors of real weights, from jove and from transformers, and the Tatoeba retrieval accuracy of each.

    venv/bin/python experiments/interop/embed.py MODEL --embed target/release/examples/embed \\
        --sentences FILE [--translations FILE] [--prefix 'query: ']

MODEL is a Hugging Face folder. Both sides take the mean over the last hidden states; with two files, the accuracy is how
often the nearest vector (by cosine) in the second is the translation, and the other way round. Exit code 1 where a cosine
between the two sides' vectors is below 0.99999.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers


def from_jove(program, model, sentences, prefix, width):
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([program, model, sentences, out.name, prefix], check=True)
        return np.fromfile(out.name, np.float32).reshape(-1, width)


def from_transformers(model, sentences, prefix):
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(Path(model) / "tokenizer.json"))
    tokenizer.pad_token = next(t for t in ("<pad>", "[PAD]") if t in tokenizer.get_vocab())
    network = transformers.AutoModel.from_pretrained(model).eval()
    limit = min(512, network.config.max_position_embeddings)
    lines, rows = Path(sentences).read_text("utf-8").splitlines(), []
    for start in range(0, len(lines), 64):
        texts = [prefix + line for line in lines[start:start + 64]]
        batch = tokenizer(texts, padding=True, truncation=True, max_length=limit, return_tensors="pt")
        with torch.no_grad():
            hidden = network(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        rows.append(((hidden * mask).sum(1) / mask.sum(1)).numpy())
    return np.concatenate(rows), network.config.hidden_size


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def accuracy(a, b):
    scores = unit(a) @ unit(b).T
    rows = np.arange(len(a))
    return float((scores.argmax(1) == rows).mean()), float((scores.argmax(0) == rows).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--embed", default="target/release/examples/embed")
    parser.add_argument("--sentences", required=True)
    parser.add_argument("--translations")
    parser.add_argument("--prefix", default="")
    args = parser.parse_args()
    ours, theirs, worst = [], [], 1.0
    for path in filter(None, (args.sentences, args.translations)):
        reference, width = from_transformers(args.model, path, args.prefix)
        vectors = from_jove(args.embed, args.model, path, args.prefix, width)
        cosines = (unit(vectors) * unit(reference)).sum(1)
        print(f"{path}: {len(vectors)} sentences, lowest cosine {cosines.min():.7f}, "
              f"largest difference {np.abs(vectors - reference).max():.2e}")
        worst = min(worst, float(cosines.min()))
        ours.append(vectors), theirs.append(reference)
    if len(ours) == 2:
        for name, pair in (("jove", ours), ("transformers", theirs)):
            forward, back = accuracy(*pair)
            print(f"{name}: accuracy {100 * forward:.2f} % there, {100 * back:.2f} % back")
    sys.exit(0 if worst >= 0.99999 else 1)


if __name__ == "__main__":
    main()
