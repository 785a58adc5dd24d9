// What keeps Cal.com's API from being a full view of the bookings, for a person to mend.
import type { DirectoryError } from '../../ports/booking-directory.ts'
import type { CalcomApi } from './calcom-api-client.ts'
import type { CalcomApiKeys } from './calcom-api-keys.ts'

/** A key that Cal.com refused when it was last used. `userId`: whose it is; undefined for the one key of all. */
export type RefusedKey = { userId: string | undefined; status: number }

/** `VERSION_GONE`: Cal.com answers 410. `LIST_REPEATS`: its list of bookings gives the same page again and again. */
export type Complaint = 'VERSION_GONE' | 'LIST_REPEATS'

/** As last seen by this process. */
export type ApiTroubles = {
  /** Keys that are configured now and were refused. */
  refusedKeys(): RefusedKey[]
  /** Users whose bookings were asked for, and for whom there is no key. */
  missingKeys(): string[]
  complaints(): Complaint[]
}

/** So many users without a key are remembered. */
const MISSING_KEPT = 1_000

/** Notes what the answers tell. */
export function apiTroubles(keys: CalcomApiKeys): ApiTroubles & {
  /** The same calls, each answer noted. */
  noted(api: CalcomApi): CalcomApi
  noKeyFor(userId: string): void
  /** The list of bookings gave a page for the second time. */
  repeats(): void
} {
  const refused = new Map<string, number>()
  const missing = new Set<string>()
  const complaints = new Set<Complaint>()
  return {
    noted: (api) => async (schema, request, signal) => {
      const answer = await api(schema, request, signal)
      if (answer.ok) {
        refused.delete(request.key)
        complaints.delete('VERSION_GONE')
        if (isList(request.path)) complaints.delete('LIST_REPEATS')
      } else if (answer.status === 410) complaints.add('VERSION_GONE')
      else if (isOfKey(answer, request.path)) refused.set(request.key, answer.status ?? 401)
      return answer
    },
    noKeyFor: (userId) => void (missing.size < MISSING_KEPT && missing.add(userId)),
    repeats: () => void complaints.add('LIST_REPEATS'),
    refusedKeys: () =>
      keys.all().flatMap(({ key, userId }) => {
        const status = refused.get(key)
        return status === undefined ? [] : [{ userId, status }]
      }),
    missingKeys: () => [...missing].filter((userId) => keys.keyFor(userId) === undefined),
    complaints: () => [...complaints],
  }
}

const isList = (path: string): boolean => path.startsWith('/v2/bookings?')

/** 403 is also the answer for a single booking that is not the key owner's; for a list it can only be the key. */
const isOfKey = ({ status }: DirectoryError, path: string): boolean =>
  status === 401 || (status === 403 && isList(path))
