/** `ottla/protocol`: Kafka's wire protocol, stand-alone: tables, codecs, record batches, and a small client. */
export * from './apis/index.ts';
export * from './client.ts';
export { messageCodec, requestCodec, responseCodec, type Codec } from './compile.ts';
export * from './errors.ts';
export * from './header.ts';
export { InvalidRequest, Reader } from './reader.ts';
export { decodeBatch, batches, type DecodedBatch, type Record } from './records/decode.ts';
export { encodeBatch, type BatchDraft, type RecordDraft } from './records/encode.ts';
export { compress, decompress, type Codec as CompressionCodec } from './records/compression.ts';
export { crc32c } from './records/crc32c.ts';
export * from './schema.ts';
export { Writer } from './writer.ts';
