/** Whose a certificate is: the names and addresses in it, held against the one that was meant. */
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { isIP } from 'node:net';

/** Undefined where the certificate is that of `host`, a name or an address; otherwise what is wrong. */
export function certificateFault(host: string, certificate: PeerCertificate): Error | undefined {
  return checkServerIdentity(host, certificate);
}

/** TLS names servers, and never addresses (RFC 6066). */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}
