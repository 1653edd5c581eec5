// SPDX-License-Identifier: MIT

// Bytes on their way, first in, first out. An array's shift() moves all of a long array.
export class ByteQueue {
  constructor() {
    this.clear();
  }

  clear() {
    this.pieces = [];
    this.place = 0; // in the first piece
    this.length = 0;
  }

  // `data`: a Uint8Array, which is kept.
  add(data) {
    if (data.length) {
      this.pieces.push(data);
      this.length += data.length;
    }
  }

  // The next byte; there has to be one.
  take() {
    const piece = this.pieces[0];
    const byte = piece[this.place++];
    this.length -= 1;
    if (this.place === piece.length) {
      this.pieces.shift();
      this.place = 0;
    }
    return byte;
  }
}
