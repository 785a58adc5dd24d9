import * as z from 'zod'
import { isZone } from './event-times.ts'
import { apiMethods, hangups } from './faults.ts'

/** The bodies of the admin API. An unknown field is an error: a misspelt fault that never strikes helps nobody. */

const id = z.string().min(1).max(1024)
const share = z.number().min(0).max(1)
const count = z.number().int().min(0)
const eventTime = z.strictObject({
  dateTime: z.string().optional(),
  date: z.string().optional(),
  timeZone: z.string().optional(),
})
const responseStatus = z.enum(['needsAction', 'declined', 'tentative', 'accepted'])

const settings = z.strictObject({
  pushSupported: z.boolean().optional(),
  pageLimit: z.number().int().min(1).optional(),
  tombstones: z.enum(['id-only', 'full']).optional(),
  gone: z.boolean().optional(),
  syncTokens: z.boolean().optional(),
  cancelledInFullLists: z.boolean().optional(),
  unlistedWrites: count.optional(),
  lateLists: count.optional(),
  formerInstances: z.enum(['missing', 'cancelled']).optional(),
  exceptionsOutlive: z.boolean().optional(),
})

const timeZone = z.string().refine(isZone, 'no such time zone')

export const calendarShape = z.strictObject({
  id: id.optional(),
  summary: z.string().optional(),
  timeZone: timeZone.optional(),
  owner: z.string().optional(),
  sharedWith: z.array(z.string()).optional(),
  settings: settings.optional(),
})

export const calendarChangeShape = calendarShape.omit({ id: true })

/** An event in Google's JSON, where `start` and `end` may also be plain text (RFC 3339, or a date). */
export const eventShape = z.looseObject({
  start: z.union([z.string(), eventTime]).optional(),
  end: z.union([z.string(), eventTime]).optional(),
  timeZone: timeZone.optional(),
  recurrence: z.array(z.string()).optional(),
  attendees: z
    .array(z.looseObject({ email: z.string(), responseStatus: responseStatus.optional() }))
    .optional(),
})

export const moveShape = z.strictObject({
  start: z.string(),
  end: z.string().optional(),
  timeZone: timeZone.optional(),
})
export const resizeShape = z.strictObject({ end: z.string() })
export const respondShape = z.strictObject({ response: responseStatus, email: z.string().optional() })
export const declineShape = z.strictObject({ email: z.string().optional() })
export const splitShape = z.strictObject({ change: eventShape.optional(), freshId: z.boolean().optional() })
export const organiserShape = z.strictObject({
  email: z.string().regex(/^[^@\s]+@[^@\s]+$/, 'no address'),
  formerStaysGuest: z.boolean().optional(),
})
const manner = { sameEtag: z.boolean().optional(), listed: z.boolean().optional() }
/** `change` is not checked: null takes a field out. */
export const rewriteShape = z.strictObject({ change: z.looseObject({}), ...manner })
export const zoneShape = z.strictObject({
  timeZone,
  keep: z.enum(['clock', 'instant']).optional(),
  ...manner,
})
export const twiceShape = z.strictObject({ order: z.enum(['stale-first', 'stale-last']) })
/** Events are not checked, but for their ids. */
export const importShape = z.strictObject({
  events: z.array(z.looseObject({ id: id.optional(), iCalUID: z.string().optional() })).min(1),
  oneEtag: z.boolean().optional(),
})
export const renameShape = z.strictObject({ to: id })
const many = { events: z.array(id).optional(), oneEtag: z.boolean().optional() }
export const shiftShape = z.strictObject({ minutes: z.number().int(), ...many })
export const stripShape = z.strictObject(many)
export const transferShape = z.strictObject({ destination: id })
export const rawShape = z.strictObject({
  events: z.array(z.looseObject({ id, status: z.string() })),
})
export const pagesShape = z.strictObject({
  pages: z.array(
    z.union([
      z.strictObject({ status: z.number().int().min(100).max(599), body: z.unknown() }),
      z.looseObject({ kind: z.literal('calendar#events') }),
    ]),
  ),
})

export const faultShape = z
  .strictObject({
    id: id.optional(),
    calendarId: id.optional(),
    methods: z.array(z.enum(apiMethods)).optional(),
    times: z.number().int().min(1).optional(),
    share: share.optional(),
    status: z.number().int().min(400).max(599).optional(),
    reason: z.string().optional(),
    message: z.string().optional(),
    envelope: z.literal('newer').optional(),
    retryAfterSeconds: count.optional(),
    delayMs: count.optional(),
    drop: z.boolean().optional(),
    emptyPage: z.boolean().optional(),
    hangup: z.enum(hangups).optional(),
    afterEffect: z.boolean().optional(),
  })
  .refine(
    (fault) =>
      [fault.status, fault.reason, fault.delayMs, fault.drop, fault.emptyPage, fault.hangup].some(
        (one) => one !== undefined,
      ),
    'a fault needs one of status, reason, delayMs, drop, emptyPage, hangup',
  )

export const pushShape = z.strictObject({
  drop: share.optional(),
  double: share.optional(),
  reorder: share.optional(),
  reorderMs: count.optional(),
  delayMs: z.union([count.transform((ms): [number, number] => [ms, ms]), z.tuple([count, count])]).optional(),
  syncDelayMs: count.optional(),
  stragglers: count.optional(),
  uriAt: z.enum(['%40', '@']).optional(),
})

export const accessShape = z.strictObject({
  lifeSeconds: z.number().int().min(1).optional(),
  open: z.boolean().optional(),
  refreshTokens: z
    .record(z.string(), z.strictObject({ user: z.string().optional(), revoked: z.boolean().optional() }))
    .optional(),
  refusedSubjects: z.array(z.string()).optional(),
})

export const settingsShape = z.strictObject({ syncTokenLifeMs: count.nullable() })
export const advanceShape = z.strictObject({ ms: count })
