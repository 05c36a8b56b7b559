"""The configuration: defaults that serve without any, and one clear line for each fault."""

from decimal import Decimal
from pathlib import Path

import pytest

from lyo_rt.mail.address import Smtp
from lyo_rt.settings import InvalidSettings, Settings, read_settings

SECRET = "s" * 32
PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET_KEY": SECRET,
    "DATA_ENCRYPTION_KEYS": SECRET,
    "DATABASE_URL": "postgresql://db/lyo",
    "PUBLIC_URL": "https://lyo.example",
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)


def test_nothing_need_be_set() -> None:
    settings = read_settings()
    assert (settings.environment, settings.host, settings.port, settings.workers) == (
        "development",
        "127.0.0.1",
        8000,
        1,
    )
    assert settings.database_url is None
    assert settings.lyo_data_dir == Path(".lyo")
    assert settings.providers() == ("outline",)
    assert settings.task_url_capability
    assert settings.seeds_demo


@pytest.mark.parametrize("environment", [{"PORT": "", "DATABASE_URL": ""}], indirect=True)
def test_an_empty_variable_is_an_unset_one(environment: None) -> None:
    assert read_settings().port == 8000


@pytest.mark.parametrize(
    "environment", [{"AI_USER_DAILY_TOKENS": "none", "AI_DAILY_BUDGET_USD": "12.50"}], indirect=True
)
def test_a_budget_is_a_number_or_none(environment: None) -> None:
    settings = read_settings()
    assert (settings.ai_user_daily_tokens, settings.ai_daily_budget_usd) == (None, Decimal("12.50"))


@pytest.mark.parametrize("environment", [{"GEMINI_API_KEY": "k", "OPENAI_API_KEY": "k"}], indirect=True)
def test_configured_providers_come_before_the_outline(environment: None) -> None:
    assert read_settings().providers() == ("gemini", "openai", "outline")


@pytest.mark.parametrize(
    "environment",
    [{"AI_PROVIDERS": "openai, outline", "OPENAI_API_KEY": "k", "CORS_ORIGINS": "https://a.b,https://c.d"}],
    indirect=True,
)
def test_lists_are_separated_by_commas(environment: None) -> None:
    assert read_settings().providers() == ("openai", "outline")
    assert read_settings().cors_origins == ("https://a.b", "https://c.d")


@pytest.mark.parametrize("environment", [PRODUCTION], indirect=True)
def test_production_shows_no_tasks_to_strangers_and_loads_no_demo(environment: None) -> None:
    settings = read_settings()
    assert not settings.task_url_capability
    assert not settings.seeds_demo
    assert settings.providers() == ()


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"PORT": "abc"}, ["PORT"]),
        ({"PORT": "70000", "WORKERS": "0"}, ["PORT", "WORKERS"]),
        ({"ENVIRONMENT": "prod"}, ["ENVIRONMENT"]),
        ({"DATABASE_URL": "mysql://db/lyo", "REDIS_URL": "http://cache"}, ["DATABASE_URL", "REDIS_URL"]),
        ({"DATABASE_POOL_MAX": "1"}, ["DATABASE_POOL_MAX"]),
        ({"JWT_ALGORITHM": "none"}, ["JWT_ALGORITHM"]),
        ({"JWT_SECRET_KEY": "short"}, ["JWT_SECRET_KEY"]),
        ({"AI_PROVIDERS": "gemini"}, ["AI_PROVIDERS"]),
        ({"AI_PROVIDERS": "claire"}, ["AI_PROVIDERS"]),
        ({"AI_USER_DAILY_TOKENS": "-1", "AI_DAILY_BUDGET_USD": "x"}, ["AI_USER_DAILY_TOKENS", "AI_DAILY_BUDGET_USD"]),
        ({"AI_TOTAL_TIMEOUT": "-1"}, ["AI_TOTAL_TIMEOUT"]),
        ({"OPENAI_BASE_URL": "localhost:8080"}, ["OPENAI_BASE_URL"]),
        ({"LOG_LEVEL": "LOUD", "LOG_FORMAT": "xml"}, ["LOG_LEVEL", "LOG_FORMAT"]),
        ({"MAIL_URL": "imap://mail.example.com", "MAIL_FROM": "Lyo"}, ["MAIL_URL", "MAIL_FROM"]),
        ({"PUBLIC_URL": "lyo.example"}, ["PUBLIC_URL"]),
        ({"PUBLIC_URL": "https://lyo.example/?a=b"}, ["PUBLIC_URL"]),
        (PRODUCTION | {"PUBLIC_URL": ""}, ["PUBLIC_URL"]),
        (PRODUCTION | {"JWT_SECRET_KEY": ""}, ["JWT_SECRET_KEY"]),
        (PRODUCTION | {"DATABASE_URL": ""}, ["DATABASE_URL"]),
        (PRODUCTION | {"LYO_SEED_DEMO": "true"}, ["LYO_SEED_DEMO"]),
        (PRODUCTION | {"WORKERS": "2"}, ["REDIS_URL"]),
    ],
    indirect=["environment"],
)
def test_each_fault_is_one_line_that_names_its_variable(environment: None, names: list[str]) -> None:
    with pytest.raises(InvalidSettings) as faults:
        read_settings()
    assert [line.replace(":", " ").split()[0] for line in faults.value.lines] == names
    assert not any("\n" in line for line in faults.value.lines)


@pytest.mark.parametrize(
    "environment",
    [{"JWT_SECRET_KEY": "short-and-secret"}, {"MAIL_URL": "smtp://user:short-and-secret@host?starttls=no"}],
    indirect=True,
)
def test_a_fault_does_not_repeat_a_secret(environment: None) -> None:
    with pytest.raises(InvalidSettings) as faults:
        read_settings()
    assert "short-and-secret" not in str(faults.value)


@pytest.mark.parametrize(
    ("environment", "address", "sender"),
    [
        ({}, "http://localhost:8000", "no-reply@localhost"),
        ({"HOST": "0.0.0.0", "PORT": "8100"}, "http://localhost:8100", "no-reply@localhost"),  # noqa: S104
        ({"HOST": "lyo.test"}, "http://lyo.test:8000", "no-reply@lyo.test"),
        ({"HOST": "fd00::1"}, "http://[fd00::1]:8000", "no-reply@localhost"),
        ({"PUBLIC_URL": "https://lyo.example/app/"}, "https://lyo.example/app", "no-reply@lyo.example"),
        ({"PUBLIC_URL": "https://lyo.example", "MAIL_FROM": "hi@b.example"}, "https://lyo.example", "hi@b.example"),
    ],
    indirect=["environment"],
)
def test_mails_lead_to_where_people_reach_the_server(environment: None, address: str, sender: str) -> None:
    assert (read_settings().reached_at, read_settings().mail_sender) == (address, sender)


@pytest.mark.parametrize("environment", [{"MAIL_URL": "smtp://user:very-secret@mail.example.com"}], indirect=True)
def test_the_password_of_a_mail_server_is_not_shown(environment: None) -> None:
    settings = read_settings()
    assert settings.mail_way == Smtp(
        "mail.example.com", 587, tls=False, starttls=True, user="user", password="very-secret"
    )
    assert "very-secret" not in repr(settings)


CHECKSUM = "AB" * 32


@pytest.mark.parametrize(
    "environment",
    [
        {"GEMMA_BASE_URL": "http://localhost:11434/v1"},
        {"MODEL_PATH": "/srv/gemma.gguf", "MODEL_CHECKSUM": CHECKSUM},
        {"MODEL_SOURCE": "file:/srv/gemma.gguf", "MODEL_CHECKSUM": CHECKSUM},
    ],
    indirect=True,
)
def test_gemma_comes_between_openai_and_the_outline(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().providers() == ("gemma", "outline")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert read_settings().providers() == ("openai", "gemma", "outline")


@pytest.mark.parametrize(
    "environment", [{"MODEL_SOURCE": "file:/srv/gemma.gguf", "MODEL_CHECKSUM": CHECKSUM}], indirect=True
)
def test_a_model_is_kept_under_the_data_folder_by_its_content(
    environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_settings().model_file == Path(f".lyo/models/{CHECKSUM.lower()}.gguf")
    monkeypatch.setenv("MODEL_PATH", "/srv/own.gguf")
    assert read_settings().model_file == Path("/srv/own.gguf")


@pytest.mark.parametrize(
    "environment",
    [{"AI_PROVIDERS": "gemma", "MODEL_CHECKSUM": CHECKSUM}],
    indirect=True,
)
def test_gemma_needs_a_model_or_a_server(environment: None) -> None:
    assert read_settings_faults() == [
        "AI_PROVIDERS names gemma, but MODEL_SOURCE, MODEL_PATH and GEMMA_BASE_URL are not set"
    ]


@pytest.mark.parametrize(
    "environment",
    [{"MODEL_SOURCE": "file:/a.gguf", "MODEL_PATH": "/b.gguf", "GEMMA_BASE_URL": "http://localhost/v1"}],
    indirect=True,
)
def test_a_model_needs_its_checksum_and_runs_in_one_place(environment: None) -> None:
    assert [line.split(":")[0].split(" ")[0] for line in read_settings_faults()] == ["MODEL_SOURCE"] * 2 + [
        "MODEL_PATH"
    ] * 2


def read_settings_faults() -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        read_settings()
    return caught.value.lines


@pytest.mark.parametrize("environment", [{"RATE_LIMIT_AI": "0", "RATE_LIMIT_AUTH": "3/day"}], indirect=True)
def test_a_rate_is_so_many_in_a_time_or_none(environment: None) -> None:
    settings = read_settings()
    assert (settings.rate_limit_ai, settings.rate_limit_auth, settings.rate_limit_general) == (
        "0",
        "3/day",
        "100/minute",
    )


@pytest.mark.parametrize(
    "environment", [{"RATE_LIMIT_AI": rate} for rate in ("ten", "10", "-1/day", "1/week")], indirect=True
)
def test_what_is_no_rate_is_said_in_one_line(environment: None) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        read_settings()
    assert refusal.value.lines == ["RATE_LIMIT_AI: must be N/second, N/minute, N/hour or N/day, or 0 for no limit"]


@pytest.mark.parametrize("environment", [{"TRUSTED_PROXIES": "10.0.0.0/8, proxy.example"}], indirect=True)
def test_a_proxy_is_named_by_its_address(environment: None) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        read_settings()
    assert refusal.value.lines == [
        "TRUSTED_PROXIES: proxy.example is no address or network, e.g. 10.0.0.7 or 10.0.0.0/8"
    ]
