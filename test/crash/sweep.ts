/** Stops a story at every change it made to the disk, in every way a crash can look, and checks what is found then. */
import type { Random } from '../../src/platform/random.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { check, type Crash } from './checker.ts';
import { CrashDisk, type Change, type Survival } from './crash-disk.ts';
import type { Story } from './workload.ts';

export interface SweepOptions {
  /** Every how many changes; 1 is all of them. */
  readonly every: number;
  /** How many lengths of each torn write: Infinity is all of them. */
  readonly tornLengths: number;
  /** Bits flipped at each point, each in another file. */
  readonly flips: number;
  /** Called after each point; answering false ends the sweep. */
  readonly onProgress?: (progress: { done: number; of: number; crashes: number; failures: number }) => boolean;
}

export interface Failure {
  readonly what: string;
  readonly wrong: readonly string[];
}

const SURVIVALS: readonly Survival[] = ['kill', 'power, nothing kept', 'power, some kept'];

export async function sweep(story: Story, options: SweepOptions): Promise<{ crashes: number; failures: Failure[] }> {
  const { journal } = story.disk;
  const failures: Failure[] = [];
  const replayed = CrashDisk.replay();
  replayed.directories = story.disk.directories;
  for (const change of story.origin) replayed.advance(change);
  replayed.settle();
  let crashes = 0;
  const crash = async (what: string, facts: Omit<Crash, 'story'>, disk: CrashDisk): Promise<void> => {
    crashes++;
    const wrong = await check({ story, ...facts }, disk);
    if (wrong.length > 0) failures.push({ what: `seed ${story.seed}, after change ${facts.at}, ${what}`, wrong });
  };
  for (let at = 0; at <= journal.length; at++) {
    if (at > 0) replayed.advance(journal[at - 1]);
    if (at % options.every !== 0) continue;
    const random = seededRandom(story.seed * 1_000_003 + at);
    for (const survival of SURVIVALS) await crash(survival, { at, survival }, replayed.survivors(survival, random));
    const torn: Change | undefined = journal[at];
    if (torn?.kind === 'write') {
      for (const kept of lengths(torn.bytes.length, options.tornLengths, random)) {
        await crash(
          `kill, the next write torn at ${kept}`,
          { at, survival: 'kill' },
          replayed.survivors('kill', random, torn, kept),
        );
      }
    }
    for (let i = 0; i < options.flips; i++) {
      const disk = replayed.survivors('kill', random);
      const hit = flip(disk, random);
      if (hit !== null) await crash(`kill, ${hit} flipped`, { at, survival: 'kill', isDamaged: true }, disk);
    }
    const progress = { done: at, of: journal.length, crashes, failures: failures.length };
    if (options.onProgress?.(progress) === false) break;
  }
  return { crashes, failures };
}

function lengths(size: number, count: number, random: Random): number[] {
  if (count >= size) return Array.from({ length: size }, (_, i) => i);
  return Array.from({ length: count }, () => Math.floor(random.float() * size));
}

/** Texts without a checksum, in Kafka's formats: what is still well-formed is believed (docs/decisions/0005). */
const BELIEVED = /(leader-epoch-checkpoint|partition\.metadata|meta\.properties|-checkpoint|\.tmp)$/;
/** Fields of a batch's header that its CRC leaves out: base offset and leader epoch. */
const UNCOVERED = (byte: number) => byte < 8 || (byte >= 12 && byte < 16);

function flip(disk: CrashDisk, random: Random): string | null {
  const kinds = new Map<string, { path: string; bytes: Buffer }[]>();
  for (const file of disk.files()) {
    if (file.bytes.length === 0 || BELIEVED.test(file.path)) continue;
    const kind = /\.\w+$/.exec(file.path)?.[0] ?? file.path;
    kinds.set(kind, [...(kinds.get(kind) ?? []), file]);
  }
  const files = [...kinds.values()].at(Math.floor(random.float() * kinds.size));
  if (files === undefined) return null;
  const { path, bytes } = files[Math.floor(random.float() * files.length)];
  const byte = Math.floor(random.float() * bytes.length);
  if (path.endsWith('.log') && UNCOVERED(byteInBatch(bytes, byte))) return null;
  const wrong = Buffer.from(bytes);
  wrong[byte] ^= 1 << Math.floor(random.float() * 8);
  disk.replace(path, wrong);
  return `byte ${byte} of ${path}`;
}

function byteInBatch(bytes: Buffer, byte: number): number {
  let start = 0;
  for (;;) {
    const next = start + 12 + bytes.readInt32BE(start + 8);
    if (next > byte || next <= start || next + 12 > bytes.length) return byte - start;
    start = next;
  }
}
