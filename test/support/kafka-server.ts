import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { temporaryFolder } from './temporary-folder.ts'

/** A broker process of a test's own, to be killed and started again on the same data. */
export type KafkaServer = {
  brokers: string
  start(): Promise<void>
  /** With SIGKILL. */
  kill(): Promise<void>
  /** Ends it and takes its data away. */
  remove(): Promise<void>
}

/** What runs the tests that need one. */
export const SERVER_VARIABLE = 'KAFKA_SERVER'

/** By the program of KAFKA_SERVER, which takes `start DIR PORT` and `kill DIR`. Not yet started. */
export async function kafkaServer(program: string): Promise<KafkaServer> {
  const folder = temporaryFolder()
  const port = await freePortPair()
  let running = false
  const run = async (verb: string, ...rest: string[]) => {
    await promisify(execFile)(program, [verb, folder.path, ...rest])
    running = verb === 'start'
  }
  return {
    brokers: `127.0.0.1:${port}`,
    start: () => run('start', String(port)),
    kill: () => run('kill'),
    async remove() {
      if (running) await run('kill')
      folder.remove()
    },
  }
}

/**
 * The lower of two loopback ports on which nothing listens: the server takes both. Not of those that the system gives
 * to connections: who asks again and again for one of these, while nobody listens, is connected to itself in the end.
 */
async function freePortPair(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    if ((await isFree(port)) && (await isFree(port + 1))) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
