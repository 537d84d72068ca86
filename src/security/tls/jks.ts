/** The library that reads Java's key stores, in a file of its own: a broker without one never reads it. */
import jks from 'jks-js';

/** What an entry of a key store holds, as PEM: a key with its chain, or a certificate that is trusted. */
export interface StoreEntry {
  readonly key?: string;
  readonly cert?: string;
  readonly ca?: string;
}

/** By alias. @throws {Error} of the library */
export function readKeyStore(content: Buffer, password: string, keyPassword: string): Record<string, StoreEntry> {
  return jks.toPem(content, password, keyPassword);
}
