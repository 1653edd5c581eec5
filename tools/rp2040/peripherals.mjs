// SPDX-License-Identifier: MIT
//
// Parts of the RP2040 that rp2040js does not have or has in a way that MicroPython cannot use.

const LOG_LINES = 200; // a firmware that waits for the second core, which is not there, warns without end

// The chip's complaints, errors only and not for ever.
export class Logger {
  constructor(write) {
    this.write = write;
    this.left = LOG_LINES;
  }

  debug() {}

  info() {}

  warn() {}

  error(component, message) {
    if (this.left > 0) {
      this.left -= 1;
      this.write(`${component}: ${message}${this.left ? "" : " (no more of these)"}`);
    }
  }
}

// What writing to a register does at its four addresses: plain, XOR, set, clear (datasheet, 2.1.2).
function combine(old, value, how) {
  return [value, old ^ value, old | value, old & ~value][how] >>> 0;
}

// Ring oscillator (datasheet, 2.17). Its random bit comes from xorshift32: equal seeds give equal runs, and nothing that
// depends on it is secret. `source` is {seed: number}, or {stuck: 0 or 1} for an oscillator that has died.
export class Rosc {
  static STATUS = 0x18;
  static RANDOMBIT = 0x1c;
  static COUNT = 0x20;

  constructor(source) {
    this.stuck = source.stuck;
    this.state = source.seed >>> 0 || 1;
    this.registers = new Map();
  }

  randomBit() {
    if (this.stuck !== undefined) {
      return this.stuck;
    }
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 31) & 1;
  }

  readUint32(offset) {
    switch (offset & 0xfff) {
      case Rosc.STATUS:
        return 0x80001000; // stable, enabled
      case Rosc.RANDOMBIT:
        return this.randomBit();
      case Rosc.COUNT:
        return 0;
      default:
        return this.registers.get(offset & 0xfff) ?? 0;
    }
  }

  writeUint32Atomic(offset, value, how) {
    this.registers.set(offset, combine(this.registers.get(offset) ?? 0, value, how));
  }
}

// Not in any chip: at 0x40070000 the cycles since power-up, as two words; reading the low one latches the high one.
// Benchmarks read it through machine.mem32.
export class CycleCounter {
  constructor(chip) {
    this.chip = chip;
    this.high = 0;
  }

  readUint32(offset) {
    if ((offset & 0xfff) === 4) {
      return this.high;
    }
    const { cycles } = this.chip.core;
    this.high = Math.floor(cycles / 2 ** 32);
    return cycles >>> 0;
  }

  writeUint32Atomic() {}
}

const UARTLCR_H = 0x2c;
const UARTICR = 0x44;
const TXINTR = 1 << 5;
const BEINTR = 1 << 9;
const BRK = 1 << 0; // in UARTLCR_H

// rp2040js raises the transmit interrupt again whenever anything is looked at, so that acknowledging it never ends. The
// real one is raised when the FIFO runs empty, that is after a byte was sent, since sending takes no time here.
// It also has no breaks: onLineBreak is called when the firmware begins one, feedBreak() is one from the other end.
export function patchUart(uart) {
  const write = uart.writeUint32.bind(uart);
  uart.checkInterrupts = () => {
    uart.rp2040.setInterrupt(uart.irq, !!(uart.interruptStatus & uart.interruptMask));
  };
  uart.feedBreak = () => {
    uart.interruptStatus |= BEINTR;
    uart.checkInterrupts();
  };
  uart.writeUint32 = (offset, value) => {
    const begins = offset === UARTLCR_H && value & BRK && !(uart.lineCtrlRegister & BRK);
    write(offset, value);
    if (offset === 0) {
      uart.interruptStatus |= TXINTR;
      uart.checkInterrupts();
    } else if (offset === UARTICR) {
      uart.checkInterrupts();
    } else if (begins) {
      uart.onLineBreak?.();
    }
  };
}
