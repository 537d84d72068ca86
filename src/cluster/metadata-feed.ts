/**
 * The cluster as a broker sees it: the newest image, and every one that follows. A broker alone reads it from its own controller;
 * in a cluster it comes from the active one.
 */
import type { ClusterImage } from './image.ts';
import type { ImageListener } from './metadata-loader.ts';

export interface MetadataFeed {
  /** The cluster as of now. Hold on to it for as long as one answer takes, no longer. */
  readonly image: ClusterImage;
  /** Called with every new image, in the order of registration. */
  onChange(listener: ImageListener): void;
}
