// The box's HTTP API. An error is thrown as an ApiError with the box's own words.

export class ApiError extends Error {
  constructor({ code = "unavailable", message, field = null }) {
    super(message);
    Object.assign(this, { code, field });
  }
}

let csrf = null;

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new ApiError({ message: "the box does not answer" });
  }
  const text = await answer.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError({ message: `the box answers with something else: ${answer.status}` });
  }
  if (!answer.ok) throw new ApiError(body?.error ?? { message: `the box refuses: ${answer.status}` });
  return body;
}

function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (csrf) headers["X-CSRF-Token"] = csrf;
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function session() {
  const who = await ask("/session");
  csrf = who.csrf;
  return who;
}

export async function login(password) {
  const who = await post("/login", { password });
  csrf = who.csrf;
  return who;
}

export const get = (path) => ask(path);
export const command = (name, fields = {}) => post(`/commands/${name}`, fields);
