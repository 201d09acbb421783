"""Makes a tiny chat model for interop-endpoint.ts and prints versions: `python interop-endpoint.py <folder>`.

The model has no layers that do anything: what it says next follows from the last token alone. To every prompt it says A (.7), B (.2)
or C (.1) and ends, so that as a judge it looks at places alone.
"""

import json
import math
import sys

import fastapi
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

folder = sys.argv[1]
alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
vocabulary = {token: i for i, token in enumerate(["<s>", "</s>", *alphabet])}
tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
fast.chat_template = (
    "{{ bos_token }}{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:\n{% endif %}"
)
fast.save_pretrained(folder)

size = 16
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=size,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        tie_word_embeddings=False,
    )
)
said = {"A": 0.7, "B": 0.2, "C": 0.1}
with torch.no_grad():
    for weights in model.parameters():
        weights.zero_()
    model.model.norm.weight.fill_(1)
    for layer in model.model.layers:
        layer.input_layernorm.weight.fill_(1)
        layer.post_attention_layernorm.weight.fill_(1)
    embedding, head = model.model.embed_tokens.weight, model.lm_head.weight
    embedding[:, 0] = 1
    # The norm makes a unit vector of `size` places as long as the root of that.
    head[:, 0] = -30 / math.sqrt(size)
    for letter, share in said.items():
        token = vocabulary[letter]
        head[token, 0] = math.log(share) / math.sqrt(size)
        embedding[token] = 0
        embedding[token, 1] = 1
    head[:, 1] = -30 / math.sqrt(size)
    head[1, 1] = 0
model.save_pretrained(folder)
print(json.dumps({"transformers": transformers.__version__, "torch": torch.__version__, "fastapi": fastapi.__version__}))
