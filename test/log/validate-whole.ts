/** A batch validated to its end, in pieces where it is long; none of these is compressed anew by a thread. */
import { validateInPieces } from '../../src/log/validate-in-pieces.ts';
import type { Validation, ValidationRules } from '../../src/log/validate.ts';

export function validateWhole(bytes: Buffer, at: number, length: number, rules: ValidationRules): Readonly<Validation> {
  for (const pieces = validateInPieces(bytes, at, length, rules); ;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
    if (piece.value !== undefined) throw new Error('this batch is compressed by a thread: wait for it');
  }
}
