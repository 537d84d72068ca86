/** How kafka-console-consumer writes a record: Kafka's formatters and their properties. */
import type { ReadRecord } from '../record-format.ts';
import { UsageError } from '../usage.ts';
import type { Properties } from './command-config.ts';
import { deserializerOf, type Deserializer } from './deserializers.ts';

/** What goes to stdout for a record, and what to the log on stderr. */
export interface Formatted {
  readonly out: Buffer;
  readonly log?: string;
}

export type Formatter = (record: ReadRecord) => Formatted;

const PACKAGE = /^(org\.apache\.kafka\.tools\.consumer|kafka\.tools)\./;
const FORMATTERS: Readonly<Record<string, (properties: Properties) => Formatter>> = {
  DefaultMessageFormatter: defaultFormatter,
  LoggingMessageFormatter: loggingFormatter,
  NoOpMessageFormatter: () => () => ({ out: Buffer.alloc(0) }),
};

const PARTS = ['timestamp', 'partition', 'offset', 'delivery', 'epoch', 'headers', 'key', 'value'];

const KEYS = new Set([
  ...PARTS.map((part) => `print.${part}`),
  'key.separator',
  'line.separator',
  'headers.separator',
  'null.literal',
  'key.deserializer',
  'value.deserializer',
  'headers.deserializer',
]);

/** @throws {UsageError} for a class or a property that is not there */
export function formatterOf(name: string | undefined, properties: Properties): Formatter {
  const short = (name ?? 'DefaultMessageFormatter').replace(PACKAGE, '');
  if (!Object.hasOwn(FORMATTERS, short)) {
    throw new UsageError(`there is no formatter ${name} here, but ${Object.keys(FORMATTERS).join(', ')}`);
  }
  for (const key of properties.keys()) {
    if (!KEYS.has(key)) throw new UsageError(`there is no property ${key} here, but ${[...KEYS].join(', ')}`);
  }
  return FORMATTERS[short](properties);
}

function defaultFormatter(properties: Properties): Formatter {
  const is = (name: string, otherwise = 'false'): boolean =>
    (properties.get(name) ?? otherwise).trim().toLowerCase() === 'true';
  const text = (name: string, otherwise: string): Buffer => Buffer.from(properties.get(name) ?? otherwise);
  const [between, after] = [text('key.separator', '\t'), text('line.separator', '\n')];
  const parts = partsOf(text('null.literal', 'null'), text('headers.separator', ','), (name) => {
    const given = properties.get(`${name}.deserializer`);
    return given === undefined ? null : deserializerOf(given);
  });
  const shown = [...parts].filter(([part]) => is(`print.${part}`, part === 'value' ? 'true' : 'false'));
  return (record) => {
    const pieces = shown.map(([, write]) => Buffer.from(write(record)));
    const out = pieces.flatMap((piece, at) => (at === 0 ? [piece] : [between, piece]));
    return { out: Buffer.concat(pieces.length === 0 ? [] : [...out, after]) };
  };
}

type Part = (record: ReadRecord) => Uint8Array | string;

/** In the order in which they are written. */
function partsOf(
  nullLiteral: Buffer,
  headersBetween: Buffer,
  deserializer: (name: 'key' | 'value' | 'headers') => Deserializer | null,
): Map<string, Part> {
  const read = (name: 'key' | 'value' | 'headers'): ((bytes: Buffer | null) => Uint8Array | string) => {
    const convert = deserializer(name);
    return (bytes) => (convert === null ? (bytes ?? nullLiteral) : convert(bytes ?? nullLiteral));
  };
  const [key, value, header] = [read('key'), read('value'), read('headers')];
  return new Map<string, Part>([
    ['timestamp', ({ timestamp, timestampType }) => (timestamp < 0 ? 'NO_TIMESTAMP' : `${timestampType}:${timestamp}`)],
    ['partition', ({ partition }) => `Partition:${partition}`],
    ['offset', ({ offset }) => `Offset:${offset}`],
    ['delivery', ({ deliveryCount }) => `Delivery:${deliveryCount ?? 'NOT_PRESENT'}`],
    ['epoch', () => 'Epoch:NOT_PRESENT'], // Kafka's console consumer gives its formatters no epoch
    [
      'headers',
      ({ headers }) =>
        headers.length === 0
          ? 'NO_HEADERS'
          : Buffer.concat(
              headers.flatMap((each, at) => [
                ...(at === 0 ? [] : [headersBetween]),
                Buffer.from(`${each.key}:`),
                Buffer.from(header(each.value === null ? null : Buffer.from(each.value))),
              ]),
            ),
    ],
    ['key', (record) => key(record.key)],
    ['value', (record) => value(record.value)],
  ]);
}

function loggingFormatter(properties: Properties): Formatter {
  const format = defaultFormatter(properties);
  return (record) => {
    const { timestamp, timestampType, key, value } = record;
    const time = timestamp < 0 ? '' : `${timestampType}:${timestamp}, `;
    const keyText = key === null ? 'key:null ' : `key:${key.toString()}, `;
    return { ...format(record), log: `${time}${keyText}value:${value === null ? 'null' : value.toString()}` };
  };
}
