import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type Category, type EventsOf, streamName } from '../../domain/domain-event.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { channelTokensUnder } from '../../infrastructure/config/derived-keys.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteSignalQueue } from '../../infrastructure/sqlite/sqlite-signal-queue.ts'
import { encode } from '../../ports/event-store/event-codec.ts'

/** A channel that is open, and what a push of it says. */
export type OpenChannel = { calendarKey: string; channelId: string; resourceId: string; token: string }

/** The database of a data folder. */
const databaseOf = (folder: string) => join(folder, 'calendar-sync.sqlite')

/** Puts open channels into the events of a data folder on which no service runs. */
export async function openChannels(
  folder: string,
  options: { count: number; encryptionKey: Uint8Array },
): Promise<OpenChannel[]> {
  const database = openDatabase(databaseOf(folder))
  const events = sqliteEventStore(database, { clock: systemClock })
  const tokensOf = channelTokensUnder([options.encryptionKey])
  const at = systemClock.now()
  const expiresAt = at.add({ hours: 168 }).toString()
  const metadata = { correlationId: randomUUID(), causationId: randomUUID(), actor: 'api:bench' }
  const append = <C extends Category>(category: C, id: string, happened: EventsOf[C][]) =>
    events.append(
      streamName(category, id),
      'no-stream',
      happened.map((event) => encode<C>(event, randomUUID(), metadata)),
    )

  const channels = Array.from({ length: options.count }, () => {
    const calendarKey = randomBytes(16).toString('hex')
    const channelId = `${calendarKey}-${randomBytes(8).toString('hex')}`
    return {
      calendarKey,
      channelId,
      resourceId: randomBytes(20).toString('base64url'),
      token: tokensOf(channelId)[0],
    }
  })
  await Promise.all(
    channels.map(({ calendarKey, channelId, resourceId }) => {
      const of = { subscriptionId: calendarKey, at: at.toString() }
      return append('calendarSubscription', calendarKey, [
        { type: 'SubscriptionRequested', data: { ...of, provider: 'google', calendarKey } },
        {
          type: 'ChannelOpening',
          data: { ...of, channelId, credentialId: 'bench', requestedExpiresAt: expiresAt },
        },
        { type: 'SubscriptionActivated', data: { ...of, channelId, resourceId, expiresAt } },
      ])
    }),
  )
  await events.close()
  await database.close()
  return channels
}

/** How often each calendar was signalled, by the queue of a data folder on which no service runs. */
export async function signalledOf(folder: string): Promise<Map<string, number>> {
  const database = openDatabase(databaseOf(folder))
  // Its status counts in what is only on its way into the counters.
  await sqliteSignalQueue(database, { clock: systemClock, newId: randomUUID }).status()
  const rows = database.sql.prepare("SELECT key, signalled FROM signal WHERE kind = 'calendar'").all()
  const signalled = new Map(rows.map((row) => [String(row.key), Number(row.signalled)]))
  await database.close()
  return signalled
}
