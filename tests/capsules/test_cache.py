"""The device cache: cap, eviction, pins, leases, expiry, figures; on the host and, where there is one, on CUDA."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest

from tests.capsules.making import capsule
from tests.inference.slabs import KINDS, open_kind
from visaged.capsules.cache import DeviceCache
from visaged.capsules.clip import Clip
from visaged.clock import NS_PER_S

# 60 frames of 61 float16.
SIZE = 60 * 61 * 2
ROOM = 64 * -(-SIZE // 64)


class Clock:
    """A time that is set by hand."""

    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _cache(kind: str, clips: float, ttl_s: float | None = None, clock: Clock | None = None) -> DeviceCache:
    return DeviceCache(open_kind(kind, int(clips * ROOM)), ttl_s, clock=clock or Clock())


def _acquire(cache: DeviceCache, key: str) -> Clip:
    clip = cache.acquire(key)
    assert clip is not None
    return clip


def _put(cache: DeviceCache, *keys: str) -> None:
    for key in keys:
        assert cache.put(key, capsule("VF_A", value=ord(key[0]) / 200))


def _use(cache: DeviceCache, key: str) -> None:
    cache.release(_acquire(cache, key))


def test_what_was_put_is_leased_as_it_was(kind: str) -> None:
    cache = _cache(kind, 20)
    pcm = np.arange(-500, 500, dtype=np.int16)
    line = capsule("VL_A", mask=np.ones(61, np.uint8), pcm=pcm)
    assert cache.put("key", line, pcm)
    clip = _acquire(cache, "key")
    assert clip.header == line.header
    assert clip.curves is not None
    assert clip.mask is not None
    assert clip.pcm is not None
    np.testing.assert_array_equal(clip.curves, line.curves)
    np.testing.assert_array_equal(clip.pcm, pcm)
    assert clip.mask.dtype == np.float32
    assert _acquire(cache, "key") is clip  # two leases, one clip


def test_hits_and_misses_are_counted(kind: str) -> None:
    cache = _cache(kind, 20)
    assert cache.acquire("a") is None
    _put(cache, "a")
    _use(cache, "a")
    figures = cache.statistics()
    assert (figures.hits, figures.misses, figures.entries, figures.leased) == (1, 1, 1, 0)
    assert figures.used_bytes == ROOM
    assert figures.cap_bytes == 20 * ROOM


def test_the_least_recently_used_goes_from_nine_tenths_on(kind: str) -> None:
    cache = _cache(kind, 10)
    _put(cache, *"abcdefghi")  # nine of ten: at the limit
    assert cache.statistics().evictions == 0
    _use(cache, "a")
    _put(cache, "j")
    assert "b" not in cache
    assert "a" in cache
    assert cache.statistics().evictions == 1
    assert cache.statistics().used_bytes <= 0.9 * 10 * ROOM


def test_pinned_and_leased_are_never_evicted(kind: str) -> None:
    cache = _cache(kind, 4)
    cache.pin("a")
    _put(cache, "a", "b")
    clip = _acquire(cache, "b")
    for key in "cdefg":
        assert cache.put(key, capsule())
    assert "a" in cache
    assert "b" in cache
    assert clip.curves is not None
    assert clip.curves[0, 17] == np.float16(ord("b") / 200)
    cache.unpin("a")
    cache.release(clip)
    _put(cache, *"hijk")
    assert "a" not in cache
    assert "b" not in cache


def test_what_cannot_fit_evicts_nothing(kind: str) -> None:
    cache = _cache(kind, 3)
    _put(cache, "a", "b")
    lease = _acquire(cache, "a")
    assert not cache.put("big", capsule(frames=60 * 3))
    assert "b" in cache
    assert cache.statistics().refused == 1
    cache.release(lease)
    assert cache.put("big", capsule(frames=60 * 3 - 1))
    assert "a" not in cache


def test_scattered_room_is_cleared_until_a_piece_is_found(kind: str) -> None:
    cache = _cache(kind, 6)
    _put(cache, *"abcde")
    middle = _acquire(cache, "c")  # leaves two pieces of two and a half, at most
    assert cache.put("big", capsule(frames=150))
    assert "c" in cache
    assert "big" in cache
    cache.release(middle)


def test_removed_while_leased_goes_with_the_last_lease(kind: str) -> None:
    cache = _cache(kind, 10)
    _put(cache, "a")
    one, two = _acquire(cache, "a"), _acquire(cache, "a")
    cache.remove("a")
    assert cache.acquire("a") is None
    cache.release(one)
    assert cache.statistics().used_bytes == ROOM
    cache.release(two)
    assert cache.statistics().used_bytes == 0


def test_removed_and_put_again_stays(kind: str) -> None:
    cache = _cache(kind, 10)
    _put(cache, "a")
    lease = _acquire(cache, "a")
    cache.remove("a")
    _put(cache, "a")
    cache.release(lease)
    _use(cache, "a")


def test_expiry_spares_what_was_used_is_pinned_or_leased(kind: str) -> None:
    clock = Clock()
    cache = _cache(kind, 10, ttl_s=60, clock=clock)
    cache.pin("p")
    _put(cache, "p", "a", "b", "c")
    lease = _acquire(cache, "c")
    clock.now = 50 * NS_PER_S
    _use(cache, "b")
    clock.now = 70 * NS_PER_S
    assert cache.expire() == 1
    assert [key in cache for key in "pabc"] == [True, False, True, True]
    assert cache.statistics().expired == 1
    cache.release(lease)


def test_what_expires_in_the_middle_leaves_a_gap(kind: str) -> None:
    clock = Clock()
    cache = _cache(kind, 20, ttl_s=60, clock=clock)
    cache.pin("a")
    _put(cache, *"abcd")
    lease = _acquire(cache, "d")
    clock.now = 70 * NS_PER_S
    assert cache.expire() == 2
    assert [key in cache for key in "abcd"] == [True, False, False, True]
    assert cache.statistics().fragmentation > 0
    cache.release(lease)


def test_random_use_by_many_threads_never_tears_a_clip_or_breaks_the_cap(kind: str) -> None:
    cache = _cache(kind, 12)
    keys = [f"{chr(48 + i)}x" for i in range(40)]
    torn: list[str] = []
    over: list[int] = []

    def work(seed: int) -> None:
        generator = random.Random(seed)
        for _ in range(150):
            key = generator.choice(keys)
            clip = cache.acquire(key)
            if clip is None:
                cache.put(key, capsule(frames=generator.choice((20, 60, 90)), value=ord(key[0]) / 200))
                continue
            assert clip.curves is not None
            if not (clip.curves[:, 17] == np.float16(ord(key[0]) / 200)).all():
                torn.append(key)
            cache.release(clip)
            figures = cache.statistics()
            if figures.used_bytes > figures.cap_bytes:
                over.append(figures.used_bytes)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not torn
    assert not over
    figures = cache.statistics()
    assert figures.leased == 0
    assert figures.evictions > 0
    for key in keys:
        cache.remove(key)
    assert cache.statistics().used_bytes == 0
