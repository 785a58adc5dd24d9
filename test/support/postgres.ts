import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { suite } from 'uvu'
import { freePort } from './service-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A PostgreSQL of a test's own. Over TCP it asks for passwords; its owner `owner` comes by a socket, without one. */
export type PostgresForTests = {
  port: number
  /** What a role opens a database with. */
  url(role: string, password: string, database?: string): string
  /** As owner, in a connection of its own. */
  run(sql: string, values?: unknown[]): Promise<{ [column: string]: unknown }[]>
  start(): Promise<void>
  /** At once, whatever is connected. */
  stop(): Promise<void>
  /** Ends it and takes its data away. */
  remove(): Promise<void>
}

const HOW = 'set POSTGRES_BIN to the folder of initdb and postgres, or install PostgreSQL of Debian'
const DEBIAN = '/usr/lib/postgresql'

/** The folder of PostgreSQL's programs: POSTGRES_BIN's, else Debian's newest, else none. */
export function postgresPrograms(): string | undefined {
  if (process.env.POSTGRES_BIN) return process.env.POSTGRES_BIN
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  return versions
    .map((version) => join(DEBIAN, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')))
}

/** A suite's place where there is none, so that the skip is counted and says what would run it. */
export function skippedWithoutPostgres(name: string): void {
  console.log(`SKIP ${name}: ${HOW}`)
  const test = suite(name)
  test.skip('needs a PostgreSQL')
  test.run()
}

/** Starts one, in a temporary folder. */
export async function startPostgres(programs: string): Promise<PostgresForTests> {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const port = await freePort()
  const as = unprivileged()
  if (as) chownSync(folder.path, as.uid, as.gid)
  const options = { ...as, cwd: folder.path, env: { LC_ALL: 'C', PATH: process.env.PATH ?? '' } }
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'owner', '-E', 'UTF8', '--auth-local=trust', '--auth-host=scram-sha-256', '--no-sync'],
    { ...options, stdio: 'ignore' },
  )
  const settings = [`unix_socket_directories=${folder.path}`, 'listen_addresses=127.0.0.1', 'fsync=off']
  let server: ChildProcess | undefined

  async function start(): Promise<void> {
    const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
    const child = spawn(join(programs, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
    server = child
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (bytes: Buffer) => {
        said = `${said}${bytes}`.slice(-10_000)
        if (said.includes('ready to accept connections')) resolve()
      })
      child.once('exit', () => reject(new Error(said)))
    })
  }

  async function stop(): Promise<void> {
    const child = server
    server = undefined
    if (child === undefined || child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGQUIT')
    await gone
  }

  await start()
  return {
    port,
    start,
    stop,
    url: (role, password, database = 'postgres') =>
      `postgresql://${role}:${password}@127.0.0.1:${port}/${database}`,
    async run(sql, values) {
      const client = new Client({ host: folder.path, port, user: 'owner', database: 'postgres' })
      await client.connect()
      try {
        return (await client.query(sql, values)).rows ?? []
      } finally {
        await client.end()
      }
    },
    async remove() {
      await stop()
      folder.remove()
    },
  }
}

/** PostgreSQL does not run as root: the user of Debian's package, else nobody. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const user of ['postgres', 'nobody'])
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {}
  return undefined
}
