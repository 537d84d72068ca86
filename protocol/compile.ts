/** Turns tables into code: for each message and version a decoder and an encoder, made when first used, then kept. */
import { decoderSource } from './decoder-source.ts';
import { encoderSource } from './encoder-source.ts';
import type { Reader } from './reader.ts';
import { includes } from './schema.ts';
import type { Api, Draft, Fields, Message, Values } from './schema.ts';
import type { Writer } from './writer.ts';

/** Reads and writes the fields of one message in one version; headers and version prefixes are not its business. */
export interface Codec<F extends Fields> {
  /** Throws InvalidRequest where the bytes are not such a message. Bytes behind the message are left unread. */
  decode(reader: Reader): Values<F>;
  /** Appends to the writer. What the version lacks is dropped; null where it may not be is a TypeError. */
  encode(writer: Writer, draft: Draft<F>): void;
  /** The same with pauses, for what may be long. Nobody else may use the reader meanwhile. */
  decodeInPieces(reader: Reader): Generator<void, Values<F>, void>;
  /** The same with pauses, for what may be long. Nobody else may use the writer meanwhile. */
  encodeInPieces(writer: Writer, draft: Draft<F>): Generator<void, void, void>;
}

type Decode = (reader: Reader) => unknown;
type Encode = (writer: Writer, draft: unknown) => void;
type DecodeInPieces = (reader: Reader) => Generator<void, unknown, void>;
type EncodeInPieces = (writer: Writer, draft: unknown) => Generator<void, void, void>;

const EMPTY = Buffer.alloc(0);
const codecs = new WeakMap<object, (CompiledCodec | undefined)[]>();

export function requestCodec<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, version: number): Codec<Req> {
  return messageCodec(api.request, version);
}

export function responseCodec<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, version: number): Codec<Res> {
  return messageCodec(api.response, version);
}

/** Throws a RangeError for a version the table does not have: callers hold the version against the range first. */
export function messageCodec<F extends Fields>(message: Message<F>, version: number): Codec<F> {
  let versions = codecs.get(message);
  if (versions === undefined) codecs.set(message, (versions = []));
  const known = versions[version];
  if (known !== undefined) return known as Codec<Fields> as Codec<F>;
  if (!includes(message.versions, version)) {
    const { first, last } = message.versions;
    throw new RangeError(`${message.name} has no version ${version}: v${first} to v${last} are in its table`);
  }
  return (versions[version] = new CompiledCodec(message, version)) as Codec<Fields> as Codec<F>;
}

class CompiledCodec {
  decode: Decode;
  encode: Encode;
  decodeInPieces: DecodeInPieces;
  encodeInPieces: EncodeInPieces;

  constructor(message: Message<Fields>, version: number) {
    // Each makes itself at its first call: a broker decodes few of the responses it encodes.
    this.decode = (reader) => {
      this.decode = decoder(message, version, false) as Decode;
      return this.decode(reader);
    };
    this.encode = (writer, draft) => {
      this.encode = encoder(message, version, false) as Encode;
      this.encode(writer, draft);
    };
    this.decodeInPieces = (reader) => {
      this.decodeInPieces = decoder(message, version, true) as DecodeInPieces;
      return this.decodeInPieces(reader);
    };
    this.encodeInPieces = (writer, draft) => {
      this.encodeInPieces = encoder(message, version, true) as EncodeInPieces;
      return this.encodeInPieces(writer, draft);
    };
  }
}

function decoder({ name, fields, flexible }: Message<Fields>, version: number, inPieces: boolean): unknown {
  const body = decoderSource(fields, version, includes(flexible, version), inPieces);
  return compiled(`decode${name}V${version}`, 'r', body, inPieces);
}

function encoder({ name, fields, flexible }: Message<Fields>, version: number, inPieces: boolean): unknown {
  const body = encoderSource(fields, version, includes(flexible, version), inPieces);
  return compiled(`encode${name}V${version}`, 'w, d', body, inPieces);
}

/** Only our own tables are ever compiled, and layout.ts lets no name through that is not a plain word. */
function compiled(name: string, parameters: string, body: string, inPieces: boolean): unknown {
  const source = `'use strict';\nreturn function${inPieces ? '*' : ''} ${name}(${parameters}) {\n${body}\n};`;
  return (new Function('EMPTY', 'refuseNull', source) as (...scope: unknown[]) => unknown)(EMPTY, refuseNull);
}

function refuseNull(field: string, version: number): never {
  throw new TypeError(`${field} is null, which v${version} cannot say: give it a value there`);
}
