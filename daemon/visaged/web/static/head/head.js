// A face in a canvas: createHead(canvas) fetches the head once; show(curves) draws the 61 curves of the wire.

import { readHead } from "./asset.js";
import { isSoftware, noiseTexture, program, vertexArray } from "./gl.js";
import { FaceMesh, eyeball } from "./mesh.js";
import {
  BACK_FRAGMENT, BACK_VERTEX, EYE_FRAGMENT, EYE_VERTEX, SKIN_FRAGMENT, SKIN_VERTEX,
} from "./shaders.js";
import { gaze, turn } from "./turn.js";

const HEAD_YAW = 52;
const [JAW_OPEN, MOUTH_CLOSE] = [17, 18];
const BLINK = { left: 0, right: 7 };
const OPENERS = [37, 38, 39, 40];
const SHELLS = 12;
const IRIS = [0.085, 0.14, 0.19];
const THEMES = {
  dark: [[0.20, 0.22, 0.26], [0.055, 0.06, 0.075]],
  light: [[0.93, 0.94, 0.96], [0.72, 0.75, 0.80]],
};

export async function createHead(canvas, { theme = null, hair = null, pixelRatio = null } = {}) {
  const response = await fetch(new URL("./head.bin", import.meta.url));
  if (!response.ok) throw new Error(`the head cannot be fetched: ${response.status}`);
  const gl = canvas.getContext("webgl2", { antialias: true, alpha: false, preserveDrawingBuffer: true });
  if (!gl) throw new Error("this browser has no WebGL 2");
  return new Head(canvas, gl, readHead(await response.arrayBuffer()), { theme, hair, pixelRatio });
}

class Head {
  constructor(canvas, gl, head, { theme, hair, pixelRatio }) {
    Object.assign(this, { canvas, gl, head, theme });
    this.software = isSoftware(gl);
    // In software every layer of hair costs as much as the face, and every pixel counts.
    this.shells = hair ?? (this.software ? 2 : SHELLS);
    this.pixelRatio = pixelRatio ?? (this.software ? 0.6 : Math.min(window.devicePixelRatio || 1, 2));
    this.nextMs = 0;
    this.pixel = new Uint8Array(4);
    this.mesh = new FaceMesh(head);
    this.curves = new Float32Array(61);
    this.orbit = [0, 0];
    this.skin = program(gl, SKIN_VERTEX, SKIN_FRAGMENT);
    this.eye = program(gl, EYE_VERTEX, EYE_FRAGMENT);
    this.back = program(gl, BACK_VERTEX, BACK_FRAGMENT);
    this.noise = noiseTexture(gl);
    this.makeBuffers();
    new ResizeObserver(() => this.draw()).observe(canvas);
    this.followPointer();
    this.draw();
  }

  makeBuffers() {
    const { gl, head, mesh } = this;
    const bytes = (offset) => ({
      data: head.masks, size: 4, type: gl.UNSIGNED_BYTE, normalized: true, stride: 8, offset,
    });
    this.face = vertexArray(gl, {
      0: { data: mesh.positions, size: 3, dynamic: true },
      1: { data: mesh.normals, size: 3, dynamic: true },
      2: { data: head.rest, size: 3 },
      3: bytes(0),
      4: bytes(4),
    }, head.indices);
    const scalp = [];
    for (let t = 0; t < head.parts[0][4]; t += 3) {
      const corners = [0, 1, 2].map((corner) => head.indices[t + corner]);
      if (corners.some((vertex) => head.masks[8 * vertex + 4] > 20)) scalp.push(...corners);
    }
    this.scalp = scalp.length;
    this.hairElements = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.hairElements);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, new Uint16Array(scalp), gl.STATIC_DRAW);
    const ball = eyeball();
    this.ball = vertexArray(gl, { 0: { data: ball.positions, size: 3 } }, ball.indices);
    this.ballCount = ball.indices.length;
    const [, first, count] = head.parts[1];
    const heights = (from, to) => {
      const all = Array.from({ length: to - from }, (_, i) => head.rest[3 * (from + i) + 1]);
      return [Math.min(...all), Math.max(...all)];
    };
    const middle = first + count / 2;
    this.teeth = [...heights(middle, first + count), ...heights(first, middle)];
  }

  followPointer() {
    let from = null;
    this.canvas.addEventListener("pointerdown", (event) => { from = [event.clientX, event.clientY, ...this.orbit]; });
    window.addEventListener("pointerup", () => { from = null; });
    window.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const limit = (value, most) => Math.min(Math.max(value, -most), most);
      this.orbit = [limit(from[2] + (event.clientX - from[0]) / 200, 1.3), limit(from[3] + (event.clientY - from[1]) / 300, 0.5)];
      this.draw();
    });
    this.canvas.addEventListener("dblclick", () => { this.orbit = [0, 0]; this.draw(); });
  }

  // curves: 61 numbers in the order of the wire.
  show(curves) {
    if (performance.now() < this.nextMs) return;
    this.curves.set(curves);
    this.mesh.pose(this.curves);
    const { gl, face, mesh } = this;
    for (const [location, data] of [[0, mesh.positions], [1, mesh.normals]]) {
      gl.bindBuffer(gl.ARRAY_BUFFER, face.buffers[location]);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, data);
    }
    this.draw();
  }

  setTheme(theme) { this.theme = theme; this.draw(); }

  // How far the lips are apart, 0..1: teeth are dark behind closed ones.
  aperture() {
    const c = this.curves;
    const jaw = Math.max(c[JAW_OPEN] - c[MOUTH_CLOSE], 0);
    return Math.min(jaw * 2 + 0.35 * OPENERS.reduce((sum, index) => sum + c[index], 0), 1);
  }

  resize() {
    const { canvas, pixelRatio } = this;
    const width = Math.max(Math.round(canvas.clientWidth * pixelRatio), 2);
    const height = Math.max(Math.round(canvas.clientHeight * pixelRatio), 2);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  }

  camera() {
    const [yaw, pitch] = this.orbit;
    const aspect = this.canvas.width / this.canvas.height;
    const near = 2, far = 20, tall = Math.tan(0.185) * Math.max(1, 0.86 / aspect);
    const target = [0, 0.03, 0.25], distance = 8.2;
    const at = [
      target[0] - distance * Math.sin(yaw) * Math.cos(pitch), target[1] + distance * Math.sin(pitch),
      target[2] + distance * Math.cos(yaw) * Math.cos(pitch),
    ];
    const unit = (a) => { const l = Math.hypot(...a); return a.map((x) => x / l); };
    const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    const z = unit(at.map((value, i) => value - target[i]));
    const x = unit(cross([0, 1, 0], z));
    const y = cross(z, x);
    const sx = 1 / (tall * aspect), sy = 1 / tall, a = -(far + near) / (far - near), b = (-2 * far * near) / (far - near);
    const depth = -dot(z, at);
    return {
      at,
      view: new Float32Array([
        sx * x[0], sy * y[0], a * z[0], -z[0], sx * x[1], sy * y[1], a * z[1], -z[1],
        sx * x[2], sy * y[2], a * z[2], -z[2], -sx * dot(x, at), -sy * dot(y, at), a * depth + b, -depth,
      ]),
    };
  }

  use(shader, { at, view }) {
    const { gl, head, curves, canvas } = this;
    const u = shader.uniforms;
    gl.useProgram(shader.handle);
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const [top, bottom] = THEMES[this.theme ?? (dark ? "dark" : "light")];
    const [eye] = head.eyes.left;
    if (u.uView) gl.uniformMatrix4fv(u.uView, false, view);
    if (u.uHead) gl.uniformMatrix3fv(u.uHead, false, turn(...curves.subarray(HEAD_YAW, HEAD_YAW + 3)));
    if (u.uNeck) gl.uniform3fv(u.uNeck, head.neck);
    if (u.uEye) gl.uniform3fv(u.uEye, eye);
    if (u.uSize) gl.uniform2f(u.uSize, canvas.width, canvas.height);
    if (u.uBackTop) gl.uniform3fv(u.uBackTop, top);
    if (u.uBackBottom) gl.uniform3fv(u.uBackBottom, bottom);
    if (u.uCamera) gl.uniform3fv(u.uCamera, at);
    if (u.uNoise) gl.uniform1i(u.uNoise, 0);
    return u;
  }

  // In software the processor draws, which may be the box's own: it gets a fifth of one core at most.
  draw() {
    const beganMs = performance.now();
    this.drawNow();
    if (!this.software) return;
    this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, this.pixel);
    const nowMs = performance.now();
    this.nextMs = nowMs + 4 * (nowMs - beganMs);
  }

  drawNow() {
    const { gl, head } = this;
    this.resize();
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    gl.bindTexture(gl.TEXTURE_2D, this.noise);
    const camera = this.camera();
    this.use(this.back, camera);
    gl.bindVertexArray(null);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.drawEyes(camera);
    const u = this.use(this.skin, camera);
    gl.uniform1f(u.uOpen, this.aperture());
    gl.uniform1f(u.uCut, -1.36);
    gl.uniform4fv(u.uTeeth, this.teeth);
    gl.uniform1f(u.uShell, -1);
    gl.bindVertexArray(this.face.array);
    const part = ([, , , first, count]) => gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, 2 * first);
    gl.enable(gl.CULL_FACE);
    part(head.parts[0]);
    gl.disable(gl.CULL_FACE);
    part(head.parts[1]);
    part(head.parts[2]);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthMask(false);
    part(head.parts[3]);
    gl.depthMask(true);
    this.drawHair(u);
    gl.bindVertexArray(null);
  }

  drawHair(u) {
    const { gl, shells } = this;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.hairElements);
    gl.enable(gl.CULL_FACE);
    for (let shell = 0; shell < shells; shell += 1) {
      gl.uniform1f(u.uShell, shells > 1 ? shell / (shells - 1) : 0);
      gl.drawElements(gl.TRIANGLES, this.scalp, gl.UNSIGNED_SHORT, 0);
    }
    gl.disable(gl.CULL_FACE);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.face.elements);
  }

  drawEyes(camera) {
    const { gl, head, curves } = this;
    const u = this.use(this.eye, camera);
    gl.bindVertexArray(this.ball.array);
    gl.uniform3fv(u.uIris, IRIS);
    for (const side of ["left", "right"]) {
      const [centre, radius] = head.eyes[side];
      gl.uniform3fv(u.uCentre, centre);
      gl.uniform1f(u.uRadius, radius);
      gl.uniform1f(u.uLid, Math.min(curves[BLINK[side]], 1));
      gl.uniformMatrix3fv(u.uGaze, false, turn(...gaze(curves, side), 0));
      gl.drawElements(gl.TRIANGLES, this.ballCount, gl.UNSIGNED_SHORT, 0);
    }
  }
}
