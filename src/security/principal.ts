/** Who a client is, in Kafka's terms. */

/** Kafka writes it `type:name`. */
export interface Principal {
  readonly type: string;
  readonly name: string;
  /** It has authenticated with a delegation token, and may not make further ones. Absent means false. */
  readonly tokenAuthenticated?: boolean;
}

export const USER = 'User';

export const ANONYMOUS: Principal = { type: USER, name: 'ANONYMOUS' };

export function user(name: string): Principal {
  return { type: USER, name };
}

export function principalText({ type, name }: Principal): string {
  return `${type}:${name}`;
}

export function isSamePrincipal(a: Principal, b: Principal): boolean {
  return a.type === b.type && a.name === b.name;
}

/** Of `type:name`, as records have it. */
export function principalIn(text: string): Principal {
  const colon = text.indexOf(':');
  return { type: text.slice(0, colon), name: text.slice(colon + 1) };
}
