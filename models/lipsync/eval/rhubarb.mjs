// Rhubarb over many sounds: node rhubarb.mjs NODE_MODULES JOBS.json, where JOBS is [[16 kHz int16 raw, answer.json], …].
// An answer is [[start_s, end_s, shape], …].
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, jobs] = process.argv.slice(2);
const url = pathToFileURL(path.resolve(modules, "rhubarb-lip-sync-wasm/dist/index.js"));
const { Rhubarb } = await import(url);
for (const [sound, answer] of JSON.parse(fs.readFileSync(jobs, "utf8"))) {
  const { mouthCues } = await Rhubarb.getLipSync(fs.readFileSync(sound));
  fs.writeFileSync(answer, JSON.stringify(mouthCues.map((cue) => [cue.start, cue.end, cue.value])));
}
