/** Java's String.hashCode: what Kafka places groups, and HashMap orders its keys, by. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** The partition of __consumer_offsets that holds a group. */
export function partitionFor(groupId: string, partitionCount: number): number {
  const hash = javaHash(groupId);
  // Kafka's own abs: the one number without a positive twin counts as 0.
  return (hash === -0x8000_0000 ? 0 : Math.abs(hash)) % partitionCount;
}
