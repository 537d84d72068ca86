/** What goes wrong between a client and a cluster, each with a sentence that says what to do next. */
import { ConnectionClosed } from '../../../protocol/client.ts';
import { errorMessage, errorName, isRetriable } from '../../../protocol/errors.ts';
import { formatAddress, type Address } from './address.ts';

/** An error code in a broker's answer. `what` names the thing that was asked for. */
export class Refused extends Error {
  override name = 'Refused';
  readonly errorCode: number;
  /** The broker's own sentence; the message where it said none. */
  readonly said: string;

  constructor(what: string, errorCode: number, detail?: string | null) {
    const hasDetail = detail !== undefined && detail !== null && detail !== '';
    const said = hasDetail ? detail : errorMessage(errorCode);
    super(`${what}: ${said.replace(/\.$/, '')} (${errorName(errorCode)})`);
    this.errorCode = errorCode;
    this.said = hasDetail ? detail : this.message;
  }

  get isRetriable(): boolean {
    return isRetriable(this.errorCode);
  }
}

/** Throws `Refused` where the code is one. */
export function refuse(what: string, errorCode: number, detail?: string | null): void {
  if (errorCode !== 0) throw new Refused(what, errorCode, detail);
}

/** Nobody answers at an address, or what answers is no broker. */
export class Unreachable extends Error {
  override name = 'Unreachable';

  constructor(addresses: readonly Address[], cause: unknown, hint = '') {
    const list = addresses.map(formatAddress).join(', ');
    super(
      `cannot reach a Kafka broker at ${list}: ${reasonOf(cause)}.${hint}\n` +
        `  Is it running? \`ottla doctor ${addresses.length > 0 ? formatAddress(addresses[0]) : ''}\` finds out more; ` +
        'another address is given with -b host:port.',
      { cause },
    );
  }
}

/** For what can do without a broker: null where its connection has ended, or none comes about. */
export function unlessGone(error: unknown): null {
  if (error instanceof ConnectionClosed || error instanceof Unreachable) return null;
  throw error;
}

/** The version ranges of a client and a broker that do not meet. */
export class VersionGap extends Error {
  override name = 'VersionGap';
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name server does not answer',
  ETIMEDOUT: 'no answer within the time (a firewall, or a wrong address)',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ECONNRESET: 'the connection was reset: what listens there may not be Kafka, or may want TLS',
  EPROTO: 'TLS was not understood: it may be a plain-text port; try without --tls',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed: give its authority with --ca FILE, or use --tls-insecure',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of a private authority: give that with --ca FILE',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown authority: give that with --ca FILE',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

/** A few words on why a connection failed, out of Node's error. */
export function reasonOf(cause: unknown): string {
  const errors = cause instanceof AggregateError ? cause.errors : [cause];
  const words = errors.map((error: unknown) => {
    const { code, message } = error as { code?: string; message?: string };
    return (code === undefined ? undefined : REASONS[code]) ?? message ?? String(error);
  });
  return [...new Set(words)].join('; ');
}
