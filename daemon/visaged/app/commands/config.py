"""config.get and config.set: carried out in control/config_handlers.py."""

from __future__ import annotations

from visaged.control.config_handlers import ConfigHandlers
from visaged.control.protocol.commands import config
from visaged.control.registry import Registry


def serve_config(registry: Registry, handlers: ConfigHandlers) -> None:
    """Register them."""
    registry.serve(config.CONFIG_GET, handlers.config_get)
    registry.serve(config.CONFIG_SET, handlers.config_set)
