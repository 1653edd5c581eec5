// SPDX-License-Identifier: MIT
//
// Runs one MicroPython script on an emulated Pico, cut off from the host's time: the same script, flash and seed give the
// same run, cycle for cycle. Prints what the script prints; the exit status is 1 if it ended with an exception, and 2 if
// it did not run to its end.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FLASH_SIZE, Machine } from "./machine.mjs";

const HELP = `usage: node script.mjs --bootrom FILE --flash FILE --script FILE [--seed N] [--cycles N] [--heap ADDRESSES]

  --bootrom FILE   what \`make -C tools/rp2040/bootrom\` gives
  --flash FILE     the chip's flash, 2 MB, with the firmware in it; not written to
  --script FILE    Python for the board
  --seed N         for the emulated entropy (default: 1)
  --cycles N       most cycles to run, in millions (default: 20000)
  --heap ADDRESSES of gc_alloc, gc_free and gc_realloc in the firmware, with commas: for the registers that heap.mjs describes

The script can read the cycles since power-up: machine.mem32[0x40070000], then the high word at 0x40070004.
`;
const STEP = 20000; // instructions between two looks at the output
const PROMPTS = 3000; // steps until the firmware answers, at most: 60 million instructions
const BANNER = "raw REPL; CTRL-B to exit\r\n>";

function addressesOf(text) {
  const [gc_alloc, gc_free, gc_realloc] = text.split(",").map(Number);
  return { gc_alloc, gc_free, gc_realloc };
}

class Run {
  constructor(values) {
    const flash = new Uint8Array(readFileSync(values.flash));
    if (flash.length !== FLASH_SIZE) {
      throw new Error(`${values.flash} has ${flash.length} bytes and not ${FLASH_SIZE}`);
    }
    this.output = "";
    this.failure = "";
    this.machine = new Machine({
      bootrom: new Uint8Array(readFileSync(values.bootrom)),
      flash,
      rosc: { seed: Number(values.seed) },
      heap: values.heap && addressesOf(values.heap),
      realTime: false,
      log: (text) => process.stderr.write(`${text}\n`),
      onConsole: (data) => (this.output += Buffer.from(data).toString("latin1")),
      onUart: () => {},
      onLineBreak: () => {},
      onReset: () => (this.failure ||= "the board reset itself"),
      onStop: (reason, text) => (this.failure ||= `${reason}: ${text}`),
    });
    this.limit = Number(values.cycles) * 1e6;
  }

  step() {
    if (this.failure) {
      throw new Error(this.failure);
    }
    if (this.machine.chip.core.cycles > this.limit) {
      throw new Error(`not over after ${this.limit / 1e6} million cycles; so far it said: ${this.output}`);
    }
    this.machine.feed();
    if (this.machine.execute(STEP)) {
      this.machine.sleep();
    }
  }

  send(text) {
    this.machine.consoleInput.add(Buffer.from(text, "utf-8"));
  }

  // Presses keys until the raw REPL answers: the first ones come before the firmware has its USB port.
  enter() {
    for (let i = 0; i < PROMPTS; ++i) {
      if (i % 100 === 50) {
        this.send("\x03\x01");
      }
      this.step();
      if (this.output.endsWith(BANNER) && !this.machine.consoleInput.length) {
        this.output = "";
        return;
      }
    }
    throw new Error(`no raw REPL; the firmware said: ${JSON.stringify(this.output)}`);
  }

  run(script) {
    this.enter();
    this.send(`${script}\x04`);
    while ((this.output.match(/\x04/g) ?? []).length < 2) {
      this.step();
    }
    const [, printed, error] = this.output.match(/^(?:OK)?([^\x04]*)\x04([^\x04]*)\x04/);
    process.stdout.write(Buffer.from(printed.replaceAll("\r\n", "\n"), "latin1"));
    process.stderr.write(Buffer.from(error, "latin1"));
    return error ? 1 : 0;
  }
}

function main() {
  const text = { type: "string" };
  const { values } = parseArgs({
    options: {
      bootrom: text,
      flash: text,
      script: text,
      seed: { ...text, default: "1" },
      cycles: { ...text, default: "20000" },
      heap: text,
      help: { type: "boolean" },
    },
  });
  if (values.help || !values.bootrom || !values.flash || !values.script) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  return new Run(values).run(readFileSync(values.script, "utf-8"));
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 2;
}
