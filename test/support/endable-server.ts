import type { AddressInfo, Server, Socket } from 'node:net'

export type RunningServer = {
  readonly port: number
  /** Breaks every connection off and frees the port. */
  close(): Promise<void>
}

/** Lets a server listen on loopback, on any free port or on `port`. */
export async function endableServer(server: Server, port = 0): Promise<RunningServer> {
  const sockets = new Set<Socket>()
  const follow = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  }
  // What is encrypted is a socket of its own, upon the one that came in.
  server.on('connection', follow).on('secureConnection', follow)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  return {
    // A TCP server's address is an object.
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
