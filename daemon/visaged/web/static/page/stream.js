// The live face over /stream/face (docs/http.md). It connects again by itself, and says when it is away.

const COUNT = 61;
const AGAIN_MS = 2000;
const SILENT_MS = 3000;

function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return exponent === 31 ? 0 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export class FaceStream {
  // onNames(names), onPose(curves) at most once a frame of the screen, onState("live" | "away", words).
  constructor({ onNames, onPose, onState }) {
    Object.assign(this, { onNames, onPose, onState });
    this.curves = new Float32Array(COUNT);
    this.fresh = false;
    this.frames = 0;
    this.heardMs = 0;
    this.socket = null;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/stream/face`);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.take(data);
    const draw = () => {
      if (socket.readyState > WebSocket.OPEN) return;
      if (this.fresh) {
        this.fresh = false;
        this.frames += 1;
        this.onPose(this.curves);
      } else if (this.heardMs && performance.now() - this.heardMs > SILENT_MS) {
        this.onState("away", "The face stands still");
        this.heardMs = 0;
      }
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
    return new Promise((closed) => {
      socket.onclose = () => {
        this.onState("away", "The box does not answer; trying again");
        setTimeout(closed, AGAIN_MS);
      };
    });
  }

  take(data) {
    if (typeof data === "string") {
      const first = JSON.parse(data);
      if (first.error) this.onState("away", first.error.message);
      else this.onNames(first.names);
      return;
    }
    const view = new DataView(data);
    for (let index = 0; index < COUNT; index += 1) this.curves[index] = half(view.getUint16(16 + 2 * index, true));
    if (!this.heardMs) this.onState("live", "Live");
    this.heardMs = performance.now();
    this.fresh = true;
  }
}
