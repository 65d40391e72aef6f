/** Cuts off clients that announce an MQTT packet larger than allowed, before any of it is buffered (MQTT 3.1.1, §2.2.3). */
import type { Socket } from 'node:net';

/** Feeds bytes in order; false as soon as a packet announces more than `maxBytes` or a length field is not one. */
export function createPacketMeter(maxBytes: number): (data: Uint8Array) => boolean {
  let body = 0;
  let lengthBytes = -1;
  let length = 0;
  return (data) => {
    for (let i = 0; i < data.length; ) {
      if (body > 0) {
        const skipped = Math.min(body, data.length - i);
        body -= skipped;
        i += skipped;
        continue;
      }
      if (lengthBytes < 0) {
        // The first byte holds type and flags; the length field follows.
        lengthBytes = 0;
        length = 0;
        i++;
        continue;
      }
      const byte = data[i++] as number;
      length += (byte & 0x7f) * 128 ** lengthBytes;
      lengthBytes++;
      if (length > maxBytes || (byte & 0x80 && lengthBytes === 4)) return false;
      if (!(byte & 0x80)) {
        body = length;
        lengthBytes = -1;
      }
    }
    return true;
  };
}

/** Watches what the broker reads from a socket; the socket is destroyed at the first packet that is too large. */
export function limitPackets(socket: Socket, maxBytes: number, onOversize: () => void): void {
  const meter = createPacketMeter(maxBytes);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const data = read(size) as Buffer | null;
    if (data === null || meter(data)) return data;
    onOversize();
    socket.destroy();
    return null;
  };
}
