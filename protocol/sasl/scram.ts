/** SCRAM (RFC 5802, RFC 7677): its arithmetic and its messages, for whoever speaks either side. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

interface ScramFacts {
  readonly hash: 'sha256' | 'sha512';
  readonly keyBytes: number;
  /** By which Kafka's records and requests name it (KIP-554). */
  readonly code: number;
}

export const SCRAM_MECHANISMS: Readonly<Record<ScramMechanism, ScramFacts>> = {
  'SCRAM-SHA-256': { hash: 'sha256', keyBytes: 32, code: 1 },
  'SCRAM-SHA-512': { hash: 'sha512', keyBytes: 64, code: 2 },
};

/** As Kafka demands it. */
export const FEWEST_ITERATIONS = 4096;
/** As Kafka allows it where credentials are made. */
export const MOST_ITERATIONS = 16_384;

export function isScram(mechanism: string): mechanism is ScramMechanism {
  return Object.hasOwn(SCRAM_MECHANISMS, mechanism);
}

/** Takes milliseconds for thousands of iterations: that is its purpose. Like Kafka, it takes the password's UTF-8 as it is. */
export function saltedPassword(
  mechanism: ScramMechanism,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Buffer {
  const { hash, keyBytes } = SCRAM_MECHANISMS[mechanism];
  return pbkdf2Sync(password, salt, iterations, keyBytes, hash);
}

/** What a server keeps of a password: with these it can check one, and a thief cannot sign in by them. */
export interface ScramKeys {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export function scramKeys(mechanism: ScramMechanism, salted: Uint8Array): ScramKeys {
  return {
    storedKey: digest(mechanism, clientKeyOf(mechanism, salted)),
    serverKey: keyed(mechanism, salted, 'Server Key'),
  };
}

/** The client's evidence that it knows the password. `said` is all that both sides have said before it. */
export function clientProof(mechanism: ScramMechanism, salted: Uint8Array, said: string): Buffer {
  const clientKey = clientKeyOf(mechanism, salted);
  return xor(clientKey, keyed(mechanism, digest(mechanism, clientKey), said));
}

/** Of the password behind a proof, the key that a server keeps. */
export function storedKeyBehind(
  mechanism: ScramMechanism,
  proof: Uint8Array,
  storedKey: Uint8Array,
  said: string,
): Buffer {
  return digest(mechanism, xor(proof, keyed(mechanism, storedKey, said)));
}

/** The server's evidence. */
export function serverSignature(mechanism: ScramMechanism, serverKey: Uint8Array, said: string): Buffer {
  return keyed(mechanism, serverKey, said);
}

function clientKeyOf(mechanism: ScramMechanism, salted: Uint8Array): Buffer {
  return keyed(mechanism, salted, 'Client Key');
}

function keyed(mechanism: ScramMechanism, key: Uint8Array, text: string): Buffer {
  return createHmac(SCRAM_MECHANISMS[mechanism].hash, key).update(text).digest();
}

function digest(mechanism: ScramMechanism, bytes: Uint8Array): Buffer {
  return createHash(SCRAM_MECHANISMS[mechanism].hash).update(bytes).digest();
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  const result = Buffer.alloc(a.length);
  for (let at = 0; at < a.length; at++) result[at] = a[at] ^ b[at];
  return result;
}

/** A name as it stands in a message. */
export function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

function nameOf(saslName: string): string {
  return saslName.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

// The grammar of RFC 5802, section 7, as far as Kafka takes it. No alternative begins as another does: each is read in one pass.
const NAME = '(?:[\\x01-\\x2B\\x2D-\\x3C\\x3E-\\x7F]|=2C|=3D)+';
const VALUE = '[\\x01-\\x2B\\x2D-\\x7F]+';
const PRINTABLE = '[\\x21-\\x2B\\x2D-\\x7E]+';
const BASE64 = '(?:[a-zA-Z0-9/+]{4})*(?:[a-zA-Z0-9/+]{3}=|[a-zA-Z0-9/+]{2}==)?';
const EXTENSIONS = `((?:,[A-Za-z]+=${VALUE})*)`;

const CLIENT_FIRST = new RegExp(`^n,(?:a=(${NAME}))?,((?:m=${VALUE},)?n=(${NAME}),r=(${PRINTABLE})${EXTENSIONS})$`);
const SERVER_FIRST = new RegExp(`^(?:m=${VALUE},)?r=(${PRINTABLE}),s=(${BASE64}),i=([0-9]+)${EXTENSIONS}$`);
const CLIENT_FINAL = new RegExp(`^(c=(${BASE64}),r=(${PRINTABLE})${EXTENSIONS}),p=(${BASE64})$`);
const SERVER_FINAL = new RegExp(`^(?:e=(${VALUE})|v=(${BASE64}))${EXTENSIONS}$`);

export interface ClientFirst {
  /** Empty where the client wants to be who it signs in as. */
  readonly authorizationId: string;
  readonly user: string;
  readonly nonce: string;
  readonly extensions: ReadonlyMap<string, string>;
  /** Without the header: what both sides sign. */
  readonly bare: string;
}

export interface ServerFirst {
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

export interface ClientFinal {
  readonly nonce: string;
  readonly proof: Buffer;
  /** What both sides sign. */
  readonly withoutProof: string;
}

/** Null where it is none; each of these. */
export function readClientFirst(message: string): ClientFirst | null {
  const found = CLIENT_FIRST.exec(message);
  if (found === null) return null;
  const [, authorizationId = '', bare, user, nonce, extensions] = found;
  return { authorizationId: nameOf(authorizationId), user: nameOf(user), nonce, extensions: pairs(extensions), bare };
}

export function readServerFirst(message: string): ServerFirst | null {
  const found = SERVER_FIRST.exec(message);
  if (found === null) return null;
  return { nonce: found[1], salt: Buffer.from(found[2], 'base64'), iterations: Number(found[3]) };
}

export function readClientFinal(message: string): ClientFinal | null {
  const found = CLIENT_FINAL.exec(message);
  if (found === null) return null;
  return { nonce: found[3], proof: Buffer.from(found[5], 'base64'), withoutProof: found[1] };
}

export function readServerFinal(message: string): { readonly error: string } | { readonly signature: Buffer } | null {
  const found = SERVER_FINAL.exec(message);
  if (found === null) return null;
  return found[1] === undefined ? { signature: Buffer.from(found[2], 'base64') } : { error: found[1] };
}

function pairs(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    if (at > 0) found.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return found;
}

export function serverFirst({ nonce, salt, iterations }: ServerFirst): string {
  return `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;
}
