import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { BrokerAddress } from '../../infrastructure/kafka/kafka-client.ts'

/** A line to one broker that can be cut: then its connections break, and new ones are refused. */
export type BrokerProxy = {
  /** For KafkaPublisherOptions. */
  route(): BrokerAddress
  cut(): Promise<void>
  mend(): Promise<void>
  close(): Promise<void>
}

/** Opens a line to `broker` ("host:port"), whatever address it says it has. */
export async function brokerProxy(broker: string): Promise<BrokerProxy> {
  const [host = '', port = ''] = broker.split(':')
  const open = new Set<Socket>()
  let server: Server | undefined
  let ownPort = 0

  async function mend(): Promise<void> {
    server = createServer((from) => {
      const to = connect({ host, port: Number(port) })
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        open.add(one)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          open.delete(one)
          other.destroy()
        })
      }
      from.pipe(to).pipe(from)
    }).listen(ownPort, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address !== null && typeof address === 'object') ownPort = address.port
  }

  async function cut(): Promise<void> {
    const closing = server
    server = undefined
    if (closing === undefined) return
    closing.close()
    for (const socket of open) socket.destroy()
    await once(closing, 'close')
  }

  await mend()
  return { route: () => ({ host: '127.0.0.1', port: ownPort }), cut, mend, close: cut }
}
