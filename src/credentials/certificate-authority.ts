/** Makes certificates: an authority of its own, with keys on the curve P-256. Nothing of it is written to a disk here. */
import { createPrivateKey, webcrypto } from 'node:crypto';
import type * as x509 from './x509.ts';

type Library = typeof x509;

export interface IssueOptions {
  /** Names and addresses of a server; a client needs none. */
  readonly hosts?: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** RFC 4514, such as `CN=alice,O=Example`; unless given, `CN=<name>`. */
  readonly subject?: string;
}

/** PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  /** PKCS#8, without a password. */
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const DAY_MS = 86_400_000;
const TEN_YEARS_MS = 3650 * DAY_MS;
const SERIAL_BYTES = 8;

export class CertificateAuthority {
  /** PEM: what clients are to trust. */
  readonly certificate: string;
  readonly #library: Library;
  readonly #key: webcrypto.CryptoKey;
  readonly #own: x509.X509Certificate;

  private constructor(library: Library, key: webcrypto.CryptoKey, own: x509.X509Certificate) {
    this.#library = library;
    this.#key = key;
    this.#own = own;
    this.certificate = `${own.toString('pem')}\n`;
  }

  /** `nowMs`: it is valid from the day before, for ten years. */
  static async create(nowMs: number, name = 'Ottla test authority'): Promise<CertificateAuthority> {
    const library = await theLibrary();
    const keys = await newKeys();
    const own = await library.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: `CN=${name}`,
      notBefore: new Date(nowMs - DAY_MS),
      notAfter: new Date(nowMs + TEN_YEARS_MS),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new library.BasicConstraintsExtension(true, undefined, true),
        new library.KeyUsagesExtension(library.KeyUsageFlags.keyCertSign | library.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new CertificateAuthority(library, keys.privateKey, own);
  }

  /** One that was made before. Rejects with an error of node's where these are no PEM, or the key is not on the curve P-256. */
  static async of({ certificate, key }: IssuedCertificate): Promise<CertificateAuthority> {
    const library = await theLibrary();
    const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
    const usable = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
    return new CertificateAuthority(library, usable, new library.X509Certificate(certificate));
  }

  /** PEM: whoever has it makes certificates that its clients trust. */
  key(): Promise<string> {
    return pemOf(this.#key);
  }

  async issue(name: string, options: IssueOptions): Promise<IssuedCertificate> {
    const { X509CertificateGenerator, SubjectAlternativeNameExtension, ExtendedKeyUsageExtension } = this.#library;
    const { hosts = [], notBeforeMs, notAfterMs, subject = `CN=${name}` } = options;
    const keys = await newKeys();
    const names = hosts.map((value) => ({ type: isAddress(value) ? ('ip' as const) : ('dns' as const), value }));
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: this.#own.subject,
      notBefore: new Date(notBeforeMs),
      notAfter: new Date(notAfterMs),
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey) };
  }
}

async function theLibrary(): Promise<Library> {
  const library = await import('./x509.ts');
  library.cryptoProvider.set(webcrypto);
  return library;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key as never)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{1,64}/g, '$&\n')}-----END PRIVATE KEY-----\n`;
}

function serialNumber(): string {
  const bytes = Buffer.alloc(SERIAL_BYTES);
  webcrypto.getRandomValues(bytes);
  bytes[0] &= 0x7f;
  return bytes.toString('hex');
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}
