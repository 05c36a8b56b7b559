"""What a model weighs, from its header alone, and what is free for it."""

from pathlib import Path

import gguf
import pytest

from lyo_rt.language_models.gemma.header import NotGguf, read_header
from lyo_rt.language_models.gemma.memory import free, weigh
from tests.loopback.tiny_gemma import TOKENS, WINDOW, write_tiny_gemma


def test_the_header_is_as_the_writer_wrote_it(tmp_path: Path) -> None:
    header = read_header(write_tiny_gemma(tmp_path / "tiny.gguf"))
    assert header["general.architecture"] == "gemma3"
    assert header["gemma3.attention.sliding_window"] == WINDOW
    assert header["tokenizer.ggml.tokens"] == TOKENS
    assert header["tokenizer.ggml.add_bos_token"] is True
    assert header["gemma3.attention.layer_norm_rms_epsilon"] == pytest.approx(1e-6)


def test_every_type_of_value_is_read(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "types.gguf", "gemma3")
    written = {"i8": -8, "u16": 16, "i16": -16, "i32": -32, "u64": 1 << 40, "i64": -(1 << 40), "f64": 0.1}
    kinds = {"i8": "int8", "u16": "uint16", "i16": "int16", "i32": "int32", "u64": "uint64", "i64": "int64"}
    for name, value in written.items():
        getattr(writer, f"add_{kinds.get(name, 'float64')}")(name, value)
    writer.add_array("numbers", [1, 2, 3])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    header = read_header(tmp_path / "types.gguf")
    assert {name: header[name] for name in written} == written
    assert header["numbers"] == [1, 2, 3]


@pytest.mark.parametrize("length", [0, 3, 4, 8, 20, 30, 100, 4000])
def test_a_header_that_breaks_off_is_told(tmp_path: Path, length: int) -> None:
    path = write_tiny_gemma(tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(NotGguf):
        read_header(path)


def test_longer_and_more_answers_take_more_memory(tmp_path: Path) -> None:
    path = write_tiny_gemma(tmp_path / "tiny.gguf")
    short = weigh(path, context=4096, parallel=1)
    assert short.weights == path.stat().st_size
    assert weigh(path, context=16384, parallel=1).needed > short.needed
    assert weigh(path, context=4096, parallel=4).cache > short.cache
    assert short.free > 0


@pytest.mark.parametrize(
    ("files", "least"),
    [
        ({}, None),
        ({"memory.max": "max\n", "memory.current": "5\n"}, None),
        ({"memory.max": "1000\n", "memory.current": "400\n"}, 600),
        ({"memory.max": "1000\n", "memory.current": "1400\n"}, 0),
        ({"memory/memory.limit_in_bytes": "900\n", "memory/memory.usage_in_bytes": "100\n"}, 800),
    ],
)
def test_in_a_container_its_limit_counts(tmp_path: Path, files: dict[str, str], least: int | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = free(tmp_path)
    assert found == least if least is not None else found > 1 << 20
