import type { Clock } from '../../ports/clock.ts'
import { type EventStore, PositionUnknown } from '../../ports/event-store/event-store.ts'
import type { OutageLog } from '../running/outage-log.ts'
import type { ChannelTokens } from './channel-tokens.ts'

/** A channel whose pushes are taken. `resourceId` is missing while it is not known. */
export type KnownChannel = { calendarKey: string; tokens: ChannelTokens; resourceId?: string }

/** Channels looked up a moment ago, so that a burst of pushes costs one look-up. */
export type KnownChannels = {
  /** 'GONE' for a channel that was stopped or is on no record; undefined if it must be looked up. */
  get(channelId: string, now: Temporal.Instant): KnownChannel | 'GONE' | undefined
  put(channelId: string, channel: KnownChannel | 'GONE'): void
  /** Forgets channels as they are stopped, by whichever process, until `signal` aborts. */
  followStops(outages: OutageLog, signal: AbortSignal): Promise<void>
}

/** How long a look-up counts. A process that does not follow stops misses a stop for no longer. */
const LIFE_MS = 30_000
/** Most channels kept: some ten megabytes. The oldest look-ups make room for new ones. */
const CAPACITY = 20_000

export function knownChannels({ clock, events }: { clock: Clock; events: EventStore }): KnownChannels {
  const channels = new Map<string, { channel: KnownChannel | 'GONE'; until: number }>()

  function put(channelId: string, channel: KnownChannel | 'GONE'): void {
    // The entry is taken out first, so that the map keeps the order of the look-ups.
    channels.delete(channelId)
    channels.set(channelId, { channel, until: clock.now().epochMilliseconds + LIFE_MS })
    if (channels.size <= CAPACITY) return
    const [oldest] = channels.keys()
    if (oldest !== undefined) channels.delete(oldest)
  }

  return {
    put,
    get(channelId, now) {
      const known = channels.get(channelId)
      if (known === undefined) return undefined
      if (now.epochMilliseconds < known.until) return known.channel
      channels.delete(channelId)
      return undefined
    },
    async followStops(outages, signal) {
      const filter = { types: ['ChannelStopped'] }
      let after: string | undefined
      await outages.untilItAnswers('subscription to stopped channels', async () => {
        after ??= await events.head()
        try {
          for await (const page of events.subscribe({ after, filter, signal })) {
            // The stop is kept: the read model may not know it yet, and the next push would bring the channel back.
            for (const { data } of page.events)
              if (typeof data.channelId === 'string') put(data.channelId, 'GONE')
            after = page.position
          }
        } catch (error) {
          if (error instanceof PositionUnknown) after = undefined
          throw error
        }
      })
    },
  }
}
