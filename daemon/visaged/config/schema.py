"""The settings: every section and key, with units, defaults and limits. This file is the contract.

TOML sections map one to one on the classes below; ``Field(description=…)`` is what ``visaged config init`` writes as
the comment, so it speaks to an installer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from visaged import curves
from visaged.config.authority import AT_RESTART, FILE, FILE_AT_RESTART
from visaged.config.hosts import Broker, check_target
from visaged.config.identity import default_device_id
from visaged.config.outputs import IFacialMocapSettings, LiveLinkSettings, VmcSettings
from visaged.config.response import CurveResponse, ResponseSetting
from visaged.config.section import Section
from visaged.config.sound import AudioSettings
from visaged.config.texts import FileName, Folder, Text
from visaged.config.voice.codec import CodecSettings
from visaged.config.voice.conversation import ConversationSettings
from visaged.config.web import MetricsSettings, WebSettings
from visaged.id_packet import Cid
from visaged.text_form import form

Name = Annotated[str, form(r"^[A-Za-z0-9_-]{1,64}$", "1 to 64 letters, digits, '_' and '-'")]
"""Device ids and groups: they become MQTT topic levels."""

TopicBase = Annotated[
    str,
    form(
        r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}$",
        "1 to 4 levels with '/' between them, each of 1 to 64 letters, digits, '_' and '-'",
    ),
]


def _no_topic_word(device_id: str) -> str:
    if device_id in ("all", "group"):
        raise ValueError("all and group are words of the MQTT topics; choose another name")
    return device_id


class DeviceSettings(Section):
    """Who this box is."""

    id: Annotated[Name, AfterValidator(_no_topic_word), FILE_AT_RESTART] = Field(
        default_factory=default_device_id, description="Name of this box; default: from /etc/machine-id"
    )
    groups: list[Name] = Field(default=[], max_length=32, description="Groups this box belongs to")
    mode: Literal["mirror", "converse"] = Field(
        default="mirror",
        description="mirror: the audio input drives the face. converse: it goes to the brain, whose answer drives it",
    )


def _known_curves(scale: dict[str, CurveResponse]) -> dict[str, CurveResponse]:
    for name in scale:
        try:
            curves.indices(name)
        except KeyError as error:
            raise ValueError(error.args[0]) from None
    return scale


class FaceSettings(Section):
    """Voice to curves."""

    solver: Literal["lipsync", "neurosync", "energy"] = Field(
        default="lipsync",
        description="lipsync: the trained model. neurosync: a package of yours. energy: signal processing, no model",
    )
    lookahead_ms: Literal[0, 40, 80] = Field(
        default=40, description="How far lipsync and energy may hear ahead, ms: more looks better and comes later"
    )
    intensity: float = Field(default=1.0, ge=0, le=2, description="Strength of the speech movement")
    prosody: float = Field(
        default=1.0, ge=0, le=2, description="How much the voice's melody moves brows and head; 0: not at all"
    )
    neurosync_hop_ms: Literal["auto"] | Annotated[float, Field(ge=50, le=800)] = Field(
        default="auto", description="From window to window of neurosync, ms; auto: as short as the box keeps up with"
    )
    emotion: float = Field(
        default=1.0, ge=0, le=1, description="How far the voice's emotion (neurosync) moves the mood; 0: not at all"
    )
    smoothing_ms: float = Field(default=0.0, ge=0, le=500, description="Time constant of smoothing, ms; 0: none")
    delay_ms: float = Field(
        default=0.0,
        ge=0,
        le=2000,
        description="The face this much later than the sound, ms: for sound that takes a longer way, such as Bluetooth",
    )
    scale: Annotated[dict[str, ResponseSetting], AfterValidator(_known_curves)] = Field(
        default={},
        max_length=128,
        description="Factor per curve or region: brows = 0.6; or JawOpen = { gain, offset, min, max, gamma }",
    )


class AnimationSettings(Section):
    """Life on top of speech."""

    idle: bool = Field(default=True, description="Blinks, gaze, head and breathing; false: speech only")
    blink_per_min: float = Field(default=17.0, ge=0, le=60, description="Blinks per minute at rest")
    gaze: bool = Field(default=True, description="Eyes fixate and jump")
    head_sway: bool = Field(default=True, description="Head moves slowly")
    attack_ms: float = Field(default=50.0, ge=0, le=2000, description="Speech fades in over this, ms")
    release_ms: float = Field(default=120.0, ge=0, le=5000, description="Speech fades out over this, ms")
    seed: Annotated[int | None, AT_RESTART] = Field(
        default=None, ge=0, lt=2**32, description="Seed of the idle life; none: a new one each start"
    )


class CapsuleSettings(Section):
    """Prepared expressions and lines, shown by ID."""

    library: Annotated[Folder, FILE_AT_RESTART] = Field(
        default=Path("/var/lib/visaged/capsules"), description="Where packs are installed"
    )
    cache_mib: Annotated[int, AT_RESTART] = Field(
        default=64, ge=1, le=65_536, description="Device memory for capsules, MiB; never exceeded"
    )
    device: Annotated[Literal["auto", "host", "cuda"], AT_RESTART] = Field(
        default="auto", description="auto: CUDA where driver and torch are there, else the host's memory"
    )
    ttl_s: Annotated[float, AT_RESTART] = Field(
        default=0.0, ge=0, le=604_800, description="Drop what was unused for this long, s; 0: never"
    )
    pinned: list[Cid] = Field(
        default=["CID_NEUTRAL_LOOP"], max_length=1024, description="Capsules that always stay on the device"
    )
    personality: tuple[
        Annotated[float, Field(ge=-1, le=1)], Annotated[float, Field(ge=-1, le=1)], Annotated[float, Field(ge=-1, le=1)]
    ] = Field(default=(0.0, 0.0, 0.0), description="Valence, arousal, dominance that the mood falls back to, -1..1")
    seed: Annotated[int | None, AT_RESTART] = Field(
        default=None, ge=0, lt=2**32, description="Seed of jitter and chance; none: a new one each start, in the log"
    )
    cue_target: Annotated[
        str, AfterValidator(lambda target: check_target(target) if target else target), AT_RESTART
    ] = Field(default="", description="OSC receiver of hand, body, camera and light cues, HOST:PORT; empty: none")


class InferenceSettings(Section):
    """Where models run."""

    providers: list[Text] = Field(default=["auto"], min_length=1, max_length=8, description="ONNX Runtime providers")
    precision: Literal["auto", "fp32", "fp16", "int8"] = Field(default="auto", description="auto: the fastest verified")
    threads: int = Field(default=1, ge=1, le=64, description="Threads per model")
    engine_cache: Annotated[Folder, FILE_AT_RESTART] = Field(
        default=Path("/var/cache/visaged/engines"), description="Built engines"
    )


class MqttSettings(Section):
    """Commands, health and events over a broker."""

    enabled: Annotated[bool, FILE] = Field(default=False, description="Connect to a broker")
    host: Broker = Field(default="localhost", description="Broker: name or address")
    port: int = Field(default=1883, ge=1, le=65535, description="1883, or 8883 with TLS")
    protocol: Literal["5", "3.1.1"] = Field(default="5", description="MQTT version")
    username: Text = Field(default="", description="User at the broker; empty: none")
    password_file: Annotated[FileName, FILE] = Field(
        default="", description="File with the password; empty: systemd credential mqtt_password"
    )
    tls: bool = Field(default=False, description="TLS with the system's authorities; on as soon as ca_file is set")
    ca_file: Annotated[FileName, FILE] = Field(
        default="", description="Authority that signed the broker's certificate, PEM"
    )
    cert_file: Annotated[FileName, FILE] = Field(default="", description="This box's certificate, PEM; needs key_file")
    key_file: Annotated[FileName, FILE] = Field(default="", description="Key of cert_file, PEM")
    base: TopicBase = Field(default="visaged", description="First level(s) of every topic")
    keepalive_s: int = Field(default=30, ge=5, le=1200, description="Silence after which either side checks, s")
    health_every_s: float = Field(default=10.0, ge=1, le=3600, description="Health is published this often, s")
    discovery: bool = Field(default=True, description="Announce the box to Home Assistant")

    @model_validator(mode="after")
    def _certificate_and_key(self) -> MqttSettings:
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file belong together; set both or neither")
        return self


class RuntimeSettings(Section):
    """The process."""

    realtime_priority: Annotated[int, AT_RESTART] = Field(
        default=10, ge=0, le=99, description="SCHED_FIFO priority of the sender; 0: none"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged")
    private_downloads: Annotated[bool, FILE] = Field(
        default=False, description="Packs and models may come from private, loopback and link-local addresses, too"
    )


class Settings(BaseSettings):
    """Everything that can be set. ``VISAGED__SECTION__KEY`` in the environment overrides the file."""

    model_config = SettingsConfigDict(
        env_prefix="VISAGED__", env_nested_delimiter="__", extra="forbid", frozen=True, allow_inf_nan=False
    )

    device: DeviceSettings = Field(default_factory=DeviceSettings)
    audio: AudioSettings = AudioSettings()
    face: FaceSettings = FaceSettings()
    animation: AnimationSettings = AnimationSettings()
    livelink: LiveLinkSettings = Field(default_factory=LiveLinkSettings)
    vmc: VmcSettings = VmcSettings()
    ifacialmocap: IFacialMocapSettings = IFacialMocapSettings()
    capsules: CapsuleSettings = CapsuleSettings()
    codec: CodecSettings = CodecSettings()
    conversation: ConversationSettings = ConversationSettings()
    inference: InferenceSettings = InferenceSettings()
    mqtt: MqttSettings = MqttSettings()
    web: WebSettings = Field(default_factory=WebSettings)
    metrics: MetricsSettings = MetricsSettings()
    runtime: RuntimeSettings = RuntimeSettings()
