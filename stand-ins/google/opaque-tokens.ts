import { sameAddress } from './addresses.ts'
import { refusal } from './api-error.ts'

/** The query that a token belongs to: another one with the same token is refused. */
export type TokenQuery = { calendarId: string; singleEvents: boolean }

/** A sync token: everything up to `position` is known to who holds it. */
export type SyncToken = TokenQuery & { generation: number; position: number; issuedMs: number }

/**
 * A page token. `after`: the position, or in a list by time the number of entries, that the pages so far have reached;
 * `upTo`: the position at the first page, where the coming sync token begins; `empty`: empty pages still to give.
 */
export type PageToken = { calendarId: string; query: string; after: number; upTo: number }

const MARK_SYNC = 'CS'
const MARK_PAGE = 'EP'

/** Opaque to clients, as Google's are: base64 of no promised meaning. */
export function writeSyncToken(token: SyncToken): string {
  const { generation, position, issuedMs, singleEvents, calendarId } = token
  return pack(MARK_SYNC, [generation, position, issuedMs, Number(singleEvents), calendarId])
}

/** Throws 400 `invalid` for what is no token of ours or belongs to another calendar (by its names) or query. */
export function readSyncToken(text: string, names: readonly string[], singleEvents: boolean): SyncToken {
  const [generation, position, issuedMs, single, calendarId] = unpack(MARK_SYNC, text, 5)
  const token = {
    generation: Number(generation),
    position: Number(position),
    issuedMs: Number(issuedMs),
    singleEvents: single === 1,
    calendarId: String(calendarId),
  }
  if (!isOf(names, token.calendarId) || token.singleEvents !== singleEvents) {
    throw refusal('invalid', { locationType: 'parameter', location: 'syncToken' })
  }
  return token
}

export function writePageToken(token: PageToken): string {
  return pack(MARK_PAGE, [token.after, token.upTo, token.query, token.calendarId])
}

/** Throws 400 `invalid` for what is no page token of this calendar and query. */
export function readPageToken(text: string, names: readonly string[], query: string): PageToken {
  const [after, upTo, ofQuery, ofCalendar] = unpack(MARK_PAGE, text, 4)
  const calendarId = String(ofCalendar)
  if (!isOf(names, calendarId) || ofQuery !== query) {
    throw refusal('invalid', { locationType: 'parameter', location: 'pageToken' })
  }
  return { calendarId, query, after: Number(after), upTo: Number(upTo) }
}

const isOf = (names: readonly string[], calendarId: string) =>
  names.some((name) => sameAddress(name, calendarId))

function pack(mark: string, parts: (string | number)[]): string {
  return mark + Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function unpack(mark: string, text: string, length: number): (string | number)[] {
  if (text.startsWith(mark)) {
    try {
      const parts: unknown = JSON.parse(Buffer.from(text.slice(mark.length), 'base64url').toString())
      if (Array.isArray(parts) && parts.length === length) return parts
    } catch {
      // Not JSON: as malformed as anything else.
    }
  }
  throw refusal('invalid')
}
