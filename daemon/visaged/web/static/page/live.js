// Figures, problems, moods and expressions beside the face.

import { command, get } from "./api.js";
import { element, make, setText } from "./dom.js";
import { Microphone } from "./microphone.js";

const EVERY_MS = 1000;

const FIGURES = [
  ["Packets a second", (h) => h.livelink.fps, ""],
  ["Voice to packet, p95", (h) => h.latency.voice_to_packet_p95_ms, " ms"],
  ["Packet spacing, p99", (h) => h.livelink.gap_p99_ms, " ms"],
  ["Input", (h) => h.audio.input, ""],
  ["Solver", (h) => h.solver.name, ""],
  ["Look-ahead", (h) => h.solver.lookahead_ms, " ms"],
  ["CPU", (h) => h.process.cpu_percent, " %"],
  ["Memory", (h) => h.process.rss_mib, " MiB"],
  ["Version", (h) => h.version, ""],
];

const MOODS = [
  ["Neutral", { valence: 0, arousal: 0, dominance: 0 }],
  ["Happy", { valence: 0.8, arousal: 0.5, dominance: 0.2 }],
  ["Calm", { valence: 0.4, arousal: -0.5, dominance: 0 }],
  ["Sad", { valence: -0.7, arousal: -0.5, dominance: -0.3 }],
  ["Angry", { valence: -0.7, arousal: 0.7, dominance: 0.6 }],
  ["Surprised", { valence: 0.1, arousal: 0.9, dominance: -0.2 }],
];

function show(health) {
  element("figures").replaceChildren(...FIGURES.flatMap(([name, of, unit]) => {
    const value = of(health);
    const shown = typeof value === "number" ? Math.round(value * 100) / 100 : value;
    return [make("dt", {}, name), make("dd", {}, value === null || value === undefined ? "–" : `${shown}${unit}`)];
  }));
  const level = health.audio.level_dbfs;
  element("level").value = Math.max(level ?? -60, -60);
  setText(element("level-text"), level === null ? "–" : `${level.toFixed(0)} dBFS`);
  element("mute").checked = Boolean(health.face.muted);
  const items = health.problems.map((problem) =>
    make("li", {}, problem.message, make("small", {}, problem.remedy)));
  element("problems").replaceChildren(...(items.length ? items : [make("li", { class: "good" }, "None")]));
}

export async function followHealth(mayAsk) {
  for (;;) {
    if (mayAsk() && !document.hidden) {
      try {
        show(await get("/health/detailed"));
      } catch {
        // The stream's end says it.
      }
    }
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}

async function attempt(what, done) {
  try {
    await what();
    setText(element("played"), done);
  } catch (error) {
    setText(element("played"), error.message);
  }
}

const microphone = new Microphone((state, words) => {
  const button = element("speak");
  button.setAttribute("aria-pressed", String(state === "on"));
  setText(button, state === "on" ? "Stop speaking" : "Speak with this browser");
  setText(element("spoken"), words);
});

export async function fillActions() {
  element("speak").onclick = () => (microphone.on ? microphone.stop() : microphone.start());
  element("moods").replaceChildren(...MOODS.map(([name, mood]) =>
    make("button", { type: "button", onclick: () => attempt(() => command("emotion.set", mood), `Mood: ${name}`) }, name)));
  element("mute").onchange = ({ target }) =>
    attempt(() => command("mute.set", { muted: target.checked }), target.checked ? "Muted" : "Not muted");
  let listed;
  try {
    listed = await command("capsule.list", { limit: 200 });
  } catch (error) {
    setText(element("played"), error.message);
    return;
  }
  const buttons = listed.capsules.filter(({ layer, loop }) => layer !== "cue" && !loop).map(({ cid, title, tags }) => {
    const button = make("button", {
      type: "button", title: cid, onclick: () => attempt(() => command("capsule.play", { cid }), `Played ${title}`),
    }, title);
    return { button, words: `${cid} ${title} ${tags.join(" ")}`.toLowerCase() };
  });
  element("capsules").replaceChildren(...buttons.map(({ button }) => button));
  element("find").oninput = ({ target }) => {
    const wanted = target.value.trim().toLowerCase();
    for (const { button, words } of buttons) button.hidden = !words.includes(wanted);
  };
}

export function bars(names) {
  const made = names.map((name) => {
    const meter = make("meter", { max: 1 });
    return [make("label", {}, name, meter), meter];
  });
  element("curves").replaceChildren(...made.map(([label]) => label));
  return made.map(([, meter]) => meter);
}
