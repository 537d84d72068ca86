/** Validates the batch in a file, and prints how it was answered and by how much that made the process grow, in bytes. */
import { readFileSync } from 'node:fs';
import { errorName } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { defaultLogConfig } from '../../src/config/log-config.ts';
import { validateWhole } from './validate-whole.ts';

const [file, limit, codec] = process.argv.slice(2);
const nowMs = Date.now();
const config = { ...defaultLogConfig, maxDecompressedMessageBytes: Number(limit), maxMessageBytes: 2 ** 30 };
const check = (bytes: Buffer) => validateWhole(bytes, 0, bytes.length, { config, nowMs, apiVersion: 12 });
const bomb = readFileSync(file);
// Once with a batch that is in order, so that code and libraries are there.
const records = [{ key: null, value: Buffer.alloc(64), timestamp: nowMs }];
const first = check(encodeBatch({ records, compression: codec as 'gzip' })).errorCode;
const before = process.resourceUsage().maxRSS * 1024;
const { errorCode, errorMessage } = check(bomb);
const grown = process.resourceUsage().maxRSS * 1024 - before;
process.stdout.write(JSON.stringify({ first: errorName(first), answer: errorName(errorCode), errorMessage, grown }));
