// This browser's microphone as the voice of the box: /stream/voice (docs/http.md).

const RATE_HZ = 24000;

export class Microphone {
  // onState("on" | "off" | "refused", words)
  constructor(onState) {
    this.onState = onState;
    this.close = null;
  }

  get on() { return this.close !== null; }

  async start() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      });
    } catch (error) {
      this.onState("refused", `The browser gives no microphone: ${error.message}`);
      return;
    }
    const audio = new AudioContext({ sampleRate: RATE_HZ });
    await audio.audioWorklet.addModule("/static/page/microphone-worklet.js");
    const node = new AudioWorkletNode(audio, "pcm16", { numberOfOutputs: 0 });
    audio.createMediaStreamSource(stream).connect(node);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/stream/voice`);
    socket.binaryType = "arraybuffer";
    let ready = false;
    this.close = () => {
      this.close = null;
      stream.getTracks().forEach((track) => track.stop());
      audio.close();
      socket.close();
    };
    // What the network does not take is dropped rather than said late.
    node.port.onmessage = ({ data }) => { if (ready && socket.bufferedAmount < RATE_HZ) socket.send(data); };
    socket.onopen = () => socket.send(JSON.stringify({ rate_hz: RATE_HZ, channels: 1 }));
    socket.onmessage = ({ data }) => {
      const { error } = JSON.parse(data);
      if (error) this.stop("refused", error.message);
      else { ready = true; this.onState("on", "This microphone is the voice"); }
    };
    socket.onclose = () => { if (this.on) this.stop("off", "The box has hung up"); };
  }

  stop(state = "off", words = "") {
    this.close?.();
    this.onState(state, words);
  }
}
