/**
 * `--tls`, `--user` and `--acl` with `--processes`: clients come to the brokers as they would to one, and the processes sign in at one
 * another. The password for that is made at each start; it goes to them by the pipe they were started with, and to nowhere else.
 */
import { withSecuredListener } from '../config/secured-listener.ts';
import { serverConfig } from '../config/server.ts';
import { plainUsers, plainUsersKey } from '../credentials/plain-users.ts';
import { randomUuid, systemRandom } from '../platform/random.ts';
import type { SupervisorOptions } from '../processes/supervisor.ts';
import { certificatesFor, protocolOf, provideAccess, secureSettings, type SecurityFlags } from './start-security.ts';
import { UsageError } from './usage.ts';

type Settings = ReadonlyMap<string, string>;

/** Who the processes are to one another. */
const SELF = 'ottla-process';
const MAP = 'listener.security.protocol.map';
const SUPER_USERS = 'super.users';

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
  if (flags.acls !== null) settings.set(SUPER_USERS, await superUsers(flags, settings, given));
  return { settings, begin: (controller) => provideAccess(flags, { controller, random: systemRandom }) };
}

/** Without passwords the brokers are who their certificate says, as any client of the listener is. */
async function superUsers(
  { users, certificates }: SecurityFlags,
  settings: Settings,
  given: Settings,
): Promise<string> {
  const named = [settings.get(SUPER_USERS) ?? '', `User:${SELF}`];
  if (users.size === 0) {
    const files = await certificatesFor(certificates!, given);
    const own = files.list().find(({ kind }) => kind === 'broker');
    named.push(`User:${own?.subject.replace(/^CN=([^,]*)$/, '$1')}`);
  }
  return named.filter((text) => text !== '').join(';');
}
