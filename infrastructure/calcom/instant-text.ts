import { z } from 'zod'
import { toldInUtc } from '../../ports/outside-fields.ts'

/**
 * Seen as `…Z`, `….000Z` and `…+00:00`; a time without a zone is refused, for nobody could say when it is. So is one that
 * no command would take.
 */
export const InstantText = z.string().transform((text, context) => {
  const instant = toldInUtc(text)
  if (instant !== undefined) return instant
  context.addIssue({
    code: 'custom',
    message: 'Expected a time with its offset from UTC, within the years 0000 to 9999',
  })
  return z.NEVER
})
