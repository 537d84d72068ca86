/** Whether a certificate is trusted by a trust store, by way of the certificates that come with it. PURE. */
import { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/**
 * Each certificate of a trust store is an anchor, as in Java. By itself OpenSSL looks for an anchor by its name, and finds the wrong one of
 * several brokers' certificates that have signed themselves and have one subject.
 */
export function anchors(trusted: readonly string[]): Pick<SecureContextOptions, 'ca' | 'allowPartialTrustChain'> {
  return { ca: [...trusted], allowPartialTrustChain: true };
}

/** PEM, both; `chain` begins with the certificate that it is about. Neither times nor names are looked at. */
export function isTrusted(chain: readonly string[], trusted: readonly string[]): boolean {
  const known = chain.map((pem) => new X509Certificate(pem));
  const roots = trusted.map((pem) => new X509Certificate(pem));
  const left = new Set(known);
  for (let current: X509Certificate | undefined = known[0]; current !== undefined;) {
    const own: X509Certificate = current;
    if (roots.some((root) => root.fingerprint256 === own.fingerprint256 || isSignedBy(own, root))) return true;
    left.delete(own);
    current = [...left].find((next) => isSignedBy(own, next));
  }
  return false;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
