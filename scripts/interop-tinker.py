"""The side of the official SDK in interop-tinker.ts: trains, scores, samples, saves and loads through a server's address.

Reads {"url", "base", "data", "pairs", "prompts", "steps", "rank", "seed"} and prints one line of JSON.
"""

import importlib.metadata
import json
import logging
import sys

import tinker
import torch
from tinker import types

logging.disable(logging.WARNING)
given = json.load(sys.stdin)
service = tinker.ServiceClient(base_url=given["url"], api_key=given["key"])
adam = types.AdamParams(learning_rate=given["rate"], beta1=0.9, beta2=0.95, eps=1e-8)


def supervised(tokens):
    return types.Datum(
        model_input=types.ModelInput.from_ints(tokens[:-1]),
        loss_fn_inputs={"target_tokens": tokens[1:], "weights": [1.0] * (len(tokens) - 1)},
    )


def ratio(tokens, advantage):
    count = len(tokens) - 1
    return types.Datum(
        model_input=types.ModelInput.from_ints(tokens[:-1]),
        loss_fn_inputs={
            "target_tokens": tokens[1:],
            "logprobs": [-2.0] * count,
            "advantages": [advantage] * count,
        },
    )


def rows(output):
    return [[float(x) for x in entry["logprobs"].data] for entry in output.loss_fn_outputs]


def dpo(_, logprobs):
    sums = torch.stack([row.sum() for row in logprobs])
    loss = -torch.nn.functional.logsigmoid(0.3 * (sums[0::2] - sums[1::2])).sum()
    return loss, {"margin": float((sums[0::2] - sums[1::2]).mean())}


def train(client, steps):
    found = []
    for _ in range(steps):
        # Both are submitted before either is waited for.
        passed = client.forward_backward([supervised(t) for t in given["data"]], "cross_entropy")
        stepped = client.optim_step(adam)
        output = passed.result()
        found.append({"loss": output.metrics["loss:sum"], "logprobs": rows(output)})
        found[-1]["norm"] = stepped.result().metrics["grad_norm"]
    return found


client = service.create_lora_training_client(
    base_model=given["base"], rank=given["rank"], seed=given["seed"]
).result()
answers = {"info": client.get_info().model_data.model_name, "train": train(client, given["steps"])}
saved = client.save_state("half-way").result().path

answers["ratio"] = []
for loss in ("importance_sampling", "ppo", "cispo"):
    data = [ratio(tokens, 0.5 - i % 2) for i, tokens in enumerate(given["data"])]
    output = client.forward_backward(data, loss, {"clip_low_threshold": 0.8, "clip_high_threshold": 1.2} if loss != "importance_sampling" else None).result()
    answers["ratio"].append({"loss": output.metrics["loss:sum"], "norm": client.optim_step(types.AdamParams(learning_rate=0.0)).result().metrics["grad_norm"]})

answers["custom"] = []
for _ in range(given["steps"]):
    passed = client.forward_backward_custom([supervised(t) for t in given["pairs"]], dpo)
    stepped = client.optim_step(adam)
    answers["custom"].append({"loss": passed.result().metrics["loss:sum"], "norm": stepped.result().metrics["grad_norm"]})

sampler = client.save_weights_and_get_sampling_client().result()
answers["scored"] = []
for prompt in given["prompts"]:
    scores = sampler.compute_logprobs(types.ModelInput.from_ints(prompt)).result()
    assert scores[0] is None
    answers["scored"].append([float(x) for x in scores[1:]])
greedy = types.SamplingParams(max_tokens=6, temperature=0.0, stop=[])
drawn = types.SamplingParams(max_tokens=6, seed=5, stop=[])
answers["greedy"], answers["drawn"] = (
    [
        [
            {"tokens": [int(t) for t in s.tokens], "logprobs": [float(x) for x in s.logprobs]}
            for s in sampler.sample(types.ModelInput.from_ints(prompt), count, params).result().sequences
        ]
        for prompt in given["prompts"]
    ]
    for params, count in ((greedy, 1), (drawn, 3))
)

kept = client.save_weights_for_sampler("kept").result().path
again = service.create_sampling_client(model_path=kept)
again = again.result() if hasattr(again, "result") else again
answers["kept"] = [
    [float(x) for x in again.compute_logprobs(types.ModelInput.from_ints(prompt)).result()[1:]]
    for prompt in given["prompts"]
]

resumed = service.create_training_client_from_state_with_optimizer(saved)
resumed = resumed.result() if hasattr(resumed, "result") else resumed
answers["resumed"] = train(resumed, given["steps"])

rest = service.create_rest_client()
answers["listed"] = sorted(
    c.tinker_path for c in rest.list_checkpoints(saved.split("/")[2]).result().checkpoints
)
info = rest.get_weights_info_by_tinker_path(saved).result()
answers["weights"] = {"base": info.base_model, "rank": info.lora_rank, "unembed": info.train_unembed}

print(json.dumps({"versions": {name: importlib.metadata.version(name) for name in ("tinker", "torch")}, "answers": answers}))
