// The face as vertices: shapes laid over the rest, and normals anew. About a millisecond a frame.

const JAW_OPEN = 17;
const MOUTH_CLOSE = 18;
const SHAPES = 52;
// Lips of the rest pose leave a sliver open; this closes it.
const REST_JAW = -0.014;

export class FaceMesh {
  constructor(head) {
    this.head = head;
    this.positions = new Float32Array(head.rest);
    this.normals = new Float32Array(head.rest.length);
    this.weights = new Float32Array(SHAPES);
    this.updateNormals();
  }

  // curves: the 61 of the wire. MouthClose corrects JawOpen: more of it would push the lips through each other.
  pose(curves) {
    const { weights, positions, head } = this;
    for (let i = 0; i < SHAPES; i += 1) weights[i] = Math.min(Math.max(curves[i], 0), 1);
    weights[MOUTH_CLOSE] = Math.min(weights[MOUTH_CLOSE], weights[JAW_OPEN]);
    const open = weights[JAW_OPEN];
    weights[JAW_OPEN] = open + REST_JAW * Math.max(1 - open / 0.1, 0);
    positions.set(head.rest);
    head.shapes.forEach(({ vertices, moves }, shape) => {
      const weight = weights[shape];
      if (Math.abs(weight) < 1e-4) return;
      for (let i = 0, m = 0; i < vertices.length; i += 1, m += 3) {
        const at = 3 * vertices[i];
        positions[at] += weight * moves[m];
        positions[at + 1] += weight * moves[m + 1];
        positions[at + 2] += weight * moves[m + 2];
      }
    });
    this.updateNormals();
  }

  updateNormals() {
    const { positions: p, normals: n, head } = this;
    const { indices } = head;
    n.fill(0);
    for (let t = 0; t < indices.length; t += 3) {
      const a = 3 * indices[t];
      const b = 3 * indices[t + 1];
      const c = 3 * indices[t + 2];
      const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
      const vx = p[c] - p[a], vy = p[c + 1] - p[a + 1], vz = p[c + 2] - p[a + 2];
      const x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
      n[a] += x; n[a + 1] += y; n[a + 2] += z;
      n[b] += x; n[b + 1] += y; n[b + 2] += z;
      n[c] += x; n[c + 1] += y; n[c + 2] += z;
    }
  }
}

// A sphere around the z axis with the bulge of a cornea in front; radius 1. Position is the normal of the ball, too.
export function eyeball(rings = 28, sectors = 40) {
  const positions = [];
  const indices = [];
  for (let ring = 0; ring <= rings; ring += 1) {
    // Rings lie closer together in front, where the iris is.
    const angle = Math.PI * (ring / rings) ** 1.5;
    const bulge = 1 + 0.055 * Math.max(0, 1 - (angle / 0.55) ** 2);
    for (let sector = 0; sector <= sectors; sector += 1) {
      const around = (2 * Math.PI * sector) / sectors;
      const side = Math.sin(angle) * bulge;
      positions.push(side * Math.cos(around), side * Math.sin(around), Math.cos(angle) * bulge);
    }
  }
  const row = sectors + 1;
  for (let ring = 0; ring < rings; ring += 1) {
    for (let sector = 0; sector < sectors; sector += 1) {
      const a = ring * row + sector;
      indices.push(a, a + row, a + 1, a + 1, a + row, a + row + 1);
    }
  }
  return { positions: new Float32Array(positions), indices: new Uint16Array(indices) };
}
