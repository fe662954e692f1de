// The page: the live face over /stream/face, the figures of /health/detailed, and a login where one is asked for.
// It connects again by itself when the box was restarted, and says so.

const COUNT = 61;
const AGAIN_MS = 2000;
const FIGURES_MS = 2000;
const element = (id) => document.getElementById(id);

function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return exponent === 31 ? 0 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function decode(buffer, curves) {
  const view = new DataView(buffer);
  for (let index = 0; index < COUNT; index += 1) curves[index] = half(view.getUint16(16 + 2 * index, true));
}

async function openHead() {
  // The head's module draws it; without it the curves are bars.
  try {
    const module = await import("/static/head/head.js");
    const canvas = element("head");
    const head = await module.createHead(canvas);
    canvas.hidden = false;
    return head;
  } catch {
    return null;
  }
}

function bars(names) {
  const made = names.map((name) => {
    const label = document.createElement("label");
    const meter = document.createElement("meter");
    meter.max = 1;
    label.append(name, meter);
    return [label, meter];
  });
  element("curves").replaceChildren(...made.map(([label]) => label));
  return made.map(([, meter]) => meter);
}

function say(text) {
  if (element("state").textContent !== text) element("state").textContent = text;
}

function watch(head) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/stream/face`);
  socket.binaryType = "arraybuffer";
  const curves = new Float32Array(COUNT);
  let meters = [];
  let names = [];
  let fresh = false;
  socket.onmessage = (event) => {
    if (typeof event.data === "string") {
      const first = JSON.parse(event.data);
      if (first.error) { say(first.error.message); return; }
      names = first.names;
      meters = bars(names);
      say("Live");
      return;
    }
    decode(event.data, curves);
    fresh = true;
  };
  const draw = () => {
    if (socket.readyState > WebSocket.OPEN) return;
    if (fresh) {
      fresh = false;
      meters.forEach((meter, index) => { meter.value = Math.abs(curves[index]); });
      head?.show?.(curves);
    }
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
  socket.onclose = () => {
    say("The box does not answer; trying again");
    setTimeout(() => begin(head), AGAIN_MS);
  };
}

function show(health) {
  const rows = {
    State: health.state,
    "Packets a second": health.livelink.fps,
    "Voice to packet, p95 ms": health.latency.voice_to_packet_p95_ms,
    Input: health.audio.input,
    "Level, dBFS": health.audio.level_dbfs,
    Solver: health.solver.name,
    "Look-ahead, ms": health.solver.lookahead_ms,
    Version: health.version,
  };
  const cells = Object.entries(rows).flatMap(([name, value]) => {
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value ?? "–";
    return [term, text];
  });
  element("figures").replaceChildren(...cells);
  element("problems").replaceChildren(...health.problems.map((problem) => {
    const item = document.createElement("li");
    item.textContent = `${problem.message}. ${problem.remedy}`;
    return item;
  }));
}

async function figures() {
  try {
    const answer = await fetch("/health/detailed");
    if (answer.ok) show(await answer.json());
  } catch {
    // The socket's end says it.
  }
}

async function begin(head) {
  let session;
  try {
    session = await (await fetch("/session")).json();
  } catch {
    say("The box does not answer; trying again");
    setTimeout(() => begin(head), AGAIN_MS);
    return;
  }
  const known = session.scopes.includes("view");
  element("login").hidden = known;
  if (known) watch(head);
  else say("Log in");
}

element("where").textContent = location.host;
element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ password: element("password").value });
  const answer = await fetch("/login", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (answer.ok) begin(await opening);
  else say((await answer.json()).error.message);
});

const opening = openHead();
begin(await opening);
figures();
setInterval(figures, FIGURES_MS);
