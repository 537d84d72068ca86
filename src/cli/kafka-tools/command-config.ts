/** `--command-config file`, and properties given one by one: how a client of Kafka's is told to connect and to sign in. */
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { parseLoginModule } from '../../../protocol/sasl/jaas.ts';
import { isScram } from '../../../protocol/sasl/scram.ts';
import { ConfigError } from '../../config/definition.ts';
import { parseProperties } from '../../config/properties.ts';
import { systemClock } from '../../platform/clock.ts';
import { nodeFiles } from '../../platform/files.ts';
import { bearerToken } from '../../security/sasl/bearer-token.ts';
import { readKeyMaterial, readStoreFile, readTrust } from '../../security/tls/stores.ts';
import { NO_SECURITY, type Credentials, type Security } from '../client/security.ts';
import { UsageError } from '../usage.ts';

export type Properties = ReadonlyMap<string, string>;

export interface Connecting {
  readonly security: Security;
  /** request.timeout.ms or default.api.timeout.ms, where given. */
  readonly timeoutMs?: number;
  readonly clientId?: string;
  readonly retryDelayMs?: number;
}

/** The properties of a file. @throws {UsageError} where there is none */
export function readPropertiesFile(flag: string, path: string): Properties {
  if (!nodeFiles.exists(path)) throw new UsageError(`--${flag} ${path}: there is no such file`);
  return parseProperties(nodeFiles.readAll(path).toString());
}

const CONNECTING =
  /^(security\.protocol|sasl\.mechanism|sasl\.jaas\.config|sasl\.oauthbearer\.(token|client|scope$)|ssl\.(truststore|keystore)\.|ssl\.key\.password$|ssl\.endpoint\.)/;
const READ = new Set(['request.timeout.ms', 'default.api.timeout.ms', 'client.id', 'retry.backoff.ms']);

/** Whether `connecting` heeds a property. */
export function isAboutConnecting(key: string): boolean {
  return CONNECTING.test(key) || READ.has(key);
}

/** Rejects with a UsageError for what cannot be spoken here, such as a store that cannot be read. */
export async function connecting(properties: Properties): Promise<Connecting> {
  const timeout = properties.get('default.api.timeout.ms') ?? properties.get('request.timeout.ms');
  const clientId = properties.get('client.id');
  const retryDelay = properties.get('retry.backoff.ms');
  for (const [key, text, least] of [
    ['request.timeout.ms', timeout, 1],
    ['retry.backoff.ms', retryDelay, 0],
  ] as const) {
    if (text !== undefined && !(Number(text) >= least)) throw new UsageError(`${key}=${text}: write milliseconds`);
  }
  return {
    security: await securityOf(properties),
    ...(timeout === undefined ? {} : { timeoutMs: Number(timeout) }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(retryDelay === undefined ? {} : { retryDelayMs: Number(retryDelay) }),
  };
}

async function securityOf(properties: Properties): Promise<Security> {
  const protocol = (properties.get('security.protocol') ?? 'PLAINTEXT').trim().toUpperCase();
  if (protocol === 'PLAINTEXT') return NO_SECURITY;
  if (!['SSL', 'SASL_PLAINTEXT', 'SASL_SSL'].includes(protocol)) {
    throw new UsageError(`security.protocol=${protocol}: write PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL`);
  }
  return {
    credentials: protocol.startsWith('SASL') ? await credentialsOf(properties) : null,
    tls: protocol.endsWith('SSL') ? await tlsOf(properties) : null,
  };
}

async function credentialsOf(properties: Properties): Promise<Credentials> {
  const mechanism = (properties.get('sasl.mechanism') ?? 'GSSAPI').trim();
  if (mechanism === 'OAUTHBEARER') return { mechanism, token: await tokenOf(properties) };
  if (mechanism !== 'PLAIN' && !isScram(mechanism)) {
    throw new UsageError(
      `sasl.mechanism=${mechanism}: this tool has PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER`,
    );
  }
  const options = optionsOf(properties);
  const [user, password] = [options.get('username'), options.get('password')];
  const isToken = options.get('tokenauth') === 'true';
  if (user !== undefined && password !== undefined) return { mechanism, user, password, isToken };
  throw new UsageError('sasl.jaas.config has no username="…" and password="…"');
}

function optionsOf(properties: Properties): ReadonlyMap<string, string> {
  try {
    return parseLoginModule(properties.get('sasl.jaas.config') ?? '').options;
  } catch (error) {
    throw new UsageError(`sasl.jaas.config: ${(error as Error).message}`);
  }
}

/** From a file, from an authority by client credentials, or unsigned, as options of the login module say. */
async function tokenOf(properties: Properties): Promise<string> {
  const settings = {
    text: (key: string) => properties.get(key) ?? null,
    nameOf: (key: string) => key,
    options: optionsOf(properties),
  };
  try {
    return await bearerToken(settings, systemClock);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** From stores of every type. */
async function tlsOf(properties: Properties): Promise<TlsOptions> {
  const settings = { text: (key: string) => properties.get(key) ?? null, nameOf: (key: string) => key };
  const reader = {
    readFile: readStoreFile,
    warn: () => {},
    now: () => systemClock.now(),
  };
  const isNameChecked = (properties.get('ssl.endpoint.identification.algorithm') ?? 'https').trim() !== '';
  try {
    const [own, trusted] = [await readKeyMaterial(settings, reader), await readTrust(settings, reader)];
    return {
      ...(trusted === null ? {} : { ca: [...trusted] }),
      ...(own === null ? {} : { cert: own.chain.join(''), key: own.key }),
      ...(isNameChecked ? {} : { checkServerIdentity: () => undefined }),
    };
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}
