import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { temporaryFolder } from './temporary-folder.ts'

/** A server process of a test's own, to be killed and started again on the same data. */
export type MongodbServer = {
  url: string
  start(): Promise<void>
  /** Orderly: all that was acknowledged is there afterwards. */
  stop(): Promise<void>
  /** With SIGKILL. */
  kill(): Promise<void>
  /** Ends it and takes its data away. */
  remove(): Promise<void>
}

/** What runs the tests that need one. */
export const SERVER_VARIABLE = 'MONGODB_SERVER'

/** By the program of MONGODB_SERVER, which takes `start DIR PORT`, `stop DIR` and `kill DIR`. Not yet started. */
export async function mongodbServer(program: string): Promise<MongodbServer> {
  const folder = temporaryFolder()
  const port = await freePort()
  let running = false
  const run = async (verb: string, ...rest: string[]) => {
    await promisify(execFile)(program, [verb, folder.path, ...rest])
    running = verb === 'start'
  }
  return {
    url: `mongodb://127.0.0.1:${port}/`,
    start: () => run('start', String(port)),
    stop: () => run('stop'),
    kill: () => run('kill'),
    async remove() {
      if (running) await run('kill')
      folder.remove()
    },
  }
}

/** A loopback port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
