"""The laws of `/v1/ws` hold as well where the server offers no direct stream: over plain ASGI messages."""

import pytest
from hypercorn.protocol import h11, ws_stream

from api.asgi import Application
from api.instance import Instance
from api.realtime.application import Realtime
from api.realtime.socket import Patience
from tests.api.test_realtime import (
    clock,
    learner,
    own_stream,
    patience,
    test_a_client_that_does_not_read_is_closed_in_time_and_slows_nobody,
    test_a_client_that_reads_slowly_misses_nothing,
    test_a_drain_tells_every_session_to_come_back_and_then_closes_it,
    test_a_drain_waits_for_nobody_who_does_not_read,
    test_a_fault_of_the_session_itself_says_resume,
    test_a_silent_client_is_told_to_come_back,
    test_hello_must_be_first_and_carry_a_token_if_the_handshake_did_not,
    test_more_frames_than_the_minute_allows_are_rate_limited,
    test_signing_out_closes_the_sessions_sockets_at_once,
    test_two_devices_of_a_learner_see_the_same_answer,
    test_what_cannot_be_understood_is_answered_and_costs_nothing_else,
    test_without_hello_in_time_the_socket_is_closed,
    token,
)

__all__ = [
    "clock",
    "learner",
    "own_stream",
    "patience",
    "realtime",
    "test_a_client_that_does_not_read_is_closed_in_time_and_slows_nobody",
    "test_a_client_that_reads_slowly_misses_nothing",
    "test_a_drain_tells_every_session_to_come_back_and_then_closes_it",
    "test_a_drain_waits_for_nobody_who_does_not_read",
    "test_a_fault_of_the_session_itself_says_resume",
    "test_a_silent_client_is_told_to_come_back",
    "test_hello_must_be_first_and_carry_a_token_if_the_handshake_did_not",
    "test_more_frames_than_the_minute_allows_are_rate_limited",
    "test_signing_out_closes_the_sessions_sockets_at_once",
    "test_two_devices_of_a_learner_see_the_same_answer",
    "test_what_cannot_be_understood_is_answered_and_costs_nothing_else",
    "test_without_hello_in_time_the_socket_is_closed",
    "token",
]
pytestmark = pytest.mark.anyio


@pytest.fixture
def realtime(instance: Instance, patience: Patience, monkeypatch: pytest.MonkeyPatch) -> Application:
    """The doors, under Hypercorn's own stream."""
    instance.realtime = Realtime(instance.services, instance.feeds, instance.sessions, patience)
    monkeypatch.setattr(h11, "WSStream", ws_stream.WSStream)
    return instance.realtime
