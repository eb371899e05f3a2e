/** One direction of a WebSocket, cut into its frames (RFC 6455, 5.2), each with its bytes as they came. */
export class WebSocketFrames {
  #kept = Buffer.alloc(0);
  #isHead;

  /** `afterHead`: the HTTP answer that opens the WebSocket comes first, and is a frame without text. */
  constructor({ afterHead = false } = {}) {
    this.#isHead = afterHead;
  }

  /** The frames that these bytes complete: `{bytes, text}`, the text of a control frame or of no text frame is null. */
  *split(bytes) {
    this.#kept = Buffer.concat([this.#kept, bytes]);
    for (let frame = this.#next(); frame !== null; frame = this.#next()) yield frame;
  }

  #next() {
    if (this.#isHead) {
      const end = this.#kept.indexOf("\r\n\r\n");
      if (end === -1) return null;
      this.#isHead = false;
      return { bytes: this.#take(end + 4), text: null };
    }
    const layout = layoutOf(this.#kept);
    if (layout === null || this.#kept.length < layout.end) return null;
    const frame = this.#take(layout.end);
    return { bytes: frame, text: layout.isText ? textOf(frame, layout) : null };
  }

  #take(length) {
    const taken = this.#kept.subarray(0, length);
    this.#kept = this.#kept.subarray(length);
    return taken;
  }
}

/** Where the payload of the first frame lies, or null while that cannot be known. */
function layoutOf(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + lengthBytes) return null;
  const length = lengthBytes === 0 ? short : Number(BigInt(`0x${bytes.toString("hex", 2, 2 + lengthBytes)}`));
  const mask = bytes[1] & 0x80 ? 2 + lengthBytes : null;
  const start = 2 + lengthBytes + (mask === null ? 0 : 4);
  return { isText: (bytes[0] & 0x0f) === 1, mask, start, end: start + length };
}

function textOf(frame, { mask, start }) {
  const payload = Buffer.from(frame.subarray(start));
  if (mask !== null)
    for (let index = 0; index < payload.length; index += 1) payload[index] ^= frame[mask + (index % 4)];
  return payload.toString("utf8");
}
