/**
 * Users and certificates as Bitnami's image takes them: variables beside the broker's own keys, and files where that image has them.
 * What a key says itself goes before. PURE.
 */
import { plainUsersKey, plainUsers } from './plain-users.ts';

export interface BitnamiSecurity {
  readonly settings: ReadonlyMap<string, string>;
  /** Passwords by name, of users who sign in by SCRAM, too. */
  readonly users: ReadonlyMap<string, string>;
  /** One line each. */
  readonly warnings: readonly string[];
}

export interface BitnamiSources {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** By Kafka's keys. */
  readonly given: ReadonlyMap<string, string>;
  /** Null where there is no such file. */
  readonly readFile: (path: string) => string | null;
}

const CERTIFICATES = '/opt/bitnami/kafka/config/certs';
const MECHANISMS = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512';
/** Whose password it is where no name is given. */
const DEFAULT_USER = 'user';

export function bitnamiSecurity(sources: BitnamiSources): BitnamiSecurity {
  const protocols = listenersOf(sources.given);
  const warnings: string[] = [];
  const read = reader(sources, warnings);
  const sasl = [...protocols].flatMap(([name, protocol]) => (protocol.startsWith('SASL') ? [name] : []));
  const users = sasl.length === 0 ? new Map<string, string>() : usersOf(read, warnings);
  const settings = new Map<string, string>();
  if (users.size > 0) {
    settings.set('sasl.enabled.mechanisms', MECHANISMS);
    const self = selfOf(read);
    for (const name of sasl) settings.set(plainUsersKey(name), plainUsers(users, self));
  }
  if ([...protocols.values()].some((protocol) => protocol.endsWith('SSL'))) {
    for (const [key, text] of storesOf(read, sources.readFile)) settings.set(key, text);
  }
  const before = sources.given;
  return { settings: new Map([...settings].filter(([key]) => !before.has(key))), users, warnings };
}

type Read = (name: string) => string | undefined;

/** A variable, or what is in the file that `<variable>_FILE` names. */
function reader({ variables, readFile }: BitnamiSources, warnings: string[]): Read {
  return (name) => {
    const path = variables[`${name}_FILE`];
    if (path === undefined || path === '') return variables[name] === '' ? undefined : variables[name];
    const text = readFile(path);
    if (text === null) warnings.push(`${name}_FILE is ignored: there is no file ${path}`);
    return text?.trim();
  };
}

/** Protocols by the names of listeners, in capitals. */
function listenersOf(given: ReadonlyMap<string, string>): Map<string, string> {
  const entries = (key: string): string[] =>
    (given.get(key) ?? '').split(',').map((entry) => entry.trim().toUpperCase());
  const map = new Map(
    entries('listener.security.protocol.map').map((entry) => {
      const colon = entry.lastIndexOf(':');
      return [entry.slice(0, colon), entry.slice(colon + 1)] as const;
    }),
  );
  const listeners = given.has('listeners') ? entries('listeners') : entries('advertised.listeners');
  const names = listeners.flatMap((entry) => (entry.includes('://') ? [entry.slice(0, entry.indexOf(':'))] : []));
  return new Map(names.map((name) => [name, map.get(name) ?? name]));
}

/** None where no variable names one: then the listener's own settings have them. */
function usersOf(read: Read, warnings: string[]): Map<string, string> {
  const list = (name: string): string[] => (read(name) ?? '').split(/[,;\s]+/).filter((each) => each !== '');
  const [names, passwords] = [list('KAFKA_CLIENT_USERS'), list('KAFKA_CLIENT_PASSWORDS')];
  const self = selfOf(read);
  const [controller, secret] = [read('KAFKA_CONTROLLER_USER'), read('KAFKA_CONTROLLER_PASSWORD')];
  const users = new Map<string, string>();
  if (names.length === 0 && passwords.length > 0) names.push(DEFAULT_USER);
  for (const [at, name] of names.entries()) if (at < passwords.length) users.set(name, passwords[at]);
  if (passwords.length !== names.length) {
    warnings.push(
      `KAFKA_CLIENT_USERS has ${names.length} names and KAFKA_CLIENT_PASSWORDS ${passwords.length}: write one password for each; users without one cannot sign in`,
    );
  }
  if (self !== null) users.set(self.name, self.password);
  if (controller !== undefined && secret !== undefined) users.set(controller, secret);
  return users;
}

/** Who this broker is at the others. */
function selfOf(read: Read): { readonly name: string; readonly password: string } | null {
  const [name, password] = [read('KAFKA_INTER_BROKER_USER'), read('KAFKA_INTER_BROKER_PASSWORD')];
  return name === undefined || password === undefined ? null : { name, password };
}

function storesOf(read: Read, readFile: BitnamiSources['readFile']): readonly (readonly [string, string])[] {
  const type = (read('KAFKA_TLS_TYPE') ?? 'JKS').toUpperCase();
  const password = read('KAFKA_CERTIFICATE_PASSWORD');
  const at = (file: string): string => `${CERTIFICATES}/${file}`;
  const common = [['ssl.client.auth', read('KAFKA_TLS_CLIENT_AUTH') ?? 'required']] as const;
  const ofKey = password === undefined ? [] : [['ssl.key.password', password] as const];
  if (type === 'PEM') {
    const [key, chain, trusted] = ['kafka.keystore.key', 'kafka.keystore.pem', 'kafka.truststore.pem'].map((file) =>
      readFile(at(file)),
    );
    if (key === null || chain === null) return [];
    return [
      ...common,
      ...ofKey,
      ['ssl.keystore.type', type],
      ['ssl.keystore.key', key],
      ['ssl.keystore.certificate.chain', chain],
      ...(trusted === null
        ? []
        : [['ssl.truststore.type', type] as const, ['ssl.truststore.certificates', trusted] as const]),
    ];
  }
  const [keyStore, trustStore] = [
    at('kafka.keystore.jks'),
    read('KAFKA_TLS_TRUSTSTORE_FILE') ?? at('kafka.truststore.jks'),
  ];
  if (readFile(keyStore) === null) return [];
  const withPassword = (store: string) =>
    password === undefined ? [] : [[`ssl.${store}.password`, password] as const];
  return [
    ...common,
    ...ofKey,
    ['ssl.keystore.type', type],
    ['ssl.keystore.location', keyStore],
    ...withPassword('keystore'),
    ...(readFile(trustStore) === null
      ? []
      : [
          ['ssl.truststore.type', type] as const,
          ['ssl.truststore.location', trustStore] as const,
          ...withPassword('truststore'),
        ]),
  ];
}
