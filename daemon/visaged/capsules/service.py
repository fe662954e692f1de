"""Capsules, the whole of it: what the daemon starts, hands to the animator as a layer, and gives commands to.

Commands may come from any thread but the animator's. A command is carried out whole or refused whole; when and how the
face moves is the player's.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from visaged.capsules.clip import Clip
from visaged.capsules.clip_store import ClipStore
from visaged.capsules.errors import CapsuleError
from visaged.capsules.file.header import Layer, Trigger
from visaged.capsules.file.ids import NEUTRAL_LOOP
from visaged.capsules.library import install
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.library.library import Library, Record
from visaged.capsules.library.tables import Context, Modifiers, Profile
from visaged.capsules.loader import TokenDecoder
from visaged.capsules.playing import play_requests
from visaged.capsules.playing.director import Director, PlayRequest, PlayResult
from visaged.capsules.playing.emotion import EmotionState, Vector
from visaged.capsules.playing.emotion_blend import EmotionBlend, EmotionBlendPicker
from visaged.capsules.playing.gestures import Recurring
from visaged.capsules.playing.player import Player
from visaged.capsules.playing.side_effects import Notice, SideEffects, VoiceSink
from visaged.clock import now_ns
from visaged.id_packet import IdPacket
from visaged.inference.memory import Slab
from visaged.problems import Problems
from visaged.signing import KEYS_DIR, KeyFileError, load_public_keys

log = logging.getLogger(__name__)

T = TypeVar("T")

_CONTEXT: Final = "context"


class Capsules:
    """Library, cache, player and their threads. ``layer`` goes to the animator."""

    def __init__(
        self,
        root: Path,
        slab: Slab,
        *,
        cue_target: str = "",
        ttl_s: float | None = None,
        seed: int | None = None,
        voice: VoiceSink | None = None,
        decoder: TokenDecoder | None = None,
        listener: Callable[[Notice], None] | None = None,
        library: Library | None = None,
        problems: Problems | None = None,
        clock: Callable[[], int] = now_ns,
    ) -> None:
        """``listener`` is told starts, ends and misses on the side effects' thread. The slab is closed by ``stop``."""
        self._clock = clock
        self.seed = secrets.randbits(32) if seed is None else seed
        log.info("capsules: seed %d", self.seed)  # with it, a run can be replayed
        self._clip_store = ClipStore(
            library or Library(root), slab, self._library_changed, ttl_s, decoder, problems=problems
        )
        self._side_effects = SideEffects(cue_target, self._clip_store.release, voice, listener, problems)
        self._picker = EmotionBlendPicker(self._clip_store.library.read)
        self._mood = EmotionBlend(self._pick_mood, random.Random(self.seed))
        self.layer = Player(self._side_effects, self._mood, random.Random(self.seed + 1))
        self._director = Director(self._clip_store, self.layer, self._side_effects, clock)
        self._lock = threading.Lock()  # over context, profile and emotion
        self._modifiers = Modifiers()
        self._context = self._profile = self._base = ""
        self._shown: tuple[Profile | None, Context | None] = (None, None)  # what the tables said of them

    def start(self, pinned: Iterable[str] = (), base: str = NEUTRAL_LOOP) -> None:
        """Load the library, pin, start the threads and the base loop.

        Raises CapsuleError when the pinned set does not fit; nothing runs then.
        """
        self._clip_store.open(pinned)
        self._picker.learn(self.library.catalogue.entries.values())
        self._side_effects.start()
        self._set_base(base)

    def stop(self) -> None:
        """Stop the threads and give the device memory back. The layer must not be applied any more."""
        self._side_effects.stop()
        self._clip_store.close()

    @property
    def library(self) -> Library:
        """What is installed."""
        return self._clip_store.library

    def play(
        self,
        cid: str,
        weight: float = 1.0,
        *,
        layer: Layer | None = None,
        at_ns: int | None = None,
        trigger: Trigger | None = None,
        fallback: str | None = None,
    ) -> PlayResult:
        """Play ``cid`` now, at ``at_ns``, or by ``trigger``. Its own trigger is for packets and does not count here.

        Raises CapsuleError for a weight, BusyError in a flood, UnknownError when there is not even a fallback.
        """
        play_requests.check_prefix(cid)
        play_requests.check_weight(weight)
        request = PlayRequest(cid, weight, layer, at_ns=at_ns, trigger=trigger, fallback=fallback)
        played = self._director.play([request], self._modifiers)
        return played[0] if played else PlayResult(0, cid, "cached")

    def stop_playing(
        self, cid: str | None = None, ticket: int | None = None, layer: Layer | None = None, fade_ms: int | None = None
    ) -> None:
        """Fade out what fits all that is given; everything but the base loop when nothing is. Raises BusyError."""
        self._director.stop(play_requests.matching(cid, ticket, layer), fade_ms)

    def stop_lines(self, fade_ms: int) -> None:
        """Fade out what is being said, sound and face. Raises BusyError."""
        self._director.stop(lambda playing: playing.cid.startswith("VL_"), fade_ms)

    def packet(self, message: IdPacket) -> list[PlayResult]:
        """Carry out an ID packet. Without lead_lag_ms every capsule starts by its own trigger, or now.

        Raises CapsuleError naming the bad field, UnknownError (profile, context, event), BusyError: nothing done then.
        """
        tables = self.library.catalogue.tables
        play_requests.check_known("profile", message.profile, tables.profiles)
        play_requests.check_known("context", message.context, tables.contexts)
        requests = play_requests.of_packet(message, self.library.catalogue)
        self._director.refuse_flood()
        played = [] if message.profile is None else self.set_profile(message.profile)
        played += self._director.play(requests, self._modifiers)
        if message.context is not None:
            self.set_context(message.context)
        if message.emotion is not None:
            emotion = message.emotion
            self.push_emotion((emotion.valence, emotion.arousal, emotion.dominance))
        return played

    def event(self, event_id: str, weight: float = 1.0, *, at_ns: int | None = None) -> list[PlayResult]:
        """Play a row of the event table, now or at ``at_ns``. Raises CapsuleError, UnknownError, BusyError."""
        play_requests.check_weight(weight)
        rows = play_requests.of_event(event_id, weight, self.library.catalogue)
        requests = [replace(request, at_ns=at_ns) for request in rows]
        return self._director.play(requests, self._modifiers)

    def set_profile(self, name: str) -> list[PlayResult]:
        """Play a composition and let its modifiers hold for what comes; '' ends it. Raises UnknownError, BusyError."""
        catalogue = self.library.catalogue
        requests = play_requests.of_profile(name, catalogue)
        modifiers = catalogue.tables.profiles[name].global_modifiers if name else Modifiers()
        played = self._director.play(
            requests, modifiers, instead_of=lambda playing: playing.owner == play_requests.PROFILE
        )
        with self._lock:
            self._modifiers, self._profile = modifiers, name
            self._shown = (catalogue.tables.profiles.get(name), self._shown[1])
        return played

    def set_context(self, name: str) -> None:
        """Set base loop and gestures; '' ends the context. Raises UnknownError, BusyError."""
        contexts = self.library.catalogue.tables.contexts
        play_requests.check_known("context", name or None, contexts)
        context = contexts[name] if name else Context()
        self._director.refuse_flood()
        with self._lock:
            self._context = name
            self._shown = (self._shown[0], contexts.get(name))
            self.layer.clear_gestures(_CONTEXT)
        for gesture in context.gestures:
            entry = self._clip_store.find(gesture.cid).entry
            recurring = Recurring.of(gesture, entry, context, self._modifiers.tempo_factor, _CONTEXT)
            self._director.with_clip(entry, lambda clip, r=recurring: self._add_gesture(name, r, clip))  # type: ignore[misc]
        self._set_base(context.base or NEUTRAL_LOOP)

    def push_emotion(self, vector: Vector) -> EmotionState:
        """Let an event move the emotion; clamped to -1..1. Returns the new state."""
        with self._lock:
            self._mood.state = self._mood.state.pushed(vector, self._clock())
            return self._mood.state

    def set_emotion(self, vector: Vector) -> EmotionState:
        """Set the emotion itself, from where it falls back. Returns the new state."""
        with self._lock:
            self._mood.state = self._mood.state.pushed(vector, self._clock(), momentum=0.0)
            return self._mood.state

    def set_personality(self, baseline: Vector) -> None:
        """Where the emotion falls back to, each -1..1."""
        with self._lock:
            self._mood.state = EmotionState(baseline, self._clock(), baseline)

    def emotion(self) -> Vector:
        """Valence, arousal and dominance now."""
        return self._mood.state.at(self._clock())

    def prefetch(self, cids: Iterable[str]) -> int:
        """Load ahead; how many are on their way. Raises UnknownError, nothing done."""
        return self._clip_store.prefetch(cids)

    def pin(self, cid: str) -> None:
        """Keep on the device. Raises UnknownError, or CapsuleError when it does not fit."""
        self._clip_store.pin(cid)

    def unpin(self, cid: str) -> None:
        """Let it be evicted again. Raises UnknownError, or CapsuleError for the last fallbacks."""
        self._clip_store.unpin(cid)

    def installed(self) -> tuple[Entry, ...]:
        """What is installed, by ID."""
        return tuple(entry for _, entry in sorted(self.library.catalogue.entries.items()))

    def install_pack(self, path: Path, keys_dir: Path = KEYS_DIR, unsigned: bool = False) -> Record:
        """Install a pack while running; what it replaces fades out. Raises CapsuleError, nothing done."""
        try:
            keys = load_public_keys(keys_dir)
        except KeyFileError as error:
            raise CapsuleError(error.name, "key", error.problem) from None
        return self.change_library(lambda library: install.install_pack(library, path, keys, unsigned))

    def change_library(self, change: Callable[[Library], T]) -> T:
        """Remove, revoke, unrevoke while running; what is gone fades out. Raises what ``change`` raises."""
        before = self.installed()
        result = change(self.library)
        self._clip_store.take_over(before)
        return result

    def speech_onset(self, time_ns: int) -> None:
        """Speech is shown from ``time_ns`` on (said by the voice activity detection)."""
        self.layer.speech_onset(time_ns)

    def speech_end(self) -> None:
        """Speech is over."""
        self.layer.speech_end()

    def statistics(self) -> dict[str, float | int | str]:
        """Health's ``capsules`` section."""
        return {
            **self._clip_store.figures(),
            **self.layer.figures(),
            "refused": self._director.refused,
            "cues_sent": self._side_effects.sent,
            "cues_failed": self._side_effects.failed,
            "context": self._context,
            "profile": self._profile,
            "seed": self.seed,
        }

    def _set_base(self, cid: str) -> None:
        if cid in self.library.catalogue.entries:
            self._base = cid
            self.play(cid)

    def _add_gesture(self, context: str, recurring: Recurring, clip: Clip) -> None:
        with self._lock:
            if self._context == context:
                self.layer.add_gesture(replace(recurring, template=replace(recurring.template, clip=clip)))
                return
        self._clip_store.release(clip)  # another context was set while it was loading

    def _library_changed(self, gone: set[str]) -> None:
        entries = self.library.catalogue.entries
        self._picker.learn(entries.values())
        self._mood.forget()
        if gone:
            self.layer.drop(gone)
        if self._base not in entries:
            self._set_base(NEUTRAL_LOOP)
        self._follow_tables()

    def _follow_tables(self) -> None:
        """The profile or context in force was edited: it is as it is now; one that is gone ends."""
        tables = self.library.catalogue.tables
        profile, context = self._profile, self._context
        try:
            if (now := tables.profiles.get(profile)) != self._shown[0]:
                self.set_profile(profile if now else "")
            if (then := tables.contexts.get(context)) != self._shown[1]:
                self.set_context(context if then else "")
        except CapsuleError as error:
            log.warning("the tables were changed: %s", error)

    def _pick_mood(self, vector: Vector) -> None:
        """The animator's thread: let the loader's find the face for ``vector``."""
        loader = self._clip_store.loader
        self._side_effects.do(
            lambda: loader.submit(lambda: self._mood.set_target(self._picker.pick(vector)[1]), urgent=True)
        )
