from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.control.protocol.topics import Topics

TOPICS = Topics("visaged", "box-01", ["lobby"])


@pytest.mark.parametrize(
    ("topic", "command"),
    [
        ("visaged/box-01/request/ping", "ping"),
        ("visaged/group/lobby/request/capsule.play", "capsule.play"),
        ("visaged/all/request/ping", "ping"),
        ("visaged/box-01/request", ""),
        ("visaged/box-01/request/a/b", "a/b"),
        ("visaged/box-01/requests/ping", None),
        ("visaged/box-010/request/ping", None),
        ("visaged/group/bar/request/ping", None),
        ("x/visaged/box-01/request/ping", None),
        ("visaged/box-01/response/ping", None),
    ],
)
def test_the_command_of_a_topic(topic: str, command: str | None) -> None:
    assert TOPICS.command_of(topic) == command


@given(st.text(max_size=60))
def test_the_response_topic_is_always_one_level_below_response(command: str) -> None:
    topic = TOPICS.response(command)
    assert topic.startswith("visaged/box-01/response/")
    assert topic.count("/") == 3
    assert not set(topic) & set("+#\0")


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("visaged/box-01/response/desk", True),
        ("visaged/box-01/response/desk/7", True),
        ("visaged/box-01/response/", False),
        ("visaged/box-01/response//7", False),
        ("visaged/box-01/response/" + "x" * 240, False),
        ("visaged/box-01/response/+", False),
        ("visaged/box-01/responses/7", False),
        ("visaged/box-010/response/7", False),
        ("visaged/desk/response/7", False),
        ("visaged/group/response/request/restart", False),
        ("visaged/all/request/response/x", False),
        ("desk/answers", False),
        ("visagedesk/x", False),
        ("", False),
        ("a/+/b", False),
        ("#", False),
        ("$SYS/x", False),
        ("x" * 257, False),
        ("a\0b", False),
        ("visaged/box-02/request/restart", False),
        ("visaged/box-02/status", False),
        ("homeassistant/device/x/config", False),
    ],
)
def test_where_answers_may_go(topic: str, allowed: bool) -> None:
    assert TOPICS.may_answer_to(topic) is allowed
