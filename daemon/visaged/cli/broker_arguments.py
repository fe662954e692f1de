"""The options that say which MQTT broker, the same for every command that has them."""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import ValidationError

from visaged.config import MqttSettings
from visaged.config.load import find_file, load
from visaged.text_form import complaint


class BrokerOptionError(ValueError):
    """An option that does not name a broker: says which, and what is accepted."""


def add_broker_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="take the broker from [mqtt] of this settings file")
    parser.add_argument("--broker", metavar="HOST[:PORT]", help="broker (default: settings, else localhost:1883)")
    parser.add_argument("--username", help="user at the broker")
    parser.add_argument("--password-file", metavar="FILE", help="file with the password")
    parser.add_argument("--ca-file", metavar="FILE", help="authority of the broker's certificate; turns TLS on")
    parser.add_argument("--cert-file", metavar="FILE", help="your certificate")
    parser.add_argument("--key-file", metavar="FILE", help="its key")
    parser.add_argument("--tls", action="store_true", default=None, help="TLS with the system's authorities")
    parser.add_argument("--base", help="first level of the topics (default: visaged)")


def broker_settings(options: argparse.Namespace) -> MqttSettings:
    """The settings file's, and over it what the options say. Raises ConfigError, BrokerOptionError."""
    fields = load(find_file(options.config)).mqtt.model_dump()
    for name in ("username", "password_file", "ca_file", "cert_file", "key_file", "tls", "base"):
        value = getattr(options, name)
        if value is not None:
            fields[name] = value
    if options.broker:
        host, _, port = options.broker.rpartition(":")
        fields |= {"host": host.strip("[]"), "port": port} if host and port.isdigit() else {"host": options.broker}
    try:
        return MqttSettings.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        option = "-".join(str(part) for part in first["loc"]) or "broker"
        raise BrokerOptionError(f"--{option.replace('_', '-')}: {complaint(first)}") from None
