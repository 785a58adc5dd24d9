// The marks that Cal.com's own calendar sync leaves on what it changes (calcom/cal.com, packages/features/
// calendar-subscription/lib/sync/CalendarSyncService.ts). Nobody else writes them: a guest or host who moves or cancels a
// booking leaves neither.
import { z } from 'zod'
import { InstantText } from './instant-text.ts'

/** The reason of a cancellation, word for word, in the host's name. */
const REASON = "Cancelled on user's calendar"

/** A booking that it made when an event was moved holds that event as JSON text. */
const Metadata = z.object({ calendarSubscriptionEvent: z.string().min(1) })
const MarkedEvent = z.object({ updatedAt: InstantText })

/** A booking is made moments after its event was moved; metadata are handed on when it is moved again by somebody else. */
const MOMENTS_MS = 3_600_000

export type Sign = {
  metadata?: unknown
  /** When the booking was made. */
  createdAt?: Temporal.Instant | null | undefined
  reason?: string | null | undefined
  /** E-mails of who ended it, and of the host. */
  by?: string | null | undefined
  host?: string | null | undefined
}

/** Whether Cal.com's own calendar sync made this booking, or ended it. */
export const isOfSecondWriter = (sign: Sign): boolean => isMoved(sign) || isEnded(sign)

function isMoved({ metadata, createdAt }: Sign): boolean {
  const marked = Metadata.safeParse(metadata)
  if (!marked.success) return false
  const updatedAt = updatedAtIn(marked.data.calendarSubscriptionEvent)
  if (!updatedAt || !createdAt) return true
  return createdAt.since(updatedAt).total('milliseconds') < MOMENTS_MS
}

function updatedAtIn(text: string): Temporal.Instant | undefined {
  try {
    return MarkedEvent.parse(JSON.parse(text)).updatedAt
  } catch {
    return undefined
  }
}

const isEnded = ({ reason, by, host }: Sign): boolean =>
  reason === REASON && (!by || !host || by.toLowerCase() === host.toLowerCase())
