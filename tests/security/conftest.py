"""The attacks meet the same served instance as the tests of the API."""

from tests.api.conftest import (  # noqa: F401  fixtures
    address,
    authority,
    blueprints,
    cheap_passwords,
    client,
    clock,
    few_authorities,
    instance,
    realtime,
    services,
    settings,
)
