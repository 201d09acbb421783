"""The other side of scripts/interop.ts: a list of requests as JSON on standard input, a list of answers on standard output.

Each request names what to load with transformers or PEFT, or what to make and save with them, and the answer holds what the
model computes on the prompts: logits [time][vocabulary], or one score of a sequence classifier. The first line of the answer
says which versions answered.
"""

import json
import os
import sys

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")

import peft
import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    LogitsProcessor,
    LogitsProcessorList,
)

torch.manual_seed(1)
torch.set_num_threads(1)


def spread(model):
    """Weights far enough from their start that every part of the model shows in its numbers."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def make(request):
    kind, out = request["make"], request["folder"]
    if kind == "adapter":
        base = AutoModelForCausalLM.from_pretrained(request["base"], dtype=torch.float32)
        settings = {"r": 3, "lora_alpha": 6, "task_type": "CAUSAL_LM", **request["settings"]}
        lora = peft.LoraConfig(**settings)
        model = peft.get_peft_model(base, lora)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_" in name:
                    parameter.copy_(0.2 * torch.randn_like(parameter))
        model.save_pretrained(out)
        return
    config = AutoConfig.from_pretrained(request["like"])
    if kind == "reward":
        config.num_labels = 1
        spread(AutoModelForSequenceClassification.from_config(config)).save_pretrained(out)
    else:
        spread(AutoModelForCausalLM.from_config(config)).save_pretrained(out)


def load(request):
    folder, kind = request["folder"], request["kind"]
    if kind == "reward":
        return AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1, dtype=torch.float32)
    if kind == "adapter":
        base = AutoModelForCausalLM.from_pretrained(request["base"], dtype=torch.float32)
        return peft.PeftModel.from_pretrained(base, folder)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def answer(request):
    if "make" in request:
        make(request)
    model = load(request).eval()
    with torch.no_grad():
        return [model(input_ids=torch.tensor([prompt])).logits[0].tolist() for prompt in request["prompts"]]


class Forced(LogitsProcessor):
    """Row r says token r first, and then an ordinary token for ever."""

    def __init__(self, length, ordinary):
        self.length, self.ordinary = length, ordinary

    def __call__(self, input_ids, scores):
        chosen = torch.full((len(scores),), self.ordinary)
        if input_ids.shape[1] == self.length:
            chosen = torch.arange(len(scores))
        forced = torch.full_like(scores, float("-inf"))
        return forced.scatter(1, chosen[:, None], 0.0)


def stops(request):
    """Every token at which `generate` ends, as the folder's own settings have it; the tokenizer's end and the template's."""
    model = AutoModelForCausalLM.from_pretrained(request["folder"], dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(request["folder"])
    vocabulary, ordinary = model.config.vocab_size, request["ordinary"]
    prompt = torch.full((vocabulary, 1), ordinary)
    with torch.no_grad():
        said = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            logits_processor=LogitsProcessorList([Forced(1, ordinary)]),
            do_sample=False,
            max_new_tokens=3,
        )
    ended = [row for row in range(vocabulary) if said[row, 2] != ordinary]
    words = "Eleven"
    chat = [{"role": "user", "content": "How many?"}, {"role": "assistant", "content": words}]
    text = tokenizer.apply_chat_template(chat, tokenize=False)
    rest = tokenizer(text[text.rindex(words) + len(words) :], add_special_tokens=False).input_ids
    special = set(tokenizer.get_added_vocab().values()) | set(tokenizer.all_special_ids)
    turn = next((token for token in rest if token in special), None)
    return {"ended": ended, "eos": tokenizer.eos_token_id, "turn": turn}


def safely(request):
    try:
        if request["kind"] == "stops":
            return {"stops": stops(request)}
        return {"numbers": answer(request)}
    except Exception as error:  # Every request gets its own answer.
        return {"fault": f"{type(error).__name__}: {error}"}


answers = [safely(request) for request in json.load(sys.stdin)]
versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
json.dump({"versions": versions, "answers": answers}, sys.stdout)
