// HeadAudio over many sounds: node headaudio.mjs NODE_MODULES JOBS.json, where JOBS is [[16 kHz int16 raw, answer.json], …].
// Its processor and classifier run as in a browser, in blocks of 128 samples; an answer is [[start_s, end_s, viseme], …].
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const RATE = 16000;
const BLOCK = 128;
const NAMES = "aa E I O U PP SS TH DD FF kk nn RR CH sil".split(" ").map((name) => `viseme_${name}`);

const [modules, jobs] = process.argv.slice(2);
const home = path.resolve(modules, "@met4citizen/headaudio");
const load = (file) => import(pathToFileURL(path.join(home, "modules", file)));
const { Processor } = await load("processor.mjs");
const { Training } = await load("training.mjs");

// Its loader fetches from a web server; here the file is on disk.
globalThis.fetch = async (file) => {
  const data = fs.readFileSync(file);
  return { ok: true, arrayBuffer: async () => data.buffer.slice(data.byteOffset, data.byteOffset + data.length) };
};
const { model } = await new Training().loadModel(path.join(home, "dist/model-en-mixed.bin"));

for (const [sound, answer] of JSON.parse(fs.readFileSync(jobs, "utf8"))) {
  const cues = [];
  let open = null;
  const change = (time, name) => {
    if (open && open[1] !== name) cues.push([open[0], time, open[1]]);
    if (!open || open[1] !== name) open = [time, name];
  };
  const postMessage = (message) => {
    if (message.event === "viseme" && message.viseme !== null) change(message.t, NAMES[message.viseme]);
    if (message.event === "ended") change(message.t, "viseme_sil");
  };
  const processor = new Processor({ sampleRate: RATE }, { port: { onmessage: null, postMessage } });
  processor.classifier.import({ model, reset: true });
  const raw = fs.readFileSync(sound);
  const samples = raw.length / 2;
  for (let start = 0; start + BLOCK <= samples; start += BLOCK) {
    const block = new Float32Array(BLOCK);
    for (let i = 0; i < BLOCK; i++) block[i] = raw.readInt16LE(2 * (start + i)) / 32768;
    processor.process(block);
  }
  change(samples / RATE, null);
  fs.writeFileSync(answer, JSON.stringify(cues));
}
