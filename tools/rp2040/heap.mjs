// SPDX-License-Identifier: MIT
//
// Watches MicroPython's heap from outside of the firmware: while it is on, the functions of its garbage collector begin with a
// breakpoint. Where one of them returns to, there is another, in the boot ROM.
//
// At 0x40074000: 1 written there begins watching, 0 ends it, 2 forgets everything. Read, four words: bytes live, their
// peak, the largest block, allocations. Bytes are whole blocks of the collector. Blocks from before are not known, and so not counted
// when they are freed; neither is what the collector itself frees.
const BLOCK = 16;
const FLASH = 0x10000000;
const RETURN_TO = 0x3ffc; // the end of the boot ROM
const BKPT = 0xbe00;
const CODES = { gc_alloc: 0xf0, gc_free: 0xf1, gc_realloc: 0xf2 };
const RETURN = 0xf3;
const LR = 14;

export class HeapWatch {
  // addresses: of the functions in CODES.
  constructor(chip, addresses) {
    this.chip = chip;
    this.code = new Uint16Array(chip.flash.buffer);
    this.functions = Object.entries(CODES).map(([name, code]) => {
      const address = addresses[name] & ~1;
      return { code, address, instruction: this.code[(address - FLASH) >>> 1] };
    });
    this.frames = []; // calls that have not returned
    this.on = false;
    chip.bootrom[RETURN_TO / 4] = BKPT | RETURN;
    this.forget();
  }

  forget() {
    this.blocks = new Map(); // sizes by address
    this.live = this.peak = this.largest = this.allocations = 0;
  }

  put(functions, breakpoints) {
    for (const { code, address, instruction } of functions) {
      this.code[(address - FLASH) >>> 1] = breakpoints ? BKPT | code : instruction;
    }
  }

  readUint32(offset) {
    return [this.live, this.peak, this.largest, this.allocations][(offset & 0xf) >>> 2];
  }

  writeUint32Atomic(offset, value) {
    if (value === 2) {
      this.forget();
    } else {
      this.on = value === 1;
      this.put(this.functions, this.on);
    }
  }

  // True if the breakpoint is one of these.
  breakpoint(code) {
    const { core } = this.chip;
    const entered = this.functions.find((candidate) => candidate.code === code);
    if (entered) {
      this.enter(entered, core.registers);
      this.step(entered);
    } else if (code === RETURN && this.frames.length) {
      const frame = this.frames.pop();
      this.leave(frame, core.registers[0] >>> 0);
      core.PC = frame.back & ~1;
    } else {
      return false;
    }
    return true;
  }

  enter({ code }, registers) {
    const [first, second] = registers;
    if (code === CODES.gc_free) {
      this.remove(first >>> 0);
      return;
    }
    const bytes = code === CODES.gc_alloc ? first : second;
    this.frames.push({ code, old: first >>> 0, bytes: bytes >>> 0, back: registers[LR] });
    registers[LR] = RETURN_TO | 1;
  }

  // A block that grew or shrank where it was is new in its size only; one that moved went through the other two functions.
  leave({ code, old, bytes }, address) {
    if (address && this.on && (code === CODES.gc_alloc || address === old)) {
      if (code === CODES.gc_alloc) {
        this.allocations += 1;
      } else if (!this.blocks.has(old)) {
        return;
      }
      this.remove(address);
      this.add(address, Math.ceil(bytes / BLOCK) * BLOCK);
    }
  }

  add(address, bytes) {
    this.blocks.set(address, bytes);
    this.live += bytes;
    this.peak = Math.max(this.peak, this.live);
    this.largest = Math.max(this.largest, bytes);
  }

  remove(address) {
    this.live -= this.blocks.get(address) ?? 0;
    this.blocks.delete(address);
  }

  // Runs the instruction in whose place the breakpoint is, with no interrupt in between.
  step(entered) {
    const { core } = this.chip;
    const { interruptsUpdated } = core;
    core.interruptsUpdated = false;
    core.PC = entered.address;
    this.put([entered], false);
    core.executeInstruction();
    this.put([entered], this.on);
    core.interruptsUpdated ||= interruptsUpdated;
  }
}
