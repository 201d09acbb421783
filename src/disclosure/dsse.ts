import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { digestBytes } from '../run/index.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { isSignature, type VerifyingKey } from './keys.ts';

/**
 * Signed envelopes: DSSE 1.0 over an in-toto Statement, in a Sigstore bundle 0.3 that names its key. Ours hold one signature,
 * no log entries, and responses of time-stamping authorities (RFC 3161) where somebody asked one.
 */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** The bytes that a DSSE signature is over: `DSSEv1 <length> <type> <length> <payload>`. */
export const preAuthEncoding = (type: string, payload: Uint8Array): Uint8Array =>
  concatBytes(utf8ToBytes(`DSSEv1 ${utf8ToBytes(type).length} ${type} ${payload.length} `), payload);

const base64Schema = z.string().refine((text) => fromBase64(text) !== undefined, 'expected base64');

export const bundleSchema = z.strictObject({
  mediaType: z.literal(MEDIA_TYPE),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: z.string() }),
    tlogEntries: z.tuple([]),
    timestampVerificationData: z
      .strictObject({
        rfc3161Timestamps: z
          .array(z.strictObject({ signedTimestamp: base64Schema }))
          .min(1)
          .max(16),
      })
      .exactOptional(),
  }),
  dsseEnvelope: z.strictObject({
    payload: base64Schema,
    payloadType: z.literal(PAYLOAD_TYPE),
    signatures: z.tuple([z.strictObject({ sig: base64Schema, keyid: z.literal('') })]),
  }),
});
export type Bundle = Readonly<z.infer<typeof bundleSchema>>;

export const payloadOf = ({ dsseEnvelope }: Bundle): Uint8Array => fromBase64(dsseEnvelope.payload)!;
export const signatureOf = ({ dsseEnvelope }: Bundle): Uint8Array => fromBase64(dsseEnvelope.signatures[0].sig)!;
/** Time stamps of the signature, as DER of whole TimeStampResp. */
export const timestampsOf = ({ verificationMaterial }: Bundle): Uint8Array[] =>
  (verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? []).map(
    ({ signedTimestamp }) => fromBase64(signedTimestamp)!,
  );

/** Digest of what a bundle says, by which the next one names it: the payload, whoever stamps the signature later. */
export const payloadDigest = (bundle: Bundle): string => digestBytes(payloadOf(bundle));

/** The bundle of a payload and its signature. */
export const bundleOf = (key: VerifyingKey, payload: Uint8Array, signature: Uint8Array): Bundle => ({
  mediaType: MEDIA_TYPE,
  verificationMaterial: { publicKey: { hint: key.fingerprint }, tlogEntries: [] },
  dsseEnvelope: {
    payload: toBase64(payload),
    payloadType: PAYLOAD_TYPE,
    signatures: [{ sig: toBase64(signature), keyid: '' }],
  },
});

/** The same with one more time stamp of its signature. */
export function withTimestamp(bundle: Bundle, response: Uint8Array): Bundle {
  const { verificationMaterial } = bundle;
  const before = verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  const rfc3161Timestamps = [...before, { signedTimestamp: toBase64(response) }];
  return {
    ...bundle,
    verificationMaterial: { ...verificationMaterial, timestampVerificationData: { rfc3161Timestamps } },
  };
}

/** Whether a bundle is signed by a key, and names that key. */
export const isSignedBy = (bundle: Bundle, key: VerifyingKey): boolean =>
  bundle.verificationMaterial.publicKey.hint === key.fingerprint &&
  isSignature(key, preAuthEncoding(PAYLOAD_TYPE, payloadOf(bundle)), signatureOf(bundle));
