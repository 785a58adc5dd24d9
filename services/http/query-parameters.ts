import type { Context } from 'koa'
import { z } from 'zod'
import { bookingUid, instant, userId } from '../../commands/body-fields.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import type { PageRequest } from '../../projections/read-model.ts'
import { CONSISTENCY_POSITION } from './command-routes.ts'
import { HttpProblem, invalid } from './problem.ts'

const paging = {
  after: z.string().max(4096).optional().describe("a page's `next`"),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
}
export const ListQuery = z.object(paging)
const at = instant
  .optional()
  .describe('what was known at that instant, RFC 3339; without it, what is known now')
export const AtQuery = z.object({ at })
export const ListAtQuery = z.object({ ...paging, at })
export const BookingsQuery = z.object({
  userId: userId.optional(),
  from: instant.optional().describe('bookings that start at or after, RFC 3339'),
  to: instant.optional().describe('bookings that start before, RFC 3339'),
  ...paging,
})
export const BookingPath = z.object({ uid: bookingUid })

/** The query as the schema makes it; 400 BAD_QUERY with all problems otherwise. Unknown parameters are ignored. */
export function readQuery<S extends z.ZodType>(ctx: Context, schema: S): z.output<S> {
  const query = schema.safeParse({ ...ctx.query })
  if (query.success) return query.data
  throw invalid('BAD_QUERY', 'The query does not fit.', query.error)
}

export const pageOf = ({ after, limit }: z.output<typeof ListQuery>): PageRequest =>
  after ? { after, limit } : { limit }

/** Waits until a read model has seen a position; rejects with StoreUnavailable when that takes too long. */
export type CaughtUp = (projection: string, position: string) => Promise<void>

/** Holds the query back until its read model has seen the position that a command answered; 503 NOT_CAUGHT_UP. */
export async function awaitConsistency(ctx: Context, projection: string, caughtUp: CaughtUp): Promise<void> {
  const position = ctx.get(CONSISTENCY_POSITION)
  if (position === '') return
  if (!/^\d{1,64}$/.test(position))
    throw new HttpProblem({
      status: 400,
      code: 'BAD_POSITION',
      detail: `${CONSISTENCY_POSITION} is not a position that a command has answered.`,
    })
  try {
    await caughtUp(projection, position)
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    throw new HttpProblem({
      status: 503,
      code: 'NOT_CAUGHT_UP',
      detail:
        'The read model has not seen this position yet. Ask again, or without the header for what it has.',
      headers: { 'Retry-After': '1' },
    })
  }
}
