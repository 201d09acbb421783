"""The other side of scripts/interop-trl.ts: a JSON object on standard input, a JSON object on standard output.

The input holds folders of a policy, a reference and a sampler in the layout of transformers, pairs and rollouts as token ids, and
cases by name; each is answered with the loss, the norm of the gradient and the metrics of one step of the trainer that TRL has
for it, on the CPU and without its optimiser. Token i is written as the word "i", so that both sides see the same ids; those that pad and end have names.
"""

import json
import os
import sys
import tempfile
import warnings

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TRL_EXPERIMENTAL_SILENCE="1")
warnings.filterwarnings("ignore")

import torch
import transformers
import trl
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

torch.manual_seed(1)
torch.set_num_threads(1)
given = json.load(sys.stdin)
EOS, PAD = given["eos"], given["pad"]


def tokenizer():
    names = {PAD: "<pad>", EOS: "<eos>"}
    vocabulary = {names.get(i, str(i)): i for i in range(given["vocabulary"])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<eos>", pad_token="<pad>", padding_side="left")


def load(which):
    return AutoModelForCausalLM.from_pretrained(given["folders"][which], dtype=torch.float32)


def words(ids):
    # A word begins with a space, so that a reply after a prompt is words of its own.
    return "".join(f" {i}" for i in ids)


def common(out, **more):
    return dict(
        output_dir=out, report_to=[], use_cpu=True, bf16=False, gradient_checkpointing=False, disable_tqdm=True, seed=1, **more
    )


def gradient_norm(model):
    return torch.sqrt(sum((p.grad.double() ** 2).sum() for p in model.parameters() if p.grad is not None)).item()


def step(trainer, batch):
    model = trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    loss = trainer.compute_loss(model, batch)
    loss.backward()
    metrics = {key: values[-1] for key, values in trainer._metrics["train"].items()} if hasattr(trainer, "_metrics") else {}
    if hasattr(trainer, "_stored_metrics"):
        metrics = {key: sum(values) / len(values) for key, values in trainer._stored_metrics["train"].items()}
    return {"loss": loss.item(), "grad_norm": gradient_norm(model), "metrics": {k: float(v) for k, v in metrics.items()}}


def pairs():
    rows = given["pairs"]
    return Dataset.from_list(
        [{"prompt": words(p), "chosen": words(c[:-1]) + "<eos>", "rejected": words(r[:-1]) + "<eos>"} for p, c, r in rows]
    )


def batch_of(trainer):
    rows = [trainer.train_dataset[i] for i in range(len(trainer.train_dataset))]
    return trainer.data_collator(rows)


def offline(case, out):
    kind, options = case["trainer"], case["options"]
    n = len(given["pairs"])
    if kind == "dpo":
        args = trl.DPOConfig(**common(out, per_device_train_batch_size=n, **options))
        trainer = trl.DPOTrainer(
            load("policy"), ref_model=load("reference"), args=args, train_dataset=pairs(), processing_class=tokenizer()
        )
    elif kind == "kto":
        from trl import KTOConfig, KTOTrainer

        rows = given["pairs"]
        single = [(p, c, True) for p, c, _ in rows] + [(p, r, False) for p, _, r in rows]
        data = Dataset.from_list([{"prompt": words(p), "completion": words(r[:-1]) + "<eos>", "label": y} for p, r, y in single])
        args = KTOConfig(**common(out, per_device_train_batch_size=2 * n, **options))
        trainer = KTOTrainer(
            load("policy"), ref_model=load("reference"), args=args, train_dataset=data, processing_class=tokenizer()
        )
    elif kind == "orpo":
        from trl.experimental.orpo import ORPOConfig, ORPOTrainer

        args = ORPOConfig(**common(out, per_device_train_batch_size=n, **options))
        trainer = ORPOTrainer(load("policy"), args=args, train_dataset=pairs(), processing_class=tokenizer())
    elif kind == "cpo":
        from trl.experimental.cpo import CPOConfig, CPOTrainer

        args = CPOConfig(**common(out, per_device_train_batch_size=n, **options))
        trainer = CPOTrainer(load("policy"), args=args, train_dataset=pairs(), processing_class=tokenizer())
    else:
        rows = [{"prompt": words(p), "completion": words(c[:-1]) + "<eos>"} for p, c, _ in given["pairs"]]
        args = trl.SFTConfig(**common(out, per_device_train_batch_size=n, **options))
        trainer = trl.SFTTrainer(
            load("policy"), args=args, train_dataset=Dataset.from_list(rows), processing_class=tokenizer()
        )
    return step(trainer, batch_of(trainer))


def logprobs(model, prompts, completions):
    """Per token of the completions, padded on the right with zeros."""
    width = max(map(len, completions))
    rows = torch.zeros(len(prompts), width)
    with torch.no_grad():
        for i, (prompt, completion) in enumerate(zip(prompts, completions)):
            logits = model(input_ids=torch.tensor([prompt + completion])).logits[0, len(prompt) - 1 : -1]
            own = torch.log_softmax(logits, -1)[range(len(completion)), completion]
            rows[i, : len(completion)] = own
    return rows


def padded(rows, left):
    width = max(map(len, rows))
    fill = [[PAD] * (width - len(row)) for row in rows]
    mask = [[0] * (width - len(row)) for row in rows]
    ids = [f + row if left else row + f for f, row in zip(fill, rows)]
    masks = [m + [1] * len(row) if left else [1] * len(row) + m for m, row in zip(mask, rows)]
    return torch.tensor(ids), torch.tensor(masks)


def online(case, out):
    kind, options = case["trainer"], case["options"]
    prompts, completions = given["rollouts"]["prompts"], given["rollouts"]["completions"]
    data = Dataset.from_list([{"prompt": words(p)} for p in prompts])
    reward = lambda completions, **_: [0.0] * len(completions)
    config, trainer_of = (trl.GRPOConfig, trl.GRPOTrainer) if kind == "grpo" else (trl.RLOOConfig, trl.RLOOTrainer)
    args = config(**common(out, per_device_train_batch_size=len(prompts), num_generations=2, **options))
    trainer = trainer_of(load("policy"), reward_funcs=[reward], args=args, train_dataset=data, processing_class=tokenizer())
    prompt_ids, prompt_mask = padded(prompts, left=True)
    completion_ids, completion_mask = padded(completions, left=False)
    old = logprobs(load(case["old"]), prompts, completions)
    batch = {
        "prompt_ids": prompt_ids,
        "prompt_mask": prompt_mask,
        "completion_ids": completion_ids,
        "completion_mask": completion_mask,
        "advantages": torch.tensor(given["rollouts"]["advantages"]),
        "num_items_in_batch": completion_mask.sum(),
        "old_per_token_logps": old,
        "old_logps": old.sum(1),
        "ref_per_token_logps": logprobs(load("reference"), prompts, completions),
    }
    return step(trainer, batch)


def safely(case):
    try:
        with tempfile.TemporaryDirectory() as out:
            return (online if "old" in case else offline)(case, out)
    except Exception as error:  # Every case gets its own answer.
        return {"fault": f"{type(error).__name__}: {error}"}


stdout, sys.stdout = sys.stdout, sys.stderr
answers = [safely(case) for case in given["cases"]]
versions = {"trl": trl.__version__, "torch": torch.__version__, "transformers": transformers.__version__}
json.dump({"versions": versions, "answers": answers}, stdout)
