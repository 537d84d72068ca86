/** Reads zstd where Node has none. */
export function decompressZstd(_bytes: Buffer, _maxBytes: number): Buffer {
  throw new Error('Reading zstd needs Node 22.15 or later');
}
