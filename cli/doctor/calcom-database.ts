// Cal.com's database: whether it answers, has the views, and lets this role do nothing else.
import { askCalcomDatabase } from '../../composition/outside.ts'
import { type Finding, note, ok, wrong } from './finding.ts'

const CHECK = 'CALCOM_DATABASE_URL'
const VIEWS = 'docs/calcom-view.sql'
/** So many missing columns are named. */
const NAMED = 5

const MEND = {
  CALCOM_DATABASE_AWAY: `Start it, or correct host and port in ${CHECK}; a firewall may be in between.`,
  CALCOM_DATABASE_REFUSED: `Correct role, password and database in ${CHECK}; ${VIEWS} makes the role.`,
  CALCOM_VIEW_MISSING: `Run ${VIEWS} of this version in Cal.com's database.`,
  CALCOM_VIEW_FAILS: `Run ${VIEWS} of this version in Cal.com's database, and look at the log of PostgreSQL.`,
}

export async function lookAtCalcomDatabase(url: string): Promise<Finding[]> {
  const found = await askCalcomDatabase(url)
  if (!found.ok) {
    const { place, complaint, detail } = found
    return [wrong(CHECK, `${place} cannot be read (${complaint}): ${detail}.`, MEND[complaint])]
  }
  const { place, missing, bookings, beyond } = found
  if (missing.length > 0) {
    const more = missing.length > NAMED ? `, and ${missing.length - NAMED} more` : ''
    const says = `${place} lacks ${missing.slice(0, NAMED).join(', ')}${more} (CALCOM_VIEW_MISSING).`
    return [wrong(CHECK, says, MEND.CALCOM_VIEW_MISSING)]
  }
  const read = ok(CHECK, `${place} answers, and shows ${bookings} bookings to come.`)
  if (beyond.length === 0) return [read]
  const says = `The role of ${CHECK} ${beyond.join(', ')} (CALCOM_ROLE_TOO_MIGHTY).`
  const mend = `Use the role that ${VIEWS} makes, and take back what everybody may do: before PostgreSQL 15 that is CREATE ON SCHEMA public.`
  return [read, note("Role in Cal.com's database", says, mend)]
}
