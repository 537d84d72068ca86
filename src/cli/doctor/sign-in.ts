/** What a broker answers and to whom: its API versions, and whether it wants to know who asks. */
import type { Credentials } from '../client/security.ts';
import { Metadata } from '../../../protocol/apis/03-metadata.ts';
import { SaslHandshake } from '../../../protocol/apis/17-sasl-handshake.ts';
import { connect } from '../../../protocol/client.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Address } from '../client/address.ts';
import { Refused } from '../client/failure.ts';
import { Link, within, type LinkOptions } from '../client/link.ts';
import type { BrokerVersions } from '../client/versions.ts';
import { lockedOut, releaseLike } from './client-versions.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Clients that are hardly met any more: for them to be locked out is no cause for alarm. */
const OLD = new Set(['Java clients 0.10', 'Java clients 1.x and 2.0']);

export function versionFinding(versions: BrokerVersions): Finding {
  const like = `API versions like Kafka ${releaseLike(versions)}`;
  const out = lockedOut(versions);
  const current = out.filter(({ client }) => !OLD.has(client));
  if (current.length > 0) {
    const list = current.map(({ client, why }) => `${client} (${why})`).join('; ');
    return warn('versions', `${like}: not for ${list}`, 'Use another client there, or another version of it.');
  }
  const names = out.map(({ client }) => client).join(' and ');
  return ok(
    'versions',
    out.length === 0 ? `${like}: every client finds its own` : `${like}: too new for ${names} only`,
  );
}

/** Opens a connection that may ask for more than versions; null where the broker does not let us. */
export async function signIn(
  address: Address,
  options: LinkOptions,
): Promise<{ link: Link | null; findings: Finding[] }> {
  const { credentials } = options.security;
  let link: Link;
  try {
    link = await Link.open(address, options);
  } catch (error) {
    return { link: null, findings: [signInFailure(error)] };
  }
  const findings = [versionFinding(link.versions)];
  try {
    await link.send(Metadata, { topics: [], allowAutoTopicCreation: false });
  } catch {
    await link.close();
    const mechanisms = credentials === null ? await offeredMechanisms(address, options) : [];
    return { link: null, findings: [...findings, refusedFinding(mechanisms)] };
  }
  if (credentials !== null)
    findings.push(ok('sign-in', `signed in ${whoIs(credentials)} with ${credentials.mechanism}`));
  return { link, findings };
}

function whoIs(credentials: Credentials): string {
  return credentials.mechanism === 'OAUTHBEARER' ? 'by a token' : `as ${credentials.user}`;
}

function signInFailure(error: unknown): Finding {
  const message = (error as Error).message;
  if (!(error instanceof Refused))
    return fail('sign-in', message, 'Try again with --timeout 30; the broker’s log may say more.');
  if (error.errorCode === ErrorCode.UNSUPPORTED_SASL_MECHANISM) {
    return fail('sign-in', message, 'Choose one of these with --sasl (sasl.mechanism in clients).');
  }
  if (error.errorCode === ErrorCode.ILLEGAL_SASL_STATE) {
    return fail(
      'sign-in',
      'this port asks for no user, and takes none',
      'Leave --sasl and --user out, or use the SASL port.',
    );
  }
  return fail('sign-in', message, 'Check user, password and mechanism; in Java: sasl.jaas.config.');
}

function refusedFinding(mechanisms: readonly string[]): Finding {
  if (mechanisms.length === 0) {
    return fail('sign-in', 'the broker answers versions and closes on the next request', 'Its log says why.');
  }
  const [first] = mechanisms;
  return fail(
    'sign-in',
    `the broker wants clients to sign in (SASL: ${mechanisms.join(', ')})`,
    `Here: --sasl ${first.toLowerCase()} --user NAME, and OTTLA_PASSWORD; in clients: security.protocol=SASL_PLAINTEXT ` +
      `(SASL_SSL over TLS), sasl.mechanism=${first} and sasl.jaas.config.`,
  );
}

/** What a broker offers to one who asks for a mechanism that nobody has; empty where it wants none. */
async function offeredMechanisms(address: Address, { clock, timeoutMs, security }: LinkOptions): Promise<string[]> {
  const client = await connect({ ...address, connectTimeoutMs: timeoutMs, tls: security.tls ?? undefined });
  try {
    const answer = await within(clock, timeoutMs, client.send(SaslHandshake, 1, { mechanism: 'NONE' }));
    return answer.errorCode === ErrorCode.UNSUPPORTED_SASL_MECHANISM ? answer.mechanisms : [];
  } catch {
    return [];
  } finally {
    await client.close();
  }
}
