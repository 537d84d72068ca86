/** What a share consumer says of a record it was handed: AcknowledgeTypes of ShareFetch and ShareAcknowledge (KIP-932, KIP-1222). */
export const AckType = { gap: 0, accept: 1, release: 2, reject: 3, renew: 4 } as const;
export type AckType = (typeof AckType)[keyof typeof AckType];
