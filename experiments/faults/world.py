"""A small world to break: a graph, text, a run file, a model, and the commands that write."""
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

SHIPS = [("aurel", "Aurel"), ("brisa", "Brisa"), ("corin", "Corin"), ("dorte", "Dorte"), ("elmo", "Elmo"),
         ("fenja", "Fenja"), ("gaspar", "Gaspar"), ("hedda", "Hedda")]

RUN = """
name = "ships"
output = "runs"
data = {{ root = "." }}
kb = {{ sources = [{{ format = "jsonl", path = "ships.jsonl" }}] }}
verbalize = {{ patterns = "patterns.toml", sentences = {{ held-out-fraction = 0.3 }} }}
text = {{ sources = [{{ path = "text.txt", lang = "en" }}], held-out = 0.2 }}
tokenizers = {{ bert = {{ size = 200 }} }}
model = {{ hidden-size = 16, layers = 1, heads = 2, intermediate-size = 32 }}
train = {{ steps = {steps}, batch-tokens = 512, max-length = 32, save-every = 3, log-every = 2 }}
variants = [{{ name = "kg", recipe = "kg" }}]
"""


def build(folder, steps=12):
    """Writes the inputs of all commands into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    graph, text = [], []
    for number, (key, name) in enumerate(SHIPS):
        after = SHIPS[(number + 1) % len(SHIPS)][0]
        graph.append({"id": key, "labels": {"en": name}, "types": ["ship"],
                      "descriptions": {"en": f"ship number {number} of the fleet"},
                      "facts": {"follows": [after]}})
        text += [f"In week {week} the {name} carried {week * 7 % 11 + 2} crates of oranges upriver."
                 for week in range(2, 12)]
    (folder / "ships.jsonl").write_text("".join(json.dumps(row) + "\n" for row in graph))
    more = [{"id": "ines", "labels": {"en": "Ines"}, "types": ["ship"], "facts": {"follows": ["aurel"]}}]
    (folder / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in more))
    (folder / "text.txt").write_text("\n".join(text) + "\n")
    (folder / "patterns.toml").write_text(
        '[relations.follows.sentences]\nen = ["The {subject} sails behind the {object}."]\n')
    (folder / "run.toml").write_text(RUN.format(steps=steps))


def digest(path):
    """The contents of a file, or of all files of a folder; nothing for what is not there."""
    path = Path(path)
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if not path.is_dir():
        return None
    parts = [(str(file.relative_to(path)), digest(file)) for file in sorted(path.rglob("*")) if file.is_file()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def trained(cache):
    """The stage of a cache that holds a trained model; beside it lie its lock and what the cache has seen."""
    return next(path for path in cache.glob("train-*") if path.is_dir() and "." not in path.name)


def outcome_of_run(folder):
    """What a run came to: the weights and the results, without times."""
    weights = [path for path in sorted((folder / "runs/cache").glob("train-*/checkpoint/model.safetensors"))
               if "." not in path.parts[-3]]
    results = folder / "runs/ships/results.json"
    if len(weights) != 1 or not results.is_file():
        return None
    report = json.loads(results.read_text())
    kept = [{key: result[key] for key in ("variant", "seed", "tokens", "curve", "measures")}
            for result in report["results"]]
    return hashlib.sha256((digest(weights[0]) + json.dumps(kept, sort_keys=True)).encode()).hexdigest()


def jove(program, folder, arguments, wrapper=(), timeout=600):
    """Runs a command in a folder; returns its exit code and what it said on standard error."""
    done = subprocess.run([*wrapper, str(program), "--quiet", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=timeout)
    return done.returncode, done.stderr.decode(errors="replace")


def copy(source, target):
    """A copy with the times of its files."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    return target


def hidden(folder):
    """Hidden files and folders below a folder, and the partial ones of the cache: what a killed process may leave. The locks
    that stay on purpose are empty files."""
    found = []
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            path = Path(root) / name
            is_lock = name.endswith(".lock") and path.is_file() and path.stat().st_size == 0
            if (name.startswith(".") or name.endswith((".partial", ".damaged", ".new", ".tmp"))) and not is_lock:
                found.append(str(path.relative_to(folder)))
    return found
