/**
 * Request and response headers. A request's is flexible (v2) where the API's version is; yet its client id keeps the
 * old 16-bit length, so that any broker can read the header of an ApiVersions request from the future. A response's is
 * flexible (v1) where the version is, except for ApiVersions, whose client cannot know yet what the broker speaks.
 */
import { apiByKey } from './apis/index.ts';
import { ApiVersions } from './apis/18-api-versions.ts';
import type { Reader } from './reader.ts';
import { includes } from './schema.ts';
import type { VersionRange } from './schema.ts';
import type { Writer } from './writer.ts';

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** What of an API the headers depend on. */
export interface HeaderFacts {
  readonly key: number;
  readonly flexible: VersionRange;
}

/**
 * Reads up to the body. Key and version are not judged: of a key that is in no table (see apiByKey) only the first four
 * fields are read, as nobody knows what follows. `knownClientId`, what the client called itself before, is answered again
 * instead of an equal string.
 */
export function readRequestHeader(reader: Reader, knownClientId: string | null = null): RequestHeader {
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const clientId = reader.nullableStringLike(knownClientId);
  const api = apiByKey(apiKey);
  if (api !== undefined && includes(api.flexible, apiVersion)) reader.skipTaggedFields();
  return { apiKey, apiVersion, correlationId, clientId };
}

export function writeRequestHeader(
  writer: Writer,
  api: HeaderFacts,
  version: number,
  correlationId: number,
  clientId: string | null,
): void {
  writer.int16(api.key);
  writer.int16(version);
  writer.int32(correlationId);
  writer.nullableString(clientId);
  if (includes(api.flexible, version)) writer.int8(0);
}

/** Answers the correlation id. */
export function readResponseHeader(reader: Reader, api: HeaderFacts, version: number): number {
  const correlationId = reader.int32();
  if (isResponseHeaderFlexible(api, version)) reader.skipTaggedFields();
  return correlationId;
}

export function writeResponseHeader(writer: Writer, api: HeaderFacts, version: number, correlationId: number): void {
  writer.int32(correlationId);
  if (isResponseHeaderFlexible(api, version)) writer.int8(0);
}

function isResponseHeaderFlexible(api: HeaderFacts, version: number): boolean {
  return api.key !== ApiVersions.key && includes(api.flexible, version);
}
