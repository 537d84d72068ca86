/** Refuses a field that means nothing, with the one that was meant: JavaScript lets any pass, and the test then says less. */
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

function shown(said: unknown): string {
  return typeof said === 'function' ? 'a function' : JSON.stringify(said);
}
