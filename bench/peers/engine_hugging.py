"""The rows of bench/engine.ts in transformers, TRL and PEFT: the same model shape with random weights, float32, eager.

The protocol is that of engine_torch.py. A trainer's step is paced from outside: a callback waits before each step for the
line "run" and answers when the step has ended.
"""
import importlib.metadata
import json
import os
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, TrainerCallback

STOP = 0


def config(spec, **more):
    return LlamaConfig(
        vocab_size=spec["vocabulary"],
        hidden_size=spec["width"],
        num_hidden_layers=spec["layers"],
        num_attention_heads=spec["heads"],
        num_key_value_heads=spec.get("kvHeads", spec["heads"]),
        intermediate_size=spec["feedForward"],
        max_position_embeddings=spec["maxContext"],
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=STOP,
        pad_token_id=STOP,
        **more,
    )


def answer(value):
    print(json.dumps(value), file=sys.__stdout__, flush=True)


def wait():
    for line in sys.stdin:
        if line.strip() == "run":
            return
    os._exit(0)


def loop(name, run):
    run()
    answer({"ready": name})
    while True:
        wait()
        begin, cpu = time.perf_counter(), time.process_time()
        run()
        answer({"seconds": time.perf_counter() - begin, "cpuSeconds": time.process_time() - cpu})


class Paced(TrainerCallback):
    def __init__(self, name):
        self.name = name
        self.begin = None

    def on_step_begin(self, args, state, control, **_):
        if state.global_step > 0:
            wait()
        self.begin, self.cpu = time.perf_counter(), time.process_time()

    def on_step_end(self, args, state, control, **_):
        run = {"seconds": time.perf_counter() - self.begin, "cpuSeconds": time.process_time() - self.cpu}
        answer({"ready": self.name} if state.global_step == 1 else run)


def words(spec):
    """A tokenizer whose words are the numbers of its ids."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    inner = Tokenizer(models.WordLevel({str(i): i for i in range(spec["vocabulary"])}, unk_token="1"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, pad_token=str(STOP), eos_token=str(STOP))


def text(ids):
    return " ".join(str(i) for i in ids)


def trainer_options(batch):
    return {
        "output_dir": tempfile.mkdtemp(),
        "per_device_train_batch_size": batch,
        "max_steps": 100_000,
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": [],
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "learning_rate": 1e-4,
        "disable_tqdm": True,
    }


def sampling(request):
    model = LlamaForCausalLM(config(request["spec"])).eval()
    prompts = torch.randint(1, request["spec"]["vocabulary"], (request["batch"], request["prompt"]))
    options = {"max_new_tokens": request["count"], "min_new_tokens": request["count"], "do_sample": True, "top_k": 0}
    mask = torch.ones_like(prompts)

    @torch.no_grad()
    def run():
        model.generate(prompts, attention_mask=mask, pad_token_id=STOP, **options)

    loop(f"transformers {transformers.__version__} generate", run)


def language_model(request):
    from peft import LoraConfig, get_peft_model

    model = LlamaForCausalLM(config(request["spec"]))
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = get_peft_model(model, LoraConfig(r=request["rank"], lora_alpha=2 * request["rank"], target_modules=targets))
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    ids = torch.randint(1, request["spec"]["vocabulary"], (request["batch"], request["time"]))

    def run():
        optimiser.zero_grad(set_to_none=True)
        model(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()

    loop(f"peft {importlib.metadata.version('peft')}", run)


def reward(request):
    from datasets import Dataset
    from trl import RewardConfig, RewardTrainer

    rows = request["sequences"]
    pairs = len(rows) // 2
    # Every batch is the whole of the pairs, so that all steps do the same work.
    data = {"chosen": [text(r) for r in rows[0::2]] * 64, "rejected": [text(r) for r in rows[1::2]] * 64}
    name = f"trl {importlib.metadata.version('trl')} RewardTrainer"
    trainer = RewardTrainer(
        model=LlamaForSequenceClassification(config(request["spec"], num_labels=1)),
        args=RewardConfig(max_length=request["spec"]["maxContext"], dataset_num_proc=None, **trainer_options(pairs)),
        processing_class=words(request["spec"]),
        train_dataset=Dataset.from_dict(data),
        callbacks=[Paced(name)],
    )
    trainer._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(trainer.train_dataset)
    trainer.train()


def rloo(request):
    from datasets import Dataset
    from trl import RLOOConfig, RLOOTrainer

    spec = request["spec"]
    groups, samples = request["groups"], request["samples"]
    prompts = torch.randint(1, spec["vocabulary"], (groups, request["prompt"])).tolist()

    def even(completions, **_):
        counts = [[int(i) % 2 == 0 for i in completion.split()] for completion in completions]
        return [sum(c) / max(1, len(c)) for c in counts]

    name = f"trl {importlib.metadata.version('trl')} RLOOTrainer"
    # From a folder: the reference is loaded from where the model came.
    folder = tempfile.mkdtemp()
    LlamaForCausalLM(config(spec)).save_pretrained(folder)
    trainer = RLOOTrainer(
        model=folder,
        reward_funcs=even,
        args=RLOOConfig(
            num_generations=samples,
            max_completion_length=request["count"],
            beta=0.05,
            generation_kwargs={"min_new_tokens": request["count"]},
            **trainer_options(groups * samples),
        ),
        processing_class=words(spec),
        train_dataset=Dataset.from_dict({"prompt": [text(p) for p in prompts] * 64}),
        callbacks=[Paced(name)],
    )
    trainer.train()


ROWS = {"sampling": sampling, "language-model": language_model, "reward": reward, "rloo": rloo}


def main():
    # Trainers print; the answers are alone on the real standard output.
    sys.stdout = sys.stderr
    torch.manual_seed(1)
    request = json.loads(sys.stdin.readline())
    torch.set_num_threads(request["threads"])
    ROWS[request["prepare"]](request)


main()
