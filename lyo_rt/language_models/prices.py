"""What models cost: prices.toml, and what AI_PRICES puts before it."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date as day
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec

from lyo_rt.language_models.port import Usage
from lyo_rt.settings import InvalidSettings

MILLION = Decimal(1_000_000)


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars for a million tokens of the prompt and of the answer; where it is published, and when it was read."""

    prompt: Decimal
    answer: Decimal
    source: Annotated[str, msgspec.Meta(pattern="^https://")] | None = None
    date: day | None = None


Prices = Mapping[str, Price]

FREE = Price(Decimal(0), Decimal(0))
"""Of a model that runs here."""


def read_prices(override: Path | None) -> Prices:
    """The price of each model by its name; reading blocks for about a millisecond.

    Raises InvalidSettings when the file that AI_PRICES names cannot be read, or is of another form.
    """
    shipped = (files("lyo_rt.language_models") / "prices.toml").read_text(encoding="utf-8")
    prices = _parsed(shipped)
    if override is None:
        return prices
    try:
        return {**prices, **_parsed(override.read_text(encoding="utf-8"))}
    except (OSError, ValueError) as fault:  # msgspec's and tomllib's faults are ValueErrors
        raise InvalidSettings([f"AI_PRICES: {override} cannot be used: {fault}"]) from fault


def check_priced(prices: Prices, models: Iterable[str]) -> None:
    """Raises InvalidSettings when a budget in dollars could not be kept: a model has no price."""
    lines = [
        f"AI_DAILY_BUDGET_USD needs a price for the model {model}: name it in the file AI_PRICES"
        for model in dict.fromkeys(models)
        if model not in prices
    ]
    if lines:
        raise InvalidSettings(lines)


def cost(price: Price | None, usage: Usage) -> Decimal | None:
    """US dollars that `usage` costs at `price`; None where there is no price, so that nobody knows. Nothing costs 0."""
    if usage == Usage():
        return Decimal(0)
    if price is None:
        return None
    return (price.prompt * usage.prompt_tokens + price.answer * usage.answer_tokens) / MILLION


def _parsed(text: str) -> dict[str, Price]:
    prices = msgspec.convert(tomllib.loads(text, parse_float=Decimal), dict[str, Price])
    for model, price in prices.items():
        if min(price.prompt, price.answer) < 0:
            raise ValueError(f"a price of {model} is below 0")
    return prices
