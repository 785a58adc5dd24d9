// Cal.com's API: whether it answers, takes the keys, and shows another writer.
import { calcomKeys, showsSecondWriter } from '../../composition/outside.ts'
import type { Configuration } from '../../infrastructure/config/configuration.ts'
import { type Finding, note, ok, wrong } from './finding.ts'
import { ask, unreachable } from './reaching.ts'

const CHECK = 'CALCOM_API_URL'
/** So many keys of the file are tried. */
const KEYS_TRIED = 20

type Key = { key: string; userId?: string }

export async function lookAtCalcomApi(api: NonNullable<Configuration['calcom']['api']>): Promise<Finding[]> {
  const root = api.url.replace(/\/+$/, '').replace(/\/v2$/, '')
  let keys: Key[]
  try {
    keys = calcomKeys(api)
  } catch {
    const mend = 'It has to be a JSON object of user id to key, and this user has to be able to read it.'
    return [wrong('CALCOM_API_KEYS_FILE', 'The file of keys cannot be read.', mend)]
  }
  const tried = keys.slice(0, KEYS_TRIED)
  const found = (await Promise.all(tried.map((key) => findingOf(root, key)))).filter(
    ({ state }) => state !== 'ok',
  )
  if (found.length > 0) return once(found)
  const many = tried.length === 1 ? 'the key' : `${tried.length} keys`
  return [
    ok(CHECK, `${root} answers, and takes ${many}. Events of other hosts are searched at Google.`),
    ...(await lookForSecondWriter(root, tried)),
  ]
}

async function findingOf(root: string, { key, userId }: Key): Promise<Finding> {
  const asked = await ask(`${root}/v2/bookings?take=1`, {
    authorization: `Bearer ${key}`,
    'cal-api-version': '2024-08-13',
  })
  if (typeof asked === 'string') return unreachable(CHECK, root, asked, CHECK)
  if (asked < 300) return ok(CHECK, `${root} answers, and takes the key.`)
  if (asked === 410)
    return wrong(
      CHECK,
      `${root} answers 410: this version of its API is gone.`,
      'Run a newer version of this service.',
    )
  if (asked !== 401 && asked !== 403)
    return wrong(CHECK, `${root} answers ${asked} for bookings.`, 'Is it the root of API v2?')
  return userId === undefined
    ? wrong(CHECK, `${root} refuses CALCOM_API_KEY (${asked}).`, 'Make a new key in Cal.com and set it.')
    : wrong(
        CHECK,
        `${root} refuses the key of user ${userId} (${asked}).`,
        'Make a new key in Cal.com for this user, and put it into the file of CALCOM_API_KEYS_FILE.',
      )
}

async function lookForSecondWriter(root: string, keys: readonly Key[]): Promise<Finding[]> {
  const seen = await Promise.all(keys.map(({ key }) => showsSecondWriter(root, key)))
  if (!seen.includes(true)) return []
  return [
    note(
      "Cal.com's calendar sync",
      'Is on as well: Cal.com itself has carried changes of the calendar to bookings.',
      'Switch it off in Cal.com for the calendars that this service follows: two writers race.',
    ),
  ]
}

/** Each finding once: a host that is down is so for every key. */
const once = (findings: readonly Finding[]): Finding[] => [
  ...new Map(findings.map((finding) => [finding.says, finding])).values(),
]
