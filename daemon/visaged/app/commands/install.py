"""pack.install and models.install: what a fetched file is handed to."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from visaged.app.commands.errors import capsule_refusals, package_refusals
from visaged.app.stages import Stages
from visaged.control.install import Installer, InstallHooks
from visaged.control.protocol.commands import capsules, models
from visaged.control.protocol.events import Events
from visaged.control.registry import Registry
from visaged.inference.find import BOX_ROOT
from visaged.inference.package_zip import install_package_zip
from visaged.signing import KEYS_DIR, KeyFileError, load_public_keys, verify

log = logging.getLogger(__name__)

_DOWNLOADS: Final = Path("/var/cache/visaged/downloads")


def serve_install(registry: Registry, stages: Stages, events: Events) -> None:
    """Register them."""
    # urllib and ssl are a tenth of a second of imports.
    from visaged.control.download import Downloader  # noqa: PLC0415

    def install_pack(path: Path) -> capsules.PackInstalled:
        with capsule_refusals():
            record = stages.capsules.install_pack(path)
        manifest = record.manifest
        return capsules.PackInstalled(name=manifest.name, version=manifest.version, capsules=len(manifest.files))

    hooks = InstallHooks(install_pack, install_model, lambda: stages.line_voice.playing)
    downloader = Downloader(_DOWNLOADS, private=lambda: stages.settings.runtime.private_downloads)
    installer = Installer(downloader.fetch, hooks, events)
    registry.serve(capsules.PACK_INSTALL, installer.pack_install)
    registry.serve(models.MODELS_INSTALL, installer.models_install)


def install_model(path: Path) -> models.ModelInstalled:
    """Install a model package that a key of this box has signed. Raises Refusal, with nothing changed."""
    keys = None
    try:
        keys = load_public_keys(KEYS_DIR)
    except KeyFileError as error:
        log.warning("%s", error)

    def trusted(message: bytes, signature: bytes) -> bool:
        return keys is not None and verify(message, signature, keys) is not None

    with package_refusals("url"):
        manifest = install_package_zip(path, BOX_ROOT, trusted).manifest
    return models.ModelInstalled(kind=manifest.kind, name=manifest.name, version=manifest.version)
