/** What a controller commits before it serves: its first commit takes the term's epoch, so that no two terms ever have the same. PURE. */
import { initialFeatures, supportedRanges } from './features.ts';
import type { ClusterImage, ControllerImage, ListenerImage } from './image.ts';
import type { DraftOf, MetadataDraft } from './metadata-records.ts';

/** A process that may become the active controller. */
export interface ControllerRegistration {
  readonly id: number;
  /** Fresh at every start of the process. */
  readonly incarnationId: string;
  readonly listeners: readonly ListenerImage[];
}

/**
 * Ends what its predecessor has left half done, and has the new controller registered; never empty. `bootstrap`: what a new cluster
 * begins with.
 */
export function beginTerm(
  registration: ControllerRegistration,
  image: ClusterImage,
  bootstrap: () => readonly MetadataDraft[] = () => [],
): MetadataDraft[] {
  const records: MetadataDraft[] = [];
  if (image.pending !== null) {
    records.push({ type: 'AbortTransactionRecord', reason: 'another controller has taken over' });
  }
  if (!image.features.has('metadata.version')) {
    for (const record of initialFeatures()) records.push(record);
    for (const record of bootstrap()) records.push(record);
  }
  for (const record of registerController(registration, image)) records.push(record);
  return records.length > 0 ? records : [{ type: 'NoOpRecord' }];
}

/** Nothing where it is registered like that already. */
export function registerController(
  registration: ControllerRegistration,
  image: ClusterImage,
): DraftOf<'RegisterControllerRecord'>[] {
  const known = image.controllers.get(registration.id);
  if (known !== undefined && isSame(known, registration)) return [];
  return [
    {
      type: 'RegisterControllerRecord',
      controllerId: registration.id,
      incarnationId: registration.incarnationId,
      zkMigrationReady: false,
      endPoints: [...registration.listeners],
      features: [...supportedRanges],
    },
  ];
}

function isSame(known: ControllerImage, { incarnationId, listeners }: ControllerRegistration): boolean {
  return known.incarnationId === incarnationId && JSON.stringify(known.listeners) === JSON.stringify(listeners);
}
