/**
 * Certificates that a directory keeps, as PEM: an authority, which is made once, what the broker shows, and what clients show.
 *
 *     ca.pem  ca-key.pem      the authority: clients trust the first, and only its owner reads the second
 *     broker.pem              the broker's key and certificate
 *     <name>.pem              the same of a client
 */
import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config/definition.ts';
import { nodeFiles } from '../platform/files.ts';
import { writeSecret } from '../platform/secret-file.ts';
import { CertificateAuthority, type IssuedCertificate } from './certificate-authority.ts';

export const DEFAULT_DIRECTORY = 'ottla-certs';

const AUTHORITY = 'ca';
const AUTHORITY_KEY = 'ca-key';
const BROKER = 'broker';
const RESERVED: readonly string[] = [AUTHORITY, AUTHORITY_KEY, BROKER];
const ENDING = '.pem';
/** What every machine calls itself. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 365;
/** A certificate that says it begins now is refused by a machine whose clock is behind. */
const BEFORE_MS = DAY_MS;

/** One certificate of the directory. */
export interface KeptCertificate {
  readonly name: string;
  readonly path: string;
  readonly kind: 'authority' | 'broker' | 'client';
  /** As RFC 4514 has it. */
  readonly subject: string;
  /** Of a broker: the names and addresses that it is for. */
  readonly hosts: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export class CertificateFiles {
  readonly directory: string;
  readonly #now: () => number;

  constructor(directory: string, now: () => number) {
    this.directory = directory;
    this.#now = now;
  }

  pathOf(name: string): string {
    return join(this.directory, `${name}${ENDING}`);
  }

  /** What clients are to trust. */
  get authorityPath(): string {
    return this.pathOf(AUTHORITY);
  }

  /** What the broker shows, with its key. */
  get brokerPath(): string {
    return this.pathOf(BROKER);
  }

  /**
   * Makes what is missing: the authority, and a certificate of the broker for this machine and for `hosts`, which is made anew where
   * it is for fewer, or has expired. Answers whether the broker's was made.
   */
  async provide(hosts: readonly string[]): Promise<boolean> {
    const known = this.#read(BROKER);
    const has = new Set(known === null ? [] : hostsOf(known));
    const wanted = [...LOOPBACK, hostname(), ...hosts];
    const isEnough = wanted.every((host) => has.has(host));
    if (known !== null && isEnough && Date.parse(known.validTo) > this.#now()) {
      await this.authority();
      return false;
    }
    await this.issueBroker([...has, ...hosts]);
    return true;
  }

  /** What the broker shows from now on: for this machine, and for `hosts`. */
  async issueBroker(hosts: readonly string[], days = DEFAULT_DAYS): Promise<void> {
    const all = [...new Set([...LOOPBACK, hostname(), ...hosts])];
    await this.#issue(BROKER, hostname(), all, days);
  }

  /** @throws {ConfigError} and rejects with it, for a name that stands for another file of the directory */
  async issueClient(name: string, days = DEFAULT_DAYS): Promise<void> {
    if (RESERVED.includes(name)) throw new ConfigError(`'${name}' is the name of another file in ${this.directory}`);
    if (!/^[\w.@-]+$/.test(name)) {
      throw new ConfigError(`'${name}' is no name for a client: write letters, digits, dots, dashes, underscores or @`);
    }
    await this.#issue(name, name, [], days);
  }

  /** The one of the directory, made where there is none. */
  async authority(): Promise<CertificateAuthority> {
    return CertificateAuthority.of(await this.authorityFiles());
  }

  /** As PEM. */
  async authorityFiles(): Promise<IssuedCertificate> {
    const [certificate, key] = [this.#text(AUTHORITY), this.#text(AUTHORITY_KEY)];
    if (certificate !== null && key !== null) return { certificate, key };
    if (certificate !== null || key !== null) {
      const missing = this.pathOf(certificate === null ? AUTHORITY : AUTHORITY_KEY);
      throw new ConfigError(
        `${missing} is missing: put it back, or take the other one away to begin with a new authority`,
      );
    }
    const made = await CertificateAuthority.create(this.#now(), 'Ottla authority');
    nodeFiles.makeDirectory(this.directory);
    const files = { certificate: made.certificate, key: await made.key() };
    writeSecret(this.pathOf(AUTHORITY_KEY), files.key);
    nodeFiles.replace(this.authorityPath, files.certificate);
    return files;
  }

  /** All there are: the authority, the broker's, then the clients'. */
  list(): KeptCertificate[] {
    const names = nodeFiles.list(this.directory).flatMap((file) => {
      return file.endsWith(ENDING) ? [file.slice(0, -ENDING.length)] : [];
    });
    const clients = names.filter((name) => !RESERVED.includes(name));
    return [AUTHORITY, BROKER, ...clients].flatMap((name): KeptCertificate[] => {
      const certificate = this.#read(name);
      if (certificate === null) return [];
      const kind = name === AUTHORITY ? 'authority' : name === BROKER ? 'broker' : 'client';
      const expiresAtMs = Date.parse(certificate.validTo);
      const subject = certificate.subject.split('\n').toReversed().join(',');
      return [{ name, path: this.pathOf(name), kind, subject, hosts: hostsOf(certificate), expiresAtMs }];
    });
  }

  async #issue(file: string, name: string, hosts: readonly string[], days: number): Promise<void> {
    const authority = await this.authority();
    const now = this.#now();
    const { certificate, key } = await authority.issue(name, {
      hosts,
      notBeforeMs: now - BEFORE_MS,
      notAfterMs: now + days * DAY_MS,
    });
    writeSecret(this.pathOf(file), `${key}${certificate}`);
  }

  #text(name: string): string | null {
    const path = this.pathOf(name);
    return nodeFiles.exists(path) ? nodeFiles.readAll(path).toString() : null;
  }

  /** Null where there is none. @throws {ConfigError} for a file that is no certificate */
  #read(name: string): X509Certificate | null {
    const text = this.#text(name);
    if (text === null) return null;
    try {
      return new X509Certificate(text);
    } catch (error) {
      throw new ConfigError(`${this.pathOf(name)} holds no certificate (${(error as Error).message}): take it away`);
    }
  }
}

/** Node writes them as `DNS:localhost, IP Address:127.0.0.1`. */
function hostsOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName.split(', ').flatMap((entry) => {
    const [, name, address] = /^(?:DNS:(.*)|IP Address:(.*))$/.exec(entry) ?? [];
    if (address !== undefined) return [address === '0:0:0:0:0:0:0:1' ? '::1' : address];
    return name === undefined ? [] : [name];
  });
}
