import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';

/** Of the certificate that whoever listens there shows to a client that trusts the authority in this file. */
export async function serialNumberAt(address: string, ca: string): Promise<string> {
  const [host, port] = address.split(':');
  const socket = connect({ host, port: Number(port), ca: readFileSync(ca) });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerX509Certificate()!;
  socket.destroy();
  return serialNumber;
}
