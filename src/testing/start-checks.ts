/** What the options of a test's broker may be: a value that means nothing is refused before anything is started. */
import { LEVELS } from '../platform/logger.ts';
import { checkCount, checkFlag, checkKeys, checkWord, shown, type KeysOf } from './known-keys.ts';
import { MECHANISMS, type TlsOptions, type UserSpec } from './security-options.ts';
import type { StartOptions } from './start-options.ts';

const TLS: KeysOf<TlsOptions> = { clientAuth: true, authority: true };
const USER: KeysOf<Exclude<UserSpec, string>> = { password: true, superUser: true };
const HIGHEST_PORT = 65_535;

const START: KeysOf<StartOptions> = {
  topics: true,
  brokers: true,
  minIsr: true,
  clock: true,
  now: true,
  groups: true,
  settings: true,
  tls: true,
  users: true,
  oauth: true,
  mechanisms: true,
  acls: true,
  quotas: true,
  maxFetchWait: true,
  port: true,
  controlPort: true,
  thread: true,
  from: true,
  leftovers: true,
  logLevel: true,
};

/** @throws {TypeError} for a field that there is not, or a value that means nothing; `more` are fields of a caller that takes others, too */
export function checkStartOptions(what: string, options: object, more: Readonly<Record<string, true>> = {}): void {
  checkKeys(what, options, { ...START, ...more }, ELSEWHERE);
  checkStartValues(options);
}

const ELSEWHERE = {
  onStop: 'what a test leaves behind is `leftovers`; what to run first is kafka.onStop(() => …)',
  partitions: "it belongs to a topic: topics: [{ name: 'orders', partitions: 3 }]",
  memory: 'a broker for tests is always in memory; a durable one is startServer of ottla',
};

/** @throws {TypeError} for a value that means nothing @throws {RangeError} for one that cannot be together with another */
function checkStartValues(options: StartOptions): void {
  checkTopics(options.topics);
  checkUsers(options.users);
  checkLines(options.acls);
  checkTls(options.tls);
  checkTime(options);
  if (options.mechanisms !== undefined) {
    for (const each of listOf('mechanisms', options.mechanisms, "['PLAIN']")) checkWord('mechanisms', each, MECHANISMS);
  }
  checkFlag('oauth', options.oauth);
  checkFlag('thread', options.thread);
  if (typeof options.leftovers !== 'function') checkWord('leftovers', options.leftovers, ['warn', 'throw', 'ignore']);
  checkWord('logLevel', options.logLevel, LEVELS);
  checkPort('port', options.port);
  checkPort('controlPort', options.controlPort);
  checkCount('minIsr', options.minIsr);
  const { brokers, minIsr } = options;
  if (brokers !== undefined && minIsr !== undefined && minIsr > brokers) {
    throw new RangeError(`minIsr: ${minIsr}: of ${brokers} brokers so many are never in sync`);
  }
}

function checkTopics(topics: unknown): void {
  if (topics === undefined) return;
  for (const topic of listOf('topics', topics, "['orders']")) {
    if (typeof topic === 'string' || (typeof topic === 'object' && topic !== null)) continue;
    throw new TypeError(`topics: ${shown(topic)} is no topic: write 'orders' or { name: 'orders', partitions: 3 }`);
  }
}

function checkUsers(users: unknown): void {
  if (users === undefined) return;
  if (typeof users !== 'object' || users === null || Array.isArray(users)) {
    throw new TypeError(`users cannot be ${shown(users)}: write { alice: 'secret' }`);
  }
  for (const [name, user] of Object.entries(users)) {
    if (typeof user === 'object') {
      checkKeys(`user '${name}'`, user, USER);
      checkFlag(`superUser of '${name}'`, (user as { superUser?: unknown }).superUser);
    }
    const password = typeof user === 'string' ? user : (user as { password?: unknown }).password;
    if (typeof password === 'string' && password !== '') continue;
    throw new TypeError(
      `users: '${name}' has no password: write { ${name}: 'secret' } or { ${name}: { password: … } }`,
    );
  }
}

function checkLines(acls: unknown): void {
  if (acls === undefined) return;
  if (typeof acls !== 'object' || acls === null || Array.isArray(acls)) {
    throw new TypeError(`acls cannot be ${shown(acls)}: write { alice: ['read topic orders'] }`);
  }
  for (const [user, lines] of Object.entries(acls)) {
    for (const line of listOf(`acls of '${user}'`, lines, "['read topic orders']")) {
      if (typeof line !== 'string') {
        throw new TypeError(`acls of '${user}': ${shown(line)} is no line: write 'read topic orders'`);
      }
    }
  }
}

function checkTls(tls: unknown): void {
  if (typeof tls !== 'object' || tls === null) return checkFlag('tls', tls);
  checkKeys('tls', tls, TLS);
  checkWord('clientAuth of tls', (tls as { clientAuth?: unknown }).clientAuth, ['none', 'requested', 'required']);
}

function checkTime({ clock, now }: StartOptions): void {
  checkWord('clock', clock, ['real', 'virtual']);
  if (now === undefined) return;
  if (clock !== 'virtual') throw new TypeError("now is for a virtual clock: write clock: 'virtual', too");
  const isTime = now instanceof Date || typeof now === 'number';
  if (isTime && Number.isFinite(Number(now))) return;
  throw new TypeError(`now cannot be ${shown(now)}: write milliseconds since 1970, or a Date`);
}

function checkPort(what: string, port: number | undefined): void {
  checkCount(what, port, 0);
  if (port !== undefined && port > HIGHEST_PORT) {
    throw new RangeError(`${what} cannot be ${port}: ports end at ${HIGHEST_PORT}; 0 is any that is free`);
  }
}

function listOf(what: string, said: unknown, example: string): readonly unknown[] {
  if (Array.isArray(said)) return said;
  throw new TypeError(`${what} cannot be ${shown(said)}: write a list, such as ${example}`);
}
