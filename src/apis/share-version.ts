/** Whether the cluster has share groups (KIP-932): at level 0 of share.version every API of theirs is unsupported. */
import type { Parts } from './broker-parts.ts';

export const SHARE_GROUPS_OFF = 'Share groups are switched off: see the feature share.version.';

export function speaksShareProtocol({ metadata }: Parts<'metadata'>): boolean {
  return (metadata.image.features.get('share.version') ?? 0) > 0;
}
