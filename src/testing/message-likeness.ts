/** Whether a message is as expected, and what is different where it is not. */
import { isLike } from './likeness.ts';
import type { TestMessage } from './message.ts';

/** What a message must say, as far as it is written here; a value that is an object is compared with the value's JSON. */
export interface ExpectedMessage {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly partition?: number;
  readonly offset?: number;
}

export function isLikeMessage(message: TestMessage, expected: ExpectedMessage): boolean {
  return Object.keys(expected).every((field) => isFieldLike(message, expected, field as keyof ExpectedMessage));
}

function isFieldLike(message: TestMessage, expected: ExpectedMessage, field: keyof ExpectedMessage): boolean {
  if (field === 'value') return isValueLike(message, expected.value);
  return expected[field] === undefined || isLike(message[field], expected[field]);
}

function isValueLike(message: TestMessage, value: unknown): boolean {
  if (value === undefined) return true;
  if (ArrayBuffer.isView(value)) return isLike(message.valueBytes, value);
  const isText = typeof value !== 'object' || value === null || value instanceof RegExp || 'asymmetricMatch' in value;
  return (isText && isLike(message.value, value)) || isLikeJson(message, value);
}

function isLikeJson(message: TestMessage, value: unknown): boolean {
  try {
    return isLike(message.json, value);
  } catch {
    return false; // no JSON
  }
}

/** The message of which most fields are as expected, counting those of its JSON; the latest of several. */
export function closest(messages: readonly TestMessage[], expected: ExpectedMessage): TestMessage | undefined {
  let best: { readonly message: TestMessage; readonly score: number } | undefined;
  for (const message of messages) {
    const score = likeness(message, expected);
    if (best === undefined || score >= best.score) best = { message, score };
  }
  return best?.message;
}

function likeness(message: TestMessage, expected: ExpectedMessage): number {
  let score = 0;
  for (const field of Object.keys(expected) as (keyof ExpectedMessage)[]) {
    if (isFieldLike(message, expected, field)) score += 10;
  }
  const { value } = expected;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return score;
  return score + Object.entries(value).filter(([key, wanted]) => isLikeJson(message, { [key]: wanted })).length;
}

/** What is expected, where the message is so as the message has it: a diff then shows what is different alone. */
export function differencesOf(expected: ExpectedMessage, message: TestMessage): unknown {
  const shown = shownAs(message, expected) as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(expected).map((field) => [
      field,
      isFieldLike(message, expected, field as keyof ExpectedMessage)
        ? shown[field]
        : filledIn(expected[field as keyof ExpectedMessage], shown[field]),
    ]),
  );
}

/** The fields of the message that are expected, its value as JSON where it is some. */
export function shownAs(message: TestMessage, expected: ExpectedMessage): unknown {
  return Object.fromEntries(
    Object.keys(expected).map((field) => [field, field === 'value' ? parsed(message) : message[field as 'key']]),
  );
}

function parsed(message: TestMessage): unknown {
  try {
    return message.json;
  } catch {
    return message.value;
  }
}

/** Of objects: fields that may be anything, or are as wanted, are those of the other. */
function filledIn(wanted: unknown, found: unknown): unknown {
  if (!isObject(wanted) || !isObject(found) || 'asymmetricMatch' in wanted) return wanted;
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return Object.fromEntries(
    [...keys].map((key) => {
      const isFree = !(key in wanted) || isLike(found[key], wanted[key]);
      return [key, isFree ? found[key] : filledIn(wanted[key], found[key])];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
