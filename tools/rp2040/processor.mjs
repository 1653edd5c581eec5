// SPDX-License-Identifier: MIT
//
// The instructions that a Cortex-M0+ mostly runs, on memory alone, several times as fast as rp2040js does them. All else
// (peripherals, exceptions, special registers, memory that is neither flash nor RAM) is left to rp2040js, one instruction
// at a time. Encodings: ARMv6-M Architecture Reference Manual, A6.7; cycles are those that rp2040js counts.
//
// While the loop runs, the program counter, the flags and the cycles are in local variables; the flags as `nz`, a number
// that is negative when N is set and 0 when Z is, and `carry` and `over`, 0 or 1.

const FLASH = 0x10000000;
const RAM = 0x20000000;
const LR = 14;
const PC = 15;
const SP = 13;

function bits(list) {
  let count = 0;
  for (; list; list &= list - 1) {
    ++count;
  }
  return count;
}

const BITS = Uint8Array.from({ length: 256 }, (_, list) => bits(list));

// Gives run(count): executes up to `count` instructions of `chip` (an RP2040) until it sleeps, and returns their cycles.
export function makeProcessor(chip) {
  const { core, flash, sram } = chip;
  const r = core.registers;
  const flash16 = new Uint16Array(flash.buffer);
  const flash32 = new Uint32Array(flash.buffer);
  const ram16 = new Uint16Array(sram.buffer);
  const ram32 = new Uint32Array(sram.buffer);
  const flashSize = flash.length;
  const ramSize = sram.length;

  return function run(count) {
    const before = core.cycles;
    for (let left = count; left > 0 && !core.waiting; ) {
      if (core.interruptsUpdated) {
        core.executeInstruction();
        --left;
        continue;
      }
      let pc = r[PC] & ~1;
      let nz = core.Z ? 0 : core.N ? -1 : 1;
      let carry = core.C ? 1 : 0;
      let over = core.V ? 1 : 0;
      let cycles = 0;

      fast: for (; left > 0; --left) {
        let op;
        const place = (pc - FLASH) >>> 0;
        if (place < flashSize) {
          op = flash16[place >>> 1];
        } else {
          const inRam = (pc - RAM) >>> 0;
          if (inRam >= ramSize) {
            break;
          }
          op = ram16[inRam >>> 1];
        }
        let next = pc + 2;
        let took = 1;
        switch (op >>> 8) {
          // Shifts by a constant
          case 0x00: case 0x01: case 0x02: case 0x03: case 0x04: case 0x05: case 0x06: case 0x07: {
            const shift = (op >>> 6) & 31;
            const value = r[(op >>> 3) & 7];
            if (shift) {
              carry = (value >>> (32 - shift)) & 1;
            }
            r[op & 7] = nz = value << shift;
            break;
          }
          case 0x08: case 0x09: case 0x0a: case 0x0b: case 0x0c: case 0x0d: case 0x0e: case 0x0f: {
            const shift = (op >>> 6) & 31;
            const value = r[(op >>> 3) & 7];
            carry = (value >>> (shift ? shift - 1 : 31)) & 1;
            nz = shift ? value >>> shift : 0;
            r[op & 7] = nz |= 0;
            break;
          }
          case 0x10: case 0x11: case 0x12: case 0x13: case 0x14: case 0x15: case 0x16: case 0x17: {
            const shift = (op >>> 6) & 31;
            const value = r[(op >>> 3) & 7] | 0;
            carry = (value >>> (shift ? shift - 1 : 31)) & 1;
            r[op & 7] = nz = value >> (shift || 31);
            break;
          }
          // Additions and subtractions of three registers, or of a constant of three bits
          case 0x18: case 0x19: case 0x1c: case 0x1d: {
            const a = r[(op >>> 3) & 7];
            const b = op & 0x400 ? (op >>> 6) & 7 : r[(op >>> 6) & 7];
            const sum = a + b;
            nz = sum | 0;
            carry = sum > 0xffffffff ? 1 : 0;
            over = ((a ^ nz) & (b ^ nz)) >>> 31;
            r[op & 7] = nz;
            break;
          }
          case 0x1a: case 0x1b: case 0x1e: case 0x1f: {
            const a = r[(op >>> 3) & 7];
            const b = op & 0x400 ? (op >>> 6) & 7 : r[(op >>> 6) & 7];
            nz = (a - b) | 0;
            carry = a >= b ? 1 : 0;
            over = ((a ^ b) & (a ^ nz)) >>> 31;
            r[op & 7] = nz;
            break;
          }
          // MOVS, CMP, ADDS, SUBS with a constant of eight bits
          case 0x20: case 0x21: case 0x22: case 0x23: case 0x24: case 0x25: case 0x26: case 0x27:
            r[(op >>> 8) & 7] = nz = op & 0xff;
            break;
          case 0x28: case 0x29: case 0x2a: case 0x2b: case 0x2c: case 0x2d: case 0x2e: case 0x2f: {
            const a = r[(op >>> 8) & 7];
            const b = op & 0xff;
            nz = (a - b) | 0;
            carry = a >= b ? 1 : 0;
            over = (a & ~nz) >>> 31;
            break;
          }
          case 0x30: case 0x31: case 0x32: case 0x33: case 0x34: case 0x35: case 0x36: case 0x37: {
            const a = r[(op >>> 8) & 7];
            const sum = a + (op & 0xff);
            nz = sum | 0;
            carry = sum > 0xffffffff ? 1 : 0;
            over = (~a & nz) >>> 31;
            r[(op >>> 8) & 7] = nz;
            break;
          }
          case 0x38: case 0x39: case 0x3a: case 0x3b: case 0x3c: case 0x3d: case 0x3e: case 0x3f: {
            const a = r[(op >>> 8) & 7];
            const b = op & 0xff;
            nz = (a - b) | 0;
            carry = a >= b ? 1 : 0;
            over = (a & ~nz) >>> 31;
            r[(op >>> 8) & 7] = nz;
            break;
          }
          // Two registers
          case 0x40: case 0x41: case 0x42: case 0x43: {
            const d = op & 7;
            const a = r[d];
            const b = r[(op >>> 3) & 7];
            switch ((op >>> 6) & 15) {
              case 0: r[d] = nz = a & b; break;
              case 1: r[d] = nz = a ^ b; break;
              case 2: {
                const shift = b & 0xff;
                if (shift) {
                  carry = shift <= 32 ? (a >>> (32 - shift)) & 1 : 0;
                }
                r[d] = nz = shift < 32 ? a << shift : 0;
                break;
              }
              case 3: {
                const shift = b & 0xff;
                if (shift) {
                  carry = shift <= 32 ? (a >>> (shift - 1)) & 1 : 0;
                }
                nz = shift < 32 ? (a >>> shift) | 0 : 0;
                r[d] = nz;
                break;
              }
              case 5: {
                const sum = a + b + carry;
                nz = sum | 0;
                carry = sum > 0xffffffff ? 1 : 0;
                over = ((a ^ nz) & (b ^ nz)) >>> 31;
                r[d] = nz;
                break;
              }
              case 6: {
                const taken = b + 1 - carry;
                nz = (a - taken) | 0;
                carry = a >= taken ? 1 : 0;
                over = ((a ^ b) & (a ^ nz)) >>> 31;
                r[d] = nz;
                break;
              }
              case 8: nz = a & b; break;
              case 9:
                nz = -b | 0;
                carry = b === 0 ? 1 : 0;
                over = (b & nz) >>> 31;
                r[d] = nz;
                break;
              case 10:
                nz = (a - b) | 0;
                carry = a >= b ? 1 : 0;
                over = ((a ^ b) & (a ^ nz)) >>> 31;
                break;
              case 12: r[d] = nz = a | b; break;
              case 13: r[d] = nz = Math.imul(a, b); break;
              case 14: r[d] = nz = a & ~b; break;
              case 15: r[d] = nz = ~b; break;
              default: break fast; // ASRS, RORS, CMN
            }
            break;
          }
          // ADD, CMP and MOV that reach all registers
          case 0x44: case 0x46: {
            const from = (op >>> 3) & 15;
            const d = ((op >>> 4) & 8) | (op & 7);
            const b = from === PC ? pc + 4 : r[from];
            const value = op & 0x200 ? b : b + (d === PC ? pc + 4 : r[d]);
            if (d === PC) {
              next = (value & ~1) >>> 0;
              took = 2;
            } else {
              r[d] = d === SP ? value & ~3 : value;
            }
            break;
          }
          case 0x45: {
            const n = ((op >>> 4) & 8) | (op & 7);
            const m = (op >>> 3) & 15;
            if (n === PC || m === PC) {
              break fast;
            }
            const a = r[n];
            const b = r[m];
            nz = (a - b) | 0;
            carry = a >= b ? 1 : 0;
            over = ((a ^ b) & (a ^ nz)) >>> 31;
            break;
          }
          // BX and BLX; returns from exceptions are not done here
          case 0x47: {
            const from = (op >>> 3) & 15;
            const target = r[from];
            if (target >>> 28 === 15 || from === PC || (op & 7) !== 0) {
              break fast;
            }
            if (op & 0x80) {
              r[LR] = next | 1;
            }
            next = (target & ~1) >>> 0;
            took = 2;
            break;
          }
          // Loads. An address outside of flash and RAM, or one that is not aligned, is not for here.
          case 0x48: case 0x49: case 0x4a: case 0x4b: case 0x4c: case 0x4d: case 0x4e: case 0x4f: {
            const address = ((pc + 4) & ~3) + ((op & 0xff) << 2);
            const inFlash = (address - FLASH) >>> 0;
            const inRam = (address - RAM) >>> 0;
            if (inFlash < flashSize) {
              r[(op >>> 8) & 7] = flash32[inFlash >>> 2];
            } else if (inRam < ramSize) {
              r[(op >>> 8) & 7] = ram32[inRam >>> 2];
            } else {
              break fast;
            }
            took = 2;
            break;
          }
          case 0x58: case 0x59:
          case 0x68: case 0x69: case 0x6a: case 0x6b: case 0x6c: case 0x6d: case 0x6e: case 0x6f: {
            const n = (op >>> 3) & 7;
            const address = r[n] + (op & 0x2000 ? (op >>> 4) & 0x7c : r[(op >>> 6) & 7]);
            const inRam = (address - RAM) >>> 0;
            const inFlash = (address - FLASH) >>> 0;
            if (inRam < ramSize && !(inRam & 3)) {
              r[op & 7] = ram32[inRam >>> 2];
            } else if (inFlash < flashSize && !(inFlash & 3)) {
              r[op & 7] = flash32[inFlash >>> 2];
            } else {
              break fast;
            }
            took = 2;
            break;
          }
          case 0x98: case 0x99: case 0x9a: case 0x9b: case 0x9c: case 0x9d: case 0x9e: case 0x9f: {
            const inRam = (r[SP] + ((op & 0xff) << 2) - RAM) >>> 0;
            if (inRam >= ramSize) {
              break fast;
            }
            r[(op >>> 8) & 7] = ram32[inRam >>> 2];
            took = 2;
            break;
          }
          case 0x5a: case 0x5b: case 0x5e: case 0x5f:
          case 0x88: case 0x89: case 0x8a: case 0x8b: case 0x8c: case 0x8d: case 0x8e: case 0x8f: {
            const address = r[(op >>> 3) & 7] + (op & 0x8000 ? (op >>> 5) & 0x3e : r[(op >>> 6) & 7]);
            const inRam = (address - RAM) >>> 0;
            const inFlash = (address - FLASH) >>> 0;
            let value;
            if (inRam < ramSize && !(inRam & 1)) {
              value = ram16[inRam >>> 1];
            } else if (inFlash < flashSize && !(inFlash & 1)) {
              value = flash16[inFlash >>> 1];
            } else {
              break fast;
            }
            r[op & 7] = op >>> 9 === 0x2f ? (value << 16) >> 16 : value;
            took = 2;
            break;
          }
          case 0x56: case 0x57: case 0x5c: case 0x5d:
          case 0x78: case 0x79: case 0x7a: case 0x7b: case 0x7c: case 0x7d: case 0x7e: case 0x7f: {
            const address = r[(op >>> 3) & 7] + (op & 0x2000 ? (op >>> 6) & 31 : r[(op >>> 6) & 7]);
            const inRam = (address - RAM) >>> 0;
            const inFlash = (address - FLASH) >>> 0;
            let value;
            if (inRam < ramSize) {
              value = sram[inRam];
            } else if (inFlash < flashSize) {
              value = flash[inFlash];
            } else {
              break fast;
            }
            r[op & 7] = op >>> 9 === 0x2b ? (value << 24) >> 24 : value;
            took = 2;
            break;
          }
          // Stores
          case 0x50: case 0x51:
          case 0x60: case 0x61: case 0x62: case 0x63: case 0x64: case 0x65: case 0x66: case 0x67: {
            const address = r[(op >>> 3) & 7] + (op & 0x2000 ? (op >>> 4) & 0x7c : r[(op >>> 6) & 7]);
            const inRam = (address - RAM) >>> 0;
            if (inRam >= ramSize || inRam & 3) {
              break fast;
            }
            ram32[inRam >>> 2] = r[op & 7];
            took = 2;
            break;
          }
          case 0x90: case 0x91: case 0x92: case 0x93: case 0x94: case 0x95: case 0x96: case 0x97: {
            const inRam = (r[SP] + ((op & 0xff) << 2) - RAM) >>> 0;
            if (inRam >= ramSize) {
              break fast;
            }
            ram32[inRam >>> 2] = r[(op >>> 8) & 7];
            took = 2;
            break;
          }
          case 0x52: case 0x53:
          case 0x80: case 0x81: case 0x82: case 0x83: case 0x84: case 0x85: case 0x86: case 0x87: {
            const address = r[(op >>> 3) & 7] + (op & 0x8000 ? (op >>> 5) & 0x3e : r[(op >>> 6) & 7]);
            const inRam = (address - RAM) >>> 0;
            if (inRam >= ramSize || inRam & 1) {
              break fast;
            }
            ram16[inRam >>> 1] = r[op & 7];
            took = 2;
            break;
          }
          case 0x54: case 0x55:
          case 0x70: case 0x71: case 0x72: case 0x73: case 0x74: case 0x75: case 0x76: case 0x77: {
            const address = r[(op >>> 3) & 7] + (op & 0x2000 ? (op >>> 6) & 31 : r[(op >>> 6) & 7]);
            const inRam = (address - RAM) >>> 0;
            if (inRam >= ramSize) {
              break fast;
            }
            sram[inRam] = r[op & 7];
            took = 2;
            break;
          }
          // Addresses, and the stack pointer
          case 0xa0: case 0xa1: case 0xa2: case 0xa3: case 0xa4: case 0xa5: case 0xa6: case 0xa7:
            r[(op >>> 8) & 7] = (pc & ~3) + 4 + ((op & 0xff) << 2);
            break;
          case 0xa8: case 0xa9: case 0xaa: case 0xab: case 0xac: case 0xad: case 0xae: case 0xaf:
            r[(op >>> 8) & 7] = r[SP] + ((op & 0xff) << 2);
            break;
          case 0xb0: {
            const offset = (op & 0x7f) << 2;
            r[SP] += op & 0x80 ? -offset : offset;
            break;
          }
          // SXTH, SXTB, UXTH, UXTB
          case 0xb2: {
            const value = r[(op >>> 3) & 7];
            switch ((op >>> 6) & 3) {
              case 0: r[op & 7] = (value << 16) >> 16; break;
              case 1: r[op & 7] = (value << 24) >> 24; break;
              case 2: r[op & 7] = value & 0xffff; break;
              default: r[op & 7] = value & 0xff;
            }
            break;
          }
          // PUSH and POP
          case 0xb4: case 0xb5: {
            const size = 4 * (BITS[op & 0xff] + ((op >>> 8) & 1));
            const bottom = (r[SP] - size - RAM) >>> 0;
            if (bottom + size > ramSize) {
              break fast;
            }
            let at = bottom >>> 2;
            for (let i = 0, list = op & 0xff; list; ++i, list >>>= 1) {
              if (list & 1) {
                ram32[at++] = r[i];
                ++took;
              }
            }
            if (op & 0x100) {
              ram32[at] = r[LR];
            }
            r[SP] -= size;
            break;
          }
          case 0xbc: case 0xbd: {
            const registers = BITS[op & 0xff];
            const bottom = (r[SP] - RAM) >>> 0;
            const size = 4 * (registers + ((op >>> 8) & 1));
            if (bottom + size > ramSize) {
              break fast;
            }
            let at = bottom >>> 2;
            if (op & 0x100) {
              const target = ram32[at + registers];
              if (target >>> 28 === 15) {
                break fast;
              }
              next = (target & ~1) >>> 0;
              took = 3;
            }
            for (let i = 0, list = op & 0xff; list; ++i, list >>>= 1) {
              if (list & 1) {
                r[i] = ram32[at++];
                ++took;
              }
            }
            r[SP] += size;
            break;
          }
          // STM and LDM
          case 0xc0: case 0xc1: case 0xc2: case 0xc3: case 0xc4: case 0xc5: case 0xc6: case 0xc7: {
            const n = (op >>> 8) & 7;
            const size = 4 * BITS[op & 0xff];
            const bottom = (r[n] - RAM) >>> 0;
            if (bottom + size > ramSize || bottom & 3 || op & (1 << n)) {
              break fast;
            }
            let at = bottom >>> 2;
            for (let i = 0, list = op & 0xff; list; ++i, list >>>= 1) {
              if (list & 1) {
                ram32[at++] = r[i];
                ++took;
              }
            }
            r[n] += size;
            break;
          }
          case 0xc8: case 0xc9: case 0xca: case 0xcb: case 0xcc: case 0xcd: case 0xce: case 0xcf: {
            const n = (op >>> 8) & 7;
            const size = 4 * BITS[op & 0xff];
            const bottom = (r[n] - RAM) >>> 0;
            if (bottom + size > ramSize || bottom & 3) {
              break fast;
            }
            const end = r[n] + size;
            let at = bottom >>> 2;
            for (let i = 0, list = op & 0xff; list; ++i, list >>>= 1) {
              if (list & 1) {
                r[i] = ram32[at++];
                ++took;
              }
            }
            if (!(op & (1 << n))) {
              r[n] = end;
            }
            break;
          }
          // Branches
          case 0xd0: if (nz === 0) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd1: if (nz !== 0) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd2: if (carry) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd3: if (!carry) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd4: if (nz < 0) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd5: if (nz >= 0) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd6: if (over) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd7: if (!over) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd8: if (carry && nz !== 0) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xd9: if (!carry || nz === 0) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xda: if (nz >>> 31 === over) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xdb: if (nz >>> 31 !== over) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xdc: if (nz !== 0 && nz >>> 31 === over) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xdd: if (nz === 0 || nz >>> 31 !== over) { next = pc + 4 + ((op << 24) >> 23); took = 2; } break;
          case 0xe0: case 0xe1: case 0xe2: case 0xe3: case 0xe4: case 0xe5: case 0xe6: case 0xe7:
            next = pc + 4 + ((op << 21) >> 20);
            took = 2;
            break;
          // BL, from flash only; the other instructions of 32 bits are rare
          case 0xf0: case 0xf1: case 0xf2: case 0xf3: case 0xf4: case 0xf5: case 0xf6: case 0xf7: {
            const low = flash16[(place >>> 1) + 1];
            if (place + 2 >= flashSize || (low & 0xd000) !== 0xd000) {
              break fast;
            }
            const sign = (op >>> 10) & 1;
            const i1 = ~((low >>> 13) ^ sign) & 1;
            const i2 = ~((low >>> 11) ^ sign) & 1;
            const offset = (i1 << 23) | (i2 << 22) | ((op & 0x3ff) << 12) | ((low & 0x7ff) << 1);
            r[LR] = (pc + 4) | 1;
            next = pc + 4 + (sign ? offset - 0x1000000 : offset);
            took = 3;
            break;
          }
          default:
            break fast;
        }
        pc = next;
        cycles += took;
      }

      r[PC] = pc;
      core.Z = nz === 0;
      core.N = nz < 0;
      core.C = carry === 1;
      core.V = over === 1;
      core.cycles += cycles;
      if (left > 0) {
        core.executeInstruction();
        --left;
      }
    }
    return core.cycles - before;
  };
}
