/** The library that verifies signed tokens, in a file of its own: a broker that takes none never reads it. */
export { createLocalJWKSet, errors, jwtVerify } from 'jose';
