import Router from '@koa/router'
import type { Context } from 'koa'
import { streamName } from '../../domain/domain-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Outside, Stores } from '../../ports/port-groups.ts'
import { bookingById, bookings, findBookings } from '../../projections/bookings.ts'
import { calendarSyncs, listCalendarSyncs } from '../../projections/calendar-syncs.ts'
import { listSubscriptions, subscriptions } from '../../projections/subscriptions.ts'
import { bookingAt, calendarSyncsAt } from '../audit/known-at.ts'
import type { BookingItem, CalendarSyncItem, SubscriptionItem } from './answers.ts'
import { bookingItems, calendarSyncItems, subscriptionItems } from './list-items.ts'
import { HttpProblem } from './problem.ts'
import {
  AtQuery,
  awaitConsistency,
  BookingPath,
  BookingsQuery,
  type CaughtUp,
  ListAtQuery,
  ListQuery,
  pageOf,
  readQuery,
} from './query-parameters.ts'
import { timelineOf } from './timeline.ts'

export type QueryRouteDeps = { ports: Stores & Pick<Outside, 'isDelegated'>; caughtUp: CaughtUp }

/** The read models, paged; and what happened to one booking, from the events themselves. */
export function queryRoutes({ ports, caughtUp }: QueryRouteDeps): Router {
  const { events, readStore, calendars } = ports
  const router = new Router()

  router.get('/calendar-syncs', async (ctx) => {
    const { at, ...query } = readQuery(ctx, ListAtQuery)
    await awaitConsistency(ctx, calendarSyncs.name, caughtUp)
    const known = at ? await calendarSyncsAt(events, at) : readStore
    const { items, next } = await listCalendarSyncs(known, pageOf(query))
    answerPage<CalendarSyncItem>(ctx, await calendarSyncItems(ports, items), next)
  })

  router.get('/subscriptions', async (ctx) => {
    const query = readQuery(ctx, ListQuery)
    await awaitConsistency(ctx, subscriptions.name, caughtUp)
    const { items, next } = await listSubscriptions(readStore, pageOf(query))
    answerPage<SubscriptionItem>(ctx, await subscriptionItems(calendars, items), next)
  })

  router.get('/bookings', async (ctx) => {
    const { userId, from, to, ...paging } = readQuery(ctx, BookingsQuery)
    await awaitConsistency(ctx, bookings.name, caughtUp)
    const which = defined({ userId, from, to })
    const { items, next } = await findBookings(readStore, which, pageOf(paging))
    answerPage<BookingItem>(ctx, await bookingItems(calendars, items), next)
  })

  router.get('/bookings/:uid', async (ctx) => {
    const uid = uidOf(ctx.params)
    const { at } = readQuery(ctx, AtQuery)
    await awaitConsistency(ctx, bookings.name, caughtUp)
    const booking = await bookingById(at ? await bookingAt(events, uid, at) : readStore, uid)
    if (booking === undefined) throw await unknownBooking(ports, uid, at)
    const [item] = await bookingItems(calendars, [booking])
    ctx.body = item
  })

  router.get('/bookings/:uid/timeline', async (ctx) => {
    const uid = uidOf(ctx.params)
    const { at } = readQuery(ctx, AtQuery)
    await awaitConsistency(ctx, bookings.name, caughtUp)
    const timeline = await timelineOf(ports, uid, at)
    if (timeline === undefined) throw await unknownBooking(ports, uid, at)
    ctx.body = timeline
  })

  return router
}

function answerPage<Item>(ctx: Context, items: Item[], next: string | null): void {
  ctx.body = { items, next }
}

function uidOf(params: { [name: string]: string | undefined }): string {
  const path = BookingPath.safeParse(params)
  if (path.success) return path.data.uid
  throw new HttpProblem({ status: 404, code: 'BOOKING_UNKNOWN', detail: 'No booking has such a uid.' })
}

/** Why a booking is not known is mostly the same for all: nobody told us. */
async function unknownBooking(
  { events, readStore }: Pick<Stores, 'events' | 'readStore'>,
  uid: string,
  at: Temporal.Instant | undefined,
): Promise<HttpProblem> {
  const [first] = at ? await events.readStream(streamName('booking', uid)) : []
  if (first !== undefined)
    return new HttpProblem({
      status: 404,
      code: 'BOOKING_UNKNOWN',
      detail: `The booking was not known at ${at}: the first that was recorded of it was at ${first.recordedAt}.`,
    })
  const { items } = await findBookings(readStore, {}, { limit: 1 })
  const cause =
    items.length === 0
      ? "No booking at all has been told of yet: is Cal.com's webhook set to /webhooks/calcom, with the secret in CALCOM_WEBHOOK_SECRET?"
      : 'Others are known, so that Cal.com does reach this service: it was most likely booked before the service began to listen, or for a host whose webhook is not set. TrackBooking tells of it.'
  return new HttpProblem({
    status: 404,
    code: 'BOOKING_UNKNOWN',
    detail: `No booking of this uid is known here. ${cause}`,
  })
}
