// Reads head.bin; models/head/asset.py is the specification.

export function readHead(buffer) {
  const view = new DataView(buffer);
  if (view.getUint32(0, false) !== 0x56484544) throw new Error("this is no head: it does not begin with VHED");
  const length = view.getUint32(4, true);
  const about = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const section = (name, kind) => {
    const [offset, bytes] = about.sections[name];
    return new kind(buffer, 8 + length + offset, bytes / kind.BYTES_PER_ELEMENT);
  };
  const quantized = section("positions", Int16Array);
  const rest = new Float32Array(quantized.length);
  for (let i = 0; i < rest.length; i += 1) rest[i] = quantized[i] * about.step;
  return {
    ...about,
    rest,
    masks: section("masks", Uint8Array),
    indices: section("indices", Uint16Array),
    shapes: readShapes(about, section("gaps", Uint16Array), section("deltas", Int16Array)),
  };
}

// Per shape: which vertices it moves, and by how much (x, y, z of one after the other), in dm.
function readShapes(about, gaps, deltas) {
  const entries = gaps.length;
  let at = 0;
  return about.morphs.map(([name, count]) => {
    const vertices = new Uint16Array(count);
    const moves = new Float32Array(3 * count);
    let vertex = 0;
    for (let i = 0; i < count; i += 1) {
      vertex += gaps[at + i];
      vertices[i] = vertex;
      for (let axis = 0; axis < 3; axis += 1) moves[3 * i + axis] = deltas[axis * entries + at + i] * about.delta_step;
    }
    at += count;
    return { name, vertices, moves };
  });
}
