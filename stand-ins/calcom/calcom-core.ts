import type { Clock } from '../../ports/clock.ts'
import type { BookRequest, NewUser, RescheduleRequest } from './booking-requests.ts'
import { type BookingStore, bookingStore } from './booking-store.ts'
import type { CalcomBooking, CalcomState, CalcomUser } from './calcom-state.ts'
import { emptyState } from './calcom-state.ts'
import { calendarWriter } from './calendar-writer.ts'
import { type GoogleSide, noCalendar } from './google-side.ts'
import { notFound, notPending, type Outcome, whyNotMovable } from './outcome.ts'
import { type CalcomFaults, type CalcomSettings, defaultSettings, noFaults } from './settings.ts'
import {
  type BookingTrigger,
  bookingPayload,
  endPayload,
  pingPayload,
  reschedulePayload,
} from './webhook-payload.ts'
import { type WebhookSender, webhookSender } from './webhook-sender.ts'

export type CoreOptions = {
  clock: Clock
  /** Short random texts of letters and digits, no two alike: uids, and event ids where there is no calendar. */
  newId: () => string
  google?: GoogleSide
  state?: CalcomState
  settings?: Partial<CalcomSettings>
  /** Told after each change of what `snapshot` gives. */
  onChange?: () => void
  /** How webhooks leave; the global fetch unless given. */
  fetch?: (request: Request) => Promise<Response>
}

/** Cal.com as far as this service meets it: its bookings, its races and its webhooks, on the clock given. */
export type CalcomCore = {
  readonly clock: Clock
  readonly settings: CalcomSettings
  readonly faults: CalcomFaults
  readonly store: BookingStore
  readonly webhooks: WebhookSender
  createUser(user: NewUser): CalcomUser
  /** Announces the booking, then writes its event, then stores the reference: in this order. */
  book(request: BookRequest): Outcome
  /** A new booking with a new uid takes the place of the old one, whose event it keeps. No CANCELLED is sent. */
  reschedule(uid: string, request: RescheduleRequest): Outcome
  /** Announces the end before the database knows of it, then deletes the event. */
  cancel(uid: string, request?: { reason?: string | undefined; by?: string | undefined }): Outcome
  /** Ends the booking as a cancellation does and asks the guest for another time. */
  requestReschedule(uid: string, request?: { reason?: string | undefined }): Outcome
  /** A pending booking becomes accepted and is announced as created. */
  confirm(uid: string): Outcome
  reject(uid: string, request?: { reason?: string | undefined }): Outcome
  ping(): Promise<void>
  /** Nothing goes wrong any more. */
  endFaults(): void
  /** Resolves when nothing is under way, deliveries and their retries included. */
  idle(): Promise<void>
  /** Ends all waiting at once and resolves when what was under way has ended. */
  close(): Promise<void>
  snapshot(): CalcomState
}

/** A Cal.com in memory. */
export function calcomCore(options: CoreOptions): CalcomCore {
  const { clock, newId } = options
  const google = options.google ?? noCalendar(newId)
  const settings: CalcomSettings = { ...defaultSettings, ...options.settings }
  const faults: CalcomFaults = { ...noFaults }
  const store = bookingStore({
    state: options.state ?? emptyState(),
    clock,
    newId,
    onChange: options.onChange ?? (() => {}),
  })
  const closing = new AbortController()
  const underWay = new Set<Promise<void>>()

  const track = (work: Promise<void>): Promise<void> => {
    const done: Promise<void> = work.finally(() => underWay.delete(done))
    underWay.add(done)
    return done
  }
  const webhooks = webhookSender({
    clock,
    settings,
    faults,
    fetch: options.fetch ?? ((request) => fetch(request)),
    closing: closing.signal,
    track,
  })
  const wait = async (ms: number): Promise<void> => {
    if (ms > 0) await clock.delay(ms, closing.signal)
  }
  const calendar = calendarWriter({ google, store, settings, wait })
  const started = (booking: CalcomBooking, work: Promise<void>): Outcome => ({
    ok: true,
    booking,
    settled: track(work),
  })

  const announce = (trigger: BookingTrigger, booking: CalcomBooking): Promise<void> =>
    webhooks.send(trigger, bookingPayload(store.subject(booking)))

  return {
    clock,
    settings,
    faults,
    store,
    webhooks,
    createUser: (user) => store.createUser(user),

    book(request) {
      const booking = store.create(request)
      if (booking === undefined) return notFound(`User or event type of the booking was not found`)
      const work = async (): Promise<void> => {
        const pending = booking.status === 'pending'
        await announce(pending ? settings.pendingTrigger : 'BOOKING_CREATED', booking)
        if (pending) return
        const { references } = request
        if (references === undefined) return calendar.insert(booking)
        await wait(settings.beforeReferencesMs)
        for (const reference of references) store.addReference(booking, reference)
      }
      return started(booking, work())
    },

    reschedule(uid, request) {
      const old = store.booking(uid)
      if (old === undefined) return notFound(`Booking with uid=${uid} was not found in the database`)
      const ended = whyNotMovable(store, old)
      if (ended !== undefined) return { ok: false, status: 400, message: ended }
      const booking = store.replace(old, request)
      const work = async (): Promise<void> => {
        const requested = booking.status === 'pending' && settings.pendingTrigger === 'BOOKING_REQUESTED'
        await webhooks.send(
          requested ? 'BOOKING_REQUESTED' : 'BOOKING_RESCHEDULED',
          reschedulePayload(store.subject(booking), old),
        )
        if (booking.status !== 'pending') await calendar.takeOver(old, booking)
      }
      return started(booking, work())
    },

    cancel(uid, { reason, by } = {}) {
      const booking = store.booking(uid)
      if (booking === undefined) return notFound(`Booking with uid=${uid} was not found in the database`)
      if (booking.status === 'cancelled' || booking.status === 'rejected') {
        return { ok: false, status: 400, message: `Booking with uid=${uid} has been cancelled already` }
      }
      const work = async (): Promise<void> => {
        const announced = { ...booking, iCalSequence: booking.iCalSequence + 1 }
        await webhooks.send(
          'BOOKING_CANCELLED',
          endPayload(store.subject(announced), {
            status: 'CANCELLED',
            ...(reason === undefined ? {} : { reason }),
            ...(by === undefined ? {} : { by }),
          }),
        )
        await wait(settings.beforeCancelStoredMs)
        // Rescheduled or cancelled by another meanwhile: the event is not this booking's to delete any more.
        if (booking.status === 'cancelled') return
        store.update(booking, {
          status: 'cancelled',
          iCalSequence: announced.iCalSequence,
          reason,
          cancelledBy: by,
        })
        await calendar.delete(booking)
      }
      return started(booking, work())
    },

    requestReschedule(uid, { reason } = {}) {
      const booking = store.booking(uid)
      if (booking === undefined) return notFound(`Booking with uid=${uid} was not found in the database`)
      const ended = whyNotMovable(store, booking)
      if (ended !== undefined) return { ok: false, status: 400, message: ended }
      const asked = `Please reschedule. ${reason ?? ''}`
      store.update(booking, { status: 'cancelled', rescheduled: true, reason: asked })
      const work = async (): Promise<void> => {
        await calendar.delete(booking)
        await webhooks.send(
          'BOOKING_CANCELLED',
          endPayload(store.subject(booking), { status: 'CANCELLED', reason: asked, requestReschedule: true }),
        )
      }
      return started(booking, work())
    },

    confirm(uid) {
      const booking = store.booking(uid)
      if (booking === undefined) return notFound(`Booking with uid=${uid} was not found in the database`)
      if (booking.status !== 'pending') return notPending(uid)
      store.update(booking, { status: 'accepted' })
      const old = booking.fromReschedule === undefined ? undefined : store.booking(booking.fromReschedule)
      const work = async (): Promise<void> => {
        await announce('BOOKING_CREATED', booking)
        await (old === undefined ? calendar.insert(booking) : calendar.takeOver(old, booking))
      }
      return started(booking, work())
    },

    reject(uid, { reason } = {}) {
      const booking = store.booking(uid)
      if (booking === undefined) return notFound(`Booking with uid=${uid} was not found in the database`)
      if (booking.status !== 'pending') return notPending(uid)
      store.update(booking, { status: 'rejected', reason })
      const end = { status: 'REJECTED' as const, ...(reason === undefined ? {} : { reason }) }
      return started(booking, webhooks.send('BOOKING_REJECTED', endPayload(store.subject(booking), end)))
    },

    endFaults() {
      delete faults.apiRetryAfterSeconds
      Object.assign(faults, noFaults)
    },

    ping: () => webhooks.send('PING', pingPayload),

    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },

    async close() {
      closing.abort()
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },

    snapshot: () => store.snapshot(),
  }
}
