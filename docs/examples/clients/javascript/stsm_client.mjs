// The Spatio-Temporal Shift Module in JavaScript, and the client that lets stsm-ref check it.
//
//     stsm-ref check "cmd:node stsm_client.mjs"
//
// Part 1 is the shift: put your own in its place. Part 2 is the protocol, version 1, and needs nothing but Node.
// A shift moves elements and never looks inside them, so every dtype is a number of bytes here, and NaN or -0.0 need no care.

import { createInterface } from "node:readline";

// ---- Part 1: the shift ----------------------------------------------------------------------------------------------------------

// [{ start, stop, d: [dt, dh, dw] }]: which channels move where. BigInt decides, so that no rounding does.
export function partition(spec, channels) {
  const terms = spec.terms.split("+");
  const [numerator, denominator = 1n] = spec.alpha.split("/").map(BigInt);
  const first = spec.order === "forward-first" ? 1 : -1;
  const groups = [];
  let start = 0;
  for (const term of terms) {
    const directions = 2 ** term.length;
    const parts = denominator * BigInt(terms.length * directions);
    const share = Number((numerator * BigInt(channels)) / parts);
    if (spec.rounding === "exact" && (numerator * BigInt(channels)) % parts !== 0n) {
      throw new RangeError(`${spec.alpha} of ${channels} channels is no whole number for each direction, and rounding is exact`);
    }
    for (let direction = 0; direction < directions; direction++, start += share) {
      const d = [0, 0, 0];
      [...term].forEach((letter, i) => {
        const second = (direction >> (term.length - 1 - i)) & 1; // the last axis changes fastest
        d["THW".indexOf(letter)] = second ? -first : first;
      });
      groups.push({ start, stop: start + share, d });
    }
  }
  groups.push({ start, stop: channels, d: [0, 0, 0] });
  return groups;
}

// STSM of x, a Buffer of (N, T, C, H, W) elements. sign is 1 for the shift (and its JVP), -1 for its VJP: the opposite displacement.
export function stsm(x, [N, T, C, H, W], bytes, spec, sign = 1) {
  const y = Buffer.alloc(x.length); // zeros, which stay where nothing arrives
  const row = W * bytes;
  for (const { start, stop, d } of partition(spec, C)) {
    const [dt, dh, dw] = d.map((step) => sign * step);
    const keep = Math.max(W - Math.abs(dw), 0) * bytes; // what is left of a row
    const from = Math.max(-dw, 0) * bytes;
    const to = Math.max(dw, 0) * bytes;
    for (let n = 0; n < N; n++) {
      for (let t = Math.max(dt, 0); t < Math.min(T, T + dt); t++) {
        for (let c = start; c < stop; c++) {
          for (let h = Math.max(dh, 0); h < Math.min(H, H + dh); h++) {
            const target = (((n * T + t) * C + c) * H + h) * row;
            const source = (((n * T + t - dt) * C + c) * H + h - dh) * row;
            x.copy(y, target + to, source + from, source + from + keep);
          }
        }
      }
    }
  }
  return y;
}

// ---- Part 2: the protocol -------------------------------------------------------------------------------------------------------

const BYTES = {
  float32: 4, float64: 8, float16: 2, int8: 1, int16: 2, int32: 4, int64: 8,
  uint8: 1, uint16: 2, uint32: 4, uint64: 8, bool: 1, complex64: 8, complex128: 16,
};
const INPUT = { forward: "x", vjp: "grad", jvp: "dx" };
let spec = null;

function refusal({ terms, alpha, order, rounding }) {
  const sets = terms.split("+");
  if (!sets.every((set) => /^(?=.)T?H?W?$/.test(set)) || new Set(sets).size < sets.length) return "no such terms";
  const fraction = /^(\d+)(?:\/(\d+))?$/.exec(alpha);
  const [numerator, denominator] = fraction ? [BigInt(fraction[1]), BigInt(fraction[2] ?? 1)] : [1n, 0n];
  if (numerator > denominator || denominator === 0n) return "alpha is no fraction in [0, 1]";
  if (!["forward-first", "backward-first"].includes(order)) return "no such order";
  if (!["floor", "exact"].includes(rounding)) return "no such rounding";
  return null;
}

function run(message) {
  const name = INPUT[message.op];
  if (!name) return { skipped: `no such op: ${message.op}` };
  if (!spec) return { error: "no spec was given" };
  const { dtype, shape, hex } = message[name];
  const bytes = BYTES[dtype];
  if (!bytes) return { skipped: `no such dtype: ${dtype}` };
  const x = Buffer.from(hex, "hex");
  if (shape.length !== 5 || x.length !== shape.reduce((product, size) => product * size, bytes)) {
    return { error: "shape, dtype and hex do not fit each other" };
  }
  const y = stsm(x, shape, bytes, spec, message.op === "vjp" ? -1 : 1);
  return { result: { dtype, shape, hex: y.toString("hex") } };
}

function answer(message) {
  switch (message.cmd) {
    case "start":
      return { version: 1, name: "stsm_client", language: "javascript", layout: "NTCHW", ops: Object.keys(INPUT) };
    case "spec": {
      const why = refusal(message.spec);
      spec = why ? null : message.spec;
      return why ? { ok: false, why } : { ok: true };
    }
    case "run":
      try {
        return { seq: message.seq, ...run(message) };
      } catch (error) {
        return { seq: message.seq, error: error.message };
      }
    default:
      throw new Error(`not a command of the protocol: ${message.cmd}`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.cmd === "stop") break;
  process.stdout.write(JSON.stringify(answer(message)) + "\n");
}
process.stdin.destroy(); // else node waits for more
