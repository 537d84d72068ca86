/** `--command-config file`, and properties given one by one: how a client of Kafka's is told to connect and to sign in. */
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { parseProperties } from '../../config/properties.ts';
import { nodeFiles } from '../../platform/files.ts';
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
  /^(security\.protocol|sasl\.mechanism|sasl\.jaas\.config|ssl\.(truststore|keystore)\.|ssl\.key\.password$|ssl\.endpoint\.)/;
const READ = new Set(['request.timeout.ms', 'default.api.timeout.ms', 'client.id', 'retry.backoff.ms']);

/** Whether `connecting` heeds a property. */
export function isAboutConnecting(key: string): boolean {
  return CONNECTING.test(key) || READ.has(key);
}

/** @throws {UsageError} for what cannot be spoken here, such as a key store that is not PEM */
export function connecting(properties: Properties): Connecting {
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
    security: securityOf(properties),
    ...(timeout === undefined ? {} : { timeoutMs: Number(timeout) }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(retryDelay === undefined ? {} : { retryDelayMs: Number(retryDelay) }),
  };
}

function securityOf(properties: Properties): Security {
  const protocol = (properties.get('security.protocol') ?? 'PLAINTEXT').trim().toUpperCase();
  if (protocol === 'PLAINTEXT') return NO_SECURITY;
  if (!['SSL', 'SASL_PLAINTEXT', 'SASL_SSL'].includes(protocol)) {
    throw new UsageError(`security.protocol=${protocol}: write PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL`);
  }
  return {
    tls: protocol.endsWith('SSL') ? tlsOf(properties) : null,
    credentials: protocol.startsWith('SASL') ? credentialsOf(properties) : null,
  };
}

function credentialsOf(properties: Properties): Credentials {
  const mechanism = (properties.get('sasl.mechanism') ?? 'GSSAPI').trim();
  if (mechanism !== 'PLAIN' && mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512') {
    throw new UsageError(`sasl.mechanism=${mechanism}: this tool has PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512`);
  }
  const jaas = properties.get('sasl.jaas.config') ?? '';
  const [user, password] = ['username', 'password'].map((name) => {
    const [, quoted, bare] = new RegExp(`\\b${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`).exec(jaas) ?? [];
    return quoted?.replace(/\\(.)/g, '$1') ?? bare;
  });
  if (user !== undefined && password !== undefined) return { mechanism, user, password };
  throw new UsageError('sasl.jaas.config has no username="…" and password="…"');
}

function tlsOf(properties: Properties): TlsOptions {
  const own = pemOf(properties, 'keystore', 'ssl.keystore.certificate.chain');
  const trusted = pemOf(properties, 'truststore', 'ssl.truststore.certificates');
  const key = properties.get('ssl.keystore.key') ?? own;
  const passphrase = properties.get('ssl.key.password');
  const isNameChecked = (properties.get('ssl.endpoint.identification.algorithm') ?? 'https').trim() !== '';
  return {
    ...(trusted === undefined ? {} : { ca: trusted }),
    ...(own === undefined ? {} : { cert: own, key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(isNameChecked ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** What a store holds, as PEM: written in the property, or in the file that it names. */
function pemOf(properties: Properties, store: 'keystore' | 'truststore', inline: string): string | undefined {
  const written = properties.get(inline);
  if (written !== undefined) return written;
  const path = properties.get(`ssl.${store}.location`);
  if (path === undefined) return undefined;
  const type = (properties.get(`ssl.${store}.type`) ?? 'JKS').trim().toUpperCase();
  if (type !== 'PEM') throw new UsageError(`ssl.${store}.type=${type}: this tool reads PEM; convert it with keytool`);
  if (!nodeFiles.exists(path)) throw new UsageError(`ssl.${store}.location=${path}: there is no such file`);
  return nodeFiles.readAll(path).toString();
}
