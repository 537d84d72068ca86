/** What stands before a connection's requests until its client has authenticated, and where its session ends one day. */
import type { Reader } from '../../protocol/reader.ts';

/** A frame's contents to send, or none; `closes` says why the connection ends after it. */
export interface GateAnswer {
  readonly contents: Uint8Array | null;
  readonly closes: string | null;
}

export interface Gate {
  /** A larger frame is refused by its size; null where the client is in, and the frame is a request like any other. */
  readonly maxFrameBytes: number | null;
  /** Whether the frame that it would take next is a request, with a header; false for bare tokens. */
  readonly takesRequests: boolean;
  /**
   * Takes the frame in `reader`, whose bytes are its own until this returns. Null: the frame is a request like any other now. It
   * never rejects for what the client does. @throws {InvalidRequest} where the connection ends at once
   */
  take(reader: Reader): Promise<GateAnswer> | null;
  /** Resolves when the connection is to be closed for such a frame. */
  refuseSize(bytes: number): Promise<GateAnswer>;
}
