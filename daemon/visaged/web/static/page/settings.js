// Every setting with its meaning, default and what is accepted; checked by the box before anything is changed.

import { command, get } from "./api.js";
import { element, make, setText } from "./dom.js";

const CHECK_MS = 400;

function input(setting) {
  const { value, kind, choices, editable } = setting;
  if (kind === "boolean") return make("input", { type: "checkbox", checked: Boolean(value), disabled: !editable });
  if (choices.length) {
    const options = choices.map((choice) => make("option", { selected: choice === value }, String(choice)));
    return make("select", { disabled: !editable }, ...options);
  }
  return make("input", { type: "text", value: text(value), disabled: !editable, maxlength: 4096, spellcheck: "false" });
}

// Texts as they are, everything else as JSON.
const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function read(setting, field) {
  if (setting.kind === "boolean") return field.checked;
  if (setting.choices.length) return setting.choices.find((choice) => String(choice) === field.value);
  if (setting.kind === "string") return field.value;
  try {
    return JSON.parse(field.value);
  } catch {
    return field.value;
  }
}

// "audio.input" is a table in a table.
function put(settings, section, name, value) {
  let table = settings;
  for (const part of section.split(".")) table = table[part] ??= {};
  table[name] = value;
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class SettingsPage {
  constructor() {
    this.room = element("settings");
    this.rows = [];
    this.timer = null;
  }

  async open() {
    this.room.replaceChildren(make("p", {}, "Reading the settings …"));
    let sections;
    try {
      ({ sections } = await get("/settings"));
    } catch (error) {
      this.room.replaceChildren(make("p", { class: "fault" }, error.message));
      return;
    }
    this.rows = [];
    const made = sections.map((section) => make("section", {},
      make("h2", {}, section.name), make("p", {}, section.description),
      ...section.settings.map((setting) => this.row(section.name, setting))));
    this.verdict = make("output", { "aria-live": "polite" }, "Nothing is changed");
    this.diff = make("pre", {});
    this.apply = make("button", { type: "button", class: "main", disabled: true, onclick: () => this.send(false) }, "Apply");
    this.undo = make("button", { type: "button", disabled: true, onclick: () => this.open() }, "Undo");
    this.room.replaceChildren(...made, make("div", { class: "bar" }, this.apply, this.undo, this.verdict, this.diff));
  }

  row(section, setting) {
    const field = input(setting);
    const fault = make("small", { class: "fault" });
    const id = `${section}.${setting.name}`;
    field.id = id;
    const notes = [setting.description, `default: ${text(setting.default)}`];
    if (setting.restart) notes.push("takes effect at the next start");
    if (!setting.editable) notes.push("only in the box's own file");
    const node = make("div", { class: "setting" }, make("label", { for: id }, setting.name),
      make("div", {}, field, make("small", {}, notes.join(" · ")), fault));
    const row = { section, setting, field, fault, node };
    field.addEventListener("input", () => this.changed(row));
    this.rows.push(row);
    return node;
  }

  edited() {
    return this.rows.map((row) => ({ ...row, value: row.setting.editable ? read(row.setting, row.field) : row.setting.value }))
      .filter(({ setting, value }) => !same(value, setting.value));
  }

  changed(row) {
    row.node.classList.toggle("changed", !same(read(row.setting, row.field), row.setting.value));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(true), CHECK_MS);
  }

  async send(checkOnly) {
    const edited = this.edited();
    const settings = {};
    for (const { section, setting, value } of edited) put(settings, section, setting.name, value);
    for (const { fault } of this.rows) setText(fault, "");
    this.undo.disabled = edited.length === 0;
    this.apply.disabled = true;
    if (this.undo.disabled) {
      setText(this.verdict, "Nothing is changed");
      setText(this.diff, "");
      return;
    }
    try {
      const answer = await command("config.set", { settings, check_only: checkOnly });
      if (!checkOnly) {
        await this.open();
        const later = answer.restart_needed.length ? ` At the next start: ${answer.restart_needed.join(", ")}` : "";
        setText(this.verdict, `Applied: ${answer.changed.join(", ")}.${later}`);
        return;
      }
      setText(this.verdict, "Good; not applied yet");
      setText(this.diff, edited.map(({ section, setting, value }) =>
        `${section}.${setting.name}: ${text(setting.value)} → ${text(value)}`).join("\n"));
      this.apply.disabled = false;
    } catch (error) {
      const key = (error.field ?? "").replace(/^settings\./, "");
      const row = this.rows.find(({ section, setting }) => key.startsWith(`${section}.${setting.name}`));
      if (row) setText(row.fault, error.message);
      setText(this.verdict, row ? "Not good yet" : error.message);
    }
  }
}
