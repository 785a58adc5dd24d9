import { createHmac, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import Koa from 'koa'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../infrastructure/sqlite/sqlite-read-store.ts'
import { sqliteSignalQueue } from '../../infrastructure/sqlite/sqlite-signal-queue.ts'
import type { PushSettings } from '../../ports/port-groups.ts'
import { activeChannels } from '../../projections/active-channels.ts'
import { createGooglePush } from '../../services/channels/google-push.ts'
import { googleWebhook } from '../../services/http/google-webhook.ts'
import { rebuild } from '../../services/read-models/rebuild.ts'
import { outageLog } from '../../services/running/outage-log.ts'
import { storeAway } from '../../services/running/store-away.ts'
import { listening } from './listening.ts'
import { append } from './projected-events.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { virtualClock } from './virtual-clock.ts'

const AT = '2026-03-02T08:00:00Z'
const UNTIL = '2026-03-09T08:00:00Z'

/** The token of a channel under one key. */
export const tokenUnder = (key: string, channelId: string): string =>
  createHmac('sha256', key).update(channelId).digest('base64url')

/** The webhook of Google's on a port of its own, over embedded stores in a file of its own. */
export async function openPushEdge({ keys = ['key'] }: { keys?: string[] } = {}) {
  const folder = temporaryFolder()
  const database = openDatabase(join(folder.path, 'store.sqlite'))
  const clock = virtualClock(AT)
  const events = sqliteEventStore(database, { clock })
  const readStore = sqliteReadStore(database)
  await readStore.prepare([activeChannels.collection])
  const answered: number[] = []
  const push: PushSettings = {
    address: 'https://example.com/webhooks/google',
    ttlMs: 1000,
    tokensFor(channelId) {
      const [first = '', ...others] = keys.map((key) => tokenUnder(key, channelId))
      return [first, ...others]
    },
  }
  const logged: { [name: string]: unknown }[] = []
  const log = createLogger({
    level: 'debug',
    destination: { write: (line) => void logged.push(JSON.parse(line)) },
  })
  const ended = new AbortController()
  const ports = {
    events,
    readStore,
    queue: sqliteSignalQueue(database, { clock, newId: randomUUID }),
    newId: randomUUID,
    clock,
    log,
    push,
    settings: { settleMs: 2000 },
    metrics: { pushAnswered: (status: number) => void answered.push(status) },
    onStoreAway: storeAway({
      outages: outageLog({ clock, log, signal: ended.signal }),
      works: () => database.writable(),
    }),
  }
  const googlePush = createGooglePush(ports)
  const passedOn = new Koa().use(googleWebhook({ push: googlePush, log: ports.log })).use((ctx) => {
    ctx.body = 'another route'
  })
  const server = await listening(passedOn.callback())
  const count = database.sql.prepare('SELECT signalled FROM signal WHERE key = ?')
  const signalled = async (calendarKey: string): Promise<number> => {
    // Counts in what is only on its way into the counters.
    await ports.queue.status()
    return Number(count.get(calendarKey)?.signalled ?? 0)
  }

  return {
    ...ports,
    clock,
    database,
    googlePush,
    server,
    answered,
    /** Lines that were logged, parsed. */
    logged,
    signalled,
    /** Brings the read model up to date. */
    project: () => rebuild({ events, readStore, projection: activeChannels }),
    /** A subscription with one channel: asked for, and with `resourceId` open too. */
    async channel(calendarKey: string, options: { nonce?: string; resourceId?: string } = {}) {
      const channelId = `${calendarKey}-${options.nonce ?? 'a1b2c3d4e5f60718'}`
      const of = { subscriptionId: calendarKey, at: AT }
      await append(
        events,
        'calendarSubscription',
        calendarKey,
        { type: 'SubscriptionRequested', data: { ...of, provider: 'google', calendarKey } },
        {
          type: 'ChannelOpening',
          data: { ...of, channelId, credentialId: 'credential-1', requestedExpiresAt: UNTIL },
        },
      )
      const { resourceId } = options
      if (resourceId !== undefined)
        await append(events, 'calendarSubscription', calendarKey, {
          type: 'SubscriptionActivated',
          data: { ...of, channelId, resourceId, expiresAt: UNTIL },
        })
      return channelId
    },
    stop: (calendarKey: string, channelId: string) =>
      append(events, 'calendarSubscription', calendarKey, {
        type: 'ChannelStopped',
        data: { subscriptionId: calendarKey, channelId, outcome: 'STOPPED', at: AT },
      }),
    /** The status that a push with these headers gets. */
    async send(headers: { [name: string]: string }): Promise<number> {
      const answer = await fetch(`${server.url}/webhooks/google`, { method: 'POST', headers })
      if ((await answer.text()) !== '') throw new Error('an answer told something')
      return answer.status
    },
    async close() {
      ended.abort()
      await server.close()
      await events.close()
      await database.close()
      folder.remove()
    },
  }
}

export type PushEdge = Awaited<ReturnType<typeof openPushEdge>>

/** The headers of a good push, but for what `changes` says; undefined leaves a header out. */
export function pushHeaders(
  channelId: string,
  changes: { [name: string]: string | undefined } = {},
): { [name: string]: string } {
  const headers = {
    'X-Goog-Channel-ID': channelId,
    'X-Goog-Channel-Token': tokenUnder('key', channelId),
    'X-Goog-Channel-Expiration': 'Mon, 09 Mar 2026 08:00:00 GMT',
    'X-Goog-Message-Number': '100566',
    'X-Goog-Resource-ID': 'resource-1',
    'X-Goog-Resource-State': 'exists',
    'X-Goog-Resource-URI': 'https://www.googleapis.com/calendar/v3/calendars/primary/events?alt=json',
    ...changes,
  }
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
