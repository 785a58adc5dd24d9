import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** One address in front of several: connections go to each in turn, past those that refuse them. */
export type LoadBalancer = {
  /** Without a slash at the end. */
  readonly url: string
  /** What it leads to from now on: loopback ports. */
  leadTo(ports: readonly number[]): void
  close(): Promise<void>
}

export async function loadBalancer(): Promise<LoadBalancer> {
  const open = new Set<Socket>()
  let targets: readonly number[] = []
  let turn = 0

  const server = createServer({ pauseOnConnect: true }, (from) => {
    open.add(from.on('close', () => open.delete(from)).on('error', () => {}))
    turn += 1
    const inTurn = targets.map((_, n) => targets[(n + turn) % targets.length])
    void lead(from, inTurn)
  })

  async function lead(from: Socket, [port, ...others]: readonly (number | undefined)[]): Promise<void> {
    if (port === undefined) return void from.destroy()
    const to = connect({ host: '127.0.0.1', port })
    try {
      await once(to, 'connect')
    } catch {
      return lead(from, others)
    }
    to.on('error', () => from.destroy()).on('close', () => from.destroy())
    from.on('close', () => to.destroy())
    from.pipe(to).pipe(from)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    leadTo(ports) {
      targets = ports
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}
