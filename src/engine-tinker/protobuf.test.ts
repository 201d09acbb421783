import { describe, expect, it } from 'vitest';
import { DataError } from '../run/index.ts';
import {
  decodePassOutput,
  decodePassRequest,
  decodeSampleOutput,
  encodePassOutput,
  encodePassRequest,
  encodeSampleOutput,
} from './protobuf.ts';
import type { PassRequest } from './tensors.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const round = (values: Iterable<number>) => Array.from(values, (value) => Number(value.toFixed(3)));

/** Messages as the official SDK and another server exchanged them. */
const REQUEST =
  '0a016d10011a640a100a0e0a0c0a0000000b0000000c00000012300a0d7461726765745f746f6b656e73121f0a180b000000000000000c000000000000000d000000000000001802220103121e0a077765696768747312130a0c000000000000803f0000803f1801220103220d63726f73735f656e74726f7079';
const PASS =
  '0a067363616c617212a201124a0a086c6f6770726f6273123e0a20c119b8c002b5bdc0b529bdc05f25b8c03e5bbac05492b4c07b26b4c0cb69bec01218000000000000000014000000000000002000000000000000180112520a10656c656d656e74776973655f6c6f7373123e0a200000008000000080b529bd405f25b8403e5bba40000000807b26b440cb69be40121800000000000000001400000000000000200000000000000018011802';
const SAMPLE = '0a1608011208fe000000750000001a086537b9c02902aec01208c119b8c001b5bdc0';

const request: PassRequest = {
  modelId: 'm',
  seqId: 1,
  data: [
    {
      tokens: Int32Array.of(10, 11, 12),
      inputs: new Map<string, Float32Array | Int32Array>([
        ['target_tokens', Int32Array.of(11, 12, 13)],
        ['weights', Float32Array.of(0, 1, 1)],
      ]),
    },
  ],
  loss: 'cross_entropy',
  config: new Map(),
  forwardOnly: false,
};

describe('the protobuf messages', () => {
  it('are those that others write, byte for byte', () => {
    expect(decodePassRequest(bytes(REQUEST))).toEqual(request);
    expect(Buffer.from(encodePassRequest(request)).toString('hex')).toBe(REQUEST);
    const { logprobs } = decodePassOutput(bytes(PASS));
    expect(logprobs.map(round)).toEqual([
      [-5.753, -5.928, -5.911, -5.755, -5.824],
      [-5.643, -5.63, -5.95],
    ]);
    const { sequences, promptLogprobs } = decodeSampleOutput(bytes(SAMPLE));
    expect(sequences.map(({ tokens, stopReason }) => [[...tokens], stopReason])).toEqual([[[254, 117], 'length']]);
    expect(round(promptLogprobs!)).toEqual([-5.753, -5.928]);
    expect(Buffer.from(encodeSampleOutput({ sequences, promptLogprobs })).toString('hex')).toBe(SAMPLE);
  });

  it('hold what was put in: settings, negative and odd numbers, empty rows', () => {
    const config = new Map([
      ['clip_low_threshold', 0.8],
      ['__proto__', -1e-300],
    ]);
    const whole = { ...request, seqId: undefined, config, forwardOnly: true, data: [...request.data, ...request.data] };
    expect(decodePassRequest(encodePassRequest(whole))).toEqual(whole);
    const output = {
      logprobs: [Float32Array.of(-0.5, Number.NaN), new Float32Array()],
      metrics: new Map([['loss:sum', 2.5]]),
    };
    expect(decodePassOutput(encodePassOutput(output))).toEqual(output);
  });

  it('that were cut short are refused, wherever that was, or hold fewer whole parts', () => {
    for (const [hex, decode] of [
      [REQUEST, decodePassRequest],
      [PASS, decodePassOutput],
      [SAMPLE, decodeSampleOutput],
    ] as const) {
      const whole = bytes(hex);
      let refused = 0;
      for (let end = 0; end < whole.length; end++) {
        try {
          decode(whole.subarray(0, end));
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          refused += 1;
        }
      }
      expect(refused).toBeGreaterThan(whole.length * 0.8);
    }
  });

  it('name what is not understood: two dimensions, images, ids beyond 32 bits, texts for numbers', () => {
    const tensor = (hex: string) => {
      const inner = bytes(hex);
      const entry = [0x0a, 1, 0x74, 0x12, inner.length, ...inner];
      const datum = [0x12, entry.length, ...entry];
      return () => decodePassRequest(Uint8Array.from([0x1a, datum.length, ...datum]));
    };
    expect(tensor('1802220202020a0400000000')).toThrow(
      /loss_fn_inputs\.t: expected one number a position, got shape \[2,2\]/,
    );
    expect(tensor('12001802')).toThrow(/got a sparse one/);
    expect(tensor('0a08000000000100000018022201 01'.replaceAll(' ', ''))).toThrow(/needs more than 32 bits/);
    expect(tensor('1805')).toThrow(/dtype 5; expected float32/);
    const image = Uint8Array.from([0x1a, 4, 0x0a, 2, 0x12, 0]);
    expect(() => decodePassRequest(image)).toThrow(/an image; this engine reads tokens only/);
    const text = Uint8Array.from([0x3a, 8, 0x0a, 1, 0x6b, 0x12, 3, 0x12, 1, 0x78]);
    expect(() => decodePassRequest(text)).toThrow(/loss_fn_config\.k: a text; expected a number/);
  });
});
