/** How a controller reaches the etcd of its cluster, as the configuration says. */
import { ConfigError } from '../config/definition.ts';
import type { Endpoint } from '../config/listeners.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Channel } from '../etcd/channel.ts';
import { EtcdClient } from '../etcd/client.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';

export interface EtcdTls {
  /** PEM. */
  readonly ca: Buffer | null;
  readonly certificate: Buffer | null;
  readonly key: Buffer | null;
}

/** Opens the way to one member; `token` is asked at each call. */
export type OpenEtcd = (endpoint: string, token: () => string | null) => Channel;

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i;

/** @throws {ConfigError} for settings that leave the cluster's state open to others, or its processes out of reach */
export function refuseEtcdSettings(config: ServerConfig, advertised: readonly Endpoint[]): void {
  const far = config['ottla.etcd.endpoints'].find((endpoint) => !LOOPBACK.test(hostOf(endpoint)));
  if (far === undefined) return;
  if (config['ottla.etcd.ssl.ca'] === null && config['ottla.etcd.ssl.certificate'] === null) {
    throw new ConfigError(
      `etcd at ${far} is another machine, and without TLS whoever sees the network can change the cluster: set ottla.etcd.ssl.ca`,
    );
  }
  for (const { name, host } of advertised) {
    if (!LOOPBACK.test(host)) continue;
    throw new ConfigError(
      `listener ${name} is advertised as ${host}, where other machines find themselves (etcd is at ${far}): set advertised.listeners`,
    );
  }
}

export async function openEtcd(config: ServerConfig, files: Files, clock: Clock, open?: OpenEtcd): Promise<EtcdClient> {
  const name = config['ottla.etcd.user'];
  const path = config['ottla.etcd.password.file'];
  if (name !== null && path === null) {
    throw new ConfigError(`ottla.etcd.user=${name} needs a password: set ottla.etcd.password.file`);
  }
  const user =
    name === null ? null : { name, password: read(files, 'ottla.etcd.password.file', path!).toString().trimEnd() };
  return new EtcdClient({
    endpoints: config['ottla.etcd.endpoints'],
    open: open ?? (await grpcChannels(config, files, clock)),
    user,
  });
}

async function grpcChannels(config: ServerConfig, files: Files, clock: Clock): Promise<OpenEtcd> {
  const { GrpcChannel } = await import('../etcd/grpc-channel.ts');
  const tls = tlsOf(config, files);
  return (endpoint, token) => new GrpcChannel(endpoint, { clock, tls, token });
}

function tlsOf(config: ServerConfig, files: Files): EtcdTls | null {
  const pem = (key: 'ottla.etcd.ssl.ca' | 'ottla.etcd.ssl.certificate' | 'ottla.etcd.ssl.key'): Buffer | null => {
    const path = config[key];
    return path === null ? null : read(files, key, path);
  };
  const tls = {
    ca: pem('ottla.etcd.ssl.ca'),
    certificate: pem('ottla.etcd.ssl.certificate'),
    key: pem('ottla.etcd.ssl.key'),
  };
  if ((tls.certificate === null) !== (tls.key === null)) {
    throw new ConfigError('ottla.etcd.ssl.certificate and ottla.etcd.ssl.key belong together: set both, or neither');
  }
  return tls.ca === null && tls.certificate === null ? null : tls;
}

function read(files: Files, key: string, path: string): Buffer {
  try {
    return files.readAll(path);
  } catch (error) {
    throw new ConfigError(`${key}=${path} cannot be read (${(error as Error).message})`);
  }
}

function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':'));
}
