/** A message as text to take along: JSON, a command for a shell, code for a test. */
import type { Content, RecordRow } from '../src/page/frames.ts';

/** As `ottla consume --json` writes it, and `ottla produce --json-lines` takes it. */
export function asJson({ partition, timestamp, key, value, headers }: RecordRow): string {
  return JSON.stringify({
    ...contentJson('key', key),
    ...contentJson('value', value),
    ...(headers.length === 0
      ? {}
      : { headers: headers.map((header) => ({ key: header.key, ...contentJson('value', header.value) })) }),
    partition,
    timestamp,
  });
}

function contentJson(name: 'key' | 'value', content: Content | null): object {
  if (content === null) return { [name]: null };
  return content.isHex ? { [`${name}Base64`]: base64(content.text) } : { [name]: content.text };
}

/** For a POSIX shell: nothing of the message is anything but text there. */
export function asCommand(topic: string, row: RecordRow): string {
  const { partition, key, value, headers } = row;
  if (!fitsArguments(row)) return `printf '%s' ${quoted(asJson(row))} | ottla produce ${quoted(topic)} --json-lines`;
  return [
    'ottla produce',
    ...(key === null ? [] : [`--key=${quoted(key.text)}`]),
    ...headers.map((header) => `--header=${quoted(`${header.key}=${header.value!.text}`)}`),
    `--partition=${partition}`,
    ...(value === null ? ['--tombstone', '--', quoted(topic)] : ['--', quoted(topic), quoted(value.text)]),
  ].join(' ');
}

/** A command's arguments hold no NUL and no bytes that are no text, not more than 128 KiB each, and no header without a value. */
const LONGEST_ARGUMENT = 100_000;

function fitsArguments({ key, value, headers }: RecordRow): boolean {
  const isText = (content: Content | null): boolean =>
    content === null || (!content.isHex && !content.text.includes('\0') && content.text.length < LONGEST_ARGUMENT / 4);
  const isHeader = (header: RecordRow['headers'][number]): boolean =>
    header.value !== null && !/[=\0]/.test(header.key) && header.key !== '' && isText(header.value);
  return isText(key) && isText(value) && (key !== null || value !== null) && headers.every(isHeader);
}

export function asTestCode(topic: string, { partition, timestamp, key, value, headers }: RecordRow): string {
  // In brackets '__proto__' is a name like others.
  const named = headers.map((header) => `[${JSON.stringify(header.key)}]: ${code(header.value)}`);
  const fields = [
    `key: ${code(key)}`,
    `value: ${code(value)}`,
    ...(named.length === 0 ? [] : [`headers: { ${named.join(', ')} }`]),
    `partition: ${partition}`,
    `timestamp: ${timestamp}`,
  ];
  return `await kafka.produce(${JSON.stringify(topic)}, { ${fields.join(', ')} });`;
}

function code(content: Content | null): string {
  if (content === null) return 'null';
  return content.isHex ? `Buffer.from('${content.text}', 'hex')` : JSON.stringify(content.text);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function base64(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return btoa(bytes.map((digits) => String.fromCharCode(Number.parseInt(digits, 16))).join(''));
}
