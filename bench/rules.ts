// How long one decision takes: `npm run bench -- rules [--decisions N]`. The floor, in the same run, is reading the two
// instants of the event that is decided on. A booking's state is folded once, outside what is measured.
import { parseArgs } from 'node:util'
import type { Look } from '../domain/booking/look.ts'
import { decideLook } from '../domain/booking/rules.ts'
import { type Booking, evolveBooking, initialBooking } from '../domain/booking/state.ts'
import type { ExternalEvent } from '../domain/external-event.ts'
import { count, median } from './support/figures.ts'
import { heldTo } from './support/goals.ts'

export const options = { decisions: { type: 'string', default: '200000' } } as const

const ROUNDS = 5
/** How many times the floor a decision is to take at most: a third of it is writing instants as text. */
const AT_MOST = 10

/** Prints microseconds a decision, by what it comes to; the exit status is 1 where the slowest is more than it is to be. */
export async function run(args: string[]): Promise<void> {
  const decisions = Number(parseArgs({ args, options }).values.decisions)
  const floor = await microseconds(decisions, () => {
    Temporal.Instant.from('2026-11-24T11:00:00Z')
    Temporal.Instant.from('2026-11-24T11:30:00Z')
  })
  let slowest = 0
  for (const [name, { booking, look }] of Object.entries(cases())) {
    const took = await microseconds(decisions, () => {
      decideLook(booking, look, { now: observedAt, mode: 'apply' })
    })
    slowest = Math.max(slowest, took)
    console.log(`${name}: ${took.toFixed(2)} µs, ${(took / floor).toFixed(1)} times two instants read`)
  }
  console.log(`${count(decisions)} decisions a round, ${ROUNDS} rounds, medians`)
  console.log(heldTo(`${AT_MOST} floors / the slowest`, (AT_MOST * floor) / slowest, 1))
}

async function microseconds(times: number, work: () => void): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const began = performance.now()
    for (let turn = 0; turn < times; turn++) work()
    // The first round warms up.
    if (round > 0) rounds.push(((performance.now() - began) * 1_000) / times)
  }
  return median(rounds)
}

const observedAt = Temporal.Instant.from('2026-11-23T09:00:00Z')
const at = '2026-11-23T08:00:00Z'

function bookingOf(references: number): Booking {
  const tracked = {
    type: 'BookingTracked' as const,
    data: {
      bookingUid: 'b',
      userId: 'u',
      status: 'ACCEPTED' as const,
      start: '2026-11-24T10:00:00Z',
      end: '2026-11-24T10:30:00Z',
      at,
    },
  }
  const linked = Array.from({ length: references }, (_, n) => ({
    type: 'BookingReferenceLinked' as const,
    data: {
      bookingUid: 'b',
      reference: { provider: 'google', calendarKey: 'k', externalEventId: `e${n}` },
      confirmed: true,
      at,
    },
  }))
  return [tracked, ...linked].reduce(evolveBooking, initialBooking)
}

function lookAt(references: number, change: Partial<ExternalEvent>): Look {
  const times = {
    allDay: false as const,
    start: Temporal.Instant.from('2026-11-24T11:00:00Z'),
    end: Temporal.Instant.from('2026-11-24T11:30:00Z'),
  }
  const updated = Temporal.Instant.from('2026-11-23T08:30:00Z')
  const sights = Array.from({ length: references }, (_, n) => ({
    calendarKey: 'k',
    externalEventId: `e${n}`,
    result: { seen: { id: `e${n}`, status: 'confirmed' as const, etag: '"1"', updated, times, ...change } },
  }))
  return { observedAt, sights }
}

const cases = () => ({
  moved: { booking: bookingOf(1), look: lookAt(1, {}) },
  deleted: { booking: bookingOf(1), look: lookAt(1, { status: 'cancelled' }) },
  'moved, of three events': { booking: bookingOf(3), look: lookAt(3, {}) },
})
