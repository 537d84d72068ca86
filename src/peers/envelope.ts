/** Clients' requests in envelopes to the active controller, with who sent them (KIP-590). */
import { parseAddress } from '../../protocol/address.ts';
import { Envelope } from '../../protocol/apis/58-envelope.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { readResponseHeader, writeRequestHeader } from '../../protocol/header.ts';
import { DefaultPrincipalData } from '../../protocol/principal.ts';
import { messageCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import type { AnyApi } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { Requester } from '../cluster/controller-channel.ts';
import { NoControllerError, type ControllerRequests } from './controller-requests.ts';

/** What the envelope says of the request's connection. */
export interface ForwardedContext {
  readonly apiVersion: number;
  readonly clientId: string | null;
  readonly session: Requester;
}

const ENVELOPE_VERSION = 0;
const PRINCIPAL_VERSION = 0;
/** The client's own is of no use to the controller: its response comes in an envelope. */
const CORRELATION_ID = 0;

export class EnvelopeForwarder {
  readonly #requests: ControllerRequests;

  constructor(requests: ControllerRequests) {
    this.#requests = requests;
  }

  /** The body of the response, in the version of the request, or an error code. Never rejects. */
  async forward(api: AnyApi, context: ForwardedContext, body: Uint8Array, timeoutMs: number): Promise<Buffer | number> {
    const { apiVersion, clientId, session } = context;
    const request = new Writer(body.length + 64);
    writeRequestHeader(request, api, apiVersion, CORRELATION_ID, clientId);
    request.bytes(body);
    const draft = {
      requestData: request.finish(),
      requestPrincipal: principalBytes(session),
      clientHostAddress: addressBytes(session.clientHost),
    };
    try {
      const { errorCode, responseData } = await this.#requests.send(Envelope, ENVELOPE_VERSION, draft, timeoutMs);
      if (errorCode !== ErrorCode.NONE || responseData === null) return errorCode || ErrorCode.UNKNOWN_SERVER_ERROR;
      const reader = new Reader(Buffer.from(responseData));
      readResponseHeader(reader, api, apiVersion);
      return reader.buffer.subarray(reader.position, reader.end);
    } catch (error) {
      return error instanceof NoControllerError ? ErrorCode.REQUEST_TIMED_OUT : ErrorCode.UNKNOWN_SERVER_ERROR;
    }
  }
}

/** As Kafka's DefaultKafkaPrincipalBuilder serializes it. */
function principalBytes({ principal: { type, name, tokenAuthenticated = false } }: Requester): Buffer {
  const writer = new Writer(64);
  writer.int16(PRINCIPAL_VERSION);
  messageCodec(DefaultPrincipalData, PRINCIPAL_VERSION).encode(writer, { type, name, tokenAuthenticated });
  return writer.finish();
}

/** Of an address as text: 4 or 16 bytes, as Java's InetAddress has them; 0.0.0.0 for what is none. */
export function addressBytes(text: string): Buffer {
  return parseAddress(text) ?? Buffer.alloc(4);
}
