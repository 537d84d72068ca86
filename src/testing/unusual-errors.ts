/** Which errors mean that something has gone wrong. */
import type { ErrorName } from '../../protocol/errors.ts';
import type { Exchange, ToldError } from './exchange.ts';

/** Errors that are steps of a protocol: nothing has gone wrong. */
const USUAL: ReadonlySet<ErrorName> = new Set(['MEMBER_ID_REQUIRED']);

/** The errors that an exchange told its client, but for those. */
export function unusualErrors({ errors }: Exchange): readonly ToldError[] {
  return errors.filter(({ error }) => !USUAL.has(error));
}
