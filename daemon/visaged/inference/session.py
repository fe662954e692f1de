"""The only place that makes ONNX Runtime sessions: providers as asked for or an error, one thread, no network."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from visaged.inference.errors import SessionError
from visaged.inference.providers import AUTO, CPU, ProviderError, resolve

# From 1.29 on ONNX Runtime reports home unless this is set before its first import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as _native

_log = logging.getLogger(__name__)

# Its warnings are about its own optimiser; its errors reach us as exceptions as well, but the log says more.
_ERROR_SEVERITY: Final = 3
ort.set_default_logger_severity(_ERROR_SEVERITY)

OrtSession: TypeAlias = Any
"""``onnxruntime.InferenceSession``, which has no type hints."""

OrtValue = ort.OrtValue
ORT_VERSION: Final[str] = ort.__version__

# onnxruntime's exceptions have no common base but Exception.
ORT_ERRORS: Final[tuple[type[Exception], ...]] = (
    RuntimeError,
    ValueError,
    *(kind for kind in vars(_native).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)


def available() -> list[str]:
    """Providers that this build of ONNX Runtime has, whether or not they work here."""
    return list(ort.get_available_providers())


def open_session(
    path: Path,
    providers: Sequence[str] = (AUTO,),
    threads: int = 1,
    provider_options: Mapping[str, Mapping[str, str]] | None = None,
    precise_int8: bool = False,
) -> OrtSession:
    """A session for the ONNX file ``path``, which the caller has verified (package.py).

    ``providers``: ``["auto"]`` is the best that works here, the CPU at last. Otherwise names in order of preference
    (providers.py): each must be in use in the end, and the CPU is fallen back to only if it is named. What the session
    really uses is its ``get_providers()``. ``provider_options``: a provider's full name -> its own options.
    ``precise_int8``: rewrite int8 weights so that no sum can clip (processor.py); slower, and slower to load.
    Raises SessionError.
    """
    tuned = provider_options or {}
    try:
        chosen = resolve(providers, available())
    except ProviderError as error:
        raise SessionError(f"{path.name}: {error}") from error
    automatic = list(providers) == [AUTO]
    try:
        session = _make(path, chosen, threads, tuned, precise_int8)
    except ORT_ERRORS as error:
        if not automatic or chosen == [CPU]:
            raise SessionError(f"{path.name} does not run on {', '.join(chosen)}: {error}") from error
        _log.warning("%s does not run on %s, trying the CPU alone: %s", path.name, chosen[0], error)
        return open_session(path, [CPU], threads, precise_int8=precise_int8)
    used = session.get_providers()
    missing = [name for name in chosen if name not in used]
    if missing and not automatic:
        raise SessionError(
            f"{path.name}: {', '.join(missing)} was asked for, but the session runs on {', '.join(used)}; "
            'install what that provider needs or set inference.providers = ["auto"]'
        )
    _log.info("%s runs on %s", path.name, ", ".join(used))
    return session


def _make(
    path: Path, chosen: list[str], threads: int, tuned: Mapping[str, Mapping[str, str]], precise_int8: bool
) -> OrtSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERROR_SEVERITY
    # Waiting threads sleep: a spinning pool would take the core that the sender needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    if precise_int8:
        options.add_session_config_entry("session.x64quantprecision", "1")
    if CPU not in chosen:
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    # Without enable_fallback=0 the Python layer prints and retries on the CPU by itself.
    named = [(name, dict(tuned[name])) if name in tuned else name for name in chosen]
    return ort.InferenceSession(str(path), options, providers=named, enable_fallback=0)
