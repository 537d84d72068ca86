/** The one metadata store of the brokers under test, and the changes that a test makes in it by its own hand. */
import type { ClusterImage } from '../cluster/image.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import type { MetadataStore } from '../cluster/metadata-store.ts';

export class TestMetadata {
  readonly #image: () => ClusterImage;
  #store: MetadataStore | null = null;

  /** `image` answers the newest that a broker has. */
  constructor(image: () => ClusterImage) {
    this.#image = image;
  }

  /** For BrokerOptions: the first broker opens it, the others share it. */
  readonly open = (open: () => MetadataStore): MetadataStore => (this.#store ??= open());

  /** Stores what `decide` wants; in force at every broker when it resolves. */
  async change(decide: (image: ClusterImage) => readonly MetadataDraft[]): Promise<void> {
    for (let isStored = false; !isStored;) {
      const image = this.#image();
      const records = decide(image);
      isStored = records.length === 0 || (await this.#store!.append(records, image.revision)) === 'stored';
    }
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}
