"""The router's rules by themselves: when who is asked again, which requests are the same, what a model costs."""

import unicodedata
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyo_rt.language_models.port import Asker, FaultKind, ModelFault, Usage
from lyo_rt.language_models.prices import check_priced, cost, read_prices
from lyo_rt.language_models.requests import Request, request_of
from lyo_rt.language_models.retries import TRIES_AT_ONCE, Tries
from lyo_rt.language_models.tasks import CourseBrief, CoursePlan, LessonDraft, PlanCourse, TutorTask
from lyo_rt.settings import InvalidSettings

ADA, BOB = UUID(int=1), UUID(int=2)


def longest(low: float, high: float) -> float:
    assert 0 <= low <= high
    return high


def fault(kind: FaultKind, retry_after: float | None = None) -> ModelFault:
    return ModelFault("openai", kind, "", retry_after=retry_after)


class TestTries:
    def test_pauses_double_and_then_it_is_the_next_one_s_turn(self) -> None:
        tries = Tries(longest)
        assert [tries.failed(fault("server"), shown=False) for _ in range(TRIES_AT_ONCE)] == [0.5, 1.0, None]
        assert tries.count == 3

    def test_a_provider_s_own_pause_is_never_cut_short(self) -> None:
        tries = Tries(lambda low, _: low)
        assert (tries.failed(fault("rate_limited", 1.9), shown=False) or 0) >= 1.9
        assert Tries().failed(fault("rate_limited", 2.5), shown=False) is None, "too long: the next one's turn"

    def test_once_something_was_shown_the_same_provider_does_not_begin_again(self) -> None:
        assert Tries().failed(fault("server"), shown=True) is None

    @pytest.mark.parametrize("kind", ["timeout", "cut"])
    def test_what_took_long_or_cost_something_is_the_next_one_s_turn(self, kind: FaultKind) -> None:
        tries = Tries()
        assert tries.failed(fault(kind), shown=False) is None
        assert not tries.is_over("openai")

    @pytest.mark.parametrize("kind", ["authentication", "invalid_request", "blocked", "truncated", "malformed"])
    def test_what_would_come_again_is_not_asked_again(self, kind: FaultKind) -> None:
        tries = Tries()
        assert tries.failed(fault(kind), shown=False) is None
        assert tries.is_over("openai")
        assert tries.wait({"openai": 0.0}, ("openai",)) is None

    def test_a_new_round_begins_when_the_first_can_be_asked(self) -> None:
        tries = Tries(longest)
        tries.failed(fault("cut"), shown=False)
        assert tries.wait({"gemini": 40.0, "openai": 0.0}, ("gemini", "openai")) == 0.5
        assert tries.wait({"gemini": 0.2, "openai": 60.0}, ("gemini", "openai")) == 0.2
        assert tries.wait({}, ()) is None


def asked(topic: str, asker: Asker = Asker("course")) -> Request:  # noqa: B008  (a frozen value)
    return request_of(PlanCourse(brief=CourseBrief(topic=topic)), asker, answer=CoursePlan)


class TestRequests:
    def test_however_it_was_typed_it_is_the_same(self) -> None:
        assert asked("Cafe\u0301\r\nculture ") == asked("Café\nculture")

    @given(st.text(alphabet='a"\\ \t\n\x0b\x1f\x85\xa0é\u0301\u2028'))
    def test_a_text_that_is_normal_is_its_own_normal_form(self, text: str) -> None:
        assert asked(text) == asked(unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip())

    @pytest.mark.parametrize("other", ["café\nculture", "Café culture", "Café\n culture", "Cafe\nculture"])
    def test_what_may_mean_something_else_is_another(self, other: str) -> None:
        assert asked(other).digest != asked("Café\nculture").digest

    def test_a_private_one_is_shared_with_its_own_user_only(self) -> None:
        ada = asked("x", Asker("course", user=ADA, private=True))
        bob = asked("x", Asker("course", user=BOB, private=True))
        again = asked("x", Asker("quiz", user=ADA, work=BOB, private=True))
        assert ada.digest == bob.digest == asked("x").digest
        assert len({ada.shared, bob.shared, asked("x").shared}) == 3
        assert again.shared == ada.shared

    def test_another_shape_of_answer_is_another_request(self) -> None:
        task = PlanCourse(brief=CourseBrief(topic="x"))
        other = request_of(task, Asker("course"), answer=LessonDraft)
        assert other.digest != request_of(task, Asker("course"), answer=CoursePlan).digest

    def test_a_text_is_never_shared(self) -> None:
        assert request_of(TutorTask(turns=()), Asker("tutor"), answer=None).shared is None

    @pytest.mark.parametrize("text", ["word " * 1000, "海" * 1000, "Ж" * 1000])
    def test_the_estimate_of_tokens_is_from_above(self, text: str) -> None:
        assert asked(text).prompt_tokens >= 1500 + 600


class TestPrices:
    def test_a_file_of_one_s_own_goes_before_what_is_shipped(self, tmp_path: Path) -> None:
        file = tmp_path / "prices.toml"
        file.write_text('[gpt-4o]\nprompt = 3\nanswer = 0.5\n["my/model:7b"]\nprompt = 0\nanswer = 0\n')
        prices = read_prices(file)
        assert cost(prices["gpt-4o"], Usage(1_000_000, 2_000_000)) == Decimal(4)
        assert cost(prices["gpt-4o-mini"], Usage(1, 1)) == Decimal("0.00000075")
        assert cost(prices.get("unheard-of"), Usage(1, 1)) is None, "nobody knows, which is not nothing"
        assert cost(prices.get("unheard-of"), Usage()) == 0
        check_priced(prices, ["my/model:7b", "gpt-4o"])

    def test_the_default_models_have_a_price(self) -> None:
        check_priced(read_prices(None), ["gemini-flash-latest", "gemini-pro-latest", "gpt-4o", "gpt-4o-mini"])

    def test_each_price_that_is_shipped_says_where_it_stands_and_when_it_was_read(self) -> None:
        for model, price in read_prices(None).items():
            assert price.source, model
            assert price.date, model

    @pytest.mark.parametrize(
        "text",
        [
            "[m]\nprompt = 1\nanswer = 1\nsource = 'my desk'\n",
            "[m]\nprompt = 1\nanswer = 1\ndate = 'lately'\n",
            "[m]\nprompt = 1\n",
            "[m]\nprompt = -1\nanswer = 1\n",
            "[m]\nprompt='x'\nanswer=1",
            "rubbish",
            "[m]\nprompt=1\nanswer=1\nx=1",
        ],
    )
    def test_a_file_of_another_form_stops_the_start(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "prices.toml"
        file.write_text(text)
        with pytest.raises(InvalidSettings, match=r"^AI_PRICES: .*prices\.toml cannot be used: "):
            read_prices(file)

    def test_a_file_that_is_not_there_stops_the_start(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidSettings, match=r"^AI_PRICES: "):
            read_prices(tmp_path / "none.toml")

    def test_every_model_without_a_price_is_named(self) -> None:
        with pytest.raises(InvalidSettings) as caught:
            check_priced({}, ["a", "b", "a"])
        assert len(caught.value.lines) == 2
