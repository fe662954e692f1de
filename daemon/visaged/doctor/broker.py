"""The MQTT broker: would it take this box in?"""

from __future__ import annotations

from collections.abc import Iterator

from visaged.config import Settings
from visaged.doctor.finding import Finding, fail, ok


def check(settings: Settings) -> Iterator[Finding]:
    """One finding; none when MQTT is not asked for."""
    if not settings.mqtt.enabled:
        return
    # paho is a tenth of a second of imports that most runs of the doctor need not wait for.
    from visaged.control.mqtt.broker_check import check_broker  # noqa: PLC0415
    from visaged.control.mqtt.errors import MqttError  # noqa: PLC0415

    subject = f"broker {settings.mqtt.host}:{settings.mqtt.port}"
    try:
        check_broker(settings.mqtt)
    except MqttError as error:
        yield fail(subject, error.message, error.remedy)
    else:
        yield ok(subject, "takes this box in")
