// Pushes acknowledged per second by the whole service on its SQLite file, each of them durable, against a bare Koa app
// that answers 200 and forgets. Both are processes of their own on loopback, asked by the same client, in turns.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type ServerProcess, startServer } from './support/child.ts'
import { count, median, percentile } from './support/figures.ts'
import { keepAliveLoad, type PreparedRequest } from './support/keep-alive-load.ts'
import { type OpenChannel, openChannels, signalledOf } from './support/push-channels.ts'

/** The least ratio of the medians that the service is held to. */
const LEAST_RATIO = 0.6

/** The options, as `parseArgs` takes them. */
export const options = {
  rounds: { type: 'string', default: '21' },
  seconds: { type: 'string', default: '0.7' },
  connections: { type: 'string', default: '128' },
  channels: { type: 'string', default: '2000' },
  /** For the service's process, such as --cpu-prof. It is then ended in order, not killed. */
  'node-option': { type: 'string', multiple: true },
} as const

/** Prints both medians, their ratio and the 99th percentiles; throws where an acknowledged push was lost. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options })
  const nodeOptions = values['node-option'] ?? []
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  const started: ServerProcess[] = []
  const start = async (...of: Parameters<typeof startServer>): Promise<ServerProcess> => {
    const server = await startServer(...of)
    started.push(server)
    return server
  }
  const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-bench-'))
  try {
    const encryptionKey = randomBytes(32)
    const channels = await openChannels(folder, { count: Number(values.channels), encryptionKey })
    const bare = await start('./bare-koa.ts')
    const service = await start('./service.ts', { nodeOptions, env: environment(folder, encryptionKey) })
    const pushes = channels.map(pushOf)
    const sent = new Uint32Array(channels.length)
    const acknowledged = new Uint32Array(channels.length)
    const load = (server: ServerProcess, isService: boolean, ms = seconds * 1000) =>
      keepAliveLoad({
        port: server.port,
        connections: Number(values.connections),
        ms,
        next: inTurns(pushes),
        sent: isService ? sent : new Uint32Array(channels.length),
        acknowledged: isService ? acknowledged : new Uint32Array(channels.length),
      })

    console.log(
      `${values.channels} channels, ${values.connections} connections, ${rounds} rounds of ${seconds} s each in turns`,
    )
    await load(bare, false, 2000)
    await load(service, true, 2000)
    const figures = {
      bare: [] as number[],
      service: [] as number[],
      bareP99: [] as number[],
      serviceP99: [] as number[],
    }
    for (let round = 0; round < rounds; round++) {
      const alone = await load(bare, false)
      const durable = await load(service, true)
      if (alone.others + durable.others > 0)
        throw new Error(`${alone.others} and ${durable.others} answers were not 200`)
      figures.bare.push(alone.perSecond)
      figures.service.push(durable.perSecond)
      figures.bareP99.push(percentile(alone.latencies, 99))
      figures.serviceP99.push(percentile(durable.latencies, 99))
      console.log(
        `round ${round + 1}: bare ${count(alone.perSecond)}/s, durable ${count(durable.perSecond)}/s, ratio ${(durable.perSecond / alone.perSecond).toFixed(2)}`,
      )
    }
    await bare.stop()
    const ratio = median(figures.service) / median(figures.bare)
    console.log(`bare Koa:    ${count(median(figures.bare))}/s, p99 ${median(figures.bareP99).toFixed(1)} ms`)
    console.log(
      `the service: ${count(median(figures.service))}/s, p99 ${median(figures.serviceP99).toFixed(1)} ms`,
    )
    console.log(`ratio of the medians: ${ratio.toFixed(2)} (at least ${LEAST_RATIO})`)

    // Killed in the middle of one more round.
    if (nodeOptions.length > 0) await service.stop()
    else {
      const last = load(service, true)
      await setTimeout(700)
      await service.kill()
      await last
    }
    await compare(folder, channels, sent, acknowledged)
    if (ratio < LEAST_RATIO) process.exitCode = 1
  } finally {
    await Promise.all(started.map((server) => server.kill()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs the edge alone: the other roles would signal calendars too. */
const environment = (folder: string, encryptionKey: Uint8Array) => ({
  DATA_DIR: folder,
  PORT: '0',
  ENCRYPTION_KEY: Buffer.from(encryptionKey).toString('base64'),
  GOOGLE_API_URL: 'http://127.0.0.1:9/',
  PUBLIC_URL: 'http://127.0.0.1:9',
  ROLES: 'http',
  LOG_LEVEL: 'warn',
})

/** A push as Google sends it. */
function pushOf({ channelId, resourceId, token }: OpenChannel, counter: number): PreparedRequest {
  const lines = [
    'POST /webhooks/google HTTP/1.1',
    'Host: sync.example.com',
    'Accept: */*',
    'User-Agent: APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
    `X-Goog-Channel-ID: ${channelId}`,
    'X-Goog-Channel-Expiration: Mon, 09 Mar 2026 08:00:00 GMT',
    'X-Goog-Resource-State: exists',
    `X-Goog-Message-Number: ${100_566 + counter}`,
    `X-Goog-Resource-ID: ${resourceId}`,
    'X-Goog-Resource-URI: https://www.googleapis.com/calendar/v3/calendars/primary/events?alt=json',
    `X-Goog-Channel-Token: ${token}`,
    'Content-Length: 0',
    'Connection: keep-alive',
    'Accept-Encoding: gzip, deflate, br',
  ]
  return { bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), counter }
}

/** One after the other, again and again. */
function inTurns(pushes: readonly PreparedRequest[]): () => PreparedRequest {
  let turn = 0
  return () => {
    const push = pushes[turn++ % pushes.length]
    if (push === undefined) throw new Error('no channels')
    return push
  }
}

async function compare(
  folder: string,
  channels: readonly OpenChannel[],
  sent: Uint32Array,
  acknowledged: Uint32Array,
): Promise<void> {
  const signalled = await signalledOf(folder)
  let [total, lost, invented] = [0, 0, 0]
  for (const [index, { calendarKey }] of channels.entries()) {
    const counted = signalled.get(calendarKey) ?? 0
    total += acknowledged[index] ?? 0
    lost += Math.max(0, (acknowledged[index] ?? 0) - counted)
    invented += Math.max(0, counted - (sent[index] ?? 0))
  }
  console.log(
    `after kill -9: ${count(total)} pushes acknowledged, ${lost} lost, ${invented} counted but never sent`,
  )
  if (lost + invented > 0) throw new Error('what was acknowledged and what is stored differ')
}
