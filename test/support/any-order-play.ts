// Plays a generated story on the running service, and says what was false or lost in it.

import type { ServicePorts } from '../../services/running/service-ports.ts'
import { whatNeedsPerson } from '../../services/status/needs-person.ts'
import { type Story, sentenceOf } from './any-order.ts'
import { laidOut } from './any-order-acts.ts'
import { times, type truthOf } from './any-order-truth.ts'
import { atPace } from './story.ts'
import { HOUR, MINUTE, type Pace, SECOND } from './story-words.ts'
import { syncFixture } from './sync-fixture.ts'

/** `wrong`: what guests were told that was not so, what was lost in silence, and what failed unexpectedly. */
export type Played = { wrong: string[]; happened: string[] }

export async function play({ surroundings, steps }: Story): Promise<Played> {
  const wrong: string[] = []
  const happened: string[] = []
  const pace: Pace = { everyMs: SECOND }
  let truth: ReturnType<typeof truthOf> | undefined
  const { api, push, googleMs, apiMs } = surroundings
  /** What Cal.com itself did may be taken for the host's, where nobody can be asked: its consumer sees to it. */
  const blind = !api || steps.some(({ who, does }) => who === 'Cal.com' && does === 'refuses')
  /** From the oldest of the answers that a look stands on to its record. */
  const lookMs = 1_500 + 6 * (googleMs + apiMs)

  const wrap = (ports: ServicePorts) =>
    watched(atPace(ports, pace), {
      asked: () => truth?.note(),
      published(uid, change) {
        tell(`published: ${uid} ${change}`)
        const against = truth?.against(uid, change, lookMs)
        if (against && !(blind && against.idle))
          wrong.push(`guests of ${uid} are told that it is ${against.why}`)
      },
    })
  const sync = await syncFixture({
    wrap,
    push,
    view: api,
    bookingReconcileMs: HOUR / 2,
    settings: {
      cronMs: 5 * MINUTE,
      reconcileMs: push ? 15 * MINUTE : 5 * MINUTE,
      cancelGraceMs: 60_000,
      echoGraceMs: 10_000,
    },
  })
  const begin = sync.clock.now()
  function tell(sentence: string): void {
    const ms = sync.clock.now().epochMilliseconds - begin.epochMilliseconds
    happened.push(`${(ms / 1000).toFixed(1)} s: ${sentence}`)
  }
  try {
    const table = await laidOut(sync, surroundings)
    truth = table.truth
    truth.note()
    for (const step of steps) {
      await sync.pass(step.pauseMs)
      tell(`${sentenceOf(step)}${(await table.take(step)) ? '' : ': not possible'}`)
      truth.note()
    }
    await table.calmDown(pace)
    for (const booking of sync.calcom.store.bookings()) {
      const differs = truth.isOpen(booking) ? truth.differs(booking) : undefined
      tell(`at the end: ${truth.line(booking)}`)
      if (differs === undefined) continue
      const needs = (await whatNeedsPerson(sync.ports)).filter(
        ({ bookingUid }) => bookingUid === undefined || bookingUid === booking.uid,
      )
      if (needs.length === 0) wrong.push(`nobody is told that calendar and Cal.com differ: ${differs}`)
    }
    for (const { code, msg, err } of sync.logged.filter(({ code }) => code === 'UNEXPECTED'))
      wrong.push(`${msg} ${code} ${JSON.stringify(err)}`)
  } finally {
    await sync.close()
  }
  return { wrong, happened }
}

/** Sees what the service asks, and what it decides, at the moment at which it does. */
function watched(
  ports: ServicePorts,
  told: { asked(): void; published(uid: string, change: string): void },
): ServicePorts {
  const noting =
    <Args extends unknown[], Answer>(ask: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      told.asked()
      const answer = await ask(...args)
      told.asked()
      return answer
    }
  const { provider, calcom, events } = ports
  return {
    ...ports,
    provider: { ...provider, event: noting(provider.event), changes: noting(provider.changes) },
    calcom: calcom && {
      ...calcom,
      booking: noting(calcom.booking),
      references: noting(calcom.references),
    },
    events: {
      ...events,
      async append(stream, expected, appended) {
        const stored = await events.append(stream, expected, appended)
        if (!stored.ok) return stored
        for (const { type, data } of appended) {
          const { bookingUid, next } = data as { bookingUid: string; next: { start: string; end: string } } // as events say
          if (type === 'BookingCancelled') told.published(bookingUid, 'cancelled')
          if (type === 'BookingRescheduled')
            told.published(bookingUid, `moved to ${times(next.start, next.end)}`)
        }
        return stored
      },
    },
  }
}
