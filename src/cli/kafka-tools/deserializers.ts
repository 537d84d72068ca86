/** What Kafka's own deserializers make of bytes, as text: the names that --value-deserializer and its like take. */
import { isUtf8 } from 'node:buffer';
import { javaDouble } from '../../config/definition.ts';
import { CommandError, UsageError } from '../usage.ts';

/** Bytes as they are to be written. Throws CommandError for bytes of another size than the type has. */
export type Deserializer = (bytes: Buffer) => Uint8Array | string;

const PACKAGE = 'org.apache.kafka.common.serialization.';

/** By the name of the class without its package. */
const DESERIALIZERS: Readonly<Record<string, Deserializer>> = {
  ByteArrayDeserializer: (bytes) => bytes,
  StringDeserializer: (bytes) => (isUtf8(bytes) ? bytes : bytes.toString()),
  BytesDeserializer: (bytes) => escapedBytes(bytes),
  ShortDeserializer: (bytes) => String(sized(bytes, 2, 'short').readInt16BE()),
  IntegerDeserializer: (bytes) => String(sized(bytes, 4, 'integer').readInt32BE()),
  LongDeserializer: (bytes) => String(sized(bytes, 8, 'long').readBigInt64BE()),
  FloatDeserializer: (bytes) => javaFloat(sized(bytes, 4, 'float').readFloatBE()),
  DoubleDeserializer: (bytes) => javaDouble(sized(bytes, 8, 'double').readDoubleBE()),
  BooleanDeserializer: (bytes) => {
    const [byte] = sized(bytes, 1, 'boolean');
    if (byte > 1) throw new CommandError(`a boolean is the byte 0 or 1, and this is ${byte}`);
    return String(byte === 1);
  },
  UUIDDeserializer: (bytes) => {
    const text = bytes.toString();
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
    throw new CommandError(`'${text}' is no UUID`);
  },
};

/** @throws {UsageError} for a class that is not there */
export function deserializerOf(name: string): Deserializer {
  const short = name.startsWith(PACKAGE) ? name.slice(PACKAGE.length) : name;
  if (Object.hasOwn(DESERIALIZERS, short)) return DESERIALIZERS[short];
  throw new UsageError(
    `there is no deserializer ${name} here, but ${PACKAGE}… ${Object.keys(DESERIALIZERS).join(', ')}`,
  );
}

function sized(bytes: Buffer, size: number, type: string): Buffer {
  if (bytes.length === size) return bytes;
  throw new CommandError(`a ${type} has ${size} byte${size === 1 ? '' : 's'}, and this has ${bytes.length}`);
}

/** As Java's Bytes print themselves: what is not printable ASCII as \x and two digits. */
function escapedBytes(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

/** As few digits as tell this float from its neighbours. */
function javaFloat(value: number): string {
  for (let digits = 1; digits <= 9 && Number.isFinite(value); digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return javaDouble(short);
  }
  return javaDouble(value);
}
