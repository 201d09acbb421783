import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * Event files of TensorBoard: TFRecord framing (length, data, and a masked CRC-32C of each) around messages of `event.proto`, of
 * which scalars need five fields. Formats: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto.
 */

/** CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), by byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** As it stands in files: a checksum of data that hold checksums would be a weak one. */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** Scalars of a step. */
export interface ScalarEvent {
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Values by tag; float32 in the file. */
  readonly scalars: ReadonlyMap<string, number>;
}

function framed(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return record;
}

/** The first record of a file. */
export const fileHeader = (wallTime: number): Uint8Array =>
  framed(
    new BinaryWriter()
      .tag(1, WireType.Bit64)
      .double(wallTime)
      .tag(3, WireType.LengthDelimited)
      .string('brain.Event:2')
      .finish(),
  );

/** A record of a step. */
export function eventRecord({ step, wallTime, scalars }: ScalarEvent): Uint8Array {
  const event = new BinaryWriter().tag(1, WireType.Bit64).double(wallTime).tag(2, WireType.Varint).int64(step);
  event.tag(5, WireType.LengthDelimited).fork();
  for (const [tag, value] of scalars) {
    event.tag(1, WireType.LengthDelimited).fork();
    event.tag(1, WireType.LengthDelimited).string(tag).tag(2, WireType.Bit32).float(value);
    event.join();
  }
  return framed(event.join().finish());
}

/** Fields of a message, by number; others are passed over. */
function fieldsOf(data: Uint8Array, take: Readonly<Record<number, (reader: BinaryReader) => void>>): void {
  const reader = new BinaryReader(data);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const own = take[field];
    if (own === undefined) reader.skip(type, field);
    else own(reader);
  }
}

function readEvent(data: Uint8Array): ScalarEvent {
  let [step, wallTime] = [0, 0];
  const scalars = new Map<string, number>();
  const value = (bytes: Uint8Array) => {
    let [tag, number] = ['', 0];
    fieldsOf(bytes, {
      1: (reader) => {
        tag = reader.string();
      },
      2: (reader) => {
        number = reader.float();
      },
    });
    scalars.set(tag, number);
  };
  fieldsOf(data, {
    1: (reader) => {
      wallTime = reader.double();
    },
    2: (reader) => {
      step = Number(reader.int64());
    },
    5: (reader) => fieldsOf(reader.bytes(), { 1: (inner) => value(inner.bytes()) }),
  });
  return { step, wallTime, scalars };
}

/** Events of a file as far as it is whole, each with the place where its record ends; a torn or altered tail is left out. */
export function readEvents(file: Uint8Array): { readonly event: ScalarEvent; readonly end: number }[] {
  const events: { event: ScalarEvent; end: number }[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + 16 <= file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const end = at + 16 + length;
    if (view.getUint32(at + 8, true) !== masked(file.subarray(at, at + 8)) || end > file.length) break;
    const data = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(end - 4, true) !== masked(data)) break;
    events.push({ event: readEvent(data), end });
    at = end;
  }
  return events;
}
