"""The rows of bench/engine.ts in plain PyTorch, written here with the same mathematics: a Llama-shaped decoder (RMS norm,
rotary positions, SwiGLU, tied embeddings), eager, float32, AdamW, right-padded batches, sampling against a key-value cache
that is written in place. It is no other library's trainer.

Reads one JSON line {"prepare": row, ...sizes} and answers {"ready": ...}; then every line "run" is answered with
{"seconds", "cpuSeconds"} of one run of the row, and "peak" with {"peakMB"} of the process.
"""
import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F


def norm(x, gain):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * gain


def rotate(x, cos, sin):
    left, right = x.chunk(2, -1)
    return torch.cat([left * cos - right * sin, right * cos + left * sin], -1)


class Model(torch.nn.Module):
    def __init__(self, spec, head=False, rank=0):
        super().__init__()
        self.spec = spec
        width, layers, ff = spec["width"], spec["layers"], spec["feedForward"]
        kv = spec.get("kvHeads", spec["heads"]) * (width // spec["heads"])
        make = lambda *shape: torch.nn.Parameter(torch.randn(*shape) * 0.02)
        self.embedding = make(spec["vocabulary"], width)
        self.rank = rank
        self.layers = torch.nn.ModuleList()
        for _ in range(layers):
            layer = torch.nn.Module()
            layer.norm1 = torch.nn.Parameter(torch.ones(width))
            layer.norm2 = torch.nn.Parameter(torch.ones(width))
            for name, rows, cols in (
                ("qkv", width, width + 2 * kv),
                ("out", width, width),
                ("gate_up", width, 2 * ff),
                ("down", ff, width),
            ):
                setattr(layer, name, make(rows, cols))
                if rank > 0:
                    setattr(layer, name + "_a", make(rows, rank))
                    setattr(layer, name + "_b", torch.nn.Parameter(torch.zeros(rank, cols)))
            self.layers.append(layer)
        self.norm = torch.nn.Parameter(torch.ones(width))
        self.head = make(width, 1) if head else None
        if rank > 0:
            for name, parameter in self.named_parameters():
                parameter.requires_grad_(name.endswith("_a") or name.endswith("_b"))
        half = width // spec["heads"] // 2
        angles = torch.arange(spec["maxContext"])[:, None] * 10000.0 ** (-torch.arange(half) / half)
        self.cos, self.sin = angles.cos(), angles.sin()

    def linear(self, layer, name, x):
        y = x @ getattr(layer, name)
        if self.rank > 0:
            y = y + 2 * ((x @ getattr(layer, name + "_a")) @ getattr(layer, name + "_b"))
        return y

    def trunk(self, tokens, start=0, cache=None):
        """Hidden states [batch, time, width]; with a cache, positions start..start+time are written into it."""
        batch, time_ = tokens.shape
        width, heads, ff = self.spec["width"], self.spec["heads"], self.spec["feedForward"]
        kv_heads = self.spec.get("kvHeads", heads)
        size = width // heads
        cos, sin = self.cos[start : start + time_], self.sin[start : start + time_]
        x = self.embedding[tokens]
        future = torch.full((time_, time_), -math.inf).triu(1) if time_ > 1 else None
        for i, layer in enumerate(self.layers):
            qkv = self.linear(layer, "qkv", norm(x, layer.norm1))
            q, k, v = qkv.split([width, kv_heads * size, kv_heads * size], -1)
            q, k, v = (part.view(batch, time_, -1, size).transpose(1, 2) for part in (q, k, v))
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
            if cache is not None:
                keys, values = cache[i]
                keys[:, :, start : start + time_], values[:, :, start : start + time_] = k, v
                k, v = keys[:, :, : start + time_], values[:, :, : start + time_]
            if kv_heads != heads:
                k, v = (part.repeat_interleave(heads // kv_heads, 1) for part in (k, v))
            scores = q @ k.transpose(-1, -2) / math.sqrt(size)
            if future is not None:
                scores = scores + future
            mixed = (F.softmax(scores, -1) @ v).transpose(1, 2).reshape(batch, time_, width)
            x = x + self.linear(layer, "out", mixed)
            gate, up = self.linear(layer, "gate_up", norm(x, layer.norm2)).split([ff, ff], -1)
            x = x + self.linear(layer, "down", F.silu(gate) * up)
        return norm(x, self.norm)

    def logprobs(self, tokens, targets, start=0):
        logits = self.trunk(tokens)[:, start:] @ self.embedding.t()
        return F.log_softmax(logits, -1).gather(-1, targets[:, start:, None])[..., 0]

    @torch.no_grad()
    def sample(self, prompts, count):
        """Tokens and their log-probabilities [batch, count] at temperature 1."""
        batch, time_ = prompts.shape
        width, heads = self.spec["width"], self.spec["heads"]
        shape = (batch, self.spec.get("kvHeads", heads), time_ + count, width // heads)
        cache = [(torch.empty(shape), torch.empty(shape)) for _ in self.layers]
        hidden = self.trunk(prompts, 0, cache)[:, -1]
        tokens, logprobs = [], []
        for i in range(count):
            logs = F.log_softmax(hidden @ self.embedding.t(), -1)
            token = torch.multinomial(logs.exp(), 1)
            tokens.append(token)
            logprobs.append(logs.gather(-1, token))
            if i + 1 < count:
                hidden = self.trunk(token, time_ + i, cache)[:, -1]
        return torch.cat(tokens, 1), torch.cat(logprobs, 1)


def step(optimiser, loss):
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def adamw(model):
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, weight_decay=0.01, foreach=True)


def language_model(request):
    model = Model(request["spec"], rank=request.get("rank", 0))
    optimiser = adamw(model)
    ids = torch.randint(0, request["spec"]["vocabulary"], (request["batch"], request["time"] + 1))
    return lambda: step(optimiser, -model.logprobs(ids[:, :-1], ids[:, 1:]).mean())


def reward(request):
    model = Model(request["spec"], head=True)
    optimiser = adamw(model)
    rows = request["sequences"]
    longest = max(len(row) for row in rows)
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    last = torch.tensor([len(row) - 1 for row in rows])

    def run():
        scores = (model.trunk(tokens)[torch.arange(len(rows)), last] @ model.head)[:, 0]
        step(optimiser, -F.logsigmoid(scores[0::2] - scores[1::2]).mean())

    return run


def sampling(request):
    model = Model(request["spec"])
    prompts = torch.randint(0, request["spec"]["vocabulary"], (request["batch"], request["prompt"]))
    return lambda: model.sample(prompts, request["count"])


def rloo(request):
    """One step of REINFORCE with a leave-one-out baseline, k1 to a reference in the reward; the score counts even tokens."""
    model, reference = Model(request["spec"]), Model(request["spec"])
    optimiser = adamw(model)
    groups, samples, prompt, count = request["groups"], request["samples"], request["prompt"], request["count"]
    prompts = torch.randint(0, request["spec"]["vocabulary"], (groups, prompt)).repeat_interleave(samples, 0)

    def run():
        reply, old = model.sample(prompts, count)
        ids = torch.cat([prompts, reply], 1)
        tokens, targets = ids[:, :-1], ids[:, 1:]
        with torch.no_grad():
            ref = reference.logprobs(tokens, targets, prompt - 1)
        rewards = (reply % 2 == 0).float().mean(1) - 0.05 * (old - ref).sum(1)
        grouped = rewards.view(groups, samples)
        advantages = ((grouped - grouped.mean(1, keepdim=True)) * samples / (samples - 1)).view(-1, 1)
        ratio = (model.logprobs(tokens, targets, prompt - 1) - old).exp()
        loss = -(ratio * advantages).sum() / len(ids)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    return run


def scoring(request):
    """Log-probabilities of every token of every sequence, right-padded, in batches of 128, like lengths together."""
    model = Model(request["spec"])
    rows = sorted(request["sequences"], key=len)

    @torch.no_grad()
    def run():
        for i in range(0, len(rows), 128):
            part = rows[i : i + 128]
            longest = len(part[-1])
            ids = torch.tensor([row + [0] * (longest - len(row)) for row in part])
            model.logprobs(ids[:, :-1], ids[:, 1:])

    return run


ROWS = {"scoring": scoring, "language-model": language_model, "reward": reward, "sampling": sampling, "rloo": rloo}


def peak_megabytes():
    """Peak resident memory of this process; getrusage would count that of the process that started it, which survives exec."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    torch.manual_seed(1)
    request = json.loads(sys.stdin.readline())
    torch.set_num_threads(request["threads"])
    run = ROWS[request["prepare"]](request)
    run()
    print(json.dumps({"ready": f"torch {torch.__version__}"}), flush=True)
    for line in sys.stdin:
        if line.strip() == "peak":
            print(json.dumps({"peakMB": peak_megabytes()}), flush=True)
            continue
        begin, cpu = time.perf_counter(), time.process_time()
        run()
        print(
            json.dumps({"seconds": time.perf_counter() - begin, "cpuSeconds": time.process_time() - cpu}), flush=True
        )


main()
