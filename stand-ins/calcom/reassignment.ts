import type { CalcomBooking } from './calcom-state.ts'
import { isRefusal, type Outcome, openBooking, refused } from './outcome.ts'
import type { Workings } from './workings.ts'

/** Another host takes a round robin's booking over. The uid stays, and no webhook is sent. */
export function reassignment(cal: Workings) {
  const { store, calendar } = cal

  const mayHost = (booking: CalcomBooking): number[] => {
    const { hosts } = store.eventTypeOf(booking)
    return (hosts ?? store.users().map(({ id }) => id)).filter(
      (id) => id !== booking.userId && store.user(id) !== undefined,
    )
  }

  return {
    /** To the user named, or to the first other host. */
    reassign(uid: string, { userId }: { userId?: number | undefined } = {}): Outcome {
      const booking = openBooking(store, uid)
      if (isRefusal(booking)) return booking
      const candidates = mayHost(booking)
      const next = userId === undefined ? candidates[0] : candidates.find((id) => id === userId)
      const host = next === undefined ? undefined : store.user(next)
      if (host === undefined) return refused('invalid_round_robin_host')
      const former = store.user(booking.userId)
      store.update(booking, {
        userId: host.id,
        title: former === undefined ? booking.title : booking.title.replace(former.name, host.name),
      })
      return cal.started(
        booking,
        booking.status === 'accepted' ? calendar.handOver(booking) : Promise.resolve(),
      )
    },
  }
}
