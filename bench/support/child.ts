import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export type ServerProcess = {
  port: number
  /** Ends it at once, as a power cut would, and waits until it is gone. */
  kill(): Promise<void>
  /** Asks it to end, and waits. */
  stop(): Promise<void>
}

/** Starts a server of bench/support in a process of its own; it says its port on its first line. */
export async function startServer(
  file: string,
  options: { env?: Record<string, string>; nodeOptions?: readonly string[] } = {},
): Promise<ServerProcess> {
  const path = new URL(file, import.meta.url).pathname
  const child: ChildProcess = spawn(process.execPath, [...(options.nodeOptions ?? []), path], {
    // Hides the variables of this process, so that the server is measured as it is set here.
    env: { PATH: process.env.PATH ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('no standard output')
  const gone = once(child, 'exit')
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    gone.then(() => Promise.reject(new Error(`${file} ended before it listened`))),
  ])
  child.stdout.resume()
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await gone
  }
  return { port: Number(line), kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
}
