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
}

type Decode = (reader: Reader) => unknown;
type Encode = (writer: Writer, draft: unknown) => void;

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

  constructor(message: Message<Fields>, version: number) {
    const flexible = includes(message.flexible, version);
    // Each makes itself at its first call: a broker decodes few of the responses it encodes.
    this.decode = (reader) => {
      const body = decoderSource(message.fields, version, flexible);
      this.decode = compiled(`decode${message.name}V${version}`, 'r', body) as Decode;
      return this.decode(reader);
    };
    this.encode = (writer, draft) => {
      const body = encoderSource(message.fields, version, flexible);
      this.encode = compiled(`encode${message.name}V${version}`, 'w, d', body) as Encode;
      this.encode(writer, draft);
    };
  }
}

/** Only our own tables are ever compiled, and layout.ts lets no name through that is not a plain word. */
function compiled(name: string, parameters: string, body: string): unknown {
  const source = `'use strict';\nreturn function ${name}(${parameters}) {\n${body}\n};`;
  return (new Function('EMPTY', 'refuseNull', source) as (...scope: unknown[]) => unknown)(EMPTY, refuseNull);
}

function refuseNull(field: string, version: number): never {
  throw new TypeError(`${field} is null, which v${version} cannot say: give it a value there`);
}
