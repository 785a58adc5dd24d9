import type { Clock } from '../../ports/clock.ts'
import { bookingEdits } from './booking-edits.ts'
import type {
  BookRequest,
  CancelRequest,
  EditRequest,
  NewEventType,
  NewUser,
  RescheduleRequest,
} from './booking-requests.ts'
import { type BookingStore, bookingStore } from './booking-store.ts'
import { type CalcomEventType, type CalcomState, type CalcomUser, emptyState } from './calcom-state.ts'
import { calendarWriter } from './calendar-writer.ts'
import { confirmation } from './confirmation.ts'
import { type GoogleSide, noCalendar } from './google-side.ts'
import { type HoldPoint, type Holds, holds } from './holds.ts'
import { notFound, type Outcome } from './outcome.ts'
import { type OwnSync, ownSync } from './own-sync.ts'
import { plainBookings } from './plain-bookings.ts'
import { reassignment } from './reassignment.ts'
import { recurringBookings } from './recurring-bookings.ts'
import { seats } from './seats.ts'
import { type CalcomFaults, type CalcomSettings, defaultSettings, noFaults } from './settings.ts'
import { bookingPayload, pingPayload } from './webhook-payload.ts'
import { type WebhookSender, webhookSender } from './webhook-sender.ts'
import type { Workings } from './workings.ts'

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
  /** Where changes stand still until told. */
  readonly holds: Holds
  readonly ownSync: OwnSync
  createUser(user: NewUser): CalcomUser
  createEventType(userId: number, eventType: NewEventType): CalcomEventType
  /**
   * Announces the booking, then writes its event, then stores the reference: in this order. A type with seats may give a
   * seat in a booking that is there, a recurring type the first of many.
   */
  book(request: BookRequest): Outcome
  /**
   * A new booking with a new uid takes the place of the old one, whose event it keeps. No CANCELLED is sent. Of a type
   * with seats one guest moves, or all in place.
   */
  reschedule(uid: string, request: RescheduleRequest): Outcome
  /** Announces the end before the database knows of it, then deletes the event. */
  cancel(uid: string, request?: CancelRequest): Outcome
  /** Ends the booking as a cancellation does and asks the guest for another time. */
  requestReschedule(uid: string, request?: { reason?: string | undefined }): Outcome
  /** A pending booking becomes accepted and is announced as created. */
  confirm(uid: string): Outcome
  reject(uid: string, request?: { reason?: string | undefined }): Outcome
  /** The guest has paid. */
  pay(uid: string): Outcome
  /** Round robin's host is another now. */
  reassign(uid: string, request?: { userId?: number | undefined }): Outcome
  /** Changes other things than the times, and writes the whole event. */
  edit(uid: string, request: EditRequest): Outcome
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
  const held = holds(closing.signal)
  const pause: Workings['pause'] = async (point, booking) => {
    const ms = raceAt(point, settings)
    if (ms > 0) await clock.delay(ms, closing.signal)
    await held.at(point, booking.uid)
  }
  const workings: Workings = {
    store,
    settings,
    webhooks,
    calendar: calendarWriter({ google, store, settings, pause }),
    now: () => clock.now(),
    newId,
    pause,
    started: (booking, work) => ({ ok: true, booking, settled: track(work) }),
    announce: (trigger, booking) => webhooks.send(trigger, bookingPayload(store.subject(booking))),
  }
  const plain = plainBookings(workings)
  const shared = seats(workings)
  const recurring = recurringBookings(workings)
  const isShared = (uid: string): boolean => {
    const booking = store.booking(uid)
    return booking !== undefined && store.eventTypeOf(booking).seatsPerTimeSlot !== undefined
  }

  return {
    clock,
    settings,
    faults,
    store,
    webhooks,
    holds: held,
    ownSync: ownSync(workings, { plain, google, clock, closing: closing.signal, track }),
    createUser: (user) => store.createUser(user),
    createEventType: (userId, eventType) => store.createEventType(userId, eventType),

    book(request) {
      const eventType = store.eventTypeFor(request)
      if (eventType === undefined) return notFound('User or event type of the booking was not found')
      if (eventType.recurring !== undefined) return recurring.book(request, eventType.recurring)
      const joined = eventType.seatsPerTimeSlot === undefined ? undefined : shared.join(request, eventType)
      return joined ?? plain.book(request)
    },
    reschedule(uid, request) {
      if (!isShared(uid)) return plain.reschedule(uid, request)
      return request.seatUid === undefined ? shared.moveAll(uid, request) : shared.move(uid, request)
    },
    cancel(uid, request = {}) {
      if (request.remaining !== undefined) return recurring.cancelRemaining(uid, request)
      const left = request.seatUid === undefined ? undefined : shared.giveUp(uid, request)
      return left ?? plain.cancel(uid, request)
    },
    requestReschedule: plain.requestReschedule,
    ...confirmation(workings),
    ...reassignment(workings),
    ...bookingEdits(workings),

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

const raceAt = (point: HoldPoint, settings: CalcomSettings): number =>
  ({
    BEFORE_EVENT: settings.beforeCalendarMs,
    BEFORE_REFERENCES: settings.beforeReferencesMs,
    BETWEEN_REFERENCES: settings.betweenReferencesMs,
    BEFORE_CANCEL_STORED: settings.beforeCancelStoredMs,
  })[point]
