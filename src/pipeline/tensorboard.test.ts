import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { crc32c, eventRecord, readEvents } from './event-file.ts';
import { EVENT_FILE, openEventLog } from './tensorboard.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-events-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const eventsIn = (at: string) => readEvents(readFileSync(join(at, EVENT_FILE))).map(({ event }) => event);

/** Written by `RecordWriter` of tensorboard 2.21.0. */
const GOLDEN = '200000000000000029eda95009000000000000f83f10032a130a110a0a747261696e2f6c6f7373150000803e43301b92';

describe('event files of TensorBoard', () => {
  it('have the checksum of RFC 3720, Appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
  it('are to the byte what TensorBoard 2.21 writes of the same event', () => {
    const record = eventRecord({ step: 3, wallTime: 1.5, scalars: new Map([['train/loss', 0.25]]) });
    expect(Buffer.from(record).toString('hex')).toBe(GOLDEN);
  });
  it('give back what was written, and of a damaged file what stands before the damage', () => {
    const event = fc.record({
      step: fc.nat(),
      wallTime: fc.double({ noNaN: true }),
      scalars: fc
        .dictionary(fc.string({ minLength: 1 }), fc.float({ noNaN: true }))
        .map((d) => new Map(Object.entries(d))),
    });
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (events, at, flip) => {
          const file = Buffer.concat(events.map(eventRecord));
          const read = readEvents(file);
          expect(read.map((own) => own.event)).toEqual(events);
          const place = at % file.length;
          const damaged = Buffer.from(file);
          damaged[place]! ^= flip;
          const whole = read.filter(({ end }) => end <= place);
          expect(readEvents(damaged)).toEqual(whole);
          expect(readEvents(file.subarray(0, place))).toEqual(whole);
        },
      ),
    );
  });
  it('go on after a kill: a torn tail is cut, and a training that went back says its steps again', () => {
    const at = join(folder, 'run');
    let clock = 100;
    const open = () => openEventLog(at, () => clock++);
    const first = open();
    for (const step of [1, 2, 3]) first.append(step, { loss: step, unscored: null, lr: 0.5 });
    appendFileSync(join(at, EVENT_FILE), 'torn');
    const again = open();
    expect(again.lastStep()).toBe(3);
    again.append(2, { loss: 20 });
    const events = eventsIn(at);
    expect(events.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(events[1]).toEqual({
      step: 1,
      wallTime: 101,
      scalars: new Map([
        ['train/loss', 1],
        ['train/learning_rate', 0.5],
      ]),
    });
    expect(events[2]!.scalars).toEqual(new Map([['train/loss', 20]]));
  });
  it('begin anew where a file is none of theirs', () => {
    const at = join(folder, 'other');
    openEventLog(at, () => 1);
    writeFileSync(join(at, EVENT_FILE), 'something else that is long enough to be looked at');
    const log = openEventLog(at, () => 2);
    log.append(1, { loss: 1 });
    expect(eventsIn(at).map(({ step }) => step)).toEqual([0, 1]);
  });
});
