#!/usr/bin/env python3
"""Checks data/text and data/pairs; prints the counts, or every fault with its file and line.

    python3 data/check.py
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
faults = []


def lines(path):
    """The lines of a UTF-8 file with their places, after the checks that hold for every file."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        faults.append(f"{path}: not UTF-8: {error}")
        return []
    if not text.endswith("\n") or "\r" in text or "\ufeff" in text:
        faults.append(f"{path}: wants plain line ends, one at the end, and no byte order mark")
    found = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        place = f"{path.relative_to(HERE)}:{number}"
        if not line.strip() or line != line.strip() or "  " in line:
            faults.append(f"{place}: empty, or spaces too many")
        found.append((place, line))
    return found


def once(seen, place, sentence):
    """A fault where a sentence stands twice, small differences in case and spaces not counted."""
    key = " ".join(sentence.lower().split())
    if key in seen:
        faults.append(f"{place}: the same sentence as {seen[key]}")
    seen.setdefault(key, place)


def is_zh(sentence):
    return any("\u4e00" <= c <= "\u9fff" for c in sentence)


def check_text(lang, everything):
    count = 0
    for path in sorted((HERE / "text" / lang).glob("*.txt")):
        for place, sentence in lines(path):
            count += 1
            once(everything, place, sentence)
            if "\t" in sentence or is_zh(sentence) != (lang == "zh"):
                faults.append(f"{place}: a tab, or the wrong language")
    print(f"text/{lang}: {count} sentences")


def check_pairs(name, everything):
    rows = lines(HERE / "pairs" / name)
    for place, row in rows:
        sides = row.split("\t")
        if len(sides) != 2 or not all(side and side == side.strip() for side in sides) or not is_zh(sides[0]) or is_zh(sides[1]):
            faults.append(f"{place}: wants Chinese, one tab, English")
        for side in sides:
            once(everything, place, side)
    print(f"pairs/{name}: {len(rows)} pairs")


everything = {}
for lang in ("zh", "en"):
    check_text(lang, everything)
for name in ("zh-en.tsv", "zh-en.dev.tsv"):
    check_pairs(name, everything)
if faults:
    sys.exit("\n".join(faults))
print("no fault: no sentence stands twice, and none of the dev pairs is in train or in the text")
