/** What a report of a broker may be asked for: `kafka.report('report.html', { redact: ['x-api-key'] })`. */
import { checkKeys, type KeysOf } from './known-keys.ts';

/** Where a text stands that `redact` is asked about. */
export interface RedactedPlace {
  /** 'text' is what the test says: its error, what it waits for. */
  readonly part: 'key' | 'value' | 'header' | 'text';
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  /** The name of a header. */
  readonly header?: string;
}

/** Answers what is to be shown instead of the text; bytes that are no UTF-8 are asked about in hexadecimal. */
export type RedactText = (text: string, place: RedactedPlace) => string;

/** The name of a header, in any case, whose values are hidden; or a function that is asked about every text. */
export type Redaction = string | RedactText;

export interface ReportOptions {
  /** Headers named authorization and cookie are redacted always. */
  readonly redact?: Redaction | readonly Redaction[];
  /** What has failed; it stands first. */
  readonly error?: unknown;
  /** The name of the test; what the test runner says, unless given. */
  readonly test?: string;
}

const OPTIONS: KeysOf<ReportOptions> = { redact: true, error: true, test: true };

/** What has failed, as it is told. */
export interface ReportedError {
  readonly message: string;
  /** '' where there is none. */
  readonly stack: string;
}

/** The options, taken apart. */
export interface ReportWishes {
  /** Names of headers, in lower case. */
  readonly headers: readonly string[];
  readonly functions: readonly RedactText[];
  readonly errors: readonly ReportedError[];
  /** '' where it is not known. */
  readonly test: string;
  /** What the test waits for elsewhere, a sentence each. */
  readonly waiting: readonly string[];
}

/** @throws {TypeError} for an option that means nothing */
export function reportWishes(options: ReportOptions, currentTest: string | undefined): ReportWishes {
  checkKeys('report', options, OPTIONS);
  const { redact = [], error, test = currentTest ?? '' } = options;
  const redactions = [redact].flat();
  for (const redaction of redactions) {
    if (typeof redaction === 'string' || typeof redaction === 'function') continue;
    throw new TypeError("report: redact takes names of headers and functions: { redact: ['x-api-key', (text) => …] }");
  }
  return {
    headers: redactions.filter((one) => typeof one === 'string').map((name) => name.toLowerCase()),
    functions: redactions.filter((one) => typeof one === 'function'),
    errors: error === undefined ? [] : ([error].flat() as unknown[]).map(reportedError),
    test,
    waiting: [],
  };
}

function reportedError(error: unknown): ReportedError {
  if (typeof error !== 'object' || error === null) return { message: String(error), stack: '' };
  const { name, message, stack } = error as Partial<Error>;
  const text = typeof message === 'string' ? message : JSON.stringify(error);
  return {
    message: name === undefined || name === 'Error' ? text : `${name}: ${text}`,
    stack: typeof stack === 'string' ? stack : '',
  };
}
