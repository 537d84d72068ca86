/** What the brokers of a process share, since to make it takes longer than to start one: an authority, certificates, users' keys. */
import {
  saltedPassword,
  SCRAM_MECHANISMS,
  scramKeys,
  type ScramKeys,
  type ScramMechanism,
} from '../../protocol/sasl/scram.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import type { CertificateAuthority, IssuedCertificate } from '../credentials/certificate-authority.ts';
import { systemClock } from '../platform/clock.ts';

const HOUR_MS = 3_600_000;
const ITERATIONS = 4096;
const MOST_KEYS = 1000;

let authority: Promise<CertificateAuthority> | null = null;
let unknown: Promise<CertificateAuthority> | null = null;
const servers = new WeakMap<CertificateAuthority, Map<string, Promise<IssuedCertificate>>>();
const keys = new Map<string, ScramKeys>();

/** One for the process, unless it is given. */
export async function theAuthority(given: IssuedCertificate | undefined): Promise<CertificateAuthority> {
  const { CertificateAuthority: Authority } = await import('../credentials/certificate-authority.ts');
  if (given !== undefined) return Authority.of(given);
  return (authority ??= Authority.create(systemClock.now()));
}

/** One that no client trusts. */
export async function unknownAuthority(): Promise<CertificateAuthority> {
  const { CertificateAuthority: Authority } = await import('../credentials/certificate-authority.ts');
  return (unknown ??= Authority.create(systemClock.now(), 'Unknown authority'));
}

/** What a broker shows at first: as another one of this process, where that has begun within the hour. */
export function firstCertificate(
  issuer: CertificateAuthority,
  hosts: readonly string[],
  issue: () => Promise<IssuedCertificate>,
): Promise<IssuedCertificate> {
  const known = servers.get(issuer) ?? new Map<string, Promise<IssuedCertificate>>();
  servers.set(issuer, known);
  const key = `${Math.floor(systemClock.now() / HOUR_MS)} ${hosts.join()}`;
  const made = known.get(key) ?? issue();
  known.set(key, made);
  return made;
}

/** A user of SCRAM, as the metadata has one. */
export function scramRecord(mechanism: ScramMechanism, name: string, password: string): MetadataDraft {
  const salt = Buffer.from(`salt of ${name}`);
  const key = JSON.stringify([mechanism, name, password]);
  let made = keys.get(key);
  if (made === undefined) {
    if (keys.size >= MOST_KEYS) keys.clear();
    keys.set(key, (made = scramKeys(mechanism, saltedPassword(mechanism, password, salt, ITERATIONS))));
  }
  const { code } = SCRAM_MECHANISMS[mechanism];
  return { type: 'UserScramCredentialRecord', name, mechanism: code, iterations: ITERATIONS, salt, ...made };
}
