"""The settings of the page and the HTTP API, and of the figures for Prometheus."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from visaged.config.authority import FILE
from visaged.config.hosts import check_host
from visaged.config.section import Section
from visaged.config.texts import FileName
from visaged.instance import default_web_port


class WebSettings(Section):
    """The page and the HTTP API, in a process of their own."""

    # What opens a door, and who may come in by it, is for the box's own file.
    enabled: Annotated[bool, FILE] = Field(default=True, description="Serve the page and the HTTP API")
    host: Annotated[str, AfterValidator(check_host), FILE] = Field(
        default="127.0.0.1", description="Address to listen on; beyond loopback only with a password and TLS"
    )
    port: Annotated[int, FILE] = Field(
        default_factory=default_web_port, ge=0, le=65535, description="TCP port; 0: any that is free"
    )
    names: Annotated[list[Annotated[str, AfterValidator(check_host)]], FILE] = Field(
        default=[], max_length=16, description="Names by which browsers reach it, beside the box's own and addresses"
    )
    password_file: Annotated[FileName, FILE] = Field(
        default="",
        description="File with the password or its argon2 hash (visaged web password); empty: systemd credential "
        "web_password, else the state folder's",
    )
    cert_file: Annotated[FileName, FILE] = Field(
        default="", description="Certificate, PEM; empty: beyond loopback one is made at the first start"
    )
    key_file: Annotated[FileName, FILE] = Field(default="", description="Key of cert_file, PEM")

    @model_validator(mode="after")
    def _certificate_and_key(self) -> WebSettings:
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file belong together; set both or neither")
        return self


class MetricsSettings(Section):
    """Figures for other programs."""

    prometheus: bool = Field(default=True, description="Serve /metrics with the HTTP API, in Prometheus' text format")
