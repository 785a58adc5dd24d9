// The read models' documents as the outside sees them.
import { sentenceOfDecision } from '../../domain/explain/explanation.ts'
import type { Outside, Stores } from '../../ports/port-groups.ts'
import type { CalendarDirectory } from '../../ports/vault/credential-vault.ts'
import type { BookingDocument } from '../../projections/bookings.ts'
import type { CalendarSyncDocument } from '../../projections/calendar-syncs.ts'
import type { SubscriptionDocument } from '../../projections/subscriptions.ts'
import { waitsForCredential } from '../calendars/awaited-credential.ts'
import type { BookingItem, CalendarSyncItem, SubscriptionItem } from './answers.ts'

type Ways = Pick<Stores, 'calendars' | 'vault'> & Pick<Outside, 'isDelegated'>

/** The calendars' names at the provider, by key; those forgotten are left out. */
async function namesOf(calendars: CalendarDirectory, keys: readonly string[]): Promise<Map<string, string>> {
  const addresses = await calendars.addressesOf([...new Set(keys)])
  return new Map(Array.from(addresses, ([key, { externalCalendarId }]) => [key, externalCalendarId]))
}

export async function calendarSyncItems(
  ways: Ways,
  documents: readonly CalendarSyncDocument[],
): Promise<CalendarSyncItem[]> {
  const names = await namesOf(
    ways.calendars,
    documents.map(({ calendarKey }) => calendarKey),
  )
  return Promise.all(
    documents.map(async (sync) => {
      const externalCalendarId = names.get(sync.calendarKey) ?? null
      return {
        calendarSyncId: sync.calendarSyncId,
        userId: sync.userId,
        organizationId: sync.organizationId ?? null,
        provider: sync.provider,
        externalCalendarId,
        calendarKey: sync.calendarKey,
        credentialId: sync.credentialId ?? null,
        status: sync.status,
        waitingForCredential: await waitsForCredential(ways, sync, () => externalCalendarId),
        lastUsedAt: sync.lastUsedAt ?? null,
        registeredAt: sync.registeredAt,
      }
    }),
  )
}

export async function subscriptionItems(
  calendars: CalendarDirectory,
  documents: readonly SubscriptionDocument[],
): Promise<SubscriptionItem[]> {
  const names = await namesOf(
    calendars,
    documents.map(({ calendarKey }) => calendarKey),
  )
  return documents.map((subscription) => ({
    subscriptionId: subscription.subscriptionId,
    provider: subscription.provider,
    externalCalendarId: names.get(subscription.calendarKey) ?? null,
    calendarKey: subscription.calendarKey,
    status: subscription.status,
    channels: subscription.channels.map(({ channelId, resourceId, expiresAt }) => ({
      channelId,
      resourceId,
      expiresAt,
    })),
    lastError: subscription.lastError ?? null,
    retryAt: subscription.retryAt ?? null,
    polledOnly: subscription.pushRefusedForGood,
  }))
}

export async function bookingItems(
  calendars: CalendarDirectory,
  documents: readonly BookingDocument[],
): Promise<BookingItem[]> {
  const keys = documents.flatMap(({ references }) => references.map(({ calendarKey }) => calendarKey))
  const names = await namesOf(calendars, keys)
  return documents.map((booking) => ({
    bookingUid: booking.bookingUid,
    userId: booking.userId ?? null,
    organizationId: booking.organizationId ?? null,
    status: booking.status,
    start: booking.start ?? null,
    end: booking.end ?? null,
    agreement: booking.agreement ?? null,
    references: booking.references.map((reference) => ({
      provider: reference.provider,
      externalCalendarId: names.get(reference.calendarKey) ?? null,
      calendarKey: reference.calendarKey,
      externalEventId: reference.externalEventId,
      recurringEventId: reference.recurringEventId ?? null,
      originalStart: reference.originalStart ?? null,
      confirmed: reference.confirmed,
    })),
    rescheduledFromUid: booking.rescheduledFromUid ?? null,
    rescheduledToUid: booking.rescheduledToUid ?? null,
    closedReason: booking.closedReason ?? null,
    lastDecision: lastDecisionOf(booking),
    lastOutcome: booking.lastOutcome
      ? { ...booking.lastOutcome, code: booking.lastOutcome.code ?? null }
      : null,
    attention: booking.attention ?? null,
    updatedAt: booking.updatedAt,
  }))
}

function lastDecisionOf({ lastDecision: last }: BookingDocument): BookingItem['lastDecision'] {
  if (last === undefined) return null
  return {
    code: last.code,
    sentence: sentenceOfDecision(last.code),
    at: last.at,
    eventId: last.eventId ?? null,
  }
}
