/** Who a client says it is while it signs in: nobody knows yet whether that is true. */
import { readClientInitial } from '../../protocol/sasl/oauthbearer.ts';
import { readClientFirst } from '../../protocol/sasl/scram.ts';

/** Null where the token does not say: the later ones of SCRAM do not. */
export function claimedUser(token: Uint8Array): string | null {
  const text = Buffer.from(token).toString();
  const [, plain] = /^[^\0]*\0([^\0]+)\0[^\0]+$/.exec(text) ?? [];
  if (plain !== undefined) return plain;
  return readClientFirst(text)?.user ?? subjectOf(text);
}

/** Of a JWT within the first message of OAUTHBEARER. */
function subjectOf(text: string): string | null {
  const claims = readClientInitial(text)?.token.split('.').at(1);
  if (claims === undefined) return null;
  try {
    const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub?: unknown };
    return typeof sub === 'string' ? sub : null;
  } catch {
    return null;
  }
}
