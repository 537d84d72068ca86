/** Refuses a field or a value that means nothing, with what was meant: JavaScript lets any pass, and the test then says less. */
import { nearest } from '../config/did-you-mean.ts';

/** Every field of `T`, so that none can be forgotten here. */
export type KeysOf<T> = Readonly<Record<keyof T, true>>;

/**
 * `what` takes the object: 'startBroker'. `elsewhere` says of fields that belong to another place what to write.
 * @throws {TypeError} for a field that is not in `known`
 */
export function checkKeys(
  what: string,
  said: unknown,
  known: Readonly<Record<string, true>>,
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  if (said === undefined) return;
  if (typeof said !== 'object' || said === null || Array.isArray(said)) {
    throw new TypeError(`${what} takes an object here, such as { ${Object.keys(known)[0]}: … }, not ${shown(said)}`);
  }
  for (const key of Object.keys(said)) {
    if (Object.hasOwn(known, key)) continue;
    const near = nearest(key, Object.keys(known));
    const advice =
      elsewhere[key] ?? (near === null ? `it takes ${Object.keys(known).join(', ')}` : `did you mean '${near}'?`);
    throw new TypeError(`${what} does not know '${key}': ${advice}`);
  }
}

export function shown(said: unknown): string {
  if (typeof said === 'function') return 'a function';
  if (typeof said === 'string') return `'${said}'`;
  return typeof said === 'number' || typeof said === 'bigint' ? String(said) : JSON.stringify(said);
}

/** @throws {TypeError} for a word that is none of these; undefined is none that was said */
export function checkWord(what: string, said: unknown, words: readonly string[]): void {
  if (said === undefined || words.includes(said as string)) return;
  const near = typeof said === 'string' ? nearest(said, words) : null;
  throw new TypeError(
    `${what} cannot be ${shown(said)}: ${near === null ? `write ${words.join(' or ')}` : `did you mean '${near}'?`}`,
  );
}

/** @throws {TypeError} for what is neither true nor false */
export function checkFlag(what: string, said: unknown): void {
  if (said === undefined || typeof said === 'boolean') return;
  throw new TypeError(`${what} cannot be ${shown(said)}: write true or false`);
}

/** @throws {TypeError} for what is no whole number from `least` on */
export function checkCount(what: string, said: unknown, least = 1): void {
  if (said === undefined || (Number.isInteger(said) && (said as number) >= least)) return;
  throw new TypeError(`${what} cannot be ${shown(said)}: write a whole number, ${least} or more`);
}
