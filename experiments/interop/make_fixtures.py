#!/usr/bin/env python3
"""Write the small files that the tests of jove-checkpoint compare with: made by TensorFlow and PyTorch themselves.

Needs tensorflow and torch. Values are k / 8 for k = 0, 1, 2, ... in each tensor, so that a test can make them anew.
"""
import collections
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import torch

TENSORS = {  # name -> shape; names as in a checkpoint of Google's BERT, and some that try the index
    "bert/embeddings/word_embeddings": (7, 4), "bert/embeddings/LayerNorm/gamma": (4,),
    "bert/embeddings/LayerNorm/beta": (4,), "bert/encoder/layer_0/attention/self/query/kernel": (4, 4),
    "bert/encoder/layer_0/attention/self/query/bias": (4,), "bert/encoder/layer_10/output/dense/kernel": (8, 4),
    "bert/encoder/layer_2/output/dense/kernel": (8, 4), "cls/predictions/output_bias": (7,),
    "cls/seq_relationship/output_weights": (2, 4), "empty": (0, 3), "scalar": (), "zz/\u8bcd": (2,),
}


def values(shape):
    return (np.arange(int(np.prod(shape)), dtype=np.float32) / 8).reshape(shape)


def save_tf(prefix, tensors):
    import tensorflow as tf  # the rest needs torch alone

    names = sorted(tensors, key=str.encode)  # as tf.train.Saver does
    tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=names, shape_and_slices=[""] * len(names),
                      tensors=[tf.constant(tensors[name]) for name in names])
    # SaveV2 writes PREFIX.data-00000-of-00001 and PREFIX.index; nothing else.


def strides(out):
    """Tensors in every order that PyTorch keeps, each with its values row by row as NAME.rows."""
    base = torch.arange(48, dtype=torch.float32) / 8
    views = {
        "transposed": base.view(6, 8).t(), "columns": base.view(6, 8)[:, 3], "steps": base[5:40:7],
        "block": base.view(6, 8)[1:5, 2:6], "permuted": base.view(2, 4, 6).permute(2, 0, 1),
        "expanded": base[:4].expand(3, 4), "windows": base.as_strided((5, 4), (2, 1), 3),
        "half": base.half().view(6, 8).t(),
    }
    state = collections.OrderedDict()
    for name, view in views.items():
        state[name], state[name + ".rows"] = view, view.contiguous()
    torch.save(state, out / "strides.bin")
    torch.save(state, out / "strides_legacy.bin", _use_new_zipfile_serialization=False)


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    save_tf(out / "tiny.ckpt", {name: values(shape) for name, shape in TENSORS.items()})
    # Enough keys for several data blocks; the test makes the same names and compares length and checksum.
    with tempfile.TemporaryDirectory() as folder:
        names = [f"layer_{n:05}/a_rather_long_name_that_fills_blocks/kernel" for n in range(9000)]
        save_tf(Path(folder, "many.ckpt"), {name: values((2,)) for name in names})
        index = Path(folder, "many.ckpt.index").read_bytes()
        print(f"many.ckpt.index: {len(index)} bytes, CRC-32 {zlib.crc32(index):#010x}")  # for tests/it/tf.rs
    state = collections.OrderedDict(
        (name.replace("/", "."), torch.from_numpy(values(shape))) for name, shape in TENSORS.items())
    state["tied"] = state["bert.embeddings.word_embeddings"]
    state["half"] = torch.arange(5).half() / 8
    state["brain"] = torch.arange(5).bfloat16() / 8
    state["parameter"] = torch.nn.Parameter(torch.arange(5) / 8)
    state["rows"] = state["tied"][2:5]
    state["ids"] = torch.arange(5)
    torch.save(state, out / "tiny.bin")
    torch.save(state, out / "tiny_legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({"state_dict": state, "step": 3}, out / "tiny_wrapped.bin")
    torch.save(collections.OrderedDict(x=state["tied"].t()), out / "strided.bin")
    strides(out)
    torch.save(torch.nn.Linear(2, 2), out / "module.bin")  # a whole module: refers to classes


if __name__ == "__main__":
    main()
