// SPDX-License-Identifier: MIT
//
// An RP2040 with its boot ROM, flash, a USB serial port and UART1, on rp2040js. What that lacks or has wrong for
// MicroPython is put right in peripherals.mjs.
//
// Time: one instruction takes its cycles at the clock that the firmware chose. With `realTime` the machine never runs
// ahead of the host: when it sleeps it waits, and when it is late (it mostly is: a busy host does 50 of its 125 million
// cycles a second) it catches up in its next sleep. Without, everything depends on the inputs alone.
import { RP2040, USBCDC } from "rp2040js";
import { makeProcessor } from "./processor.mjs";
import { HeapWatch } from "./heap.mjs";
import { ByteQueue } from "./queue.mjs";
import { Logger, patchUart, Rosc, CycleCounter } from "./peripherals.mjs";

export const FLASH_SIZE = 2 * 1024 * 1024; // a Pico's
const RUN_INSTRUCTIONS = 20000; // between two looks at the inputs: 0.2 ms of a Pico
const TICK_INSTRUCTIONS = 16; // between two steps of the clock: 0.2 us of a Pico
const SLICE_MS = 8; // between two looks at the host's sockets
const BREAK_UNSUPPORTED = 0xe0; // of bootrom/bootrom.c
const BREAK_USB_BOOT = 0xe1;

export class Machine {
  // options: bootrom and flash (Uint8Array; flash is kept and written to), rosc (see Rosc), heap (addresses for HeapWatch, or
  // none), realTime, log(text),
  // and callbacks: onConsole(bytes), onUart(byte), onLineBreak() (of UART1), onReset(), onStop(reason, text) with reason "bootloader" or "fault".
  constructor(options) {
    this.options = options;
    this.consoleInput = new ByteQueue();
    this.uartInput = new ByteQueue();
    this.breakFollows = false;
    this.stopped = false;
    this.resets = 0;
    this.powerOn();
  }

  // A new chip with the same flash: also the way to reset it.
  powerOn() {
    const { options } = this;
    const chip = new RP2040();
    const rom = new Uint8Array(16384);
    rom.set(options.bootrom);
    chip.loadBootrom(new Uint32Array(rom.buffer)); // clears flash, so the image comes after it
    chip.flash.set(options.flash);
    chip.logger = new Logger(options.log);
    chip.onBreak = (code) => this.breakpoint(code);
    chip.peripherals[0x40060] = new Rosc(options.rosc);
    chip.peripherals[0x40070] = new CycleCounter(chip);
    this.heap = options.heap && new HeapWatch(chip, options.heap);
    chip.peripherals[0x40074] = this.heap;
    chip.peripherals[0x40058].onWatchdogTrigger = () => (this.resetAsked = true);
    chip.uart.forEach(patchUart);
    chip.uart[1].onByte = (byte) => options.onUart(byte);
    chip.uart[1].onLineBreak = () => options.onLineBreak();
    this.cdc = new USBCDC(chip.usbCtrl);
    this.cdc.onSerialData = (data) => options.onConsole(data);
    this.chip = chip;
    this.runInstructions = makeProcessor(chip);
    this.resetAsked = false;
    this.uartReady = 0;
    this.origin = performance.now();
  }

  // Flash as it is now.
  flash() {
    return this.chip.flash.subarray(0, FLASH_SIZE);
  }

  reset() {
    this.options.flash = this.flash().slice();
    this.consoleInput.clear();
    this.uartInput.clear();
    this.breakFollows = false;
    this.resets += 1;
    this.powerOn();
    this.options.onReset();
  }

  breakpoint(code) {
    if (this.heap?.breakpoint(code)) {
      return;
    }
    this.stopped = true;
    if (code === BREAK_USB_BOOT) {
      this.options.onStop("bootloader", "the firmware asked for the boot ROM's USB drive");
    } else {
      const what = code === BREAK_UNSUPPORTED ? "a function that the boot ROM lacks, or a fault" : `breakpoint ${code}`;
      const { PC, LR } = this.chip.core;
      this.options.onStop("fault", `${what}; PC ${PC.toString(16)}, LR ${LR.toString(16)}`);
    }
  }

  // Hands over as much input as the chip can take. A UART byte takes ten bits at the firmware's baud rate; a full FIFO
  // means that the firmware does not want more, which a real line would learn by RTS.
  feed() {
    const { chip, cdc } = this;
    while (this.consoleInput.length && !cdc.txFIFO.full) {
      cdc.sendSerialByte(this.consoleInput.take());
    }
    const uart = chip.uart[1];
    if (this.uartInput.length && uart.enabled && uart.baudDivider) {
      const byteNanos = 1e10 / uart.baudRate;
      this.uartReady = Math.max(this.uartReady, chip.clock.nanos - RUN_INSTRUCTIONS * 16);
      while (this.uartInput.length && !uart.rxFIFO.full && this.uartReady <= chip.clock.nanos) {
        uart.feedByte(this.uartInput.take());
        this.uartReady += byteNanos;
      }
    }
    if (this.breakFollows && !this.uartInput.length && uart.rxFIFO.empty) {
      this.breakFollows = false;
      uart.feedBreak();
    }
  }

  // Runs until the chip sleeps or `count` instructions are done. True if it sleeps.
  execute(count) {
    const { core, clock } = this.chip;
    const cycleNanos = 1e9 / this.chip.clkSys;
    for (let i = 0; i < count && !this.stopped && !this.resetAsked; i += TICK_INSTRUCTIONS) {
      clock.tick(this.runInstructions(TICK_INSTRUCTIONS) * cycleNanos);
      if (core.waiting) {
        return true;
      }
    }
    return false;
  }

  // Passes the time of a sleep, at most to the next alarm. Gives the milliseconds to wait for before going on.
  sleep() {
    const { clock } = this.chip;
    const alarm = clock.nextAlarm ? Math.max(clock.nanosToNextAlarm, 1) : 1e6;
    if (!this.options.realTime) {
      clock.tick(alarm);
      return 0;
    }
    const late = (performance.now() - this.origin) * 1e6 - clock.nanos;
    if (late <= 0) {
      return Math.min(Math.max(-late / 1e6, 0.5), 5);
    }
    clock.tick(Math.min(alarm, late));
    return 0;
  }

  // Works for some milliseconds of the host. Gives how many it has nothing to do.
  slice() {
    const end = performance.now() + SLICE_MS;
    let idle = 0;
    while (!this.stopped && idle === 0 && performance.now() < end) {
      this.feed();
      if (this.execute(RUN_INSTRUCTIONS)) {
        idle = this.sleep();
      }
      if (this.resetAsked) {
        this.reset();
      }
    }
    return idle;
  }
}
