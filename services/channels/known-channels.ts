import type { Clock } from '../../ports/clock.ts'
import { type EventStore, PositionUnknown } from '../../ports/event-store/event-store.ts'
import type { OutageLog } from '../running/outage-log.ts'
import type { ChannelTokens } from './channel-tokens.ts'

/** A channel that pushes are taken from. `resourceId` is missing while nobody has told it. */
export type KnownChannel = { calendarKey: string; tokens: ChannelTokens; resourceId?: string }

/** Channels looked up a moment ago, so that a burst of pushes costs one look-up. */
export type KnownChannels = {
  /** 'GONE' for one that was stopped or is on no record; undefined where it has to be looked up. */
  get(channelId: string, now: Temporal.Instant): KnownChannel | 'GONE' | undefined
  put(channelId: string, channel: KnownChannel | 'GONE'): void
  /** Forgets channels as they are stopped, by whichever process, until `signal` aborts. */
  followStops(outages: OutageLog, signal: AbortSignal): Promise<void>
}

/** How long a look-up counts: no longer than this is a stop missed by a process that does not follow them. */
const LIFE_MS = 30_000
/** Some ten megabytes. Beyond it those looked up longest ago make room. */
const CAPACITY = 20_000

export function knownChannels({ clock, events }: { clock: Clock; events: EventStore }): KnownChannels {
  const channels = new Map<string, { channel: KnownChannel | 'GONE'; until: number }>()

  function put(channelId: string, channel: KnownChannel | 'GONE'): void {
    // Taken out first, so that the order of the map is that of the look-ups.
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
            // Not just forgotten: the read model may not know yet, and the next push would bring it back.
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
