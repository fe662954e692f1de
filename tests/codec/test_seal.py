from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.codec import seal as seal_module
from visaged.codec.link_key import LinkKeyError, read_key
from visaged.codec.seal import HEADER, OVERHEAD, WINDOW, Role, Seal, SealError

KEY = b"k" * 32
DOCUMENT = Path(__file__).parents[2] / "docs" / "codec.md"


def _met(box: Seal | None = None, brain: Seal | None = None) -> tuple[Seal, Seal]:
    """Both ends, once each has proven to be there."""
    box, brain = box or Seal(KEY, Role.BOX), brain or Seal(KEY, Role.BRAIN)
    first = brain.unseal(box.seal())
    assert first.message is None
    assert first.reply is not None
    second = box.unseal(first.reply)
    assert second.reply is not None
    third = brain.unseal(second.reply)
    assert third.reply is not None
    assert box.unseal(third.reply).reply is None, "and then it is over"
    return box, brain


def _refused(seal: Seal, datagram: bytes) -> str:
    with pytest.raises(SealError) as caught:
        seal.unseal(datagram)
    return str(caught.value)


def test_what_one_side_says_the_other_hears() -> None:
    box, brain = _met()
    assert brain.unseal(box.seal(b"up")).message == b"up"
    assert box.unseal(brain.seal(b"down")).message == b"down"
    assert len(box.seal(b"up")) == len(b"up") + OVERHEAD


def test_nothing_is_heard_before_it_is_proven() -> None:
    box, brain = Seal(KEY, Role.BOX), Seal(KEY, Role.BRAIN)
    assert box.unseal(brain.seal(b"from anywhere")).message is None
    assert not box.proven


@given(st.integers(0, 60), st.integers(0, 7))
def test_a_bit_that_is_changed_is_refused(at: int, bit: int) -> None:
    box, brain = _met()
    datagram = bytearray(brain.seal(b"x" * 21))
    datagram[at] ^= 1 << bit
    assert "key" in _refused(box, bytes(datagram))


@given(st.binary(max_size=200))
def test_anything_else_is_refused(datagram: bytes) -> None:
    _refused(Seal(KEY, Role.BOX), datagram)


def test_another_key_and_ones_own_words_are_refused() -> None:
    box, brain = _met()
    assert "key" in _refused(box, Seal(b"x" * 32, Role.BRAIN).seal(b"forged"))
    assert "other side" in _refused(box, box.seal(b"what the guest says"))
    assert "other side" in _refused(box, Seal(KEY, Role.BOX).seal(b"another box"))
    assert brain.proven


def test_nothing_is_heard_twice_and_a_little_disorder_is_no_harm() -> None:
    box, brain = _met()
    said = [brain.seal(bytes([n])) for n in range(WINDOW + 1)]
    late, on_time, *others = said
    heard = [box.unseal(datagram).message for datagram in (*reversed(others), on_time)]
    assert heard == [bytes([n]) for n in (*range(WINDOW, 1, -1), 1)]
    assert "before" in _refused(box, late)
    for datagram in said:
        assert "before" in _refused(box, datagram)
    assert box.unseal(brain.seal(b"on")).message == b"on"


def test_a_long_loss_is_no_harm() -> None:
    box, brain = _met()
    first = brain.seal(b"a")
    for _ in range(1000):
        brain.seal(b"lost")
    assert box.unseal(brain.seal(b"b")).message == b"b"
    assert "before" in _refused(box, first)


def test_a_box_that_starts_anew_hears_nothing_old() -> None:
    brain = _met()[1]
    recorded = [brain.seal(bytes([n])) for n in range(3)]
    again = Seal(KEY, Role.BOX)
    assert [again.unseal(datagram).message for datagram in recorded] == [None, None, None]
    _met(again, brain)
    assert again.unseal(brain.seal(b"now")).message == b"now"
    assert [again.unseal(datagram).message for datagram in recorded] == [None, None, None]


def test_a_brain_that_starts_anew_is_heard_and_the_one_before_no_more() -> None:
    box, brain = _met()
    recorded = brain.seal(b"recorded")
    again = Seal(KEY, Role.BRAIN)
    _met(box, again)
    assert box.unseal(again.seal(b"new")).message == b"new"
    assert "over" in _refused(box, recorded)
    assert "over" in _refused(box, brain.seal(b"old"))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_module, "_MAX_PAST_SESSIONS", 2)
    box, first = _met()
    old = first.seal(b"old")
    for _ in range(3):
        brain = Seal(KEY, Role.BRAIN)
        reply = brain.unseal(box.seal()).reply
        assert reply is not None
        answer = box.unseal(reply).reply
        assert answer is not None
        brain.unseal(answer)
    assert box.unseal(old).message is None
    assert brain.unseal(box.seal(b"on")).message == b"on"
    assert box.unseal(brain.seal(b"on")).message == b"on"


def test_counters_that_are_used_up_begin_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_module, "_COUNTERS", 6)
    box, brain = _met()
    for _ in range(20):
        brain.seal(b"lost")
    assert box.unseal(brain.seal(b"on")).message == b"on"


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"k" * 16, b"k" * 16), (b"k" * 64 + b"\r\n", b"k" * 64), (b"\0\xff" * 8 + b"\n", b"\0\xff" * 8)],
)
def test_a_key(content: bytes, key: bytes, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)
    assert read_key(tmp_path / "key") == key


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"k" * 15 + b"\n", b"k" * 1025])
def test_what_is_no_key_says_how_to_make_one(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(LinkKeyError, match="openssl"):
        read_key(tmp_path / "key")


@pytest.mark.parametrize("name", ["none", ".", "a\0b"])
def test_a_file_that_is_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(LinkKeyError):
        read_key(tmp_path / name)


def test_the_document_has_the_layout_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"| 0 | u8 | 0x{seal_module.SEALED:X}: sealed" in text
    assert f"| {HEADER.size} | | the message" in text
    assert f"| -{seal_module.TAG_BYTES} | | the first {seal_module.TAG_BYTES} bytes" in text
    assert f"up to {WINDOW - 1} others" in text
