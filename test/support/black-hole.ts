import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A line to a server on this machine that can lose everything, as a network does that drops packets. */
export type BlackHole = {
  readonly port: number
  /** From now on nothing comes through, in either direction, and nobody is told. New connections are accepted. */
  swallow(): void
  /** New connections come through again; those of before stay dead. */
  mend(): void
  close(): Promise<void>
}

/** Opens a line to `port`. */
export async function blackHole(port: number): Promise<BlackHole> {
  const open = new Set<Socket>()
  let swallowing = false
  const server = createServer((from) => {
    open.add(from.on('error', () => from.destroy()).on('close', () => open.delete(from)))
    if (swallowing) return void from.resume()
    const to = connect({ host: '127.0.0.1', port })
    open.add(to.on('error', () => from.destroy()).on('close', () => open.delete(to)))
    from.pipe(to).pipe(from)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    swallow() {
      swallowing = true
      for (const socket of open) socket.unpipe().resume()
    },
    mend() {
      swallowing = false
    },
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
