// SPDX-License-Identifier: MIT
//
// A Pico on three TCP ports of the host's loopback, all chosen by the system:
//
//   console   the USB serial port: `mpremote connect socket://127.0.0.1:<port>`; power comes with the first connection
//   uart      UART1, behind a modem (modem.mjs) or without one
//
// Says what happens as lines of JSON on standard output: {"event": "listening", "console": n, "uart": n}, "reset",
// "bootloader", "fault", "uart" (with "state"), "log". Takes commands as lines on standard input: "reset" (the reset line),
// "wire <host> <port>" (UART1 straight to a server), "wire" (to whoever connects to its port), "modem" (the modem again),
// "quit". The end of standard input ends it. Flash is written back to its file whenever the chip is reset or ends.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import net from "node:net";
import readline from "node:readline";
import { parseArgs } from "node:util";
import { FLASH_SIZE, Machine } from "./machine.mjs";
import { Modem } from "./modem.mjs";

const HELP = `usage: node board.mjs --bootrom FILE --flash FILE [--seed N | --stuck 0|1]

  --bootrom FILE   what \`make -C tools/rp2040/bootrom\` gives
  --flash FILE     the chip's flash, 2 MB, with the firmware in it; written back
  --seed N         for the emulated entropy, which is worth nothing (default: from the host's clock)
  --stuck 0|1      the oscillator that gives entropy has died and always reads this
`;

function fail(cause, cure) {
  process.stderr.write(`error: ${cause}\n  cure: ${cure}\n`);
  process.exit(2);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        bootrom: { type: "string" },
        flash: { type: "string" },
        seed: { type: "string" },
        stuck: { type: "string" },
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    if (!values.bootrom || !values.flash) {
      throw new Error("--bootrom and --flash are needed");
    }
    return values;
  } catch (error) {
    return fail(error.message, "see --help");
  }
}

function read(path, cure) {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    return fail(`${path}: ${error.message}`, cure);
  }
}

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

class Board {
  constructor(values) {
    this.path = values.flash;
    this.console = null;
    const flash = read(values.flash, "make it from a UF2 file, see hil_tests/flash");
    if (flash.length !== FLASH_SIZE) {
      fail(`${values.flash} has ${flash.length} bytes`, `a Pico's flash has ${FLASH_SIZE}`);
    }
    this.machine = new Machine({
      bootrom: read(values.bootrom, "build it: make -C tools/rp2040/bootrom BUILD=<folder>"),
      flash,
      rosc: values.stuck === undefined ? { seed: Number(values.seed ?? Date.now()) } : { stuck: Number(values.stuck) & 1 },
      realTime: true,
      log: (text) => say("log", { text }),
      onConsole: (data) => this.console?.write(data),
      onUart: (byte) => this.modem.take(byte),
      onLineBreak: () => this.modem.hangUp(),
      onReset: () => {
        this.modem.hangUp();
        this.save();
        say("reset");
      },
      onStop: (reason, text) => {
        this.save();
        say(reason, { text });
      },
    });
    this.modem = new Modem(
      this.machine.uartInput,
      () => (this.machine.breakFollows = true),
      (state, text) => say("uart", { state, text }),
    );
    this.running = false;
  }

  // All of flash or nothing reaches the file.
  save() {
    try {
      writeFileSync(`${this.path}.new`, this.machine.flash());
      renameSync(`${this.path}.new`, this.path);
    } catch (error) {
      say("fault", { text: `flash is not written back: ${error.message}` });
    }
  }

  async listen() {
    const server = net.createServer((socket) => this.connectConsole(socket));
    const console = await new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
    say("listening", { console, uart: await this.modem.listen() });
  }

  connectConsole(socket) {
    this.console?.destroy();
    this.console = socket;
    if (!this.running) {
      this.running = true;
      this.run();
    }
    socket.setNoDelay(true);
    socket.on("data", (data) => this.machine.consoleInput.add(data));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.console === socket) {
        this.console = null;
      }
    });
  }

  command(line) {
    const [word, host, port] = line.trim().split(/\s+/);
    if (word === "reset") {
      this.machine.stopped = false;
      this.machine.resetAsked = true;
    } else if (word === "wire") {
      this.modem.wire(host, Number(port));
    } else if (word === "modem") {
      this.modem.unwire();
    } else if (word === "quit") {
      this.quit();
    } else if (word) {
      say("log", { text: `unknown command ${word}` });
    }
  }

  quit() {
    this.save();
    process.exit(0);
  }

  run() {
    const idle = this.machine.slice();
    this.modem.flush();
    if (this.machine.stopped) {
      setTimeout(() => this.run(), 20);
    } else if (idle) {
      setTimeout(() => this.run(), idle);
    } else {
      setImmediate(() => this.run());
    }
  }
}

const board = new Board(options());
process.on("SIGTERM", () => board.quit());
readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => board.command(line))
  .on("close", () => board.quit());
await board.listen();
