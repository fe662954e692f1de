// What light does to skin, lips, hair, teeth and eyes. Patterns are drawn in rest coordinates, so that they stick.

const COMMON = `
precision highp float;
uniform mat4 uView;
uniform mat3 uHead;
uniform vec3 uNeck;
uniform vec3 uEye;
uniform vec2 uSize;
uniform vec3 uBackTop, uBackBottom;
uniform sampler2D uNoise;
`;

// How far a point goes with the head: the shoulders do not.
const BEND = `
vec3 bend(vec3 p, vec3 rest, out mat3 turned) {
  float share = smoothstep(uNeck.y - .25, uNeck.y + .75, rest.y);
  turned = mat3(1.) * (1. - share) + uHead * share;
  vec3 pivot = uNeck + vec3(0., .35, .1);
  return pivot + turned * (p - pivot);
}
`;

const LIGHT = `
const vec3 KEY = normalize(vec3(.5, .55, .85));
const vec3 FILL = normalize(vec3(-.85, .1, .6));
const vec3 RIM_A = normalize(vec3(-.75, .35, -.7));
const vec3 RIM_B = normalize(vec3(.85, .25, -.6));

vec3 background(vec2 at) {
  vec2 uv = at / uSize;
  float glow = 1. - smoothstep(0., .9, length((uv - vec2(.5, .55)) * vec2(1., .9)));
  return mix(uBackBottom, uBackTop, glow);
}
vec3 wrapped(float cosine, vec3 wrap) { return max((cosine + wrap) / ((1. + wrap) * (1. + wrap)), 0.); }
float sheen(vec3 n, vec3 v, vec3 l, float rough) {
  vec3 h = normalize(l + v);
  float a = rough * rough, nh = max(dot(n, h), 0.);
  float d = a * a / max(3.1416 * pow(nh * nh * (a * a - 1.) + 1., 2.), 1e-4);
  float f = .028 + .972 * pow(clamp(1. - dot(v, h), 0., 1.), 5.);
  return d * f * max(dot(n, l), 0.) * .25;
}
vec3 lit(vec3 albedo, vec3 n, vec3 v, float open, vec3 wrap, float rough, float gloss) {
  float shade = mix(open, 1., .25) * open + (1. - open) * open * .4;
  vec3 sky = mix(vec3(.20, .17, .16), vec3(.44, .47, .54), n.y * .5 + .5);
  vec3 light = sky * open * .78;
  light += vec3(1.30, 1.18, 1.04) * wrapped(dot(n, KEY), wrap) * shade;
  light += vec3(.22, .29, .42) * wrapped(dot(n, FILL), wrap) * shade;
  float edge = pow(clamp(1. - dot(n, v), 0., 1.), 2.5);
  light += edge * open * (vec3(.55, .62, .75) * max(dot(n, RIM_A), 0.) + vec3(.75, .58, .42) * max(dot(n, RIM_B), 0.)) * 1.6;
  vec3 shine = vec3(1.7, 1.6, 1.5) * sheen(n, v, KEY, rough) + vec3(.35, .42, .55) * sheen(n, v, FILL, rough);
  return albedo * light + shine * gloss * shade;
}
vec3 toned(vec3 c) {
  c *= .92;
  c = (c * (2.51 * c + .03)) / (c * (2.43 * c + .59) + .14);
  return pow(clamp(c, 0., 1.), vec3(1. / 2.2));
}
`;

export const SKIN_VERTEX = `${COMMON}
layout(location = 0) in vec3 aPosition;
layout(location = 1) in vec3 aNormal;
layout(location = 2) in vec3 aRest;
layout(location = 3) in vec4 aMasks;
layout(location = 4) in vec4 aMore;
uniform float uShell;
out vec3 vPoint, vNormal, vRest;
out vec4 vMasks, vMore;
${BEND}
void main() {
  mat3 turned;
  vec3 n = normalize(aNormal);
  vec3 p = aPosition;
  if (uShell >= 0.) {
    // Hair leaves the head backwards and lies down.
    vec3 comb = normalize(vec3(aRest.x * .6, -.25, -1.));
    comb -= n * dot(comb, n);
    p += (n * .012 + (n * .075 + comb * .085 * uShell) * uShell) * smoothstep(.15, .7, aMore.x);
  }
  vPoint = bend(p, aRest, turned);
  vNormal = turned * n;
  vRest = aRest;
  vMasks = aMasks;
  vMore = aMore;
  gl_Position = uView * vec4(vPoint, 1.);
}
`;

export const SKIN_FRAGMENT = `${COMMON}
${LIGHT}
in vec3 vPoint, vNormal, vRest;
in vec4 vMasks, vMore;
uniform vec3 uCamera;
uniform float uOpen, uShell, uCut;
uniform vec4 uTeeth;
out vec4 color;

float noise(vec2 p) { return texture(uNoise, p).r; }

// Brows: strokes that lean outwards, along an arch over each eye.
float brow(vec3 r) {
  float x = abs(r.x) - uEye.x;
  float u = (x + .20) / .43;
  if (u < 0. || u > 1.) return 0.;
  float arch = .185 + .075 * sin(clamp(u * 1.25, 0., 1.) * 2.2) - .07 * smoothstep(.55, 1., u);
  float y = r.y - uEye.y - arch;
  float thick = mix(.034, .012, smoothstep(.35, 1., u)) * smoothstep(0., .12, u);
  float lean = mix(.25, 1.6, smoothstep(0., .6, u));
  float strand = texture(uNoise, vec2((x - y / max(lean, .2)) * 1.7, y * .22 + .5 * step(0., r.x)), -1.).g;
  float body = 1. - smoothstep(thick * .4, thick * 1.3, abs(y));
  return body * smoothstep(.05, .75, strand * .8 + .45 * body) * smoothstep(0., .2, 1. - u);
}

void main() {
  vec3 n = normalize(vNormal), v = normalize(uCamera - vPoint);
  int part = int(vMore.z * 255. + .5);
  float open = clamp(vMasks.x * 1.12, 0., 1.);
  vec3 albedo;
  vec3 wrap = vec3(.42, .2, .13);
  float rough = .5, gloss = 1., alpha = 1.;
  if (uShell >= 0.) {
    // Strands along the comb; their ends thin out, and so does the hairline.
    float across = atan(vRest.x, vRest.y + .1) * 2.4;
    float along = vRest.z * .32 - vRest.y * .1;
    float strand = texture(uNoise, vec2(across, along), -1.).b;
    float tuft = texture(uNoise, vec2(across * .16, along * .35)).a;
    float density = smoothstep(.18, .62, vMore.x + (tuft - .5) * .22);
    float need = .30 + .52 * uShell - (tuft - .5) * .25;
    alpha = smoothstep(need - .1, need + .12, strand * .8 + .2) * density;
    if (uShell < .05) alpha = smoothstep(.1, .55, vMore.x + (strand - .5) * .5);
    if (alpha < .04) discard;
    float depth = mix(.35, 1., uShell);
    albedo = mix(vec3(.022, .014, .009), vec3(.075, .044, .026), strand * strand + .25 * tuft) * depth;
    vec3 t = normalize(vec3(vRest.x * .4, -.2, -1.));
    float kajiya = sqrt(max(1. - pow(dot(t, normalize(KEY + v)), 2.), 0.));
    color = vec4(albedo * (1.15 * wrapped(dot(n, KEY), vec3(.5)) * 1.6 + .55 * (n.y * .5 + .6)) , alpha);
    color.rgb += vec3(.09, .07, .05) * pow(kajiya, 28.) * (.4 + strand) * max(dot(n, KEY) + .2, 0.) * depth;
    float rim = pow(clamp(1. - dot(n, v), 0., 1.), 3.);
    color.rgb += rim * vec3(.05, .06, .08) * max(dot(n, RIM_A) + .2, 0.);
    color.rgb = toned(color.rgb);
    return;
  }
  if (part == 1) {
    // Teeth: their arch gives the normals, gaps by the angle; gums towards the roots.
    float upper = 1. - step(.5, vMore.w);
    vec2 arc = vec2(vRest.x, (vRest.z - .42) * .8);
    float around = atan(arc.x, arc.y);
    n = normalize(mix(n, vec3(arc.x, 0., arc.y) / max(length(arc), .01), .85));
    float root = upper > .5 ? (vRest.y - uTeeth.x) / (uTeeth.y - uTeeth.x) : (uTeeth.w - vRest.y) / (uTeeth.w - uTeeth.z);
    float tooth = abs(fract(around * 3.9 + .5 * upper) - .5) * 2.;
    albedo = mix(vec3(.70, .635, .52), vec3(.52, .22, .20), smoothstep(.62, .8, root + .12 * tooth * tooth));
    albedo *= 1. - .45 * smoothstep(.86, 1., tooth) * (1. - smoothstep(.5, .8, root));
    float back = smoothstep(-.05, .55, (vRest.z - .45) / .45);
    open = mix(.05, .85, back) * smoothstep(.015, .2, uOpen) * (upper > .5 ? 1. : .8);
    rough = .25; gloss = .8 * open;
    wrap = vec3(.3);
  } else if (part == 2) {
    albedo = vec3(.50, .19, .18) * (.8 + .4 * noise(vRest.xz * 2.));
    open = max(open, .35) * smoothstep(.02, .25, uOpen) * .8;
    rough = .35; gloss = .7 * open;
  } else if (part == 3) {
    // Lashes: strands from root to tip, fewer below.
    float number = vMasks.y * mix(30., 22., vMore.w) + .5 * noise(vec2(vMasks.y * 1.3, .3));
    float tip = vMasks.z, width = fwidth(number);
    float strand = abs(fract(number) - .5) * 2.;
    float sharp = smoothstep(.2 + .7 * tip, 1., strand);
    // Where strands are finer than pixels, their mean.
    alpha = mix(sharp, .42 * (1. - tip), smoothstep(.25, .8, width)) * (1. - smoothstep(.45, .95, tip)) * mix(.85, .22, vMore.w);
    alpha = max(alpha, (1. - smoothstep(0., .25, tip)) * mix(.8, .14, vMore.w));
    if (alpha < .03) discard;
    color = vec4(toned(vec3(.012, .009, .008)), alpha);
    return;
  } else {
    float mottle = noise(vRest.xy * 1.1 + vRest.z * .7) - .5, pore = noise(vRest.xy * 7. + vRest.z * 5.) - .5;
    albedo = vec3(.60, .355, .245) * (1. + .10 * mottle + .05 * pore);
    albedo *= mix(vec3(1.), vec3(1.10, .80, .74), vMore.y * (.75 + .5 * mottle));
    albedo *= mix(vec3(1.), vec3(.86, .70, .66), vMasks.z * .55);
    float lips = smoothstep(.22, .7, vMasks.y);
    float crease = noise(vec2(vRest.x * 5.5, vRest.y * .5)) - .5;
    albedo = mix(albedo, vec3(.50, .175, .155) * (1. + .22 * crease), lips * .86);
    rough = mix(.52 + .1 * pore, .34, lips);
    gloss = mix(.9, 1.15, lips);
    float inside = smoothstep(.45, .9, vMasks.w) * (1. - lips * .6);
    albedo = mix(albedo, vec3(.23, .050, .045), inside);
    open *= 1. - .75 * inside * (1. - smoothstep(.02, .4, uOpen));
    albedo = mix(albedo, vec3(.050, .029, .018), .88 * brow(vRest));
    // Under the hair, and where it begins.
    albedo = mix(albedo, vec3(.05, .03, .02), smoothstep(.3, .75, vMore.x) * .85);
    wrap = mix(wrap, vec3(.55, .22, .14), vMore.y);
  }
  vec3 shaded = toned(lit(albedo, n, v, open, wrap, rough, gloss));
  float fade = smoothstep(uCut, uCut + .6, vRest.y) * (1. - smoothstep(.75, 1.35, abs(vRest.x)));
  color = vec4(mix(background(gl_FragCoord.xy), shaded, fade), alpha);
}
`;

export const EYE_VERTEX = `${COMMON}
layout(location = 0) in vec3 aPosition;
uniform mat3 uGaze;
uniform vec3 uCentre;
uniform float uRadius;
out vec3 vPoint, vBall, vSpot;
${BEND}
void main() {
  mat3 turned;
  vBall = normalize(aPosition);
  vec3 spot = uGaze * aPosition * uRadius;
  vPoint = bend(uCentre + spot, uCentre, turned);
  vSpot = spot / uRadius;
  gl_Position = uView * vec4(vPoint, 1.);
}
`;

export const EYE_FRAGMENT = `${COMMON}
${LIGHT}
in vec3 vPoint, vBall, vSpot;
uniform vec3 uCamera, uIris;
uniform mat3 uGaze;
uniform float uLid;
out vec4 color;
void main() {
  vec3 v = normalize(uCamera - vPoint);
  vec3 ball = normalize(vBall);
  vec3 n = normalize(uHead * uGaze * ball);
  // The iris lies behind the cornea: what is seen of it shifts with the view.
  vec3 look = transpose(uHead * uGaze) * v;
  vec3 seen = normalize(ball - look * .10 * smoothstep(.8, .95, ball.z));
  float angle = acos(clamp(seen.z, -1., 1.)), around = atan(seen.y, seen.x);
  float iris = 1. - smoothstep(.405, .44, angle);
  float pupil = 1. - smoothstep(.15, .172, angle);
  float fibre = texture(uNoise, vec2(around * .95, angle * .18)).r, coarse = texture(uNoise, vec2(around * .30, angle * .5)).g;
  vec3 tint = uIris * (.45 + .6 * fibre + .35 * coarse);
  tint = mix(tint, uIris * vec3(2.1, 1.6, 1.0), .6 * (1. - smoothstep(.15, .29, angle)));
  tint *= 1. - .72 * smoothstep(.33, .43, angle);
  vec3 white = mix(vec3(.70, .66, .63), vec3(.62, .40, .36), smoothstep(.65, 1.25, angle));
  white *= 1. - .10 * texture(uNoise, vec2(around * .7, angle)).b * smoothstep(.5, 1.1, angle);
  vec3 albedo = mix(white, tint, iris) * (1. - pupil * .97);
  // Lids throw a shadow, the upper one a deep one.
  float shadow = mix(.38, 1., smoothstep(.62, .0, vSpot.y + uLid * .55)) * mix(.6, 1., smoothstep(-.75, -.2, vSpot.y));
  shadow *= mix(.55, 1., smoothstep(1.25, .5, length(vSpot.xy)));
  // What peeps out under a closed lid is in the dark.
  shadow *= 1. - .8 * smoothstep(.65, 1., uLid);
  vec3 light = vec3(.42, .44, .48) + vec3(1.25, 1.18, 1.08) * wrapped(dot(n, KEY), vec3(.35)) + vec3(.22, .27, .35) * wrapped(dot(n, FILL), vec3(.3));
  // The light of the iris comes in on the far side of the pupil.
  vec3 key = transpose(uHead * uGaze) * KEY;
  light *= 1. + .55 * iris * dot(normalize(seen.xy + 1e-4), -normalize(key.xy)) * smoothstep(.1, .4, angle);
  vec3 c = albedo * light * shadow;
  vec3 h = reflect(-v, n);
  float window = smoothstep(.965, .985, dot(h, normalize(KEY + vec3(-.1, .25, 0.))));
  float soft = pow(max(dot(h, FILL), 0.), 40.);
  c += (vec3(1.5) * window + vec3(.16, .19, .24) * soft) * mix(.35, 1., smoothstep(.5, .3, angle)) * smoothstep(.25, .8, shadow + .2);
  color = vec4(toned(c), 1.);
}
`;

export const BACK_VERTEX = `${COMMON}
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2. - 1., .9999, 1.);
}
`;

export const BACK_FRAGMENT = `${COMMON}
${LIGHT}
out vec4 color;
void main() { color = vec4(background(gl_FragCoord.xy), 1.); }
`;
