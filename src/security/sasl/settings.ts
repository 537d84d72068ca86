/** Reads what a listener's settings say of SASL, and refuses what could not be served, with what to write instead. */
import { ConfigError } from '../../config/definition.ts';
import { PRINCIPAL_BUILDERS, refuseClass } from '../../config/java-classes.ts';
import type { ListenerSettings } from '../../config/listener-settings.ts';
import { isScram, SCRAM_MECHANISMS } from '../../../protocol/sasl/scram.ts';
import { JaasError, parseJaasFile, parseLoginModule, type LoginModule } from '../../../protocol/sasl/jaas.ts';

export const PLAIN_MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule';
export const SCRAM_MODULE = 'org.apache.kafka.common.security.scram.ScramLoginModule';
export const OAUTHBEARER_MODULE = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';

/** The file that `-Djava.security.auth.login.config=` in KAFKA_OPTS names, where there is one. */
export interface JaasFile {
  readonly path: string;
  readonly sections: ReadonlyMap<string, readonly LoginModule[]>;
}

/** @throws {ConfigError} for a file that is none */
export function jaasFile(path: string, text: string): JaasFile {
  try {
    return { path, sections: parseJaasFile(text) };
  } catch (error) {
    if (error instanceof JaasError) throw new ConfigError(`${path}: ${error.message}`);
    throw error;
  }
}

/** Java's way of naming that file; null where these options name none. */
export function jaasPathIn(options: string | undefined): string | null {
  const found = /(?:^|\s)-Djava\.security\.auth\.login\.config=(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(options ?? '');
  return found === null ? null : (found[1] ?? found[2] ?? found[3]);
}

const SERVED = ['PLAIN', ...Object.keys(SCRAM_MECHANISMS), 'OAUTHBEARER'];

/** Whether its users have passwords. */
export function knowsPasswords(mechanism: string): boolean {
  return mechanism === 'PLAIN' || isScram(mechanism);
}

export function moduleFor(mechanism: string): string {
  if (isScram(mechanism)) return SCRAM_MODULE;
  return mechanism === 'PLAIN' ? PLAIN_MODULE : OAUTHBEARER_MODULE;
}

/**
 * The mechanisms that a listener offers, in their order.
 * @throws {ConfigError} where none is left, or one is unknown; `warn` is told of those that are passed over
 */
export function enabledMechanisms(settings: ListenerSettings, warn: (message: string) => void): readonly string[] {
  const enabled = settings.value('sasl.enabled.mechanisms');
  const key = settings.nameOf('sasl.enabled.mechanisms');
  for (const mechanism of enabled) {
    if (mechanism === 'GSSAPI' || SERVED.includes(mechanism)) continue;
    throw new ConfigError(`${key}: there is no SASL mechanism ${mechanism}: ${SERVED.join(', ')} are served`);
  }
  const offered = enabled.filter((mechanism) => mechanism !== 'GSSAPI');
  if (offered.length === 0) {
    throw new ConfigError(
      `listener ${settings.listener} has SASL and no mechanism but GSSAPI (Kerberos), which Ottla does not serve: ` +
        `set ${key} to some of ${SERVED.join(', ')}`,
    );
  }
  if (offered.length < enabled.length) warn(`${key}: GSSAPI (Kerberos) is not offered: Ottla does not serve it`);
  return offered;
}

/**
 * The login module of a mechanism: from the listener's own setting, else from the file, section `<listener>.KafkaServer` or
 * `KafkaServer`. Null: there is none, and the mechanism can do without.
 * @throws {ConfigError} for a text that is none, and a module that is another
 */
export function loginModule(settings: ListenerSettings, mechanism: string, file: JaasFile | null): LoginModule | null {
  const key = settings.nameOf('sasl.jaas.config', mechanism);
  const text = settings.own('sasl.jaas.config', mechanism);
  const wanted = moduleFor(mechanism);
  if (text !== null) return checked(key, parse(key, text), wanted);
  const sections = [`${settings.listener.toLowerCase()}.KafkaServer`, 'KafkaServer'];
  const section = sections.find((name) => file?.sections.has(name));
  if (section === undefined) {
    if (mechanism !== 'PLAIN') return null;
    throw new ConfigError(
      `listener ${settings.listener} offers PLAIN and has no users: set ${key} to ` +
        `${PLAIN_MODULE} required user_alice="her password";`,
    );
  }
  const where = `${file!.path}, section ${section}`;
  const modules = file!.sections.get(section)!;
  const found = modules.find(({ name }) => name === wanted);
  if (found === undefined && modules.length > 0 && mechanism === 'PLAIN') return checked(where, modules[0], wanted);
  return found ?? null;
}

function parse(key: string, text: string): LoginModule {
  try {
    return parseLoginModule(text);
  } catch (error) {
    if (error instanceof JaasError) throw new ConfigError(`${key}: ${error.message}`);
    throw error;
  }
}

function checked(where: string, module: LoginModule, wanted: string): LoginModule {
  if (module.name === wanted) return module;
  const what = module.name.endsWith('Krb5LoginModule')
    ? 'is for Kerberos, which Ottla does not serve'
    : 'is not served there';
  throw new ConfigError(`${where}: the login module ${module.name} ${what}: write ${wanted}`);
}

const USER = 'user_';

/** The users of PLAIN: option `user_<name>` is the password of `<name>`. */
export function plainUsers({ options }: LoginModule): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const [name, value] of options) if (name.startsWith(USER)) users.set(name.slice(USER.length), value);
  return users;
}

/** Java classes that an administrator may name although they change nothing: those that Kafka takes by itself. */
const OWN_CLASSES: Readonly<Record<string, readonly string[]>> = {
  'sasl.server.callback.handler.class': [
    'org.apache.kafka.common.security.plain.internals.PlainServerCallbackHandler',
    'org.apache.kafka.common.security.scram.internals.ScramServerCallbackHandler',
    'org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler',
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
    'org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerValidatorCallbackHandler',
  ],
  'sasl.login.class': [
    'org.apache.kafka.common.security.authenticator.DefaultLogin',
    'org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerRefreshingLogin',
  ],
  'sasl.login.callback.handler.class': [
    'org.apache.kafka.common.security.authenticator.AbstractLogin$DefaultLoginCallbackHandler',
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler',
    'org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler',
    'org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler',
  ],
};

/** @throws {ConfigError} for a class of one's own */
export function refuseClasses(settings: ListenerSettings, mechanism: string): void {
  for (const [key, known] of Object.entries(OWN_CLASSES)) {
    refuseClass(key, settings.text(key as 'sasl.login.class', mechanism), known);
  }
}

/** The same for what would say who a client is, on a listener of any protocol. @throws {ConfigError} */
export function refusePrincipalBuilder(settings: ListenerSettings): void {
  const key = 'principal.builder.class';
  refuseClass(key, settings.text(key), PRINCIPAL_BUILDERS);
}
