"""Builds a corpus on one machine and with a real Spark of several local workers some of whose tasks are killed, and compares the bytes.

    python check.py --jove target/debug/jove --data FOLDER

FOLDER holds files of text, of which copies with edits are made until there are some dozens. Needs `pyspark` and Java.
"""

import argparse
import hashlib
import os
import pathlib
import random
import stat
import subprocess
import sys
import tempfile

RECIPE = """
name = "spread"
output = "{output}"
[data]
root = "{data}"
[[sources]]
path = "."
lang = "zh"
[clean]
chars-min = 10
"""

# A program in jove's place that is killed now and then, as a worker whose machine goes away.
DOOMED = """#!/usr/bin/env python3
import os, random, subprocess, sys, time
child = subprocess.Popen([{jove!r}, *sys.argv[1:]])
if "--partition" in sys.argv and random.random() < 0.4:
    time.sleep(random.random() * 0.6)
    if child.poll() is None:
        child.kill()
        open({kills!r}, "a").write("x")
sys.exit(child.wait() & 255)
"""


def digest(folder):
    """The hash of the names and contents of the files that a build writes."""
    total = hashlib.sha256()
    for path in sorted([*folder.glob("text/*"), folder / "corpus.json"]):
        total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def spread(texts, folder, files):
    """Writes files with lines of the texts, each a little different."""
    draw = random.Random(1)
    for number in range(files):
        lines = [draw.choice(texts) for _ in range(400)]
        lines = [line if draw.random() < 0.5 else line[: draw.randrange(10, len(line))] for line in lines]
        (folder / f"{number:03}.txt").write_text("\n\n".join(lines), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jove", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--files", type=int, default=48)
    options = parser.parse_args()
    jove = str(pathlib.Path(options.jove).resolve())
    texts = [line for path in sorted(pathlib.Path(options.data).glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    texts = [line for line in texts if len(line) > 20]
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "data").mkdir()
        spread(texts, work / "data", options.files)
        for name in ["one", "spark"]:
            (work / f"{name}.toml").write_text(RECIPE.format(output=work / name, data=work / "data"))
        subprocess.run([jove, "corpus", "build", work / "one.toml", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        doomed, kills = work / "doomed", work / "kills"
        doomed.write_text(DOOMED.format(jove=jove, kills=str(kills)))
        doomed.chmod(doomed.stat().st_mode | stat.S_IXUSR)
        driver = pathlib.Path(__file__).with_name("spark_build.py")
        submit = "local[3, 20]"
        environment = {**os.environ, "PYSPARK_SUBMIT_ARGS": f"--master '{submit}' pyspark-shell", "PYSPARK_PYTHON": sys.executable}
        arguments = ["--jove", doomed, "--recipe", work / "spark.toml", "--partitions", "12"]
        subprocess.run([sys.executable, driver, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL)
        same = digest(work / "one" / "spread") == digest(work / "spark" / "spread")
        killed = len(kills.read_text()) if kills.exists() else 0
        print(f"{options.files} files, 12 partitions on 3 workers, {killed} tasks killed: {'the same bytes' if same else 'OTHER BYTES'}")
        sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
