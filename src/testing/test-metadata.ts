/**
 * The one metadata store of the brokers under test, and the test's own hand on it: it moves leaders and takes brokers away as
 * a controller would, decides as one of several controllers, and sees the cluster also while no broker runs.
 */
import { emptyImage, type ClusterImage } from '../cluster/image.ts';
import { MetadataLoader } from '../cluster/metadata-loader.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import type { MetadataStore } from '../cluster/metadata-store.ts';
import { OperationQueue } from '../cluster/operation-queue.ts';

export class TestMetadata {
  readonly #onChange: () => void;
  #store: MetadataStore | null = null;
  #loader!: MetadataLoader;
  #queue!: OperationQueue;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** For BrokerOptions: the first broker opens it, the others share it. */
  readonly open = (open: () => MetadataStore): MetadataStore => (this.#store ??= open());

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

  async close(): Promise<void> {
    await this.#store?.close();
  }
}
