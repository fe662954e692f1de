// The page: the live face, and the settings. What it shows is the box's own API (docs/http.md).

import { login, session } from "./api.js";
import { element, setText } from "./dom.js";
import { bars, fillActions, followHealth } from "./live.js";
import { SettingsPage } from "./settings.js";
import { FaceStream } from "./stream.js";

const AGAIN_MS = 2000;
let known = false;
let head = null;
let meters = [];

function say(state, words) {
  const node = element("state");
  node.className = state;
  setText(node, words);
}

async function openHead() {
  const canvas = element("head");
  try {
    const { createHead } = await import("/static/head/head.js");
    canvas.hidden = false;
    head = await createHead(canvas);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => head.draw());
  } catch (error) {
    canvas.hidden = true;
    element("no-head").hidden = false;
    setText(element("no-head"), `The face cannot be drawn here (${error.message}). Its curves are below.`);
  }
}

const stream = new FaceStream({
  onNames: (names) => { meters = bars(names); },
  onPose: (curves) => {
    head?.show(curves);
    if (element("curves").checkVisibility?.() ?? true) {
      meters.forEach((meter, index) => { meter.value = Math.abs(curves[index]); });
    }
  },
  onState: say,
});

// For tests and the curious: what is drawn now.
window.visaged = { stream, head: () => head, drawn: () => head?.curves ?? null };

async function watch() {
  for (;;) {
    try {
      const who = await session();
      known = who.scopes.includes("view");
      element("login").hidden = known;
      if (!known) { say("away", "Log in"); return; }
      fillActions();
      await stream.open();
    } catch {
      say("away", "The box does not answer; trying again");
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
}

const settings = new SettingsPage();

function route() {
  const page = location.hash === "#settings" ? "settings" : "live";
  for (const name of ["live", "settings"]) element(name).hidden = name !== page;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${page}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (page === "settings") settings.open();
}

element("where").textContent = location.host;
element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await login(element("password").value);
    watch();
    route();
  } catch (error) {
    say("away", error.message);
  }
});
window.addEventListener("hashchange", route);
route();
openHead();
watch();
followHealth(() => known);
