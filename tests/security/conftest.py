"""The attacks meet the same served instance as the tests of the API."""

from tests.api.conftest import (  # noqa: F401  fixtures
    address,
    blueprints,
    cheap_passwords,
    client,
    clock,
    instance,
    realtime,
    services,
    settings,
)
