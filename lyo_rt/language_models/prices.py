"""What models cost: prices.toml, and what AI_PRICES puts before it."""

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import msgspec

from lyo_rt.language_models.port import Usage
from lyo_rt.settings import InvalidSettings

MILLION = Decimal(1_000_000)


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars for a million tokens of the prompt, and of the answer."""

    prompt: Decimal
    answer: Decimal


Prices = Mapping[str, Price]


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


def cost(prices: Prices, model: str, usage: Usage) -> Decimal:
    """US dollars that `usage` of `model` costs; 0 when it has no price."""
    price = prices.get(model)
    if price is None:
        return Decimal(0)
    return (price.prompt * usage.prompt_tokens + price.answer * usage.answer_tokens) / MILLION


def _parsed(text: str) -> dict[str, Price]:
    prices = msgspec.convert(tomllib.loads(text, parse_float=Decimal), dict[str, Price])
    for model, price in prices.items():
        if min(price.prompt, price.answer) < 0:
            raise ValueError(f"a price of {model} is below 0")
    return prices
