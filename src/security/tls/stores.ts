/** Reads the key and trust stores of a listener, of every type that Kafka has: PEM in files or settings, JKS, PKCS12. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { ConfigError } from '../../config/definition.ts';
import { readSmallFile } from '../../platform/small-file.ts';
import { certificatesIn, keyIn } from './pem.ts';
import type { readKeyStore as ReadKeyStore } from './jks.ts';

/** Where a store's settings stand: a listener of a broker, or the properties of a client. */
export interface StoreSettings {
  /** Null: not set. */
  text(key: StoreKey): string | null;
  /** As it is told in messages. */
  nameOf(key: StoreKey): string;
}

export type StoreKey =
  | 'ssl.keystore.type'
  | 'ssl.keystore.location'
  | 'ssl.keystore.password'
  | 'ssl.keystore.key'
  | 'ssl.keystore.certificate.chain'
  | 'ssl.key.password'
  | 'ssl.truststore.type'
  | 'ssl.truststore.location'
  | 'ssl.truststore.password'
  | 'ssl.truststore.certificates';

/** What reading needs of the machine. */
export interface StoreReader {
  /** Null where there is no such file. @throws {Error} for what is no file of a store's size, or may not be read */
  readFile(path: string): Buffer | null;
  warn(message: string): void;
  /** Milliseconds since 1970. */
  now(): number;
}

/** As large as the trust store of a whole company is many times over. */
const MOST_STORE_BYTES = 1 << 24;

/** For `readFile`: a file of this machine. */
export function readStoreFile(path: string): Buffer | null {
  return readSmallFile(path, MOST_STORE_BYTES);
}

/** PEM, the key without a password. */
export interface KeyMaterial {
  readonly key: string;
  /** The own certificate first. */
  readonly chain: readonly string[];
  readonly certificate: X509Certificate;
  /** Its name in the store. */
  readonly alias: string;
}

/** Null: none is set. @throws {ConfigError} and rejects with it, for a store that cannot be used */
export async function readKeyMaterial(settings: StoreSettings, reader: StoreReader): Promise<KeyMaterial | null> {
  const found = await readKeys(settings, reader);
  if (found === null) return null;
  const { where, key, chain } = found;
  if (chain.length === 0) throw new ConfigError(`${where}: it holds a private key without a certificate`);
  const certificate = certificateOf(where, chain[0]);
  const privateKey = createPrivateKey(key);
  if (!certificate.checkPrivateKey(privateKey))
    throw new ConfigError(`${where}: key and certificate do not belong together`);
  if (Date.parse(certificate.validTo) <= reader.now()) {
    reader.warn(`${where}: the certificate has expired on ${certificate.validTo}: clients will refuse it`);
  }
  return { key, chain, certificate, alias: found.alias };
}

/** As Kafka names the one entry of a PEM file. */
const PEM_ALIAS = 'kafka';

interface Keys {
  readonly where: string;
  readonly alias: string;
  readonly key: string;
  readonly chain: readonly string[];
}

const CONTRADICTION = 'are given; only one of them may be';

async function readKeys(settings: StoreSettings, reader: StoreReader): Promise<Keys | null> {
  const [inlineKey, inlineChain] = [settings.text('ssl.keystore.key'), settings.text('ssl.keystore.certificate.chain')];
  const location = settings.text('ssl.keystore.location');
  const keyPassword = settings.text('ssl.key.password');
  const inline = settings.nameOf('ssl.keystore.key');
  if (inlineKey !== null || inlineChain !== null) {
    if (location !== null)
      throw new ConfigError(`${inline} and ${settings.nameOf('ssl.keystore.location')} ${CONTRADICTION}`);
    refuseOtherType(settings, 'ssl.keystore.type', inline);
    refusePassword(settings, 'ssl.keystore.password');
    if (inlineKey === null || inlineChain === null) {
      const missing = inlineKey === null ? 'ssl.keystore.key' : 'ssl.keystore.certificate.chain';
      throw new ConfigError(
        `${settings.nameOf(missing)} is missing: a private key and its certificate chain go together`,
      );
    }
    return {
      where: inline,
      alias: PEM_ALIAS,
      key: plainKey(inline, inlineKey, keyPassword, reader),
      chain: certificatesIn(inlineChain),
    };
  }
  if (location === null) return null;
  const content = fileOf(settings.nameOf('ssl.keystore.location'), location, reader);
  if (typeOf(settings, 'ssl.keystore.type') === 'PEM') {
    refusePassword(settings, 'ssl.keystore.password');
    const text = content.toString();
    return {
      where: location,
      alias: PEM_ALIAS,
      key: plainKey(location, text, keyPassword, reader),
      chain: certificatesIn(text),
    };
  }
  return keyEntry(location, content, settings.text('ssl.keystore.password'), keyPassword);
}

async function keyEntry(
  location: string,
  content: Buffer,
  password: string | null,
  keyPassword: string | null,
): Promise<Keys> {
  const entries = await open(location, content, password ?? '', keyPassword ?? password ?? '');
  const found = Object.entries(entries).find(([, { key }]) => key !== undefined);
  if (found === undefined) {
    const aliases = Object.keys(entries).join(', ') || 'none';
    throw new ConfigError(`${location}: it holds no private key (aliases: ${aliases})`);
  }
  const [alias, { key = '', cert = '' }] = found;
  return { where: `${location}, alias ${alias}`, alias, key, chain: certificatesIn(cert) };
}

/** Certificates that are trusted, as PEM. Null: no store is set. @throws {ConfigError} and rejects with it */
export async function readTrust(settings: StoreSettings, reader: StoreReader): Promise<readonly string[] | null> {
  const inline = settings.text('ssl.truststore.certificates');
  const location = settings.text('ssl.truststore.location');
  const name = settings.nameOf('ssl.truststore.certificates');
  if (inline !== null) {
    if (location !== null)
      throw new ConfigError(`${name} and ${settings.nameOf('ssl.truststore.location')} ${CONTRADICTION}`);
    refuseOtherType(settings, 'ssl.truststore.type', name);
    refusePassword(settings, 'ssl.truststore.password');
    return someOf(name, certificatesIn(inline));
  }
  if (location === null) return null;
  const content = fileOf(settings.nameOf('ssl.truststore.location'), location, reader);
  if (typeOf(settings, 'ssl.truststore.type') === 'PEM') {
    refusePassword(settings, 'ssl.truststore.password');
    return someOf(location, certificatesIn(content.toString()));
  }
  const password = settings.text('ssl.truststore.password') ?? '';
  const entries = await open(location, content, password, password);
  const certificates = Object.values(entries).flatMap(({ ca, cert }) => certificatesIn(ca ?? cert ?? ''));
  return someOf(location, certificates);
}

function someOf(where: string, certificates: readonly string[]): readonly string[] {
  if (certificates.length === 0) throw new ConfigError(`${where}: it holds no certificate`);
  for (const certificate of certificates) certificateOf(where, certificate);
  return certificates;
}

/** Java reads PKCS12 where JKS is said, and the other way round. */
async function open(
  location: string,
  content: Buffer,
  password: string,
  keyPassword: string,
): Promise<ReturnType<typeof ReadKeyStore>> {
  const { readKeyStore } = await import('./jks.ts');
  try {
    return readKeyStore(content, password, keyPassword);
  } catch (error) {
    const { message } = error as Error;
    if (/password|MAC|verification/i.test(message))
      throw new ConfigError(`${location}: the password of the store is wrong`);
    if (/recover key/i.test(message)) {
      throw new ConfigError(`${location}: the password of the private key is wrong: set ssl.key.password`);
    }
    throw new ConfigError(`${location}: it is no key store of type JKS or PKCS12 (${message})`);
  }
}

const TYPES = new Set(['PEM', 'JKS', 'PKCS12']);

function typeOf(settings: StoreSettings, key: 'ssl.keystore.type' | 'ssl.truststore.type'): string {
  const type = (settings.text(key) ?? 'JKS').trim().toUpperCase();
  if (TYPES.has(type)) return type;
  throw new ConfigError(`${settings.nameOf(key)}=${type}: write PEM, PKCS12 or JKS`);
}

function refuseOtherType(
  settings: StoreSettings,
  key: 'ssl.keystore.type' | 'ssl.truststore.type',
  inline: string,
): void {
  const type = typeOf(settings, key);
  if (type !== 'PEM') throw new ConfigError(`${inline} is PEM: set ${settings.nameOf(key)} to PEM (it is ${type})`);
}

function refusePassword(settings: StoreSettings, key: 'ssl.keystore.password' | 'ssl.truststore.password'): void {
  if (settings.text(key) === null) return;
  throw new ConfigError(
    `${settings.nameOf(key)} cannot be set for a store of type PEM` +
      (key === 'ssl.keystore.password' ? ': the password of the key is ssl.key.password' : ''),
  );
}

function fileOf(key: string, path: string, reader: StoreReader): Buffer {
  let content: Buffer | null;
  try {
    content = reader.readFile(path);
  } catch (error) {
    throw new ConfigError(`${key}=${path}: ${(error as Error).message}`);
  }
  if (content === null) throw new ConfigError(`${key}=${path}: there is no such file`);
  return content;
}

function plainKey(where: string, text: string, password: string | null, reader: StoreReader): string {
  const block = keyIn(text);
  if (block === null) throw new ConfigError(`${where}: it holds no private key`);
  const isEncrypted = block.label.startsWith('ENCRYPTED') || block.text.includes('Proc-Type: 4,ENCRYPTED');
  if (isEncrypted && password === null)
    throw new ConfigError(`${where}: the private key is encrypted: set ssl.key.password`);
  if (!block.label.match(/^(ENCRYPTED )?PRIVATE KEY$/)) {
    reader.warn(
      `${where}: the private key is in PKCS#1 (${block.label}), which Kafka refuses: openssl pkcs8 converts it`,
    );
  }
  try {
    const key = createPrivateKey({ key: block.text, ...(isEncrypted ? { passphrase: password! } : {}) });
    return key.export({ type: 'pkcs8', format: 'pem' });
  } catch (error) {
    const isPassword = isEncrypted && /decrypt|cipher|password/i.test((error as Error).message);
    throw new ConfigError(
      isPassword
        ? `${where}: the password of the private key is wrong (ssl.key.password)`
        : `${where}: the private key cannot be read (${(error as Error).message})`,
    );
  }
}

function certificateOf(where: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new ConfigError(`${where}: a certificate cannot be read (${(error as Error).message})`);
  }
}
