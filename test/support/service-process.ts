import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { API_TOKEN_FILE } from '../../infrastructure/config/api-token.ts'

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

/** The service as an operator runs it: a process of its own, known by what it prints. */
export type ServiceProcess = {
  pid: number
  /** Without a slash at the end. */
  url: string
  token: string
  /** What the banner says of Google and Cal.com; empty where it names no stand-in. */
  standIns: { google: string; calcom: string }
  output(): string
  /** Resolves with how it ended, when it has. */
  gone: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Sends a signal, unless it has ended, and resolves with how it ended. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

type Environment = { [variable: string]: string } & { DATA_DIR: string }

/** Resolves once it listens; rejects, with what it printed, if it ends before. Nothing of this process's environment. */
export async function startServiceProcess(
  env: Environment,
  options: readonly string[] = [],
): Promise<ServiceProcess> {
  // Where no .env can be.
  const child = spawn(process.execPath, [entry, 'start', ...options], { cwd: join(env.DATA_DIR, '..'), env })
  let output = ''
  const gone = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }))
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  await started(child, () => output)
  const said = (name: string, before = '') =>
    new RegExp(`^ +${name} +${before}(http\\S+?)/?$`, 'm').exec(output)?.[1] ?? ''
  return {
    // It has printed: it was spawned.
    pid: child.pid ?? 0,
    url: said('console'),
    token: env.API_TOKEN ?? readFileSync(join(env.DATA_DIR, API_TOKEN_FILE), 'utf8').trim(),
    standIns: { google: said('Google', 'stand-in at '), calcom: said('Cal.com', 'stand-in at ') },
    output: () => output,
    gone,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return gone
    },
  }
}

/** The banner is the last thing printed before it is there for everybody. */
function started(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      if (/^ +token .+$/m.test(output())) resolve()
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it was there:\n${output()}`)))
  })
}

/** A port that was free a moment ago: for a process whose address has to outlive it. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
