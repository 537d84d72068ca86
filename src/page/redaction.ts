/** Keeps out of a report what nobody shall see: values of headers by their names, and whatever a function of the user replaces. */
import type { Record as LogRecord } from '../../protocol/records/decode.ts';
import type { RedactedPlace, RedactText } from '../testing/report.ts';

/** What nobody wants in a file that is handed around. */
const ALWAYS = ['authorization', 'cookie'];
const REDACTED = '(redacted)';
/** Shorter values are found in texts by chance. */
const TOLD_APART = 6;
/** Values of headers that are looked for in the texts of the test. */
const MOST_SECRETS = 1000;

export class Redaction {
  readonly #headers: ReadonlySet<string>;
  readonly #functions: readonly RedactText[];
  /** What stood in redacted headers: the error of a test may quote it. */
  readonly #secrets = new Set<string>();

  constructor(headers: readonly string[], functions: readonly RedactText[]) {
    this.#headers = new Set([...ALWAYS, ...headers.map((name) => name.toLowerCase())]);
    this.#functions = functions;
  }

  /** The record as it may be shown. */
  record(topic: string, partition: number, record: LogRecord): LogRecord {
    const { offset, key, value, headers } = record;
    const place = { topic, partition, offset };
    return {
      ...record,
      key: this.#bytes(key, { ...place, part: 'key' }),
      value: this.#bytes(value, { ...place, part: 'value' }),
      headers: headers.map((header) => ({
        key: header.key,
        value: this.#header(header.key, header.value, place),
      })),
    };
  }

  /** A text of the test, after all records were asked for. */
  text(text: string): string {
    let shown = text;
    for (const secret of this.#secrets) shown = shown.replaceAll(secret, REDACTED);
    for (const name of this.#headers) shown = withoutHeader(shown, name);
    return this.#asked(shown, { part: 'text' });
  }

  #header(name: string, value: Buffer | null, place: Omit<RedactedPlace, 'part'>): Buffer | null {
    if (!this.#headers.has(name.toLowerCase())) return this.#bytes(value, { ...place, part: 'header', header: name });
    const text = value?.toString() ?? '';
    if (text.length >= TOLD_APART && this.#secrets.size < MOST_SECRETS) this.#secrets.add(text);
    return Buffer.from(REDACTED);
  }

  #bytes(bytes: Buffer | null, place: RedactedPlace): Buffer | null {
    if (bytes === null || this.#functions.length === 0) return bytes;
    const text = textOf(bytes) ?? bytes.toString('hex');
    const shown = this.#asked(text, place);
    return shown === text ? bytes : Buffer.from(shown);
  }

  /** A function that fails, or answers no text, hides what it was asked about. */
  #asked(text: string, place: RedactedPlace): string {
    let shown = text;
    for (const redact of this.#functions) {
      try {
        const answered: unknown = redact(shown, place);
        shown = typeof answered === 'string' ? answered : REDACTED;
      } catch {
        return `${REDACTED}: the function that was to redact it failed`;
      }
    }
    return shown;
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** `authorization: "Bearer …"`, as messages and objects are printed: what follows the name, up to the end of the text or the line. */
function withoutHeader(text: string, name: string): string {
  const said = new RegExp(
    `(["']?${escaped(name)}["']?\\s*[:=]\\s*)("(?:[^"\\\\\\n]|\\\\.)*"?|'(?:[^'\\\\\\n]|\\\\.)*'?|[^\\n,}]+)`,
    'gi',
  );
  return text.replace(said, `$1${REDACTED}`);
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
