import { z } from 'zod';
import { digestBytes } from '../run/index.ts';
import { isSignature, type SigningKey, signBytes, type VerifyingKey } from './keys.ts';

/**
 * Signed envelopes: DSSE 1.0 over an in-toto Statement, in a Sigstore bundle 0.3 that names its key. Ours hold one signature,
 * no log entries, and responses of time-stamping authorities (RFC 3161) where somebody asked one.
 */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** The bytes that a DSSE signature is over: `DSSEv1 <length> <type> <length> <payload>`. */
export const preAuthEncoding = (type: string, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);

const isBase64 = (text: string) => Buffer.from(text, 'base64').toString('base64') === text;
const base64Schema = z.string().refine(isBase64, 'expected base64');

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

export const payloadOf = ({ dsseEnvelope }: Bundle): Buffer => Buffer.from(dsseEnvelope.payload, 'base64');
export const signatureOf = ({ dsseEnvelope }: Bundle): Buffer => Buffer.from(dsseEnvelope.signatures[0].sig, 'base64');
/** Time stamps of the signature, as DER of whole TimeStampResp. */
export const timestampsOf = ({ verificationMaterial }: Bundle): Buffer[] =>
  (verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? []).map(({ signedTimestamp }) =>
    Buffer.from(signedTimestamp, 'base64'),
  );

/** Digest of what a bundle says, by which the next one names it: the payload, whoever stamps the signature later. */
export const payloadDigest = (bundle: Bundle): string => digestBytes(payloadOf(bundle));

/** Signs a payload. */
export function signPayload(key: SigningKey, payload: Uint8Array): Bundle {
  const sig = signBytes(key, preAuthEncoding(PAYLOAD_TYPE, payload)).toString('base64');
  return {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: key.fingerprint }, tlogEntries: [] },
    dsseEnvelope: {
      payload: Buffer.from(payload).toString('base64'),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig, keyid: '' }],
    },
  };
}

/** The same with one more time stamp of its signature. */
export function withTimestamp(bundle: Bundle, response: Uint8Array): Bundle {
  const { verificationMaterial } = bundle;
  const before = verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  const rfc3161Timestamps = [...before, { signedTimestamp: Buffer.from(response).toString('base64') }];
  return {
    ...bundle,
    verificationMaterial: { ...verificationMaterial, timestampVerificationData: { rfc3161Timestamps } },
  };
}

/** Whether a bundle is signed by a key, and names that key. */
export const isSignedBy = (bundle: Bundle, key: VerifyingKey): boolean =>
  bundle.verificationMaterial.publicKey.hint === key.fingerprint &&
  isSignature(key, preAuthEncoding(PAYLOAD_TYPE, payloadOf(bundle)), signatureOf(bundle));
