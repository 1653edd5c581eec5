// SPDX-License-Identifier: MIT
//
// What hangs on the other end of UART1: a wire to one TCP connection, with or without a modem in between.
//
// The modem listens for lines until a connection is made, and from then on passes bytes as they are:
//
//   ATD<host>:<port>   connects; answers CONNECT, or NO CARRIER
//   ATA                waits for somebody to connect to the port of listen(); answers CONNECT
//   AT                 answers OK
//
// A break on the line hangs up, in both directions: the board's break closes the connection after what was sent before,
// and the modem's break (after the last byte received) tells that the other end has closed. Then it listens for lines
// again, once the board has sent its break too. Without a modem (`wire`) a connection is just there; its end shows
// nowhere.
import net from "node:net";

const COMMAND_LENGTH = 300;

export class Modem {
  // `input`: a ByteQueue for bytes to the board; `sendBreak`: called when a break is to follow them;
  // `report(state, text)`.
  constructor(input, sendBreak, report) {
    Object.assign(this, { input, sendBreak, report });
    this.command = "";
    this.state = "command"; // or "dialling", "answering", "data", "over"
    this.wired = false;
    this.socket = null;
    this.waiting = []; // connections that nobody has answered yet
    this.output = [];
  }

  // Gives the port where the host reaches the board.
  listen() {
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => this.arrive(socket));
    return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
  }

  arrive(socket) {
    socket.on("error", () => {});
    this.waiting.push(socket);
    if (this.wired || this.state === "answering") {
      this.answer();
    }
  }

  answer() {
    const socket = this.waiting.shift();
    if (socket) {
      this.attach(socket);
      socket.resume();
    }
  }

  // Takes the modem away and connects the wire to a server, or to whoever connects to the port of listen().
  wire(host, port) {
    this.hangUp();
    this.wired = true;
    if (host) {
      this.dial(host, port);
    } else {
      this.answer();
    }
  }

  // Puts the modem back.
  unwire() {
    this.hangUp();
    this.wired = false;
  }

  dial(host, port) {
    this.state = "dialling";
    const socket = net.createConnection({ host, port, allowHalfOpen: true }, () => this.attach(socket));
    socket.on("error", (error) => {
      if (this.state === "dialling" && this.socket === socket) {
        this.notConnected(error);
      }
      this.report("error", error.message);
    });
    this.socket = socket;
  }

  // A connection that was reset before we heard of it was there all the same.
  notConnected(error) {
    if (error.code === "ECONNRESET") {
      this.state = "over";
      this.reply("CONNECT");
      this.sendBreak();
    } else {
      this.state = "command";
      this.reply("NO CARRIER");
    }
  }

  attach(socket) {
    this.socket = socket;
    this.state = "data";
    this.reply("CONNECT");
    socket.setNoDelay(true);
    socket.on("data", (data) => this.receive(socket, data));
    socket.on("end", () => this.peerIsGone(socket));
    socket.on("close", () => this.peerIsGone(socket));
    this.report("connected", "");
  }

  receive(socket, data) {
    if (socket === this.socket) {
      this.input.add(data);
    }
  }

  peerIsGone(socket) {
    if (socket === this.socket && this.state === "data") {
      this.state = "over";
      this.report("closed", "");
      if (!this.wired) {
        this.sendBreak();
      }
    }
  }

  reply(text) {
    if (!this.wired) {
      this.input.add(Buffer.from(`${text}\r\n`));
    }
  }

  // A byte from the board. The other end may have closed its half only.
  take(byte) {
    if (this.state === "data" || this.state === "over") {
      this.output.push(byte);
    } else if (this.state === "command" && byte === 13) {
      const line = this.command;
      this.command = "";
      this.obey(line);
    } else if (this.state === "command" && this.command.length < COMMAND_LENGTH) {
      this.command += String.fromCharCode(byte);
    }
  }

  obey(line) {
    const number = line.match(/^ATD([^:]+):(\d+)$/);
    if (number) {
      this.dial(number[1], Number(number[2]));
    } else if (line === "ATA") {
      this.state = "answering";
      this.answer();
    } else {
      this.reply(line === "AT" ? "OK" : "ERROR");
    }
  }

  // Sends what has come from the board.
  flush() {
    if (this.output.length && this.socket?.writable) {
      this.socket.write(Buffer.from(this.output));
    }
    this.output = [];
  }

  // The board's break, or a reset of the board.
  hangUp() {
    this.flush();
    this.socket?.end();
    this.socket = null;
    this.state = "command";
    this.command = "";
    this.input.clear();
  }
}
