"""What a translation must leave alone: behind marks, back again, and missed when it is lost."""

import time
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyo_rt.language_models.drafts import Reply, write_draft
from lyo_rt.language_models.masking import masked
from lyo_rt.language_models.port import ModelFault
from lyo_rt.language_models.prompts import Prompt, Prompts
from lyo_rt.language_models.translation_tasks import Translate, Translation, restored, translate, translation_faults

LESSON = """# Loops

A loop **repeats** its body; `for n in range(3)` runs it $n$ times, see [the manual](https://docs.python.org/3/ "here").

- first
- second
  ```python
  for n in range(3):
      print("Hello")
  ```

| word | meaning |
|---|---|
| `break` | ends it |

$$\\sum_{n=0}^{2} n = 3$$

> Ask {name} at help@example.org.
"""


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Use `a ` b` now", ["`a `"]),
        ("Two ``a ` b`` ticks", ["``a ` b``"]),
        ("It costs $5 and $6 today", []),
        ("So $x_1$ and \\(y\\) and \\[z\\]", ["$x_1$", "\\(y\\)", "\\[z\\]"]),
        ("See [it](/a_(b)) or <https://x.org>", ["/a_(b)", "<https://x.org>"]),
        ("Look at https://x.org/a?b=c.", ["https://x.org/a?b=c"]),
        ("An <b class='x'>old</b> tag", ["<b class='x'>", "</b>"]),
        ("Dear {name}, {{count}} of %s", ["{name}", "{{count}}", "%s"]),
        ("A ⟦7⟧ of its own", ["⟦", "⟧"]),
        ("~~~\nnever closed", ["~~~\nnever closed"]),
        ("Text\n\n    indented code\n\nText", ["    indented code"]),
        ("\\begin{align}a\\\\b\\end{align} then", ["\\begin{align}a\\\\b\\end{align}"]),
        ("Note[^1] and [a][ref]\n\n[ref]: /there", ["[^1]", "[ref]", "[ref]: /there"]),
        ("<pre>as it is</pre> prose", ["<pre>as it is</pre>"]),
    ],
)
def test_what_is_no_prose_stands_behind_marks(text: str, kept: list[str]) -> None:
    assert list(masked(text).spans) == kept


@given(st.text(alphabet="`$\\[]()<>{}⟦⟧0 1\n\r\tab*#|-~%@.:/é中", max_size=200))
def test_everything_comes_back_whatever_the_text(text: str) -> None:
    assert masked(text).original() == text


@pytest.mark.parametrize("unit", ["[", "$a", "`a", "<!--", "<pre>", "\\[", "](", "a.", "a@", "\\begin{a}", "{", "](a("])
def test_hostile_text_takes_a_bounded_time(unit: str) -> None:
    text = (unit * 5000)[:5000]
    began = time.perf_counter()
    assert masked(text).original() == text
    assert time.perf_counter() - began < 1.0


def drafted(task: Translate, text: str) -> Translation:
    return Translation("en", text)


def test_a_faithful_translation_has_no_faults_and_gets_everything_back() -> None:
    task = translate(LESSON, target="de", source="en")
    german = task.masked.text.replace("Loops", "Schleifen").replace("first", "erstens").replace("word", "Wort")
    draft = drafted(task, german)
    assert translation_faults(task, draft) == []
    text = restored(task, draft)
    assert "# Schleifen" in text
    for kept in (
        "`for n in range(3)`",
        "$n$",
        "https://docs.python.org/3/",
        'print("Hello")',
        "{name}",
        "help@example.org",
    ):
        assert kept in text


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda text: text.replace("⟦0⟧", ""), "⟦0⟧ must stand in the text once, not 0 times"),
        (lambda text: text.replace("⟦0⟧", "⟦0⟧ ⟦0⟧"), "⟦0⟧ must stand in the text once, not 2 times"),
        (lambda text: text + " ⟦99⟧", "⟦99⟧ is not a mark of the text"),
        (lambda text: text.replace("# Loops", "Loops"), "`heading 1`"),
        (lambda text: text.replace("- first\n", ""), "`list item`"),
        (lambda text: text.replace("**", ""), "`**`"),
        (lambda text: text.replace("| word | meaning |", "word, meaning"), "`table"),
    ],
)
def test_what_is_lost_is_told_in_words(damage: Callable[[str], str], fault: str) -> None:
    task = translate(LESSON, target="de", source=None)
    faults = translation_faults(task, drafted(task, damage(task.masked.text)))
    assert any(fault in found for found in faults), faults


def test_marks_may_move_and_hold_spaces() -> None:
    task = translate("First `a`, then `b`.", target="de", source=None)
    draft = drafted(task, "Zuerst kommt ⟦ 1 ⟧, davor ⟦0⟧.")
    assert translation_faults(task, draft) == []
    assert restored(task, draft) == "Zuerst kommt `b`, davor `a`."


class Answers:
    """A provider's answers in order; keeps what it was asked."""

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.asked: list[Prompt] = []

    async def __call__(self, prompt: Prompt, _: object) -> Reply:
        self.asked.append(prompt)
        draft = Translation("en", self._texts.pop(0))
        return Reply(msgspec.json.encode(draft).decode(), "m")


@pytest.mark.anyio
async def test_a_lost_span_is_repaired_once_and_then_refused() -> None:
    task = translate("Call `mean()` twice.", target="de", source=None)
    prompt = Prompts().structured(task)
    assert "mean" not in prompt.turns[0].text
    mended = Answers("Zweimal aufrufen.", "Ruf ⟦0⟧ zweimal auf.")
    draft, _ = await write_draft("p", task, prompt, mended, timeout=5)
    assert restored(task, draft) == "Ruf `mean()` zweimal auf."
    assert "⟦0⟧ must stand in the text once" in mended.asked[1].turns[-1].text
    with pytest.raises(ModelFault) as refused:
        await write_draft("p", task, prompt, Answers("Zweimal.", "Immer noch."), timeout=5)
    assert refused.value.kind == "malformed"
