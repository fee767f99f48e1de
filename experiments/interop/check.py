#!/usr/bin/env python3
"""Check with the real tools that what jove writes is what they read.

    venv/bin/python experiments/interop/check.py --jove target/release/jove

Makes tiny random BERT and XLM-R models with transformers, sends them through `jove convert` into every format, and asks
  transformers  to load the Hugging Face folder: no missing or unexpected keys, the same logits;
  TensorFlow    to load the checkpoint: variables equal bit for bit, and both files equal byte for byte to what
                TensorFlow's own SaveV2 writes from the same variables;
  a UER model   (below, under UER's names) to load the .bin strictly, and to give the same logits, but for UER's layer norm;
and then imports each format back. --golden DIR also takes the models of DIR. Exit code 1 where anything differs.
"""
import argparse
import json
import logging
import math
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file

FAILED = []


def check(what, holds, detail=""):
    print(("ok    " if holds else "FAILED"), what, detail)
    if not holds:
        FAILED.append(what)


def make_models(folder, pretraining):
    sizes = dict(vocab_size=199, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
                 hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    bert = transformers.BertConfig(**sizes, max_position_embeddings=40, type_vocab_size=2)
    xlmr = transformers.XLMRobertaConfig(**sizes, max_position_embeddings=42, type_vocab_size=1, pad_token_id=1,
                                         bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5)
    bert_class = transformers.BertForPreTraining if pretraining else transformers.BertForMaskedLM
    for name, model in (("bert", bert_class(bert)), ("xlm-roberta", transformers.XLMRobertaForMaskedLM(xlmr))):
        with torch.no_grad():  # no zero bias, no unit norm: a term left out must show
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        model.save_pretrained(folder / name)
        yield folder / name


def add_pooler(folder, out):
    """The model of `folder` with a pooler that its class does not take, as many published models have it."""
    model = transformers.AutoModelForMaskedLM.from_pretrained(folder)
    width = model.config.hidden_size
    state = {name: value.contiguous() for name, value in load_file(folder / "model.safetensors").items()}
    state |= {"bert.pooler.dense.weight": torch.randn(width, width), "bert.pooler.dense.bias": torch.randn(width)}
    out.mkdir(parents=True)
    (out / "config.json").write_text((folder / "config.json").read_text())
    save_file(state, out / "model.safetensors", {"format": "pt"})
    return out


def jove(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"jove {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def inputs(config):
    ids = torch.randint(5, config.vocab_size, (3, 17))
    types = torch.zeros_like(ids)
    if config.type_vocab_size > 1:
        types[:, 9:] = 1
    return ids, types


def layout_of(folder):
    return json.loads((folder / "config.json").read_text())["model_type"]


def auto_class(config):
    return getattr(transformers, config.architectures[0])


def load_quietly(folder):
    """The model, and every word that loading it made transformers say."""
    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logger = logging.getLogger("transformers")
    logger.addHandler(handler)
    config = transformers.AutoConfig.from_pretrained(folder)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model, info = auto_class(config).from_pretrained(folder, output_loading_info=True)
    logger.removeHandler(handler)
    return model.eval(), info, said + [str(one.message) for one in warned]


def logits_of(model, ids, types):
    with torch.no_grad():
        out = model(input_ids=ids, token_type_ids=types)
    return out.logits if hasattr(out, "logits") else out.prediction_logits


def check_hf(source, folder):
    (before, _, _), (after, info, said) = load_quietly(source), load_quietly(folder)
    wrong = {key: value for key, value in info.items() if value}
    check(f"{source.name}: transformers loads it without a word", not wrong and not said, f"{wrong} {said}")
    ids, types = inputs(before.config)
    gap = (logits_of(before, ids, types) - logits_of(after, ids, types)).abs().max().item()
    check(f"{source.name}: logits in transformers", gap <= 1e-4, f"largest difference {gap:.2e}")


def check_other_files(source, folder, program):
    """Shards as jove writes them; a pytorch_model.bin as torch.save writes it."""
    folder.mkdir(parents=True)
    sharded = folder / "sharded"
    jove(program, "export", "--format", "hf", "--checkpoint", source, "--out", sharded, "--shard-bytes-max", 40_000)
    count = len(list(sharded.glob("model-*.safetensors")))
    check(f"{source.name}: {count} shards", count > 1)
    check_hf(source, sharded)
    pickled = folder / "pickled"
    pickled.mkdir()
    (pickled / "config.json").write_text((source / "config.json").read_text())
    model, _, _ = load_quietly(source)
    torch.save(model.state_dict(), pickled / "pytorch_model.bin")
    jove(program, "import", "--from", pickled, "--out", folder / "unpickled")
    ours, theirs = (load_file(at / "model.safetensors") for at in (folder / "unpickled", source))
    same = ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    check(f"{source.name}: pytorch_model.bin of torch.save, {len(ours)} tensors bit for bit", same)


def tf_names(state, layout):
    """TensorFlow name -> array, as Google's BERT has it; written apart from jove's own table."""
    out = {}
    for name, tensor in state.items():
        array = tensor.numpy()
        name = name.replace("roberta.", "bert.", 1)
        for old, new in (("lm_head.layer_norm", "cls.predictions.transform.LayerNorm"),
                         ("lm_head.dense", "cls.predictions.transform.dense"), ("lm_head.bias", "cls.predictions.bias")):
            name = name.replace(old, new)
        if name == "bert.embeddings.position_embeddings.weight" and layout == "xlm-roberta":
            array = array[2:]
        name = {"cls.predictions.bias": "cls.predictions.output_bias",
                "cls.seq_relationship.weight": "cls.seq_relationship.output_weights",
                "cls.seq_relationship.bias": "cls.seq_relationship.output_bias"}.get(name, name)
        name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        if name.endswith(("dense.weight", "query.weight", "key.weight", "value.weight")):
            name, array = name[:-len("weight")] + "kernel", array.T
        name = name.removesuffix(".weight").replace("encoder.layer.", "encoder.layer_").replace(".", "/")
        out[name] = np.array(array, order="C")
    return out


def check_tf(source, folder):
    import tensorflow as tf
    wanted = tf_names(load_file(source / "model.safetensors"), layout_of(source))
    reader = tf.train.load_checkpoint(str(folder))
    shapes = reader.get_variable_to_shape_map()
    same = shapes.keys() == wanted.keys() and all(
        reader.get_tensor(name).tobytes() == array.tobytes() and list(array.shape) == list(shapes[name])
        for name, array in wanted.items())
    check(f"{source.name}: {len(wanted)} TensorFlow variables bit for bit", same, str(shapes.keys() ^ wanted.keys())[:200])
    prefix = folder.parent / (folder.name + "-own") / "bert_model.ckpt"
    prefix.parent.mkdir(exist_ok=True)
    names = sorted(wanted, key=str.encode)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [tf.compat.v1.Variable(wanted[name], name=name) for name in names]
        session.run([variable.initializer for variable in variables])
        tf.compat.v1.train.Saver(variables, save_relative_paths=True).save(session, str(prefix), write_meta_graph=False)
    for end in ("index", "data-00000-of-00001"):
        ours = (folder / f"bert_model.ckpt.{end}").read_bytes()
        theirs = Path(f"{prefix}.{end}").read_bytes()
        check(f"{source.name}: .{end} byte for byte what tf.train.Saver writes", ours == theirs, f"{len(ours)} bytes")
    ours, theirs = (folder / "checkpoint").read_text(), (prefix.parent / "checkpoint").read_text()
    check(f"{source.name}: checkpoint file", ours == theirs, repr(theirs) if ours != theirs else "")


class UerNorm(torch.nn.Module):
    def __init__(self, width, like_hf):
        super().__init__()
        self.gamma, self.beta = torch.nn.Parameter(torch.ones(width)), torch.nn.Parameter(torch.zeros(width))
        self.like_hf = like_hf  # an epsilon: Hugging Face's formula in place of UER's

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        if self.like_hf is not None:
            return self.gamma * centred / (x.var(-1, unbiased=False, keepdim=True) + self.like_hf).sqrt() + self.beta
        return self.gamma * centred / (x.std(-1, keepdim=True) + 1e-6) + self.beta


def linear(inner, outer):
    return torch.nn.Linear(inner, outer)


class UerLayer(torch.nn.Module):
    def __init__(self, config, like_hf):
        super().__init__()
        width, ff = config["hidden_size"], config["feedforward_size"]
        self.heads = config["heads_num"]
        self.self_attn = torch.nn.Module()
        self.self_attn.linear_layers = torch.nn.ModuleList(linear(width, width) for _ in range(3))
        self.self_attn.final_linear = linear(width, width)
        self.layer_norm_1, self.layer_norm_2 = UerNorm(width, like_hf), UerNorm(width, like_hf)
        self.feed_forward = torch.nn.Module()
        self.feed_forward.linear_1, self.feed_forward.linear_2 = linear(width, ff), linear(ff, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (one(x).view(batch, length, self.heads, -1).transpose(1, 2) for one in self.self_attn.linear_layers)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width / self.heads)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width)
        x = self.layer_norm_1(x + self.self_attn.final_linear(mixed))
        return self.layer_norm_2(x + self.feed_forward.linear_2(torch.nn.functional.gelu(self.feed_forward.linear_1(x))))


class UerModel(torch.nn.Module):
    """The encoder and MLM head under the names, and with the conventions, of UER-Py."""

    def __init__(self, config, state, like_hf=None):
        super().__init__()
        width = config["hidden_size"]
        table = lambda name: torch.nn.Embedding(*state[f"embedding.{name}.embedding.weight"].shape)
        self.embedding = torch.nn.ModuleDict({name: torch.nn.ModuleDict({"embedding": table(name)})
                                              for name in ("word", "pos", "seg")})
        self.embedding["layer_norm"] = UerNorm(width, like_hf)
        self.encoder = torch.nn.Module()
        self.encoder.transformer = torch.nn.ModuleList(UerLayer(config, like_hf) for _ in range(config["layers_num"]))
        self.target = torch.nn.ModuleDict()
        mlm = self.target["mlm"] = torch.nn.Module()
        mlm.linear_1, mlm.layer_norm = linear(width, width), UerNorm(width, like_hf)
        mlm.linear_2 = linear(width, len(state["embedding.word.embedding.weight"]))
        if "sp" in config["target"]:
            sp = self.target["sp"] = torch.nn.Module()
            sp.linear_1, sp.linear_2 = linear(width, width), linear(width, 2)

    def forward(self, ids, segments):
        positions = torch.arange(ids.shape[1]).expand_as(ids)
        x = sum(self.embedding[name]["embedding"](value)
                for name, value in (("word", ids), ("pos", positions), ("seg", segments)))
        x = self.embedding["layer_norm"](x)
        for layer in self.encoder.transformer:
            x = layer(x)
        mlm = self.target["mlm"]
        return mlm.linear_2(mlm.layer_norm(torch.nn.functional.gelu(mlm.linear_1(x))))


def check_uer(source, folder):
    config = json.loads((folder / "config.json").read_text())
    state = torch.load(folder / "model.bin", weights_only=True)
    tied = state["target.mlm.linear_2.weight"].data_ptr() == state["embedding.word.embedding.weight"].data_ptr()
    check(f"{source.name}: torch.load(weights_only=True), tied weights share storage", tied)
    before, _, _ = load_quietly(source)
    ids, types = inputs(before.config)
    wanted = logits_of(before, ids, types)
    for like_hf, limit, what in ((before.config.layer_norm_eps, 1e-4, "with Hugging Face's layer norm"),
                                 (None, None, "with UER's own layer norm")):
        model = UerModel(config, state, like_hf)
        missing, unexpected = model.load_state_dict(state, strict=True)
        with torch.no_grad():
            gap = (model(ids, types + 1) - wanted).abs().max().item()  # UER: segment 1 is sentence A
        if limit is None:
            width = before.config.hidden_size
            print(f"note   {source.name}: UER logits {what}: largest difference {gap:.2e} of {wanted.abs().max().item():.1f} "
                  f"(width {width}: each norm {100 * (math.sqrt(width / (width - 1)) - 1):.2f} % apart)")
        else:
            check(f"{source.name}: UER loads strictly, logits {what}", gap <= limit, f"largest difference {gap:.2e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jove", default="target/release/jove", help="the binary")
    parser.add_argument("--golden", type=Path, action="append", default=[], help="a model folder to check as well")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    with tempfile.TemporaryDirectory() as root:
        root = Path(root)
        sources = [(folder, "mlm") for folder in make_models(root / "mlm", False)]
        sources += [(folder, "pretraining") for folder in make_models(root / "pretraining", True)][:1]
        sources.append((add_pooler(root / "mlm" / "bert", root / "pooled" / "bert"), "with a pooler"))
        sources += [(folder, "golden") for folder in args.golden]
        for source, kind in sources:
            print(f"--- {source.name} ({kind})")
            if kind != "with a pooler":
                check_other_files(source, root / "files" / kind / source.name, args.jove)
            for target in ("hf", "tf", "uer"):
                out = root / "out" / kind / f"{source.name}-{target}"
                print(jove(args.jove, "convert", "--checkpoint", source, "--to-format", target, "--out", out, "--verify"), end="")
                {"hf": check_hf, "tf": check_tf, "uer": check_uer}[target](source, out)
                back = root / "back" / kind / f"{source.name}-{target}"
                jove(args.jove, "import", "--format", target, "--checkpoint", out, "--out", back)
                check_hf(source, back)
    print(f"{len(FAILED)} failed")
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    main()
