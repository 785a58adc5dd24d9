import * as assert from 'uvu/assert'
import { TrackBooking } from '../../commands/track-booking.ts'
import { eventConsumer } from './event-consumer.ts'
import { operatorsView } from './operators-view.ts'
import { secondCalendar } from './story-acts.ts'
import type { Host, Linked, SyncFixture } from './sync-fixture.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

export type Need = {
  code: string
  sentence: string
  next: string
  bookingUid?: string
  externalCalendarId?: string | null
}
export type Way = { full?: boolean; view?: boolean; restart?: boolean; movedBefore?: boolean }

export type Story = SyncFixture & Awaited<ReturnType<typeof storyWords>>

/** What stands in the feed for a meeting that was moved so many minutes. */
export const moved = ({ uid, start, end }: Linked, minutes: number, endMinutes = minutes): string =>
  `${uid} moved to ${start.add({ minutes })}–${end.add({ minutes: endMinutes })}`
export const cancelled = ({ uid }: Linked, reason = 'DELETED_IN_CALENDAR'): string =>
  `${uid} cancelled: ${reason}`

/** The id of a series' occurrence that begins then by its rule. */
export const occurrenceOf = (seriesId: string, start: Temporal.Instant): string =>
  `${seriesId}_${start.toString().replaceAll(/[-:]/g, '')}`

/** The first three of some meetings, by name. */
export function threeOf([first, second, third]: readonly Linked[]) {
  if (!first || !second || !third) throw new Error('three meetings are needed')
  return { first, second, third }
}

/** How often what looks for work does so. */
export type Pace = { everyMs: number }
export const SECOND = 1_000

/** What people do in a story, and what they come to see. */
export async function storyWords(sync: SyncFixture, way: Way, pace: Pace) {
  const { google, calcom } = sync
  const operator = await operatorsView(sync)
  const consumer = eventConsumer(sync)
  let before = 0

  /** Without an API nobody but a command tells which event is a booking's. */
  async function link({ uid, start, end, host }: Linked): Promise<void> {
    if (sync.ports.calcom !== undefined) return
    const references = (calcom.store.booking(uid)?.references ?? []).map((row) => ({
      provider: 'google',
      externalCalendarId: row.externalCalendarId ?? host.calendarId,
      externalEventId: row.uid,
      ...(row.thirdPartyRecurringEventId !== undefined && {
        recurringEventId: row.thirdPartyRecurringEventId,
        originalStart: start.toString(),
      }),
    }))
    const body = { bookingUid: uid, userId: host.userId, start: `${start}`, end: `${end}`, references }
    await sync.command(TrackBooking, body)
    await sync.settle()
  }

  async function movedBefore(meeting: Linked): Promise<Linked> {
    if (!way.movedBefore) return meeting
    const [start, end] = [meeting.start, meeting.end].map((at) => at.add({ hours: 1 }))
    if (start === undefined || end === undefined) throw new Error('no times')
    sync.drag(meeting, start)
    await sync.settle()
    await words.carryOut()
    const uid = calcom.store.replacementOf(meeting.uid)?.uid
    if (uid === undefined) throw new Error('the first move was not carried out')
    before = (await sync.published()).length
    return { ...meeting, uid, start, end }
  }

  const answer = async (path: string) => {
    await sync.projections.caughtUp('all')
    const { status, body } = await operator.ask('GET', path)
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }

  const words = {
    close: operator.close,

    /** A meeting booked at Cal.com whose event is known and was looked at. */
    async meet(host: Host, given: Parameters<SyncFixture['book']>[1] = {}): Promise<Linked> {
      const booked = await sync.book(host, given)
      const eventId = calcom.store.booking(booked.uid)?.references[0]?.uid ?? ''
      await link({ ...booked, eventId })
      return movedBefore({ ...booked, eventId })
    },
    /** So many weekly bookings made at once; their events are instances of one series. */
    async meetWeekly(host: Host, count: number): Promise<{ masterId: string; meetings: Linked[] }> {
      const recurring = { frequency: 'WEEKLY', interval: 1, count } as const
      const { id } = calcom.createEventType(Number(host.userId), { lengthMinutes: 30, recurring })
      const start = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 48 })
      const outcome = calcom.book({ userId: Number(host.userId), eventTypeId: id, start })
      if (!outcome.ok) throw new Error(outcome.message)
      await sync.during(outcome.settled)
      await sync.settle()
      const rows = calcom.store.recurrences(outcome.booking.recurringEventId ?? '')
      const meetings = rows.map((row) => ({
        uid: row.uid,
        eventId: row.references[0]?.uid ?? '',
        start: Temporal.Instant.from(row.start),
        end: Temporal.Instant.from(row.end),
        host,
      }))
      for (const meeting of meetings) await link(meeting)
      return { masterId: rows[0]?.references[0]?.thirdPartyRecurringEventId ?? '', meetings }
    },
    /** Has the booking of an event that is in the calendar already followed. */
    async track(host: Host, uid: string, eventId: string, further: object = {}): Promise<Linked> {
      const event = google.get(host.calendarId, eventId)
      const [start, end] = [event.start, event.end].map((at) => Temporal.Instant.from(at?.dateTime ?? ''))
      if (start === undefined || end === undefined) throw new Error('no times')
      const at = { provider: 'google', externalCalendarId: host.calendarId, externalEventId: eventId }
      await sync.command(TrackBooking, {
        bookingUid: uid,
        userId: host.userId,
        start: `${start}`,
        end: `${end}`,
        references: [{ ...at, ...further }],
      })
      await sync.settle()
      return { uid, eventId, start, end, host }
    },
    /** Another calendar of the host's, followed too unless not. */
    secondCalendar: (host: Host, given: { followed?: boolean } = {}): Promise<string> =>
      secondCalendar(sync, host, given),

    /** Something is done outside, and the service has seen it: what is due within `withinMs` has been done. */
    async change(does: () => unknown, withinMs = 5_000): Promise<void> {
      const there = google.calendars().filter(({ settings }) => !settings.gone)
      if (way.full) for (const { id } of there) google.expireSyncTokens(id)
      await does()
      if (way.restart) await sync.restart()
      await sync.settle(withinMs)
    },
    /** Lets hours pass, in which work is looked for three times a minute: a day of seconds takes long to play. */
    async passHours(hours: number): Promise<void> {
      pace.everyMs = 20 * SECOND
      await sync.pass(hours * HOUR - pace.everyMs)
      pace.everyMs = SECOND
      await sync.pass(20 * SECOND)
      await sync.settle()
    },
    /** Carries out in Cal.com what was published, and lets that be seen. */
    async carryOut(): Promise<void> {
      await consumer.consume()
      await sync.during(calcom.idle())
      await sync.settle()
    },

    /** What guests come to hear of: everything published since the meetings were made, oldest first. */
    async feed(): Promise<string[]> {
      return (await sync.published())
        .slice(before)
        .map(({ type, data }) =>
          type === 'BookingCancelled'
            ? `${data.bookingUid} cancelled: ${data.reason}`
            : `${data.bookingUid} moved to ${data.next.start}–${data.next.end}`,
        )
    },
    /** The same, sorted: where the order among bookings says nothing. */
    feedInAnyOrder: async (): Promise<string[]> => (await words.feed()).sort(),

    ask: operator.ask,
    answer,
    /** All that waits for a person, but for published changes that nobody carries out: there is no consumer here. */
    async needs(): Promise<Need[]> {
      const { needsPerson } = await answer('/status')
      for (const { code, sentence, next } of needsPerson)
        assert.ok(code && sentence && next, `${code}: "${sentence}" "${next}"`)
      return needsPerson.filter(({ code }: Need) => code !== 'NOT_CARRIED_OUT')
    },
    /** The codes that wait for a person about a calendar. */
    async needsOf({ calendarId }: Pick<Host, 'calendarId'>): Promise<string[]> {
      const needs = await words.needs()
      return needs.filter((need) => need.externalCalendarId === calendarId).map(({ code }) => code)
    },
    /** The code that a booking waits for a person with: as its attention, in the status, and in the timeline. */
    async told({ uid }: Pick<Linked, 'uid'>): Promise<string | undefined> {
      const { attention } = await answer(`/bookings/${uid}`)
      if (attention === null) return undefined
      const codes = (await words.needs()).filter(({ bookingUid }) => bookingUid === uid)
      assert.ok(
        codes.some(({ code }) => code === attention),
        `${attention} is the booking's attention, and /status does not tell it`,
      )
      const { entries } = await answer(`/bookings/${uid}/timeline`)
      assert.ok(JSON.stringify(entries).includes(attention), `the timeline does not tell ${attention}`)
      return attention
    },
    /** A command of the operator's, by HTTP, and what follows from it. */
    async operate(command: string, body: unknown): Promise<void> {
      const { status, body: answered } = await operator.ask('POST', `/commands/${command}`, body)
      if (status !== 200) throw new Error(`${command}: ${status} ${JSON.stringify(answered)}`)
      await sync.settle()
    },
    async release({ calendarId }: Pick<Host, 'calendarId'>): Promise<void> {
      await words.operate('ReleaseHeldChanges', { provider: 'google', externalCalendarId: calendarId })
    },
    async discard({ calendarId }: Pick<Host, 'calendarId'>): Promise<void> {
      await words.operate('DiscardHeldChanges', { provider: 'google', externalCalendarId: calendarId })
    },
  }
  return words
}
