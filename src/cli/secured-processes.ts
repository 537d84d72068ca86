/**
 * `--tls`, `--user` and `--acl` with `--processes`: clients come to the brokers as they would to one, and the processes sign in at one
 * another. The password for that is made at each start; it goes to them by the pipe they were started with, and to nowhere else.
 */
import { ListenerSettings } from '../config/listener-settings.ts';
import { withSecuredListener } from '../config/secured-listener.ts';
import { serverConfig } from '../config/server.ts';
import { plainUsers, plainUsersKey } from '../credentials/plain-users.ts';
import { randomUuid, systemRandom } from '../platform/random.ts';
import type { SupervisorOptions } from '../processes/supervisor.ts';
import { PrincipalMapping } from '../security/tls/principal-mapping.ts';
import { certificatesFor, protocolOf, provideAccess, secureSettings, type SecurityFlags } from './start-security.ts';
import { UsageError } from './usage.ts';

type Settings = ReadonlyMap<string, string>;

/** Who the processes are to one another. */
const SELF = 'ottla-process';
const MAP = 'listener.security.protocol.map';
const SUPER_USERS = 'super.users';
const RULES = 'ssl.principal.mapping.rules';
const NONE: Settings = new Map();

/** What all of them are started with. @throws {UsageError} and rejects with it, where brokers could not be told from clients */
export async function secureProcesses(
  flags: SecurityFlags,
  given: Settings,
): Promise<Pick<SupervisorOptions, 'settings' | 'begin'>> {
  const { users, certificates } = flags;
  if (users.size === 0 && certificates === null) {
    throw new UsageError(
      '--acl with --processes: the brokers are clients of one another, and nothing tells them from others: add --user or --tls',
    );
  }
  const settings = new Map(await secureSettings(flags, given));
  const { name } = withSecuredListener(given, protocolOf(flags));
  const self = { name: SELF, password: randomUuid(systemRandom) };
  const [controller] = serverConfig(settings)['controller.listener.names'];
  const others = settings
    .get(MAP)!
    .split(',')
    .filter((entry) => !entry.toUpperCase().startsWith(`${controller.toUpperCase()}:`));
  settings
    .set(MAP, [...others, `${controller}:SASL_PLAINTEXT`].join())
    .set(`listener.name.${controller.toLowerCase()}.sasl.enabled.mechanisms`, 'PLAIN')
    .set(plainUsersKey(controller), plainUsers(new Map([[SELF, self.password]]), self))
    .set('sasl.mechanism.controller.protocol', 'PLAIN')
    .set('inter.broker.listener.name', name)
    .set('sasl.mechanism.inter.broker.protocol', 'PLAIN');
  if (users.size > 0) {
    const passwords = Array.from(users, ([user, { password }]) => [user, password] as const);
    settings.set(plainUsersKey(name), plainUsers(new Map([...passwords, [SELF, self.password]]), self));
  }
  if (flags.acls !== null) settings.set(SUPER_USERS, await superUsers(flags, name, settings, given));
  return { settings, begin: (controller) => provideAccess(flags, { controller, random: systemRandom }) };
}

/** Without passwords the brokers are who their certificate says, as any client of the listener is. */
async function superUsers(
  { users, certificates }: SecurityFlags,
  listener: string,
  settings: Settings,
  given: Settings,
): Promise<string> {
  const named = [settings.get(SUPER_USERS) ?? '', `User:${SELF}`];
  if (users.size === 0) {
    const files = await certificatesFor(certificates!, given);
    const { subject } = files.list().find(({ kind }) => kind === 'broker')!; // made where there was none
    named.push(`User:${nameAt(listener, subject, settings)}`);
  }
  return named.filter((text) => text !== '').join(';');
}

/** @throws {UsageError} where the listener would not know it */
function nameAt(listener: string, subject: string, settings: Settings): string {
  const layers = { static: settings, cluster: NONE, broker: NONE };
  const own = new ListenerSettings(() => layers, listener);
  if (own.value('ssl.client.auth') === 'none') {
    throw new UsageError(
      '--acl with --processes: with ssl.client.auth=none the brokers are not asked for a certificate, and have nothing else to show: ' +
        'add --user, or take ssl.client.auth away',
    );
  }
  const rules = own.text(RULES) ?? 'DEFAULT';
  const name = new PrincipalMapping(rules).nameOf(subject);
  if (name !== null) return name;
  throw new UsageError(`${RULES}=${rules}: no rule applies to the certificate of the brokers, ${subject}: add DEFAULT`);
}
