// Turns of head and eyes. The wire's angles are radians: yaw to the subject's right and pitch down are positive, roll is
// taken as a tilt to the subject's right. Here x is the subject's left, y up, z forward; matrices are columns, 3 x 3.

export function turn(yaw, pitch, roll) {
  const cy = Math.cos(-yaw), sy = Math.sin(-yaw);
  const cx = Math.cos(pitch), sx = Math.sin(pitch);
  const cz = Math.cos(roll), sz = Math.sin(roll);
  return new Float32Array([
    cy * cz + sy * sx * sz, cx * sz, -sy * cz + cy * sx * sz,
    -cy * sz + sy * sx * cz, cx * cz, sy * sz + cy * sx * cz,
    sy * cx, -sx, cy * cx,
  ]);
}

const LOOK = { left: [1, 2, 3, 4], right: [8, 9, 10, 11] };
const ANGLES = { left: 55, right: 58 };
const SIDEWAYS = 0.55;
const UPWARDS = 0.45;

// Where an eye looks: by its angles, or by the EyeLook curves where the sender has no angles.
export function gaze(curves, side) {
  const at = ANGLES[side];
  const [yaw, pitch] = [curves[at], curves[at + 1]];
  if (Math.abs(yaw) + Math.abs(pitch) > 1e-3) return [yaw, pitch];
  const [down, inward, outward, up] = LOOK[side].map((index) => curves[index]);
  const right = side === "left" ? inward - outward : outward - inward;
  return [SIDEWAYS * right, UPWARDS * (down - up)];
}
