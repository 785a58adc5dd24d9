import { randomBytes, randomUUID } from 'node:crypto'
import {
  type GoogleOptions,
  googleCalendarProvider,
} from '../../../infrastructure/google/google-calendar-provider.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteVault } from '../../../infrastructure/sqlite/sqlite-vault.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { type Asked, type Scripted, scriptedGoogle } from './scripted-google.ts'

/** Noon of the virtual clock that everything here starts at. */
export const NOON = Temporal.Instant.from('2026-03-02T12:00:00Z')

/** The calendar of a host with a stored credential whose access token `T0` is good for an hour from NOON. */
export const HOST = { credentialId: 'cred-1', externalCalendarId: 'host@example.com' }

/**
 * Runs `work` with a provider against a scripted Google, a vault in memory and a virtual clock. Requests to `/token`
 * are answered by `tokens`, by default with T1, T2 and so on.
 */
export async function withProvider(
  answer: (asked: Asked, number: number) => Scripted,
  work: (under: Awaited<ReturnType<typeof providerUnderTest>>) => Promise<void>,
  options: Partial<GoogleOptions> & {
    tokens?: (asked: Asked, number: number) => Scripted | Promise<Scripted>
    path?: string
  } = {},
): Promise<void> {
  const under = await providerUnderTest(answer, options)
  try {
    await work(under)
  } finally {
    await under.close()
  }
}

async function providerUnderTest(
  answer: (asked: Asked, number: number) => Scripted,
  {
    tokens = (_, number) => ({
      body: { access_token: `T${number}`, expires_in: 3600, token_type: 'Bearer' },
    }),
    path = '',
    ...options
  }: Partial<GoogleOptions> & {
    tokens?: (asked: Asked, number: number) => Scripted | Promise<Scripted>
    path?: string
  },
) {
  const google = await scriptedGoogle((asked) =>
    asked.path === `${path}/token` ? tokens(asked, tokenCalls().length) : answer(asked, apiCalls().length),
  )
  const tokenCalls = () => google.asked.filter((one) => one.path === `${path}/token`)
  const apiCalls = () => google.asked.filter((one) => one.path !== `${path}/token`)
  const database = openDatabase(':memory:')
  const vault = sqliteVault(database, { keys: [randomBytes(32)], newId: () => randomUUID() })
  const clock = virtualClock(NOON.toString())
  await vault.put(HOST.credentialId, {
    kind: 'oauth',
    refreshToken: 'R',
    accessToken: 'T0',
    expiresAt: NOON.add({ hours: 1 }).toString(),
  })
  const provider = googleCalendarProvider({
    apiUrl: `${google.url}${path}/`,
    delegatedDomains: [],
    vault,
    clock,
    ...options,
  })
  return {
    provider,
    google,
    vault,
    clock,
    tokenCalls,
    apiCalls,
    async close() {
      await google.close()
      await database.close()
    },
  }
}
