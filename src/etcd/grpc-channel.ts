/** A member of etcd reached by gRPC (@grpc/grpc-js), with messages by protobufjs. The only file that knows either. */
import {
  credentials as channelCredentials,
  Client,
  Metadata,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { certificateFault, isAddress } from '../platform/certificates.ts';
import type { Clock } from '../platform/clock.ts';
import { RpcError, type Channel, type Method, type Stream, type StreamListener } from './channel.ts';
import { fromLeaseResponse, fromWatchResponse, METHODS, toWatchRequest } from './messages.ts';
import { RPC_PROTO } from './rpc-proto.ts';

export interface GrpcOptions {
  readonly clock: Clock;
  /** PEM. Null: no TLS. `certificate` and `key` are the client's own, where etcd wants one. */
  readonly tls?: {
    readonly ca: Buffer | null;
    readonly certificate: Buffer | null;
    readonly key: Buffer | null;
  } | null;
  /** Of Authenticate; asked at each call. */
  readonly token?: () => string | null;
}

/** A batch of the metadata log is at most 1 MiB; snapshots come in pieces of that size, several a range. */
const MOST_RESPONSE_BYTES = 64 << 20;
/** A member that is back shall be used soon: gRPC waits from one second to two minutes by itself. */
const RECONNECT_MS = { first: 100, most: 1000 };

const root = protobuf.parse(RPC_PROTO).root;

interface Codec {
  encode(message: object): Buffer;
  decode(bytes: Buffer): object;
}

/** What the library says last of a connection it could not make, with nothing behind it. */
const NO_NOTE = /\. Resolution note: $/;

/** Of a message by its name: 64-bit integers are text, bytes are buffers, what is missing has its default. */
function codecOf(name: string): Codec {
  const type = root.lookupType(`etcdserverpb.${name}`);
  return {
    encode: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    decode: (bytes) => type.toObject(type.decode(bytes), { longs: String, defaults: true, arrays: true, oneofs: true }),
  };
}

const codecs = new Map<string, Codec>();

function codec(name: string): Codec {
  let known = codecs.get(name);
  if (known === undefined) codecs.set(name, (known = codecOf(name)));
  return known;
}

export class GrpcChannel implements Channel {
  readonly endpoint: string;
  readonly #clock: Clock;
  readonly #client: Client;
  readonly #token: () => string | null;

  constructor(endpoint: string, { clock, tls = null, token = () => null }: GrpcOptions) {
    this.endpoint = endpoint;
    this.#clock = clock;
    this.#token = token;
    const host = endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
    this.#client = new Client(endpoint, credentialsOf(tls, host), {
      'grpc.max_receive_message_length': MOST_RESPONSE_BYTES,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_MS.first,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MS.most,
      'grpc.service_config_disable_resolution': 1,
      // Node refuses an address as the server's name in TLS: any name does, the certificate is held against the address.
      ...(isAddress(host) ? { 'grpc.ssl_target_name_override': 'etcd' } : {}),
    });
  }

  async call<M extends Method>(
    method: M,
    request: Parameters<(typeof METHODS)[M]['to']>[0],
    deadlineMs: number,
  ): Promise<ReturnType<(typeof METHODS)[M]['from']>> {
    const { path, requestType, responseType, to, from } = METHODS[method];
    const [asked, answered] = [codec(requestType), codec(responseType)];
    const response = await new Promise<object>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (message: object) => asked.encode(message),
        (bytes) => answered.decode(bytes),
        (to as (request: unknown) => object)(request),
        this.#metadata(),
        { deadline: this.#clock.now() + deadlineMs },
        (error, value) => (error === null ? resolve(value!) : reject(this.#failure(error))),
      );
    });
    return (from as (response: object) => ReturnType<(typeof METHODS)[M]['from']>)(response);
  }

  keepAlive(listener: StreamListener<{ readonly ttl: number }>): Stream<string> {
    const call = this.#stream('/etcdserverpb.Lease/LeaseKeepAlive', 'LeaseKeepAliveRequest', 'LeaseKeepAliveResponse');
    return this.#streamed(call, listener, (id: string) => ({ ID: id }), fromLeaseResponse);
  }

  watch(listener: StreamListener<ReturnType<typeof fromWatchResponse>>): Stream<Parameters<typeof toWatchRequest>[0]> {
    const call = this.#stream('/etcdserverpb.Watch/Watch', 'WatchRequest', 'WatchResponse');
    return this.#streamed(call, listener, toWatchRequest, fromWatchResponse);
  }

  close(): void {
    this.#client.close();
  }

  #stream(path: string, requestType: string, responseType: string): ClientDuplexStream<object, object> {
    const [asked, answered] = [codec(requestType), codec(responseType)];
    return this.#client.makeBidiStreamRequest(
      path,
      (message: object) => asked.encode(message),
      (bytes) => answered.decode(bytes),
      this.#metadata(),
    );
  }

  #streamed<Request, Response>(
    call: ClientDuplexStream<object, object>,
    listener: StreamListener<Response>,
    to: (request: Request) => object,
    from: (response: object) => Response,
  ): Stream<Request> {
    let isOver = false;
    const end = (error: RpcError | null): void => {
      if (isOver) return;
      isOver = true;
      listener.ended(error);
    };
    call.on('data', (response: object) => {
      if (!isOver) listener.received(from(response));
    });
    call.on('error', (error: ServiceError) => end(this.#failure(error)));
    call.on('end', () => end(null));
    return {
      send: (request) => {
        if (!isOver) call.write(to(request));
      },
      close: () => {
        isOver = true;
        call.cancel();
      },
    };
  }

  /** A member that has lost its leader refuses instead of keeping the caller waiting. */
  #metadata(): Metadata {
    const metadata = new Metadata();
    metadata.set('hasleader', 'true');
    const token = this.#token();
    if (token !== null) metadata.set('token', token);
    return metadata;
  }

  #failure(error: ServiceError): RpcError {
    return new RpcError(error.code, error.details.replace(NO_NOTE, ''), this.endpoint);
  }
}

function credentialsOf(tls: GrpcOptions['tls'], host: string): ChannelCredentials {
  if (tls === null || tls === undefined) return channelCredentials.createInsecure();
  return channelCredentials.createSsl(tls.ca, tls.key, tls.certificate, {
    checkServerIdentity: (_name, certificate) => certificateFault(host, certificate),
  });
}
