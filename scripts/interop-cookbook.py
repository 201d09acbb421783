"""The recipes of interop-cookbook.ts: sl_loop and rl_loop as published, given an address, a tokenizer and data of this machine.

Reads {"url", "key", "folder", "model", "answers", "steps"} and prints one line of JSON.
"""

import importlib.metadata
import json
import logging
import os
import sys

given = json.load(sys.stdin)
os.environ["TINKER_API_KEY"] = given["key"]
os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import tokenizers
import transformers
from tokenizers import decoders, models, pre_tokenizers

from tinker_cookbook import tokenizer_utils
from tinker_cookbook.recipes import rl_loop, sl_loop


def byte_tokenizer():
    """Id n is byte n; 256 ends a text."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names, extra = {}, 0
    for byte in range(256):
        if byte in printable:
            names[byte] = chr(byte)
        else:
            names[byte] = chr(256 + extra)
            extra += 1
    vocabulary = {names[byte]: byte for byte in range(256)} | {"<|endoftext|>": 256}
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", bos_token="<|endoftext|>"
    )


tokenizer_utils.register_tokenizer(given["model"], byte_tokenizer)


def load_dataset(name, *_, **__):
    if name == "HuggingFaceH4/no_robots":
        rows = [
            {
                "messages": [
                    {"role": "user", "content": f"Say a number, {i}."},
                    {"role": "assistant", "content": f"\\boxed{{{given['answers'][0]}}}"},
                ]
            }
            for i in range(8 * given["steps"])
        ]
    else:
        rows = [
            {"question": f"Say a number, {i}.", "answer": f"So it is.\n#### {given['answers'][0]}"}
            for i in range(4 * given["steps"])
        ]
    return datasets.DatasetDict({"train": datasets.Dataset.from_list(rows)})


datasets.load_dataset = load_dataset
logging.disable(logging.WARNING)


def metrics(place):
    with open(f"{place}/metrics.jsonl") as lines:
        return [json.loads(line) for line in lines]


shared = {"base_url": given["url"], "model_name": given["model"], "lora_rank": 8, "save_every": 0}
places = {name: f"{given['folder']}/{name}" for name in ("supervised", "reinforced")}
sl_loop.main(
    sl_loop.Config(
        **shared, log_path=places["supervised"], batch_size=8, learning_rate=1e-2, max_steps=given["steps"]
    )
)
rl_loop.main(
    rl_loop.Config(
        **shared,
        log_path=places["reinforced"],
        batch_size=4,
        group_size=8,
        learning_rate=1e-2,
        max_tokens=14,
        loss_fn="importance_sampling",
        max_steps=given["steps"],
    )
)
answers = {
    "nll": [row["train_mean_nll"] for row in metrics(places["supervised"]) if "train_mean_nll" in row],
    "rewards": [row["reward/total"] for row in metrics(places["reinforced"]) if "reward/total" in row],
}
versions = {name: importlib.metadata.version(name) for name in ("tinker", "torch", "transformers")}
versions["tinker-cookbook"] = __import__("tinker_cookbook").__version__
print(json.dumps({"versions": versions, "answers": answers}))
