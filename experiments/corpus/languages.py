"""How well the language of sentences is identified by `jove corpus build`: the built-in identifier, and one that is trained from sentences.

    python languages.py --jove target/debug/jove --tatoeba FOLDER

The Tatoeba sentences of each language are halved: the identifier is trained on those of even lines, and those of odd lines with 20
characters and more are identified. A third of the training lines decides which languages the trained identifier claims: those it finds
with recall and precision of at least 0.97 there. Needs `pyarrow`.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import tempfile

import pyarrow.parquet

# Tags of two letters that the built-in identifier gives, by the codes of the files.
SHORT = dict(
    pair.split("=")
    for pair in (
        "afr=af amh=am ara=ar aze=az bel=be ben=bn bul=bg cat=ca ces=cs cmn=zh dan=da deu=de ell=el eng=en epo=eo est=et fin=fi fra=fr "
        "heb=he hin=hi hrv=hr hun=hu ind=id ita=it jav=jv jpn=ja kat=ka khm=km kor=ko lat=la lit=lt lvs=lv mal=ml mar=mr mkd=mk nld=nl "
        "nob=nb pes=fa pol=pl por=pt ron=ro rus=ru slk=sk slv=sl spa=es srp=sr swe=sv tam=ta tel=te tgl=tl tha=th tuk=tk tur=tr ukr=uk "
        "urd=ur uzb=uz vie=vi yid=yi"
    ).split()
)

RECIPE = """
name = "languages"
output = "{output}"
[data]
root = "{root}"
[clean]
rules = false
boilerplate = false
personal = false
chars-min = 1
letters-min = 0.0
[duplicates]
exact = false
near = 1.0
paragraphs = false
[language]
confidence-min = 0.0
"""


def identify(jove, work, sentences, examples):
    """The counts of (language, language found) over sentences."""
    root = pathlib.Path(tempfile.mkdtemp(dir=work))
    recipe = RECIPE.format(output=root / "out", root=root)
    for name, lines in examples.items():
        (root / f"{name}.examples").write_text("\n".join(lines), encoding="utf-8")
        recipe += f'[[language.examples]]\nlang = "{name}"\npaths = ["{name}.examples"]\n'
    for name, lines in sentences.items():
        (root / f"{name}.lines").write_text("\n".join(lines), encoding="utf-8")
        recipe += f'[[sources]]\nname = "{name}"\npath = "{name}.lines"\nformat = "lines"\n'
    (root / "recipe.toml").write_text(recipe)
    subprocess.run([jove, "corpus", "build", root / "recipe.toml", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    counts = collections.Counter()
    for path in sorted((root / "out/languages/text").glob("*.parquet")):
        table = pyarrow.parquet.read_table(path, columns=["source", "lang"])
        counts.update(zip(table["source"].to_pylist(), table["lang"].to_pylist()))
    return counts


def scores(counts, languages):
    """Recall and precision of each language."""
    found, total = collections.Counter(), collections.Counter()
    for (name, lang), count in counts.items():
        total[name] += count
        found[lang] += count
    return {name: (counts[name, name] / max(total[name], 1), counts[name, name] / max(found[name], 1)) for name in languages}


def accuracy(counts, languages):
    """The share of the sentences in some languages that are identified rightly, and their number."""
    all_ = sum(count for (name, _), count in counts.items() if name in languages)
    return sum(counts[name, name] for name in languages) / max(all_, 1), all_


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jove", required=True)
    parser.add_argument("--tatoeba", required=True)
    options = parser.parse_args()
    lines = {}
    for path in sorted(pathlib.Path(options.tatoeba).glob("tatoeba.*")):
        name = path.suffix[1:]
        if name != "eng" or "eng" not in lines:
            lines[name] = path.read_text("utf-8").splitlines()
    test = {name: [line for line in all_[1::2] if len(line) >= 20] for name, all_ in lines.items()}
    test = {name: all_ for name, all_ in test.items() if all_}
    training = {name: all_[0::2] for name, all_ in lines.items() if len(all_) >= 20}
    with tempfile.TemporaryDirectory() as work:
        built_in = identify(options.jove, work, test, {})
        shortened = collections.Counter()
        for (name, lang), count in built_in.items():
            shortened[name, {short: long for long, short in SHORT.items()}.get(lang, lang)] += count
        known = [name for name in test if name in SHORT]
        share, number = accuracy(shortened, known)
        print(f"built-in: {share:.4f} of {number} sentences in the {len(known)} languages that it knows here")
        inner = {name: [line for at, line in enumerate(all_) if at % 3] for name, all_ in training.items()}
        held = {name: [line for at, line in enumerate(all_) if at % 3 == 0 and len(line) >= 20] for name, all_ in training.items()}
        trial = scores(identify(options.jove, work, held, inner), training)
        claimed = sorted(name for name, both in trial.items() if min(both) >= 0.97 and name in test)
        trained = identify(options.jove, work, test, training)
        share, number = accuracy(trained, list(training))
        print(f"trained: {share:.4f} of {number} sentences in all {len(training)} languages")
        share, number = accuracy(trained, claimed)
        print(f"trained: {share:.4f} of {number} sentences in the {len(claimed)} languages that it claims")
        both = [name for name in claimed if name in SHORT]
        share, number = accuracy(trained, both)
        other, _ = accuracy(shortened, both)
        print(f"in the {len(both)} of these that the built-in one knows: trained {share:.4f}, built-in {other:.4f} of {number} sentences")
        print(json.dumps({"claimed": claimed, "not claimed": sorted(set(training) - set(claimed))}))


if __name__ == "__main__":
    main()
