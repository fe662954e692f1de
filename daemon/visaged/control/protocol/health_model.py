"""Health: what a box says about itself, content-free. This file is the specification of the health topic.

A figure that a box cannot know is null, never 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from visaged.control.protocol.envelope import Data

State = Literal["online", "degraded"]


class BoxStatus(Data):
    """The status topic: retained, and the last will."""

    state: Literal["online", "degraded", "stopped", "offline"]
    session: str = Field(description="New with every connection: a will carries that of the connection it ends")
    since: AwareDatetime = Field(description="When the state began; of a will: when the connection was made")
    version: str
    groups: tuple[str, ...] = Field(default=(), description="Groups whose requests the box takes")


class LiveLinkHealth(Data):
    """The packets to Unreal."""

    fps: float | None = None
    packets: int | None = None
    gap_p99_ms: float | None = Field(default=None, description="Error of the spacing between packets")
    late: int | None = Field(default=None, description="Ticks that were missed")


class VmcHealth(Data):
    """The datagrams to VRM and VTuber programs."""

    targets: int | None = None
    packets: int | None = None
    send_errors: int | None = None


class IFacialMocapHealth(VmcHealth):
    """The datagrams to programs that expect the iFacialMocap app."""

    asked: int | None = Field(default=None, description="Receivers that asked for the face and have it now")
    refused: int | None = Field(default=None, description="Requests that were not understood, or not answered")


class LatencyHealth(Data):
    """From the moment a sound is heard to the packet that shows it; the last minute."""

    voice_to_packet_p50_ms: float | None = None
    voice_to_packet_p95_ms: float | None = None
    voice_to_packet_p99_ms: float | None = None
    budget_ms: float | None = None
    """What voice to packet should take, with the delay that was asked for."""
    face_delay_ms: float | None = None
    """Of that, ``face.delay_ms``."""


class AudioHealth(Data):
    """The voice; its level only."""

    input: str | None = None
    level_dbfs: float | None = None
    xruns: int | None = None
    silent_s: float | None = None


class SolverHealth(Data):
    """Voice to curves."""

    name: str | None = None
    precision: str | None = None
    providers: tuple[str, ...] | None = Field(default=None, description="What the session really uses")
    lookahead_ms: float | None = Field(default=None, description="How far it hears ahead, and so how late the face is")
    hop_ms: float | None = Field(default=None, description="neurosync: from window to window")
    step_p99_ms: float | None = None
    late: int | None = None


class CodecHealth(Data):
    """The speech codec and its link."""

    link: str | None = None
    echo: str | None = Field(default=None, description="What is done about the speaker's echo and the room's noise")
    encode_p99_ms: float | None = None
    decode_p99_ms: float | None = None
    sent: int | None = Field(default=None, description="Frames of 80 ms, like all counts here")
    received: int | None = None
    heard: int | None = None
    lost: int | None = Field(default=None, description="Never came in time")
    late: int | None = Field(default=None, description="Came when their time was over")
    concealed: int | None = Field(default=None, description="Filled in, for lost ones and late ones")
    shortened: int | None = Field(default=None, description="Shortened to be less late: there was time to spare")
    dropped: int | None = Field(default=None, description="Too far ahead of their time, or after a barge-in")
    duplicates: int | None = None
    reordered: int | None = None
    refused: int | None = Field(default=None, description="Messages that are none, or not for this box")
    refusal: str | None = Field(default=None, description="Why the last of those was refused")
    forged: int | None = Field(default=None, description="Datagrams that do not bear the key, or were there before")
    depth: int | None = Field(default=None, description="Frames in the jitter buffer")
    wait_ms: float | None = Field(default=None, description="From a first frame's arrival to its being heard")
    buffered_p50_ms: float | None = Field(default=None, description="How long before its time a frame was there")
    drift_ppm: float | None = Field(default=None, description="How much slower (+) the peer's clock runs than ours")
    guest_speaks: bool | None = None
    peer_speaks: bool | None = None
    peer_silent_s: float | None = Field(default=None, description="Since anything came from the peer")


class ConversationHealth(Data):
    """The talk with a brain; counts are since the start."""

    brain: str | None = Field(default=None, description="Protocol and host")
    state: Literal["connecting", "listening", "hearing", "thinking", "speaking"] | None = None
    echo: str | None = Field(default=None, description="What is done about the speaker's echo and the room's noise")
    guest_speaks: bool | None = None
    avatar_speaks: bool | None = None
    turns: int | None = Field(default=None, description="Of the guest")
    interruptions: int | None = Field(default=None, description="Answers that the guest cut off")
    losses: int | None = Field(default=None, description="Connections to the brain that were lost")
    first_sound_p50_ms: float | None = Field(default=None, description="From the end of a turn to the answer's sound")
    first_sound_p95_ms: float | None = None
    waiting_ms: int | None = Field(default=None, description="Of the answer, not yet said")
    starved: int | None = Field(default=None, description="Answers that came slower than they are said")
    dropped_ms: int | None = Field(default=None, description="Of answers that were too far ahead")


class CapsulesHealth(Data):
    """The library, its cache on the device, and what is played of it; counts are since the start."""

    installed: int | None = None
    cached: int | None = Field(default=None, description="Capsules on the device")
    used_mib: float | None = None
    cap_mib: float | None = None
    hits: int | None = None
    misses: int | None = None
    evictions: int | None = None
    device: str | None = None
    playing: int | None = None
    unhonoured: int | None = Field(
        default=None, description="Starts that came too late for their offset, or waited in vain for speech"
    )
    unknown: int | None = Field(default=None, description="Asked for, not installed: the fallback was shown")
    load_failed: int | None = Field(default=None, description="Installed, but could not be brought to the device")
    refused: int | None = Field(default=None, description="Requests in a flood, of which nothing was done")
    overflow: int | None = Field(default=None, description="Not shown because enough was playing or waiting")
    cues_failed: int | None = Field(default=None, description="Cues that could not be sent to capsules.cue_target")


class FaceHealth(Data):
    """What is set on the face now."""

    mode: str | None = None
    muted: bool | None = None
    intensity: float | None = None
    valence: float | None = None
    arousal: float | None = None
    dominance: float | None = None
    profile: str | None = None
    context: str | None = None


class ProcessHealth(Data):
    """The daemon's process; cpu_percent is of one core."""

    cpu_percent: float | None = None
    rss_mib: float | None = None
    threads: int | None = None


class SystemHealth(Data):
    """The box."""

    cpu_temp_c: float | None = None
    gpu_temp_c: float | None = None
    gpu_load_percent: float | None = None
    gpu_memory_used_mib: float | None = None
    disk_free_mib: float | None = None
    power_w: float | None = None
    throttled: bool | None = None


class MqttHealth(Data):
    """The connection to the broker."""

    connected: bool | None = None
    reconnects: int | None = None
    queued: int | None = None
    dropped: int | None = None
    dropped_by_kind: dict[str, int] = Field(default={})
    foreign_statuses: int | None = Field(
        default=None, description="Statuses under this box's id that it did not write, since the start"
    )


class WebHealth(Data):
    """The page and the HTTP API."""

    address: str | None = Field(default=None, description="Where it is served; null: nowhere")
    restarts: int | None = None
    connections: int | None = None
    viewers: int | None = Field(default=None, description="Who watch the live face")
    requests: int | None = None
    solving: int | None = Field(default=None, description="Sounds that are solved for others, or wait for it")


class ServiceHealth(Data):
    """How well the process holds up."""

    stage_restarts: int | None = Field(default=None, description="Wedged stages restarted in place since the start")
    last_end: str | None = Field(default=None, description="Why the run before this one ended, if not well")
    last_end_time: AwareDatetime | None = None


class ProblemHealth(Data):
    """One thing that is wrong now."""

    code: str
    since: AwareDatetime
    message: str
    remedy: str


class Health(Data):
    """The whole health message."""

    state: State
    time: AwareDatetime
    uptime_s: float
    version: str
    livelink: LiveLinkHealth = LiveLinkHealth()
    vmc: VmcHealth = VmcHealth()
    ifacialmocap: IFacialMocapHealth = IFacialMocapHealth()
    latency: LatencyHealth = LatencyHealth()
    audio: AudioHealth = AudioHealth()
    solver: SolverHealth = SolverHealth()
    codec: CodecHealth = CodecHealth()
    conversation: ConversationHealth = ConversationHealth()
    capsules: CapsulesHealth = CapsulesHealth()
    face: FaceHealth = FaceHealth()
    process: ProcessHealth = ProcessHealth()
    service: ServiceHealth = ServiceHealth()
    system: SystemHealth = SystemHealth()
    mqtt: MqttHealth = MqttHealth()
    web: WebHealth = WebHealth()
    problems: tuple[ProblemHealth, ...] = ()
