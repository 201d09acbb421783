import { deflateSync, inflateSync } from 'node:zlib';

/**
 * Screenshots made small: an 8-bit PNG without alpha or with it is written again with a palette of at most 256 colours,
 * close ones taken together where there are more. Pictures of pages have few colours, so that this is a third of the size.
 */
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

const crcTable = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
function crc(bytes: Buffer): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = crcTable[(c ^ byte) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc(body), body.length + 4);
  return out;
}

/** Pixels as stored, row after row, with the filters of the rows taken off (PNG specification, section 9). */
function pixelsOf(png: Buffer): { width: number; height: number; channels: 3 | 4; pixels: Buffer } {
  const parts = new Map<string, Buffer[]>();
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    parts.set(type, [...(parts.get(type) ?? []), png.subarray(at + 8, at + 8 + length)]);
    at += length + 12;
  }
  const head = parts.get('IHDR')![0]!;
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const [depth, colour, , , interlaced] = head.subarray(8);
  if (depth !== 8 || (colour !== 2 && colour !== 6) || interlaced !== 0)
    throw new Error(`expected 8-bit colour without interlacing, got depth ${depth}, colour type ${colour}`);
  const channels = colour === 2 ? 3 : 4;
  const raw = inflateSync(Buffer.concat(parts.get('IDAT')!));
  const stride = width * channels;
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : pixels[y * stride + x - channels]!;
      const up = y === 0 ? 0 : pixels[(y - 1) * stride + x]!;
      const corner = x < channels || y === 0 ? 0 : pixels[(y - 1) * stride + x - channels]!;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
      pixels[y * stride + x] = raw[y * (stride + 1) + 1 + x]! + guess;
    }
  }
  return { width, height, channels, pixels };
}
function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** The same picture with a palette. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, channels, pixels } = pixelsOf(png);
  for (const step of [1, 4, 8, 16, 32]) {
    const near = (value: number) => Math.min(255, Math.round(value / step) * step);
    const places = new Map<number, number>();
    const rows = Buffer.alloc((width + 1) * height);
    for (let i = 0, at = 0; i < width * height && places.size <= 256; i++, at += channels) {
      const colour = (near(pixels[at]!) << 16) | (near(pixels[at + 1]!) << 8) | near(pixels[at + 2]!);
      let place = places.get(colour);
      if (place === undefined) {
        place = places.size;
        places.set(colour, place);
      }
      rows[i + Math.floor(i / width) + 1] = place;
    }
    if (places.size > 256) continue;
    const palette = Buffer.from([...places.keys()].flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]));
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head.set([8, 3, 0, 0, 0], 8);
    return Buffer.concat([
      SIGNATURE,
      chunk('IHDR', head),
      chunk('PLTE', palette),
      chunk('IDAT', deflateSync(rows, { level: 9 })),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }
  throw new Error('a picture of pages has fewer colours than this');
}
