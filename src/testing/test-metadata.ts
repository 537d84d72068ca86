/**
 * The one metadata store of the brokers under test, and the test's own hand on it: it moves leaders and takes brokers away as
 * the active controller would, and sees the cluster also while no broker runs.
 */
import { emptyImage, type ClusterImage } from '../cluster/image.ts';
import { MetadataLoader } from '../cluster/metadata-loader.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import type { MetadataStore } from '../cluster/metadata-store.ts';
import { OperationQueue } from '../cluster/operation-queue.ts';
import { CutStore } from './cut-store.ts';

export class TestMetadata {
  readonly #onChange: () => void;
  #store: MetadataStore | null = null;
  /** By node id: as each of several brokers sees it. */
  readonly #seen: CutStore[] = [];
  #loader!: MetadataLoader;
  #queue!: OperationQueue;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** For the broker alone. */
  readonly open = (open: () => MetadataStore): MetadataStore => (this.#store ??= open());

  /** For one of several: the first opens it, the others share it. */
  openFor(nodeId: number): (open: () => MetadataStore) => MetadataStore {
    return (open) => (this.#seen[nodeId] = new CutStore(this.open(open)));
  }

  /** Once a broker has opened it. */
  async load(clusterId: string): Promise<void> {
    this.#loader = new MetadataLoader(this.#store!, emptyImage(clusterId));
    this.#queue = new OperationQueue(this.#store!, this.#loader);
    await this.#loader.load();
    this.#loader.onChange(this.#onChange);
  }

  get image(): ClusterImage {
    return this.#loader.image;
  }

  /** Stores what `decide` wants. Brokers are told of it before it resolves, and follow it in their own time. */
  change(decide: (image: ClusterImage) => readonly MetadataDraft[]): Promise<void> {
    return this.#queue.submit((image) => ({ records: decide(image), result: undefined }));
  }

  cutOff(nodeId: number): void {
    this.#seen[nodeId].cut();
  }

  mend(nodeId: number): void {
    this.#seen[nodeId].mend();
  }

  /** The broker is about to stop. */
  leave(nodeId: number): void {
    this.#seen[nodeId]?.drop();
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}
