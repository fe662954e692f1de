"""config.get and config.set: settings over the air, validated whole, applied at once, kept, or put back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from visaged.config.authority import in_effect
from visaged.config.compare import differences
from visaged.config.load import ConfigError, RawSettings, load, read_source, validate
from visaged.config.schema import Settings
from visaged.config.toml_text import parse
from visaged.control.authority import check_authority
from visaged.control.commit_confirm import CommitConfirm
from visaged.control.config_store import ConfigStore
from visaged.control.mask import mask
from visaged.control.protocol.commands.config import ConfigApplied, ConfigGet, ConfigGot, ConfigSet
from visaged.control.protocol.events import Events
from visaged.control.protocol.refusal import Code, Refusal
from visaged.control.registry import Progress
from visaged.control.toml_edit import EditError, edit

log = logging.getLogger(__name__)

# Within the time that systemd is asked for when settings are read again.
_PATIENCE_S: Final = 5.0


@dataclass(frozen=True)
class ConfigHooks:
    """What the daemon supplies."""

    apply: Callable[[Settings], None]
    """Run with these settings from now on (worker thread, or the probation's). Raises Refusal with nothing changed."""
    ticks: Callable[[], int]
    """How many ticks the sender has done: the sign that the face lives, whether or not anybody receives it."""
    broker_reached: Callable[[], bool]
    """Whether the broker has accepted us with the settings in force."""
    failures: Callable[[], frozenset[str]] = frozenset
    """What has failed so far, a sentence each: a stage that was restarted, a thread that fell over."""


class ConfigHandlers:
    """handlers.ConfigHandlers over one settings file."""

    def __init__(
        self, store: ConfigStore, current: Settings, hooks: ConfigHooks, events: Events, overrides: Sequence[str] = ()
    ) -> None:
        """``overrides``: the ``--set`` items of the command line, which stay above the file.

        ``current``: what runs. What the file says differs from it in what a restart must bring.
        """
        self._store = store
        self._current = self._stored = current
        self._hooks = hooks
        self._events = events
        self._overrides = tuple(overrides)
        self._probation: CommitConfirm | None = None
        self._lock = threading.Lock()

    def config_get(self, request: ConfigGet) -> ConfigGot:
        """The settings in effect, or one section."""
        settings = self._current.model_dump(mode="json")
        if request.section is not None:
            if request.section not in settings:
                known = ", ".join(settings)
                raise Refusal("not_found", f"there is no section '{request.section}'; there are {known}", "section")
            settings = {request.section: settings[request.section]}
        return ConfigGot(
            settings=mask(settings),
            on_probation=self._probation is not None,
            restart_needed=self.waiting(),
        )

    def config_set(self, request: ConfigSet, progress: Progress) -> ConfigApplied:
        """Change settings; answers once they run, the probation's verdict comes as an event."""
        with self._locked():
            if self._probation is not None:
                raise Refusal("busy", "the change before is on probation; send again in some seconds")
            self._put_back_what_was_not()
            text, settings, asked = self._prepare(request.settings)
            check_authority(asked, self._stored.mqtt)
            changed = differences(self._stored, settings)
            if request.check_only or not changed:
                waiting = self._waiting(changed, settings)
                return ConfigApplied(changed=changed, applied=False, restart_needed=waiting, probation_s=0.0)
            progress("applying", None)
            return self._try(text, settings, changed)

    def reload(self) -> tuple[str, ...]:
        """The file was changed on the box: run with it; returns the keys that changed.

        Raises ConfigError (the file) or Refusal (what cannot be applied now); what ran before goes on then.
        Whoever edits on the box sees the face: no probation, and an end to one that was going on.
        """
        with self._locked():
            if self._probation is None:
                self._put_back_what_was_not()
        settings = load(self._store.path if self._store.path.exists() else None, self._overrides)
        with self._locked():
            probation, self._probation = self._probation, None
        if probation is not None:
            probation.cancel()
            _logged(self._store.keep, self._store.path)
        with self._locked():
            changed = differences(self._stored, settings)
            self._run_with(in_effect(self._current, settings))
            self._stored = settings
            if changed:
                self._tell_applied(changed)
            return changed

    def waiting(self) -> tuple[str, ...]:
        """Keys whose value in the file takes effect at the next start."""
        return differences(self._current, self._stored)

    def stop(self) -> None:
        """The daemon ends: a change on probation is kept, unless it still has to prove that the broker is reached."""
        try:
            with self._locked():
                probation, self._probation = self._probation, None
        except Refusal as refusal:
            log.error("%s; the next start decides about it", refusal.message)
            return
        if probation is None:
            return
        probation.cancel()
        # The watchdog restarts the daemon in the same way as a person does: what it stepped in for is not kept.
        good = probation.broker_proven and probation.trouble() is None
        _logged(self._store.keep if good else self._store.put_back, self._store.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One change at a time. A change that hangs must not hang what comes next, nor the end. Raises Refusal."""
        if not self._lock.acquire(timeout=_PATIENCE_S):
            raise Refusal("busy", "another change of settings is being made, and does not come to an end")
        try:
            yield
        finally:
            self._lock.release()

    def _put_back_what_was_not(self) -> None:
        """Settings that failed their trial when the disk did not take the version before. Raises Refusal."""
        try:
            if self._store.on_trial:
                self._store.put_back()
        except OSError as error:
            words = f"{self._store.path} holds settings that failed; those before cannot be put back: {error.strerror}"
            raise Refusal("failed", words) from None

    def _prepare(self, changes: Mapping[str, Any]) -> tuple[str, Settings, tuple[str, ...]]:
        """The new text, what it means, and the keys that differ from the text before. Raises Refusal."""
        for section, keys in changes.items():
            if keys is not None and not isinstance(keys, Mapping):
                raise Refusal("invalid", f"'{section}' must be a table of keys, or null", f"settings.{section}")
        try:
            before = self._store.read()
            parse(before)
        except (OSError, UnicodeDecodeError) as error:
            raise Refusal("failed", f"{self._store.path} on the box cannot be read: {error}") from None
        except ValueError as error:
            raise Refusal("failed", f"{self._store.path} on the box {error}; correct it there") from None
        try:
            above = read_source(None, self._overrides)
            fixed = _fixed(changes, above.merged())
            if fixed:
                raise Refusal(
                    "refused", f"{fixed} is fixed by the environment or --set of the box", f"settings.{fixed}"
                )
            old = replace(above, path=self._store.path, text=before, from_file=parse(before))
            text = edit(before, changes, lambda wanted: validate(replace(old, from_file=wanted)))
            new = validate(replace(old, text=text, from_file=parse(text)))
            return text, new, differences(self._meant_by(old), new)
        except EditError as error:
            code: Code = "invalid" if error.path else "failed"
            raise Refusal(code, str(error), f"settings.{error.path}" if error.path else None) from None
        except ValueError as error:
            raise Refusal("invalid", f"the change gives a file that {error}", "settings") from None
        except ConfigError as error:
            issue = error.issues[0]
            shown = f" = {issue.value}" if issue.value else ""
            raise Refusal("invalid", f"{issue.key}{shown}: {issue.accepted}", f"settings.{issue.key}") from None

    def _meant_by(self, source: RawSettings) -> Settings:
        """What a person has written and not yet had read is theirs; what cannot be used means what runs."""
        try:
            return validate(source)
        except ConfigError:
            return self._stored

    def _run_with(self, settings: Settings) -> None:
        """Raises Refusal, with nothing changed."""
        if settings != self._current:
            self._hooks.apply(settings)
            self._current = settings

    def _waiting(self, changed: Sequence[str], stored: Settings) -> tuple[str, ...]:
        """Those of the changed keys whose value in the file, ``stored``, only a restart brings."""
        effect = in_effect(self._current, stored)
        return tuple(key for key in differences(effect, stored) if key in changed)

    def _tell_applied(self, changed: Sequence[str]) -> None:
        waiting = self._waiting(changed, self._stored)
        self._events.tell("config_applied", changed=list(changed), restart_needed=list(waiting))

    def _try(self, text: str, settings: Settings, changed: tuple[str, ...]) -> ConfigApplied:
        before, stored, failures = self._current, self._stored, self._hooks.failures()
        effect = in_effect(before, settings)
        broker_watched = effect.mqtt != before.mqtt and effect.mqtt.enabled and self._hooks.broker_reached()
        try:
            self._store.begin(text)
        except OSError as error:
            raise Refusal(
                "failed", f"{self._store.path} cannot be written: {error.strerror}; nothing changed"
            ) from None
        try:
            self._run_with(effect)
        except Refusal as refusal:
            _logged(self._store.put_back, self._store.path)
            self._events.tell("config_rejected", changed=list(changed), reason=refusal.message)
            raise
        self._stored = settings
        waiting = self._waiting(changed, settings)
        if effect == before:
            # Nothing that runs has changed: there is nothing to watch.
            _logged(self._store.keep, self._store.path)
            self._tell_applied(changed)
            return ConfigApplied(changed=changed, applied=False, restart_needed=waiting, probation_s=0.0)

        def finish(reason: str | None) -> None:
            self._conclude(before, stored, changed, reason)

        def trouble() -> str | None:
            new = sorted(self._hooks.failures() - failures)
            return f"after the change, {new[0]}" if new else None

        self._probation = CommitConfirm(
            self._hooks.ticks, self._hooks.broker_reached if broker_watched else None, finish, trouble
        )
        self._probation.start()
        seconds = self._probation.seconds
        return ConfigApplied(changed=changed, applied=True, restart_needed=waiting, probation_s=seconds)

    def _conclude(self, before: Settings, stored: Settings, changed: tuple[str, ...], reason: str | None) -> None:
        """The verdict (probation thread)."""
        with self._lock:
            if self._probation is None:
                return
            self._probation = None
            if reason is None:
                _logged(self._store.keep, self._store.path)
                self._tell_applied(changed)
                return
            log.error("settings are put back: %s", reason)
            try:
                self._store.put_back()
            except OSError as error:
                reason = f"{reason}; {self._store.path} could not be put back: {error.strerror}"
            self._current, self._stored = before, stored
            try:
                self._hooks.apply(before)
            except Refusal as refusal:
                # They ran a moment ago; what is in their way now is told, and the file is right for the next start.
                reason = f"{reason}; the settings before could not be applied: {refusal.message}"
            self._events.tell("config_rejected", changed=list(changed), reason=reason)


def _logged(work: Callable[[], None], path: Path) -> None:
    """Finish a trial on disk; what the disk does not take is tried again by the next change, reload or start."""
    try:
        work()
    except OSError as error:
        log.error("the trial of %s could not be ended: %s", path, error.strerror or error)


def _fixed(changes: Mapping[str, Any], above: Mapping[str, Any], prefix: str = "") -> str:
    """The first changed key that something above the file fixes; empty when none."""
    for key, value in changes.items():
        if key not in above:
            continue
        if isinstance(value, Mapping) and isinstance(above[key], Mapping):
            found = _fixed(value, above[key], f"{prefix}{key}.")
            if found:
                return found
        else:
            return f"{prefix}{key}"
    return ""
