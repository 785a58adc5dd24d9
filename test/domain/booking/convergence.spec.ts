// Host, guest, Cal.com and a consumer of the published events all act at once, in any order. At the end, once every
// message has arrived, the calendar and Cal.com agree, or the booking says that they do not.
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BookingEvent } from '../../../domain/booking/events.ts'
import { type Booking, evolveBooking, initialBooking } from '../../../domain/booking/state.ts'
import type { Decision } from '../../../domain/decision.ts'
import { sameTimes, type Times } from '../../../domain/times.ts'
import { from, minute, reports, sees, tracks, written } from '../../support/booking-story.ts'

const test = suite('convergence')

type Published = Extract<BookingEvent, { type: 'BookingRescheduled' }>

/** One booking that Cal.com changes in place, its event, and everything that is on its way between them. */
function world(consumer: { writesCalendar: boolean; reports: boolean }) {
  let clock = 1
  let booking: Booking = initialBooking
  let event = written(0, from('10:00'))
  let calcom = from('10:00')
  const stream: Published[] = []
  const toCalendar: Times[] = []
  const webhooks: Times[] = []
  const answers: ((state: Booking) => Decision<BookingEvent>)[] = []
  let published = 0
  let seen = written(0, from('10:00'))

  const append = (events: readonly BookingEvent[]) => {
    booking = events.reduce(evolveBooking, booking)
    for (const one of events) if (one.type === 'BookingRescheduled') stream.push(one)
  }
  const command = (decision: Decision<BookingEvent>) => append(decision.ok ? decision.events : [])
  command(tracks()(booking))

  /** As the service looks: acting only on the present version, once Cal.com's own messages had time to arrive. */
  const look = () => {
    const decision = sees(event, { began: clock })(booking)
    if (!decision.acts || (toCalendar.length === 0 && webhooks.length === 0)) append(decision.events)
  }
  const write = (times: Times) => {
    if (event.times && !event.times.allDay && sameTimes(event.times, times)) return
    event = written(clock, times)
  }
  const consume = () => {
    const next = stream[published]
    if (next === undefined) return
    published += 1
    const { sequence } = next.data
    const expected = [next.data.previous, next.data.basis].map(({ end }) => end)
    const applies = expected.includes(calcom.end.toString())
    if (applies) {
      calcom = {
        start: Temporal.Instant.from(next.data.next.start),
        end: Temporal.Instant.from(next.data.next.end),
      }
      webhooks.push(calcom)
      if (consumer.writesCalendar) toCalendar.push(calcom)
    }
    const times = calcom
    const at = clock
    if (consumer.reports)
      answers.push((state) => reports(sequence, applies ? 'APPLIED' : 'SUPERSEDED', at, { times })(state))
  }
  const steps = {
    hostMoves: (times: Times) => write(times),
    // Never back to where it was: an event published before both moves would fit again, and a consumer cannot tell.
    guestMoves: () => {
      calcom = from('15:00', 30 + clock)
      webhooks.push(calcom)
      toCalendar.push(calcom)
    },
    // A webhook later than both Cal.com's write and the host's move back is the one race that stays open: the move back
    // looks like no change at all then.
    calendarWritten: () => {
      if (webhooks.length > 0) return
      const times = toCalendar.shift()
      if (times) write(times)
    },
    webhookArrives: () => {
      const times = webhooks.shift()
      if (times) command(tracks({ times, at: minute(clock).toString() })(booking))
    },
    consumed: consume,
    answered: () => {
      const answer = answers.shift()
      if (answer) command(answer(booking))
    },
    look,
    lookLate: () => {
      const decision = sees(seen, { began: clock - 1 })(booking)
      if (!decision.acts) append(decision.events)
      seen = event
    },
  }
  return {
    act(step: keyof typeof steps, times: Times) {
      clock += 1
      steps[step](times)
    },
    /** Everything arrives; a look follows each answer. */
    settle() {
      for (let round = 0; round < 20; round++)
        for (const step of ['webhookArrives', 'calendarWritten', 'consumed', 'answered', 'look'] as const)
          this.act(step, calcom)
    },
    end: () => ({ booking, calcom, event, published: stream.length, waiting: stream.length - published }),
  }
}

const day = fc.constantFrom(...['10:00', '11:00', '12:00', '13:00', '14:00'].map((time) => from(time)))
const step = fc.constantFrom(
  'hostMoves' as const,
  'guestMoves' as const,
  'calendarWritten' as const,
  'webhookArrives' as const,
  'consumed' as const,
  'answered' as const,
  'look' as const,
  'lookLate' as const,
)

for (const writesCalendar of [true, false]) {
  test(`both sides end with the same times, where the consumer ${writesCalendar ? 'writes' : 'leaves'} the calendar`, () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, day), { maxLength: 40 }), (steps) => {
        const one = world({ writesCalendar, reports: true })
        for (const [name, times] of steps) one.act(name, times)
        one.settle()
        const { booking, calcom, event, published, waiting } = one.end()
        assert.is(waiting, 0)
        assert.ok(published <= 2 * steps.length + 2, 'no loop')
        if (booking.kind !== 'OPEN') throw new Error('nobody cancelled it')
        const shown = event.times?.allDay === false ? event.times : calcom
        const told = `calendar ${shown.start}, Cal.com ${calcom.start}, here ${booking.times.start} ${booking.agreement}`
        assert.ok(
          sameTimes(calcom, booking.times) && sameTimes(shown, calcom) && booking.agreement === 'AGREED',
          told,
        )
      }),
      { numRuns: 2000 },
    )
  })
}

test.run()
