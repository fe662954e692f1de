"""The settings of the daemon: schema, loading, errors with line numbers, the commented default."""

from visaged.config.outputs import IFacialMocapSettings, LiveLinkSettings, VmcSettings
from visaged.config.schema import (
    AnimationSettings,
    CapsuleSettings,
    DeviceSettings,
    FaceSettings,
    InferenceSettings,
    MqttSettings,
    RuntimeSettings,
    Settings,
)
from visaged.config.sound import AudioSettings, InputSettings, OutputSettings
from visaged.config.voice.codec import CodecSettings

__all__ = [
    "AnimationSettings",
    "AudioSettings",
    "CapsuleSettings",
    "CodecSettings",
    "DeviceSettings",
    "FaceSettings",
    "IFacialMocapSettings",
    "InferenceSettings",
    "InputSettings",
    "LiveLinkSettings",
    "MqttSettings",
    "OutputSettings",
    "RuntimeSettings",
    "Settings",
    "VmcSettings",
]
