import type { z } from 'zod'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  BookingItem,
  CalendarSyncItem,
  SubscriptionItem,
  Timeline,
} from '../../services/http/answers.ts'
import type { BookingCloudEvent } from '../../services/publishing/booking-event-schema.ts'
import type { StatusReport } from '../../services/status/status-report.ts'
import { type JsonClient, jsonClient } from './json-client.ts'

/** A step of the story did not come true; the message says what was expected, and what was seen instead. */
export class StepFailed extends Error {}

export type PublishedEvent = z.infer<typeof BookingCloudEvent>

/**
 * The world that the story is played in. Everything is done over HTTP, as an operator, a host or Cal.com's user would.
 */
export type World = {
  /** The service, signed in. */
  service: JsonClient
  /** A host's acts in Google Calendar, and a look behind its scenes. */
  google: JsonClient
  /** A person's acts in Cal.com. */
  calcom: JsonClient
  syncs(): Promise<CalendarSyncItem[]>
  subscriptions(): Promise<SubscriptionItem[]>
  booking(uid: string): Promise<BookingItem | undefined>
  timeline(uid: string): Promise<Timeline>
  /** Everything published so far. */
  feed(): Promise<PublishedEvent[]>
  status(): Promise<StatusReport>
  /**
   * Looks until `look` gives something other than undefined; its last complaint is in the StepFailed that is thrown
   * when it takes too long. A look that throws (a server that does not answer) ends the wait at once.
   */
  until<T>(what: string, look: (complain: (seen: string) => void) => Promise<T | undefined>): Promise<T>
}

/** How often a wait looks again. */
const LOOK_MS = 25

/** The roots of everything (without a slash at the end), and the token that the service is to be signed in with. */
export type Addresses = { service: string; token: string; google: string; calcom: string }

/** `patienceMs`: how long each wait may take, by `clock`. */
export function worldAt(addresses: Addresses, patienceMs: number, clock: Clock = systemClock): World {
  const http = jsonClient(addresses.service, { authorization: `Bearer ${addresses.token}` })
  const items = async <T>(path: string) => (await http.get<{ items: T[] }>(path)).items
  return {
    service: http,
    google: jsonClient(`${addresses.google}/stand-in`),
    calcom: jsonClient(`${addresses.calcom}/stand-in`),
    syncs: () => items('/calendar-syncs'),
    subscriptions: () => items('/subscriptions'),
    booking: (uid) => http.find(`/bookings/${uid}`),
    timeline: (uid) => http.get(`/bookings/${uid}/timeline`),
    feed: () => http.get('/booking-events?limit=1000'),
    status: () => http.get('/status'),
    async until(what, look) {
      const giveUpAt = clock.now().epochMilliseconds + patienceMs
      let seen = 'nothing'
      for (;;) {
        const found = await look((text) => {
          seen = text
        })
        if (found !== undefined) return found
        if (clock.now().epochMilliseconds >= giveUpAt)
          throw new StepFailed(`${what}: not within ${patienceMs / 1000} s; last seen: ${seen}`)
        await clock.delay(LOOK_MS)
      }
    },
  }
}
