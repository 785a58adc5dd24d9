// What a generated story does to the stand-ins: to a host's booking and its event.
import { hangups } from '../../stand-ins/google/faults.ts'
import type { Step, Story } from './any-order.ts'
import { truthOf } from './any-order-truth.ts'
import { eventConsumer } from './event-consumer.ts'
import { guests, namedByHand, secondCalendar } from './story-acts.ts'
import { MINUTE, type Pace } from './story-words.ts'
import type { SyncFixture } from './sync-fixture.ts'

const LATE_MS = 7_000
/** So long all is quiet at the end: what is asked for by the hour has been asked for. */
const QUIET_MS = 100 * MINUTE

/** A host with a booking whose event is known, and what may be done to it. */
export async function laidOut(sync: SyncFixture, given: Story['surroundings']) {
  const { google, calcom } = sync
  const { kind } = given
  const host = await sync.host(1)
  const other = await sync.host(2)
  const pairs = [
    [host.calendarId, await secondCalendar(sync, host)],
    [other.calendarId, await secondCalendar(sync, other)],
  ] as const
  const calendars = pairs.flat()
  const truth = truthOf(sync, calendars)
  const consumer = eventConsumer(sync, () => given.reports)
  const eventTypeId = calcom.createEventType(1, {
    lengthMinutes: 30,
    hosts: [1, 2],
    ...(kind === 'with seats' && { seatsPerTimeSlot: 3 }),
    ...(kind === 'to be confirmed' && { requiresConfirmation: true }),
  }).id
  const start = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 48 })
  const outcome = calcom.book({
    userId: 1,
    eventTypeId,
    start,
    requiresConfirmation: false,
    attendees:
      kind === 'with seats'
        ? guests(2)
        : guests(1).map(({ name, email, timeZone }) => ({ name, email, timeZone })),
  })
  if (!outcome.ok) throw new Error(outcome.message)
  await sync.during(outcome.settled)
  await sync.settle()
  const { uid, end, userId } = outcome.booking
  await namedByHand(sync, { uid, host, eventId: '', start, end: Temporal.Instant.from(end) })
  const created = { start, end: Temporal.Instant.from(end), userId }

  Object.assign(calcom.settings, {
    beforeCalendarMs: given.beforeEventMs,
    beforeReferencesMs: given.beforeReferencesMs,
    beforeCancelStoredMs: given.beforeCancelStoredMs,
    pendingTrigger: 'BOOKING_REQUESTED',
  })
  calcom.faults.apiDelayMs = given.apiMs
  slow()

  function slow(): void {
    if (given.googleMs > 0) google.faults.set({ methods: ['get', 'list'], delayMs: given.googleMs })
  }

  /** The booking as it goes on now, along the chain of reschedules. */
  function present() {
    let booking = calcom.store.booking(uid)
    for (let next = booking; next !== undefined; next = calcom.store.replacementOf(next.uid)) booking = next
    if (booking === undefined) throw new Error('the booking is gone')
    return booking
  }

  function edit(step: Extract<Step, { who: 'the host' | 'the guest' }>): boolean {
    const booking = present()
    const event = truth.eventsOf(booking).at(-1)
    if (event === undefined) return false
    const { id } = event
    const calendarId = calendars.find((one) => one === event.organizer?.email) ?? host.calendarId
    const at = (hours: number) => created.start.add({ hours: hours }).toString()
    const until = (hours: number) => created.end.add({ hours: hours }).toString()
    const does = (setsTimes: boolean, act: () => unknown) => truth.edit(id, setsTimes, act)
    switch (step.does) {
      case 'moves it':
        return does(true, () =>
          google.drag(calendarId, id, { start: at(step.hours), end: until(step.hours) }),
        )
      case 'moves it back':
        return does(true, () => google.drag(calendarId, id, { start: booking.start, end: booking.end }))
      case 'stretches it':
        return does(true, () => google.resize(calendarId, id, until(4 + step.hours)))
      case 'deletes it':
        return does(true, () => google.delete(calendarId, id))
      case 'restores it':
        return does(true, () => google.restoreEvent(calendarId, id))
      case 'puts it into the other calendar': {
        const [first, second] = pairs.find((pair) => pair.includes(calendarId)) ?? pairs[0]
        const to = calendarId === second ? first : second
        return does(true, () => google.transfer(calendarId, id, to))
      }
      case 'makes it all-day':
        return does(true, () => google.drag(calendarId, id, { start: at(0).slice(0, 10) }))
      case 'changes the title':
        return does(false, () => google.patch(calendarId, id, { summary: `A title at ${sync.clock.now()}` }))
      case 'declines':
      case 'accepts': {
        const response = step.does === 'declines' ? 'declined' : 'accepted'
        const guest = booking.attendees[0]?.email
        const who = step.who === 'the guest' && guest !== undefined ? { email: guest } : {}
        return does(false, () => google.respond(calendarId, id, { response, ...who }))
      }
    }
  }

  function changeBooking(step: Exclude<Extract<Step, { who: 'Cal.com' }>, { does: 'refuses' }>): boolean {
    const { faults } = calcom
    const booking = present()
    Object.assign(faults, {
      delayWebhooksMs: step.webhook === 'late' ? LATE_MS : 0,
      doubleWebhooks: step.webhook === 'twice' ? 1 : 0,
      dropWebhooks: step.webhook === 'lost' ? 1 : 0,
      holdWebhooks: step.webhook === 'held',
    })
    switch (step.does) {
      case 'reschedules': {
        const start = created.start.add({ hours: step.hours })
        return calcom.reschedule(booking.uid, { start }).ok
      }
      case 'cancels':
        return calcom.cancel(booking.uid).ok
      case 'asks for another time':
        return calcom.requestReschedule(booking.uid).ok
      case 'changes the place':
        return calcom.edit(booking.uid, { location: `A room at ${sync.clock.now()}` }).ok
      case 'confirms':
        return calcom.confirm(booking.uid).ok
      case 'rejects':
        return calcom.reject(booking.uid).ok
      case 'gives it to another host':
        return calcom.reassign(booking.uid).ok
      case 'takes one guest out': {
        const seatUid = booking.attendees[0]?.seatUid
        return kind === 'with seats' && seatUid !== undefined && calcom.cancel(booking.uid, { seatUid }).ok
      }
    }
  }

  function refuse(step: Extract<Step, { does: 'refuses' }>): boolean {
    const { how, times } = step
    if (step.who === 'Cal.com') {
      const failure = typeof how === 'number' ? { apiFailure: 'ERROR', apiStatus: how } : { apiFailure: how }
      if (how === 'no answer') calcom.faults.apiDown = true
      else Object.assign(calcom.faults, { ...failure, apiFailures: times, apiFailuresOf: step.what })
      return true
    }
    google.faults.clear()
    const methods = { event: ['get'], list: ['list'], all: ['get', 'list', 'instances'] } as const
    google.faults.set({
      methods: [...methods[step.what]],
      times,
      ...(given.googleMs > 0 && { delayMs: given.googleMs }),
      ...(typeof how === 'number' && { status: how }),
      ...(how === 'no answer' && { drop: true }),
      ...(how === 'a web page' && { hangup: hangups[0] }),
    })
    slow()
    return true
  }

  return {
    truth,
    async take(step: Step): Promise<boolean> {
      if (step.does === 'refuses') return refuse(step)
      switch (step.who) {
        case 'the host':
        case 'the guest':
          return edit(step)
        case 'Cal.com':
          return changeBooking(step)
        case 'the consumer':
          await consumer.consume()
          return true
        case 'the service':
          await sync.restart()
          return true
      }
    },
    /** Nothing goes wrong any more, all that was held arrives, and Cal.com applies what is published. */
    async calmDown(pace: Pace): Promise<void> {
      google.faults.clear()
      const held = calcom.webhooks.log.filter(({ fate }) => fate === 'HELD').map(({ number }) => number)
      calcom.endFaults()
      await sync.during(calcom.webhooks.release(given.reversed ? held.reverse() : held))
      await sync.pass(3 * MINUTE)
      // Nothing is as urgent any more.
      pace.everyMs = MINUTE
      for (let published = -1, quietMs = 0; quietMs < QUIET_MS; ) {
        await consumer.consume()
        await sync.pass(20 * MINUTE)
        await sync.settle()
        const now = (await sync.published()).length
        quietMs = now === published ? quietMs + 20 * MINUTE : 0
        published = now
      }
    },
  }
}
