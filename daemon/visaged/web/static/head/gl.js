// WebGL2 in few words: programs, buffers, and a small picture of noise.

export function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, `#version 300 es\n${text}`);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  const uniforms = {};
  const count = gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS);
  for (let i = 0; i < count; i += 1) {
    const { name } = gl.getActiveUniform(made, i);
    uniforms[name.replace("[0]", "")] = gl.getUniformLocation(made, name);
  }
  return { handle: made, uniforms };
}

// attributes: {location: {data, size, type, normalized, dynamic}}; gives the array and the buffers by location.
export function vertexArray(gl, attributes, indices) {
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  const buffers = {};
  for (const [location, { data, size, type = gl.FLOAT, normalized = false, stride = 0, offset = 0, dynamic = false }] of
    Object.entries(attributes)) {
    buffers[location] = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[location]);
    gl.bufferData(gl.ARRAY_BUFFER, data, dynamic ? gl.DYNAMIC_DRAW : gl.STATIC_DRAW);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, type, normalized, stride, offset);
  }
  const elements = gl.createBuffer();
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, elements);
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
  gl.bindVertexArray(null);
  return { array, buffers, elements };
}

// Four channels of value noise, 128 x 128, the same every time.
export function noiseTexture(gl) {
  const size = 128;
  const data = new Uint8Array(4 * size * size);
  let state = 0x9e3779b9;
  for (let i = 0; i < data.length; i += 1) {
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
    data[i] = state & 255;
  }
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, size, size, 0, gl.RGBA, gl.UNSIGNED_BYTE, data);
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  return texture;
}

export function isSoftware(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : gl.getParameter(gl.RENDERER);
  return /swiftshader|llvmpipe|software/i.test(String(name));
}
