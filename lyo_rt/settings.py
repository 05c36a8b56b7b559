"""One frozen Settings, read once from the environment; a fault stops the start with one clear line per variable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from lyo_rt.limits import policies
from lyo_rt.mail.address import Files, Way, is_number
from lyo_rt.mail.address import parse as parse_mail_url
from lyo_rt.models.address import parse
from lyo_rt.security.key_ring import KEY_BYTES, split_keys
from lyo_rt.storage import address as storage

Provider = Literal["gemini", "openai", "gemma", "outline"]
PROVIDERS: tuple[Provider, ...] = ("gemini", "openai", "gemma", "outline")


@dataclass(frozen=True)
class Retention:
    """How long what has no end of its own is kept. `tasks`: None for as long as the account; `stream_days`: by the
    streams' names as LIKE has them."""

    tasks: timedelta | None
    mails: timedelta
    stream_days: Mapping[str, int]


class InvalidSettings(Exception):
    """The configuration has faults; `lines` has one clear line for each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _http_url(value: str | None) -> str | None:
    if value is not None and not re.match(r"https?://[^\s/]+", value):
        raise ValueError("is no http(s) address, e.g. https://example.com")
    return value.rstrip("/") if value else value


def _public_url(value: str | None) -> str | None:
    if value is not None and re.search(r"[?#]", value):
        raise ValueError("must have no ? and no #: the pages' paths are put behind it")
    return _http_url(value)


def _postgres_url(value: str | None) -> str | None:
    if value is not None and not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must start with postgresql://, e.g. postgresql://lyo:secret@db:5432/lyo")
    return value


def _redis_url(value: str | None) -> str | None:
    if value is not None:
        from lyo_rt.broadcast.redis import check_url  # redis-py takes 0.2 s to import, and most commands need none

        check_url(value)
    return value


def _model_source(value: str | None) -> str | None:
    if value is not None:
        parse(value)
    return value


def _storage_url(value: str) -> str:
    storage.parse(value)
    return value


def _sha256(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise ValueError("is no SHA-256: 64 hexadecimal digits, as `sha256sum FILE` prints them")
    return value and value.lower()


def _mail_url(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        parse_mail_url(value.get_secret_value())
    return value


def _mail_address(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
        raise ValueError("is no e-mail address, e.g. no-reply@example.com")
    return value


def _rate(value: str) -> str:
    policies.parse(value)
    return value


def _proxies(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError(f"{network} is no address or network, e.g. 10.0.0.7 or 10.0.0.0/8") from None
    return value


def _no_limit(value: object) -> object:
    return None if value == "none" else value


Rate = Annotated[str, AfterValidator(_rate)]
HttpUrl = Annotated[str | None, AfterValidator(_http_url)]


class Settings(BaseSettings):
    """All that can be configured. Each field's description is the README's configuration table."""

    model_config = SettingsConfigDict(env_prefix="", frozen=True, extra="ignore", env_ignore_empty=True)

    environment: Literal["development", "staging", "production"] = Field(
        "development", description="production refuses a default secret, an embedded database and demo data"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one and prints it")
    workers: int = Field(
        1, ge=1, le=64, description="instances to run; more than one uses REDIS_URL or the embedded Valkey"
    )
    lyo_data_dir: Path = Field(Path(".lyo"), description="embedded PostgreSQL, uploads, secrets, outgoing mail")

    database_url: Annotated[str | None, AfterValidator(_postgres_url)] = Field(
        None, description="postgresql://…; unset runs an embedded PostgreSQL 18"
    )
    database_pool_max: int = Field(20, ge=2, le=1000, description="connections one instance may hold")
    redis_url: Annotated[str | None, AfterValidator(_redis_url)] = Field(
        None,
        description="redis://host:6379/0, rediss:// for TLS, redis+sentinel://host:26379,host:26379/service/0 or "
        "redis+cluster://host:6379,host:6379; unset broadcasts in-process, or over an embedded Valkey",
    )

    storage_url: Annotated[str, AfterValidator(_storage_url)] = Field(
        "file:",
        description="where uploads are kept: file:/srv/lyo/media (file: alone is LYO_DATA_DIR/media), "
        "s3://bucket/prefix or gs://bucket/prefix; s3 and gs take their credentials from AWS_* and GOOGLE_* variables",
    )

    jwt_secret_key: SecretStr | None = Field(
        None,
        description="at least 32 bytes; several keys, separated by commas: the first signs, all verify; "
        "unset keeps a ring in LYO_DATA_DIR",
    )
    jwt_algorithm: Literal["HS256"] = Field("HS256", description="how access tokens are signed")
    jwt_access_token_expire_minutes: int = Field(30, ge=1, le=1440, description="minutes")
    jwt_refresh_token_expire_days: int = Field(7, ge=1, le=365, description="days")
    data_encryption_keys: SecretStr | None = Field(
        None,
        description="what learners write is sealed with it: at least 32 bytes; several keys, separated by commas: "
        "the first seals, all open; unset keeps a ring in LYO_DATA_DIR",
    )

    ai_providers: Annotated[tuple[Provider, ...], NoDecode] = Field(
        (), description="order of providers; unset: those that are configured, then outline (not in production)"
    )
    ai_second_reader: Literal["gemini", "openai"] | None = Field(
        None, description="a provider that must find the key of every generated question unaided; unset asks nobody"
    )
    ai_first_token_timeout: float = Field(10, gt=0, le=600, description="seconds")
    ai_token_timeout: float = Field(15, gt=0, le=600, description="seconds between tokens")
    ai_total_timeout: float = Field(120, gt=0, le=3600, description="seconds for a whole answer")
    ai_user_daily_tokens: Annotated[int | None, BeforeValidator(_no_limit)] = Field(
        200_000, ge=0, description="tokens one learner may use a day (UTC); 0 refuses everything, none is no limit"
    )
    ai_daily_budget_usd: Annotated[Decimal | None, BeforeValidator(_no_limit)] = Field(
        None, ge=0, description="US dollars all models together may cost a day (UTC); 0 refuses everything"
    )
    ai_prices: Path | None = Field(
        None, description="TOML file with prices of models, which go before those of language_models/prices.toml"
    )
    ai_cache_seconds: int = Field(3600, ge=0, le=86_400, description="how long an answer serves again; 0: never")
    gemini_api_key: SecretStr | None = Field(None, description="turns the gemini provider on")
    gemini_base_url: HttpUrl = Field(None, description="any server that speaks Gemini's API, without a version path")
    gemini_model: str = Field("gemini-flash-latest", description="model for most requests")
    gemini_model_complex: str = Field("gemini-pro-latest", description="model for courses")
    openai_api_key: SecretStr | None = Field(None, description="turns the openai provider on")
    openai_base_url: HttpUrl = Field(None, description="any server that speaks OpenAI's API, with /v1")
    openai_model: str = Field("gpt-4o-mini", description="model for most requests")
    openai_model_complex: str = Field("gpt-4o", description="model for courses")

    model_source: Annotated[str | None, AfterValidator(_model_source)] = Field(
        None,
        description="where the server pulls a Gemma 3 model (GGUF) from at its start: "
        "hf://owner/repository@commit/file.gguf, s3://bucket/key, gs://bucket/key, https://… or file:/…; "
        "s3 and gs take their credentials from AWS_* and GOOGLE_* variables",
    )
    model_checksum: Annotated[str | None, AfterValidator(_sha256)] = Field(
        None, description="the model's SHA-256 in hex; nothing else is ever loaded"
    )
    model_path: Path | None = Field(
        None, description="the model's file, there already or pulled to; unset: in LYO_DATA_DIR/models"
    )
    hf_token: SecretStr | None = Field(None, description="for models of Hugging Face that ask for it, as Gemma does")
    hf_endpoint: HttpUrl = Field(None, description="a mirror of Hugging Face")
    gemma_base_url: HttpUrl = Field(
        None, description="any server that speaks OpenAI's API, with /v1, in place of a model in this server"
    )
    gemma_api_key: SecretStr | None = Field(None, description="for GEMMA_BASE_URL, where it asks for one")
    gemma_model: str = Field("gemma-3", description="the model's name at GEMMA_BASE_URL")
    gemma_context: int = Field(8192, ge=1024, le=131072, description="tokens of a request and its answer together")
    gemma_parallel: int = Field(2, ge=1, le=64, description="answers the model writes at once; more have to wait")
    gemma_threads: int | None = Field(
        None, ge=1, le=512, description="of the model; unset: one less than there are processors"
    )

    public_url: Annotated[str | None, AfterValidator(_public_url)] = Field(
        None, description="where people reach this server: the links in mails lead there; unset: HOST and PORT"
    )
    mail_url: Annotated[SecretStr | None, AfterValidator(_mail_url)] = Field(
        None,
        description="how mails leave: smtp://user:password@host:587 (by STARTTLS, unless the host is this machine or "
        "?starttls=no is added), smtps://user:password@host:465, sendgrid://KEY@; unset or file: writes them to "
        "LYO_DATA_DIR/mail",
    )
    mail_from: Annotated[str | None, AfterValidator(_mail_address)] = Field(
        None, description="the address that mails are from; unset: no-reply@ the host of PUBLIC_URL"
    )

    erasure_cool_off_days: int = Field(
        7, ge=0, le=30, description="days between closing an account and its erasure; who signs in before keeps it"
    )

    birth_date_required: bool = Field(
        False, description="whether nobody registers without a date of birth; one that is given always counts"
    )
    terms_version: str = Field("1", description="of the terms that who registers agrees to; kept with the agreement")
    privacy_version: str = Field("1", description="of the privacy notice, likewise")
    retention_task_days: int | None = Field(
        None, ge=1, description="days that tasks are kept once they have ended; unset: as long as the account"
    )
    retention_stream_days: int = Field(
        90, ge=1, le=3650, description="days that what a learner's devices were told is kept; of study rooms at most 30"
    )
    retention_mail_days: int = Field(
        7, ge=1, le=365, description="days that it is kept that a mail was sent; not to whom"
    )

    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Host names answered to; unset: loopback in development, all elsewhere"
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="web origins that may call the API and open WebSockets"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, AfterValidator(_proxies)] = Field(
        (), description="addresses or networks of proxies whose X-Forwarded-For or Forwarded is believed; unset: none"
    )
    rate_limit_general: Rate = Field(
        "100/minute", description="requests of one learner: N/second, /minute, /hour or /day, or 0 for no limit"
    )
    rate_limit_ai: Rate = Field("10/minute", description="of them, requests that language models work for")
    rate_limit_auth: Rate = Field("5/minute", description="sign-ins, registrations and the like from one address")
    rate_limit_upload: Rate = Field("5/hour", description="uploads of one learner")
    rate_limit_search: Rate = Field("30/minute", description="searches of one learner")
    rate_limit_socket: Rate = Field("120/minute", description="commands of one learner over WebSockets")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")
    log_format: Literal["json", "pretty"] | None = Field(
        None, description="unset: pretty on a terminal, json elsewhere and in production"
    )
    lyo_task_url_capability: bool | None = Field(
        None, description="whether a bare task id opens /v1/ws/tasks/{id}; unset: only in development"
    )
    lyo_listen_fd: int | None = Field(
        None,
        ge=3,
        description="a listening socket to use instead of HOST and PORT; set for the workers by their parent",
    )
    lyo_seed_demo: bool | None = Field(None, description="load the demo data at start; unset: only in development")

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, object]) -> dict[str, object]:
        for name in ("ai_providers", "trusted_hosts", "cors_origins", "trusted_proxies"):
            value = values.get(name)
            if isinstance(value, str):
                values[name] = tuple(part.strip() for part in value.split(",") if part.strip())
        return values

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if faults := self._faults_between():
            raise ValueError("\n".join(faults))
        return self

    def _faults_between(self) -> list[str]:
        """What each variable allows, but not all of them together."""
        faults = []
        faults += self._secret_faults()
        for provider, key in (("gemini", self.gemini_api_key), ("openai", self.openai_api_key)):
            if provider in self.ai_providers and key is None:
                faults.append(f"AI_PROVIDERS names {provider}, but {provider.upper()}_API_KEY is not set")
            if provider == self.ai_second_reader and key is None:
                faults.append(f"AI_SECOND_READER is {provider}, but {provider.upper()}_API_KEY is not set")
        faults += self._model_faults()
        if self.environment == "production":
            if self.database_url is None:
                faults.append("DATABASE_URL must be set in production: the embedded database is for development")
            if self.lyo_seed_demo:
                faults.append("LYO_SEED_DEMO must not be on in production")
            if self.public_url is None:
                faults.append("PUBLIC_URL must be set in production: the links in mails lead there")
            if self.workers > 1 and self.redis_url is None:
                faults.append("REDIS_URL must be set in production when WORKERS is more than 1")
        return faults

    def _secret_faults(self) -> list[str]:
        faults = []
        secrets = (("JWT_SECRET_KEY", self.jwt_secret_key), ("DATA_ENCRYPTION_KEYS", self.data_encryption_keys))
        for name, secret in secrets:
            if secret is None:
                if self.environment == "production":
                    faults.append(f"{name} must be set in production")
                continue
            keys = split_keys(secret.get_secret_value())
            if any(len(key.encode()) < KEY_BYTES for key in keys) or not keys:
                which = "" if len(keys) == 1 else " (keys are separated by commas)"
                faults.append(f"{name} has fewer than {KEY_BYTES} bytes{which}; make one with: openssl rand -base64 48")
        return faults

    def _model_faults(self) -> list[str]:
        faults = []
        if "gemma" in self.ai_providers and not self._gemma_configured():
            faults.append("AI_PROVIDERS names gemma, but MODEL_SOURCE, MODEL_PATH and GEMMA_BASE_URL are not set")
        for name, given in (("MODEL_SOURCE", self.model_source), ("MODEL_PATH", self.model_path)):
            if given is not None and self.model_checksum is None:
                faults.append(f"{name} needs MODEL_CHECKSUM, the SHA-256 of the model: sha256sum FILE prints it")
            if given is not None and self.gemma_base_url is not None:
                faults.append(f"{name} and GEMMA_BASE_URL are both set: the model runs here or there")
        return faults

    def _gemma_configured(self) -> bool:
        return any(given is not None for given in (self.model_source, self.model_path, self.gemma_base_url))

    def providers(self) -> tuple[Provider, ...]:
        """The providers to ask, in order."""
        if self.ai_providers:
            return self.ai_providers
        configured: list[Provider] = []
        if self.gemini_api_key:
            configured.append("gemini")
        if self.openai_api_key:
            configured.append("openai")
        if self._gemma_configured():
            configured.append("gemma")
        if self.environment != "production":
            configured.append("outline")
        return tuple(configured)

    @property
    def retention(self) -> Retention:
        """How long what has no end of its own is kept."""
        return Retention(
            tasks=None if self.retention_task_days is None else timedelta(days=self.retention_task_days),
            mails=timedelta(days=self.retention_mail_days),
            stream_days={
                "ops": 7,
                "course:%": min(30, self.retention_stream_days),
                "user:%": self.retention_stream_days,
            },
        )

    @property
    def reached_at(self) -> str:
        """Where people reach this server, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url
        everywhere = self.host in {"127.0.0.1", "::1", "0.0.0.0", "::"}  # noqa: S104  compared, not bound
        host = "localhost" if everywhere else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def mail_way(self) -> Way:
        """How mails leave."""
        return Files() if self.mail_url is None else parse_mail_url(self.mail_url.get_secret_value())

    @property
    def mail_sender(self) -> str:
        """The address that mails are from."""
        host = urlsplit(self.reached_at).hostname or "localhost"
        return self.mail_from or f"no-reply@{'localhost' if is_number(host) else host}"

    @property
    def model_file(self) -> Path | None:
        """Where the model is, or is pulled to; None when none runs here."""
        if self.model_checksum is None or (self.model_source is None and self.model_path is None):
            return None
        # Named by its content: instances on one folder with different models do not take them from one another.
        return self.model_path or self.lyo_data_dir / "models" / f"{self.model_checksum}.gguf"

    @property
    def task_url_capability(self) -> bool:
        """Whether a bare task id opens the simple door."""
        if self.lyo_task_url_capability is None:
            return self.environment == "development"
        return self.lyo_task_url_capability

    @property
    def seeds_demo(self) -> bool:
        """Whether the demo data is loaded at start."""
        return self.environment == "development" if self.lyo_seed_demo is None else self.lyo_seed_demo


def read_settings() -> Settings:
    """Settings from the environment.

    Raises InvalidSettings with one line per fault, each naming its variable.
    """
    try:
        return Settings()
    except ValidationError as fault:
        lines = [line for error in fault.errors() for line in _lines(error["loc"], error["msg"])]
        raise InvalidSettings(lines) from None


def _lines(location: tuple[int | str, ...], message: str) -> list[str]:
    message = message.removeprefix("Value error, ")
    if not location:
        return message.splitlines()
    name = str(location[0]).upper()
    return [f"{name}: {message[0].lower()}{message[1:]}"]
