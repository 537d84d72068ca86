/**
 * `--tls`, `--user` and `--acl` of `ottla start`: the first listener asks who a client is. What they say becomes Kafka's own settings,
 * and records of the cluster's metadata once the broker runs: users of SCRAM, and ACLs.
 */
import { timingSafeEqual } from 'node:crypto';
import { SCRAM_MECHANISMS, saltedPassword, scramKeys, type ScramMechanism } from '../../protocol/sasl/scram.ts';
import { join } from 'node:path';
import type { RunningBroker } from '../broker/broker.ts';
import type { ControlOptions } from '../control/server.ts';
import { advertisedHosts, withSecuredListener } from '../config/secured-listener.ts';
import type { SecurityProtocol } from '../config/listeners.ts';
import { DEFAULT_DIRECTORY } from '../credentials/certificate-files.ts';
import { plainUsers, plainUsersKey } from '../credentials/plain-users.ts';
import { scramUpsertion } from '../credentials/scram-upsertion.ts';
import { systemClock } from '../platform/clock.ts';
import { randomUuid } from '../platform/random.ts';
import { createAcls } from '../security/acls/alteration.ts';
import { STANDARD_AUTHORIZER } from '../security/acls/open-authorizer.ts';
import { aclOfText, lineOf, reachable, textOf, userOf, type Acl } from '../security/acls/lines.ts';
import type { StartFlags } from './start-command.ts';
import { CommandError, UsageError } from './usage.ts';

type Settings = ReadonlyMap<string, string>;

/** Who signs in, as the flags name them. */
export interface FlagUser {
  readonly password: string;
  readonly superUser: boolean;
}

export interface SecurityFlags {
  /** Where the certificates are; null without TLS. */
  readonly certificates: string | null;
  readonly users: ReadonlyMap<string, FlagUser>;
  /** Null: everybody may do everything. */
  readonly acls: readonly Acl[] | null;
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const SCRAM = Object.keys(SCRAM_MECHANISMS) as ScramMechanism[];
/** Certificates of `ottla certs --client alice` name her so: `User:alice` for CN=alice. */
const SIMPLE_NAMES = 'RULE:^CN=([^,]*)$/$1/,DEFAULT';

/** Null where no flag asks for any of it. @throws {UsageError} */
export function securityFlags({ tls, certs, user = [], superUser = [], acl }: StartFlags): SecurityFlags | null {
  if (certs !== undefined && tls !== true)
    throw new UsageError('--certs is where the certificates of --tls are: add --tls');
  if (tls !== true && user.length === 0 && superUser.length === 0 && acl === undefined) return null;
  const users = new Map<string, FlagUser>();
  for (const [texts, flag, isSuper] of [
    [user, '--user', false],
    [superUser, '--super-user', true],
  ] as const) {
    for (const text of texts) {
      const { name, password } = userOfText(flag, text);
      if (users.has(name)) throw new UsageError(`${flag} ${name}: there is a user of that name already`);
      users.set(name, { password, superUser: isSuper });
    }
  }
  const acls = acl === undefined && superUser.length === 0 ? null : (acl ?? []).map(aclOfFlag);
  return { certificates: tls === true ? (certs ?? DEFAULT_DIRECTORY) : null, users, acls };
}

/** The password may have colons. */
function userOfText(flag: string, text: string): { readonly name: string; readonly password: string } {
  const colon = text.indexOf(':');
  if (colon > 0 && colon < text.length - 1) return { name: text.slice(0, colon), password: text.slice(colon + 1) };
  throw new UsageError(`${flag} ${text.replace(/:.*$/s, ':…')}: write ${flag} name:password`);
}

function aclOfFlag(text: string): Acl {
  try {
    return reachable(aclOfText(text));
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/^acls: /, '--acl '));
  }
}

export function protocolOf({ certificates, users }: SecurityFlags): SecurityProtocol {
  if (users.size === 0) return certificates === null ? 'PLAINTEXT' : 'SSL';
  return certificates === null ? 'SASL_PLAINTEXT' : 'SASL_SSL';
}

/** The settings that the flags stand for, over those that are given. Makes the certificates that are missing. */
export async function secureSettings(flags: SecurityFlags, given: Settings): Promise<Settings> {
  const { name, settings } = withSecuredListener(given, protocolOf(flags));
  const own = new Map<string, string>();
  const passwords = new Map(Array.from(flags.users, ([user, { password }]) => [user, password]));
  if (passwords.size > 0) {
    own.set('sasl.enabled.mechanisms', MECHANISMS.join()).set(plainUsersKey(name), plainUsers(passwords));
  }
  if (flags.certificates !== null) {
    for (const [key, text] of await storeSettings(flags, flags.certificates, name, given)) own.set(key, text);
  }
  for (const [key, text] of accessSettings(flags, given)) own.set(key, text);
  return new Map([...settings, ...own]);
}

/** Who may do what, for whichever broker it is. */
export function accessSettings({ users, acls }: SecurityFlags, given: Settings): Settings {
  if (acls === null) return new Map();
  const before = given.get('super.users');
  const named = [...users].flatMap(([name, { superUser }]) => (superUser ? [`User:${name}`] : []));
  const all = [...(before === undefined || before === '' ? [] : [before]), ...named];
  return new Map([
    ['authorizer.class.name', STANDARD_AUTHORIZER],
    ...(all.length === 0 ? [] : [['super.users', all.join(';')] as const]),
  ]);
}

async function storeSettings(
  { users }: SecurityFlags,
  directory: string,
  listener: string,
  given: Settings,
): Promise<Settings> {
  const files = await certificatesFor(directory, given);
  const prefix = `listener.name.${listener.toLowerCase()}.`;
  const ofClients = users.size > 0 ? [] : ([['ssl.client.auth', 'requested']] as const); // who signs in has a name already
  return new Map([
    [`${prefix}ssl.keystore.type`, 'PEM'],
    [`${prefix}ssl.keystore.location`, files.brokerPath],
    [`${prefix}ssl.truststore.type`, 'PEM'],
    [`${prefix}ssl.truststore.location`, files.authorityPath],
    ...[...ofClients, ['ssl.principal.mapping.rules', SIMPLE_NAMES] as const].filter(([key]) => !given.has(key)),
  ]);
}

/** The directory, with a certificate for every name by which clients are told to reach the broker. */
export async function certificatesFor(directory: string, given: Settings) {
  const { CertificateFiles } = await import('../credentials/certificate-files.ts');
  const files = new CertificateFiles(directory, () => systemClock.now());
  await files.provide(advertisedHosts(given));
  return files;
}

/** Where users and ACLs are kept: a broker alone, or the controller of several. */
export type AccessKeeper = Pick<RunningBroker['parts'], 'random'> & {
  readonly controller: Pick<RunningBroker['parts']['controller'], 'image' | 'alterScramCredentials' | 'alterAcls'>;
};

/** Once that runs: what is there already stays as it is. */
export async function provideAccess(flags: SecurityFlags, keeper: AccessKeeper): Promise<void> {
  await provideScramUsers(new Map(Array.from(flags.users, ([name, { password }]) => [name, password])), keeper);
  await provideAcls(flags.acls ?? [], keeper);
}

/** `users`: passwords by name. Those who have theirs already stay as they are. */
export async function provideScramUsers(users: ReadonlyMap<string, string>, keeper: AccessKeeper): Promise<void> {
  if (users.size === 0) return; // nothing is asked of the controller, which a broker of a cluster has not
  for (const mechanism of SCRAM) await provideUsers(users, mechanism, keeper); // a request alters each user once
}

async function provideUsers(
  users: ReadonlyMap<string, string>,
  mechanism: ScramMechanism,
  { controller, random }: AccessKeeper,
): Promise<void> {
  const { scramCredentials } = controller.image;
  const changed = [...users].filter(([name, password]) => !isCurrent(scramCredentials, name, mechanism, password));
  const upsertions = changed.map(([name, password]) => scramUpsertion(mechanism, { name, password }, random));
  if (upsertions.length === 0) return;
  for (const { user, errorCode, errorMessage } of await controller.alterScramCredentials([], upsertions)) {
    if (errorCode !== 0) throw new CommandError(`user ${user} cannot be made: ${errorMessage}`);
  }
}

async function provideAcls(acls: readonly Acl[], { controller, random }: AccessKeeper): Promise<void> {
  if (acls.length === 0) return;
  const results = await controller.alterAcls(({ accessControlEntries, features }) => {
    const metadataVersion = features.get('metadata.version') ?? 0;
    return createAcls(acls, accessControlEntries, { metadataVersion, newId: () => randomUuid(random) });
  });
  for (const [at, { errorCode, errorMessage }] of results.entries()) {
    if (errorCode !== 0) throw new CommandError(`--acl '${textOf(acls[at])}': ${errorMessage}`);
  }
}

type Credentials = AccessKeeper['controller']['image']['scramCredentials'];

/** Whether the user has this password already. */
function isCurrent(credentials: Credentials, name: string, mechanism: ScramMechanism, password: string): boolean {
  const known = credentials.get(`${SCRAM_MECHANISMS[mechanism].code}:${name}`);
  if (known === undefined) return false;
  const salted = saltedPassword(mechanism, password, known.salt, known.iterations);
  const { storedKey } = scramKeys(mechanism, salted);
  return storedKey.length === known.storedKey.length && timingSafeEqual(storedKey, known.storedKey);
}

/** The same for a broker that tests drive: its users and certificates can change while it runs. */
export async function controlledSecurity(
  flags: SecurityFlags,
  given: Settings,
): Promise<Pick<ControlOptions, 'settings' | 'security'>> {
  const { name: listener, settings } = withSecuredListener(given, protocolOf(flags));
  const { certificates, users, acls } = flags;
  const hosts = advertisedHosts(given);
  const tls = certificates === null ? null : await certificatesFor(certificates, given);
  const clientAuth = given.get('ssl.client.auth') ?? (users.size > 0 ? 'none' : 'requested');
  const byUser: Record<string, string[]> = {};
  for (const acl of acls ?? []) (byUser[userOf(acl.principal)] ??= []).push(lineOf(acl));
  return {
    settings: new Map([...settings, ...accessSettings(flags, given)]),
    security: {
      listener,
      hosts,
      ...(tls === null
        ? {}
        : {
            tls: { clientAuth: clientAuth as 'none' | 'requested' | 'required', authority: await tls.authorityFiles() },
          }),
      ...(users.size === 0 ? {} : { users: Object.fromEntries(users) }),
      ...(acls === null ? {} : { acls: byUser }),
    },
  };
}

/** What a command of ottla is given to sign in, as far as it may be shown. */
export function loginFlags({ certificates, users }: SecurityFlags): string {
  const ca = certificates === null ? '' : ` --ca ${join(certificates, 'ca.pem')}`;
  const [user] = [...users].toSorted(([, one], [, other]) => Number(other.superUser) - Number(one.superUser));
  return `${ca}${user === undefined ? '' : ` --user ${user[0]} --password …`}`;
}
