/** How large requests and responses may be, and from where on they are handled in pieces. */

/**
 * What a response may come to that stands in memory, and those that stand before it: as much as a request may, by default
 * (socket.request.max.bytes). Kafka has no such limit. Fetched records do not count: they stay on the disk.
 */
export const MAX_RESPONSE_BYTES = 100 * 1024 * 1024;

/** A larger request, Produce's aside, is decoded in pieces: up to here that takes a few milliseconds, whatever its elements are. */
export const LARGE_REQUEST_BYTES = 64 * 1024;
