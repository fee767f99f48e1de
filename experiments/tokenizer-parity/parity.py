"""Compares the tokens of `jove tokenize --json` with those of transformers and SentencePiece: ids and offsets.

    pip install transformers==5.24.0 sentencepiece==0.2.3 protobuf
    python parity.py --jove ../../target/release/jove --texts DIR-OR-FILE... [--form NAME=PATH...] [--model FILE]

Texts are files with one text a line; of each file the same number of lines is taken, so that all languages weigh alike.
To them come nasty strings. Forms of tokenizers are made from a SentencePiece model, which is trained on the texts unless --model
gives one, and from --vocab, a vocab.txt; --form adds tokenizers of your own, which are compared with AutoTokenizer.

One line is printed for each form: texts, texts with other ids, texts with other offsets, and the first that differs.
Spelled-out special tokens are left out: jove never takes them from text, as docs/data.md says.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile
import unicodedata

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer

NASTY = [
    "", " ", "  two  spaces  ", "tab\tline\vfeed\fnext\u0085no-break\u00a0wide\u3000em\u2003end",
    "zero\u200bwidth\u200djoiner\u200cnon\ufeffbom\u00adsoft\u2060word", "con\x01trol\x7f\x9fs\ufffd", "ÀÉÎõü ßẞ ıİ ŉ ǆ ŀ",
    "schön Schön SCHÖN", "a\u0301e\u0300o\u0302\u0323 Vie\u0323\u0302t tie\u0302\u0301ng", "か\u3099ハ\u309a が ガ ｶﾞ ﾊﾟ パンダ ﾊﾝﾀ",
    "\u1100\u1161\u11a8\u1112\u1161\u11ab 각한", "अपने कि\u093c घर", "ก็ ำ น้ำ", "မြန်မာ ភាសាខ្មែរ", "قَالَ مُحَمَّدٌ \u0645\u0651\u064e", "שָׁלוֹם \u05e9\u05c1\u05bc\u05b8 עִבְרִית",
    "台北‧08月20日", "中国北京，人口２０００万！？（全角）", "東京タワーへ行こう。", "한국어 텍스트입니다.", "👩‍👩‍👧‍👦🏳️‍🌈👍🏽 🇨🇳🦀", "ﬁ ﬀ ㎏ ① ½ ² ™ Å Ω ﷺ ㌔",
    "～〜 ≠ =\u0338 ＝\u0338", "don't won’t “quoted” ‘single’ — – - …", "http://a.b/c?d=e&f#g user@host C++ #tag", "x" * 101 + " y", "ab" * 3000,
    "▁low▁line ▁▁ _", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠀀𠀁𪚥 \U000e0001", "\ue000\uf8ff\U0010fffd", "ᾶ ᾳ ὦ Σίσυφος ΣΊΣΥΦΟΣ", "Ёлка й и\u0306 Ї і\u0308", "1234567890 ١٢٣ १२३ 一二三",
    "word\u0301\u0327\u0323", "\u0301start", "e\u0301\u0301\u0301", "A\u030a Å \u212b", "ﾞ゛\u3099", "ǰ ẖ ẗ", "\u2028line\u2029par",
]
SHOW = False
SPECIALS = ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "<s>", "</s>", "<pad>", "<unk>", "<mask>"]


def read_texts(paths, count):
    """The same number of lines of every file, `count` in all, and decomposed forms of every tenth."""
    files = [f for path in map(pathlib.Path, paths) for f in (sorted(path.rglob("*")) if path.is_dir() else [path]) if f.is_file()]
    lines = [[line for line in f.read_text("utf-8", "ignore").split("\n") if line.strip()] for f in files if f.suffix != ".md"]
    lines = [group for group in lines if group]
    each = -(-count // max(len(lines), 1))
    texts = [line for group in lines for line in group[:each]][:count]
    texts += [unicodedata.normalize("NFD", text) for text in texts[::10]] + NASTY
    plain = [text.replace("\n", " ").replace("\r", " ") for text in texts]
    return [text for text in plain if not any(special in text for special in SPECIALS)]


def jove_tokens(jove, path, texts):
    """What jove makes of the texts, one record each."""
    result = subprocess.run([jove, "tokenize", "--tokenizer", path, "--json", "-"], input="\n".join(texts) + "\n", capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{path}: {result.stderr}")
    return [json.loads(line) for line in result.stdout.split("\n") if line]


def of_transformers(path):
    """Ids and character offsets of AutoTokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(path)

    def cut(text):
        encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return encoding["input_ids"], [tuple(span) for span in encoding["offset_mapping"]]

    return cut


def byte_starts(text):
    """The byte at which each character starts, and the length in bytes."""
    start = 0
    for character in text:
        yield start
        start += len(character.encode())
    yield start


def of_sentencepiece(path, shift=1, unknown=3):
    """Ids as XLM-R numbers them, and the character offsets of SentencePiece, without the white space before a word."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def cut(text):
        pieces = processor.encode(text, return_type="proto").pieces
        ids = [unknown if piece.id == processor.unk_id() else piece.id + shift for piece in pieces]
        at = {byte: character for character, byte in enumerate(byte_starts(text))}
        return ids, [(at[piece.begin], at[piece.end]) for piece in pieces]

    return cut


def trimmed(text, spans):
    """Spans without the white space at their start; jove gives a bare word start no character."""
    out = []
    for start, end in spans:
        while start < end and text[start].isspace():
            start += 1
        out.append((start, end))
    return out


def composed(text, spans):
    """Spans with the marks and vowels after them, which composition joins to the character before: SentencePiece counts these in,
    jove and transformers don't."""
    joins = lambda character: unicodedata.combining(character) or character in "ﾞﾟ\x01\x7f\x9f" or "\u1160" <= character <= "\u11ff"
    out = []
    for start, end in spans:
        while end < len(text) and joins(text[end]):
            end += 1
        out.append((start, end))
    return out


def show(name, text, mine, theirs):
    if SHOW:
        place = next((i for i, pair in enumerate(zip(mine, theirs)) if pair[0] != pair[1]), min(len(mine), len(theirs)))
        print(f"    {name}: {text[:60]!a} at token {place}: {mine[place:place + 6]} {theirs[place:place + 6]}")


def compare(name, records, cut, texts, expands):
    ids_differ, offsets_differ, first = 0, 0, ""
    for text, record in zip(texts, records, strict=True):
        ids, spans = cut(text)
        if ids != record["ids"]:
            ids_differ += 1
            first = first or f"{text[:40]!a}"
            show(name, text, record["ids"], ids)
        else:
            # SentencePiece gives a character that becomes several to the last of them, jove to each.
            bare = [piece == "▁" or (expands and a == b) for piece, (a, b) in zip(record["pieces"], spans)]
            mine = trimmed(text, [tuple(span) for span in record["chars"]])
            theirs = trimmed(text, spans)
            if expands:
                mine, theirs = composed(text, mine), composed(text, theirs)
            wrong = [a != b for a, b, empty in zip(mine, theirs, bare) if not empty]
            if any(wrong):
                offsets_differ += 1
                first = first or f"{text[:40]!a}"
                show(name, text, mine, theirs)
    print(f"{name:<34}{len(texts):>7}{ids_differ:>6}{offsets_differ:>9}  {first}", flush=True)
    return ids_differ + offsets_differ


def trained(folder, texts, rule, **options):
    """A SentencePiece model trained on the texts."""
    prefix = folder / f"trained-{rule}-{len(options)}"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_prefix=str(prefix), vocab_size=8000, character_coverage=0.9995, hard_vocab_limit=False,
        normalization_rule_name=rule, minloglevel=2, num_threads=2, **options)
    return prefix.with_suffix(".model")


def trained_forms(folder, texts):
    """Models that were trained with other normalisation, so that their pieces are of that kind."""
    yield "trained-identity", trained(folder, texts, "identity")
    yield "trained-nmt_nfkc_cf", trained(folder, texts, "nmt_nfkc_cf")
    yield "trained-nfkc", trained(folder, texts, "nfkc")
    rules = folder / "rules.tsv"
    rules.write_text("41\t61\n2018\t27\n3002\t2E 20\n")
    yield "trained-own-map", trained(folder, texts, "user_defined", normalization_rule_tsv=str(rules))
    yield "trained-phrases", trained(folder, texts, "nmt_nfkc", split_by_whitespace=False)


def word_piece_forms(vocab, folder):
    """A vocab.txt under the flags of its configuration, with added tokens, and as a pipeline of general normalisers."""
    flags = {
        "plain": {},
        "cased": {"do_lower_case": False},
        "accents-kept": {"do_lower_case": True, "strip_accents": False},
        "accents-stripped-cased": {"do_lower_case": False, "strip_accents": True},
        "han-together": {"do_lower_case": True, "tokenize_chinese_chars": False},
    }
    for name, config in flags.items():
        out = folder / f"vocab.txt-{name}"
        out.mkdir()
        shutil.copy(vocab, out / "vocab.txt")
        (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True, **config}))
        (out / "config.json").write_text('{"model_type": "bert"}')
        yield out.name, out
        saved = folder / f"tokenizer.json-{name}"
        AutoTokenizer.from_pretrained(out).save_pretrained(saved)
        (saved / "config.json").write_text('{"model_type": "bert"}')
        yield saved.name, saved
    added = folder / "vocab.txt-added"
    tokenizer = AutoTokenizer.from_pretrained(folder / "vocab.txt-plain")
    tokenizer.add_tokens(["[E1]", "[/E1]"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<ent>"]})
    tokenizer.save_pretrained(added)
    (added / "config.json").write_text('{"model_type": "bert"}')
    yield "tokenizer.json-added", added
    pieces = {piece: row for row, piece in enumerate(pathlib.Path(vocab).read_text("utf-8").split("\n")[:-1])}
    general = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    general.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()])
    general.pre_tokenizer = pre_tokenizers.Whitespace()
    general.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    out = folder / "tokenizer.json-general"
    out.mkdir()
    general.save(str(out / "tokenizer.json"))
    names = {f"{name}_token": f"[{name.upper()}]" for name in ["pad", "unk", "cls", "sep", "mask"]}
    (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **names}))
    (out / "config.json").write_text('{"model_type": "bert"}')
    yield out.name, out


def sentencepiece_forms(model, folder):
    """A model under other settings of its normaliser, and with other kinds of pieces."""
    def changed(name, change):
        parsed = proto.ModelProto()
        parsed.ParseFromString(pathlib.Path(model).read_bytes())
        change(parsed)
        path = folder / f"{name}.model"
        path.write_bytes(parsed.SerializeToString())
        return name, path

    def symbol(parsed, kind, spelling):
        piece = parsed.pieces.add()
        piece.piece, piece.score, piece.type = spelling, 0.0, kind

    def normalizer(**settings):
        def change(parsed):
            for key, value in settings.items():
                setattr(parsed.normalizer_spec, key, value)
        return change

    yield changed("model-plain", lambda parsed: None)
    yield changed("model-identity", normalizer(name="identity", precompiled_charsmap=b""))
    yield changed("model-no-prefix", normalizer(add_dummy_prefix=False))
    yield changed("model-all-spaces", normalizer(remove_extra_whitespaces=False))
    yield changed("model-user-defined", lambda parsed: symbol(parsed, 4, "[E1]"))
    yield changed("model-control", lambda parsed: symbol(parsed, 3, "[C1]"))


def unigram_forms(model, folder):
    """The pieces of a SentencePiece model as `tokenizer.json`, with and without a word start at the beginning."""
    source = folder / "tokenizer.json-xlm-roberta"
    source.mkdir()
    shutil.copy(model, source / "sentencepiece.bpe.model")
    (source / "config.json").write_text('{"model_type": "xlm-roberta"}')
    (source / "tokenizer_config.json").write_text('{"tokenizer_class": "XLMRobertaTokenizer"}')
    tokenizer = AutoTokenizer.from_pretrained(source)
    tokenizer.save_pretrained(source)
    (source / "sentencepiece.bpe.model").unlink()
    yield source.name, source
    names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    steps = {
        "no-prefix": [pre_tokenizers.Metaspace(prepend_scheme="never")],
        "first-prefix": [pre_tokenizers.Metaspace(prepend_scheme="first")],
        "digits-apart": [pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Metaspace()],
    }
    for name, rules in steps.items():
        out = folder / f"tokenizer.json-{name}"
        out.mkdir()
        general = Tokenizer.from_file(str(source / "tokenizer.json"))
        general.pre_tokenizer = pre_tokenizers.Sequence(rules)
        general.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()])
        general.save(str(out / "tokenizer.json"))
        (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **names}))
        (out / "config.json").write_text('{"model_type": "xlm-roberta"}')
        yield out.name, out
    camembert = folder / "model-camembert"
    camembert.mkdir()
    shutil.copy(model, camembert / "sentencepiece.bpe.model")
    (camembert / "config.json").write_text('{"model_type": "camembert"}')
    yield camembert.name, camembert


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jove", required=True)
    parser.add_argument("--texts", nargs="+", required=True)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--vocab")
    parser.add_argument("--model")
    parser.add_argument("--show", action="store_true", help="print every difference")
    parser.add_argument("--form", action="append", default=[], metavar="NAME=PATH")
    args = parser.parse_args()
    global SHOW
    SHOW = args.show
    texts = read_texts(args.texts, args.count)
    texts += [f"a [E1] {text[:20]} <ent>[/E1]" for text in texts[:200]]
    print(f"{'form':<34}{'texts':>7}{'ids':>6}{'offsets':>9}  first difference")
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        forms = list(word_piece_forms(args.vocab, folder)) if args.vocab else []
        forms += [tuple(form.split("=", 1)) for form in args.form]
        model = args.model or trained(folder, texts, "nmt_nfkc")
        models_of = list(sentencepiece_forms(model, folder)) + list(trained_forms(folder, texts))
        unigrams = list(unigram_forms(model, folder))
        for name, path in forms + unigrams:
            cut = of_transformers(path)
            if name == "model-camembert":
                cut = of_sentencepiece(path / "sentencepiece.bpe.model", shift=4)
            wrong += compare(name, jove_tokens(args.jove, path, texts), cut, texts, name == "model-camembert")
        for name, path in models_of:
            wrong += compare(name, jove_tokens(args.jove, path, texts), of_sentencepiece(path), texts, True)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
