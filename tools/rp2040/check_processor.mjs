// SPDX-License-Identifier: MIT
//
// Compares processor.mjs with rp2040js: every 16-bit instruction, with register values that are likely to show a
// difference. Prints each instruction that differs and how; the exit status is 1 then.
import { createHash } from "node:crypto";
import { RP2040 } from "rp2040js";
import { makeProcessor } from "./processor.mjs";

const CODE = 0x20000100;
const MEMORY = 2048; // bytes that are looked at
const ROUNDS = Number(process.argv[2] ?? 2);
// Where rp2040js is wrong: V of ADCS and SBCS when the carry changes the sign of the second operand; C of LSLS and
// LSRS by more than 32 and by nothing; BLX LR jumps to where it should return to.
const OVERFLOW_DIFFERS = (op) => op >>> 6 === 0x105 || op >>> 6 === 0x106;
const BLX_LR = 0x47f0;
const CARRY_DIFFERS = (op) => op >>> 6 === 0x102 || op >>> 6 === 0x103;

let seed = 1;
let memory;

function random(limit) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
}

function value() {
  const kinds = [
    () => random(2 ** 32),
    () => [0, 1, 2, 31, 32, 33, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff][random(10)],
    () => 0x20000200 + 4 * random(256), // RAM
    () => 0x20000200 + random(1024),
    () => 0x10000000 + 4 * random(256), // flash
    () => random(64),
  ];
  return kinds[random(kinds.length)]();
}

// The chip complains about addresses that lead nowhere.
console.log = console.warn = console.error = () => {};

class Side {
  constructor() {
    this.chip = new RP2040();
    this.chip.logger = { debug() {}, info() {}, warn() {}, error() {} };
    this.chip.onBreak = () => {};
    this.core = this.chip.core;
  }

  prepare(state) {
    const { core, chip } = this;
    chip.sram.set(state.memory);
    chip.flash.set(state.memory);
    chip.sramView.setUint16(CODE - 0x20000000, state.op, true);
    core.registers.set(state.registers);
    Object.assign(core, { N: state.nz < 0, Z: state.nz === 0, C: state.c, V: state.v, waiting: false, cycles: 0 });
    Object.assign(core, { interruptsUpdated: false, pendingSVCall: false, eventRegistered: false, PM: false });
  }

  // Whether an instruction has done the same on the other side.
  equals(other, op) {
    const flags = CARRY_DIFFERS(op) ? "NZV" : OVERFLOW_DIFFERS(op) ? "NZC" : "NZCV";
    return (
      this.core.registers.every((word, i) => word === other.core.registers[i]) &&
      [...flags].every((flag) => this.core[flag] === other.core[flag]) &&
      this.core.cycles === other.core.cycles &&
      Buffer.compare(this.memory(), other.memory()) === 0
    );
  }

  memory() {
    return this.chip.sram.subarray(0, MEMORY);
  }

  // The same as text.
  seen(op) {
    const { core } = this;
    const flags = `${+core.N}${+core.Z}${CARRY_DIFFERS(op) ? "-" : +core.C}${OVERFLOW_DIFFERS(op) ? "-" : +core.V}`;
    const memory = createHash("sha1").update(this.memory()).digest("hex").slice(0, 8);
    return `${[...core.registers].map((word) => word.toString(16)).join(" ")} ${flags} ${memory} ${core.cycles}`;
  }
}

function state(op) {
  const registers = Array.from({ length: 16 }, value);
  registers[13] = 0x20000400 + 4 * random(64);
  registers[15] = CODE;
  if (op % 64 === 0) {
    memory = Uint8Array.from({ length: MEMORY }, () => random(256));
  }
  return { op, registers, memory, nz: random(3) - 1, c: random(2) === 1, v: random(2) === 1 };
}

const theirs = new Side();
const ours = new Side();
const run = makeProcessor(ours.chip);
let different = 0;

for (let op = 0; op < 0xe800; ++op) {
  for (let round = 0; round < (op >>> 14 === 1 && op < 0x4800 ? 8 * ROUNDS : 1); ++round) {
    const given = state(op);
    theirs.prepare(given);
    ours.prepare(given);
    theirs.core.executeInstruction();
    run(1);
    if (op !== BLX_LR && !theirs.equals(ours, op) && ++different <= 20) {
      process.stdout.write(`${op.toString(16)}:\n  given  ${given.registers.map((word) => word.toString(16)).join(" ")}\n`);
      process.stdout.write(`  theirs ${theirs.seen(op)}\n  ours   ${ours.seen(op)}\n`);
    }
  }
}
process.stdout.write(`${different} differences\n`);
process.exitCode = different ? 1 : 0;
