/** What keeps connections to brokers and controllers signed in whose sessions end (KIP-368: connections.max.reauth.ms). */
import type { Client } from '../../protocol/client.ts';
import type { Socket } from '../platform/network.ts';

/** Signs the connection in anew in good time, again and again, until it ends. */
export type SessionKeeper = (client: Client) => void;

/** By the socket that a network has signed in: whoever speaks over it has the client that asks for more. */
export const sessionKeepers = new WeakMap<Socket, SessionKeeper>();
