/** A port whose HTTP server is made when somebody first connects: until then it costs a listening socket. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Server as HttpServer } from 'node:http';

export type { HttpServer };

/** Open at the same time: more are closed as they come. */
export const MOST_CONNECTIONS = 1000;

export interface HttpDoor {
  readonly port: number;
  close(): Promise<void>;
}

/** Takes `port`, or the next that is free of so many. @throws {Error} node's EADDRINUSE where all are taken */
export async function openHttpDoor(
  host: string,
  port: number,
  tries: number,
  load: () => Promise<HttpServer>,
  failed: (error: Error) => void,
): Promise<HttpDoor> {
  for (let next = port; ; next++) {
    try {
      return await listen(host, next, load, failed);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || next + 1 >= port + tries || port === 0) throw error;
    }
  }
}

function listen(
  host: string,
  port: number,
  load: () => Promise<HttpServer>,
  failed: (error: Error) => void,
): Promise<HttpDoor> {
  const sockets = new Set<Socket>();
  let loading: Promise<HttpServer> | null = null;
  const door = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    loading ??= load();
    loading.then(
      (server) => {
        server.emit('connection', socket);
        return socket.resume();
      },
      (error: Error) => {
        loading = null; // the next connection tries again
        failed(error);
        socket.destroy();
      },
    );
  });
  door.maxConnections = MOST_CONNECTIONS;
  return new Promise((resolve, reject) => {
    door.once('error', reject);
    door.listen(port, host, () => {
      door.off('error', reject);
      resolve({
        port: (door.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            door.close(() => closed());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}
