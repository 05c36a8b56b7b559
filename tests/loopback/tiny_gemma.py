"""A Gemma 3 model of half a megabyte with random weights: its answers mean nothing, all the rest about it is real.

Weights that say how it talks are not quite random: what ends a text or a turn is likelier than the rest, so that
documents that a schema holds it to come to an end within their token limit.
"""

from pathlib import Path

import gguf
import numpy as np
import psutil

from lyo_rt.language_models.gemma.process import WORKER

WIDTH, LAYERS, HEADS, KV_HEADS, HEAD, FEED = 64, 2, 2, 1, 32, 128
WINDOW, CONTEXT = 512, 32768
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
LETTERS = [chr(code) for code in range(33, 127)] + ["▁"]
TOKENS = SPECIAL + BYTES + LETTERS
CLOSING = {'"': 3.0, "]": 3.0, "}": 2.0, ",": 0.3, "▁": 0.3}
"""How much likelier or less likely what ends a text, a list, an object is than at random, or what goes on."""
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ m['content'] }}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def write_tiny_gemma(path: Path, *, ends: bool = True, window: int = WINDOW) -> Path:
    """Writes the model; one that does not end goes on to its token limit, in documents too.

    `window` is that of its local attention, in tokens.
    """
    writer = gguf.GGUFWriter(path, "gemma3")
    _describe(writer, window)
    random = np.random.default_rng(0)
    for name, weights in _weights(random, ends=ends).items():
        writer.add_tensor(name, weights.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def model_processes() -> list[psutil.Process]:
    """The processes of this one that run a model."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.status() != psutil.STATUS_ZOMBIE and WORKER in process.cmdline()[:3]
    ]


def _describe(writer: gguf.GGUFWriter, window: int) -> None:
    writer.add_name("tiny random gemma 3")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_sliding_window(window)
    kinds = gguf.TokenType
    types = [kinds.CONTROL] * 3 + [kinds.UNKNOWN] + [kinds.CONTROL] * 2
    types += [kinds.BYTE] * len(BYTES) + [kinds.NORMAL] * len(LETTERS)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_token_types(types)
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def _weights(random: np.random.Generator, *, ends: bool) -> dict[str, np.ndarray]:
    output = random.normal(0, 0.15, (len(TOKENS), WIDTH))
    output[: len(SPECIAL) + len(BYTES)] = 0
    if ends:
        output[SPECIAL.index("<end_of_turn>")] = random.normal(0, 0.2, WIDTH)
    for character, weight in CLOSING.items():
        output[TOKENS.index(character)] *= weight if ends else 0
    weights = {
        "token_embd.weight": random.normal(0, 0.3, (len(TOKENS), WIDTH)),
        "output.weight": output,
        "output_norm.weight": np.ones(WIDTH),
    }
    for layer in range(LAYERS):
        weights |= {f"blk.{layer}.{name}.weight": array for name, array in _block(random).items()}
    return weights


def _block(random: np.random.Generator) -> dict[str, np.ndarray]:
    shapes = {
        "attn_q": (HEADS * HEAD, WIDTH),
        "attn_k": (KV_HEADS * HEAD, WIDTH),
        "attn_v": (KV_HEADS * HEAD, WIDTH),
        "attn_output": (WIDTH, HEADS * HEAD),
        "ffn_gate": (FEED, WIDTH),
        "ffn_up": (FEED, WIDTH),
        "ffn_down": (WIDTH, FEED),
    }
    norms = dict.fromkeys(("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"), WIDTH)
    norms |= {"attn_q_norm": HEAD, "attn_k_norm": HEAD}
    block = {name: random.normal(0, 0.1, shape) for name, shape in shapes.items()}
    return block | {name: np.ones(length) for name, length in norms.items()}
