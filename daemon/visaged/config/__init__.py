"""The settings of the daemon: schema, loading, errors with line numbers, the commented default."""

from visaged.config.codec import CodecSettings
from visaged.config.schema import (
    AnimationSettings,
    AudioSettings,
    CapsuleSettings,
    DeviceSettings,
    FaceSettings,
    InferenceSettings,
    InputSettings,
    LiveLinkSettings,
    MqttSettings,
    OutputSettings,
    RuntimeSettings,
    Settings,
)

__all__ = [
    "AnimationSettings",
    "AudioSettings",
    "CapsuleSettings",
    "CodecSettings",
    "DeviceSettings",
    "FaceSettings",
    "InferenceSettings",
    "InputSettings",
    "LiveLinkSettings",
    "MqttSettings",
    "OutputSettings",
    "RuntimeSettings",
    "Settings",
]
