/** The principal that stands in an Envelope, behind a version of 16 bits (KIP-590). */
import { bool, message, string } from './schema.ts';

export const DefaultPrincipalData = message(
  'DefaultPrincipalData',
  { versions: '0', flexible: '0+' },
  {
    type: string,
    name: string,
    tokenAuthenticated: bool,
  },
);
