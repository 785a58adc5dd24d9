import { randomBytes } from 'node:crypto'
import { Binary, type Collection } from 'mongodb'
import { type CalendarAddress, inOneCase, isInOneCase } from '../../ports/vault/calendar-address.ts'
import type { CalendarDirectory, CredentialVault } from '../../ports/vault/credential-vault.ts'
import type { Sealed } from '../sealing/encryption.ts'
import { keyUnknown, newCalendarKey, type SealedRecords, sealedRecords } from '../sealing/sealed-records.ts'
import type { MongodbConnection } from './mongodb-connection.ts'
import { isDuplicateKey } from './mongodb-failure.ts'
import { declareIndexes } from './mongodb-indexes.ts'

/** As in the embedded vault, neither a credential nor a calendar's id lies here in clear. */
type CredentialRecord = { _id: string; keyId: string; sealed: Binary }
type CalendarRecord = CredentialRecord & {
  fingerprint: Binary
  /** It has the name that all its letter cases share. Absent in records of before, and in those whose name is taken. */
  oneCase?: true
  /** The key that is meant since, where the calendar has another one as well. */
  joinedTo?: string
}

/** The vault's collections, and how to call them: with their indexes made and their records sealed anew. */
type Opened = {
  credentials: Collection<CredentialRecord>
  calendars: Collection<CalendarRecord>
  use: MongodbConnection['use']
  rotate(): Promise<void>
}

/**
 * The vault and the calendar directory in MongoDB, in the connection's vault database. Keys, `newId` and promises are
 * those of the embedded vault (`sqliteVault`), with three differences. First, keys rotate as soon as the server answers
 * and before any call is, record by record. A crash in between leaves the rest to the next start. So an older key may
 * be dropped once a process with both has answered calls and every process has the newer one. Second, another process
 * may still seal with an older key: a calendar not found makes this one rotate again before it gives up. Third, a
 * shredded record is gone from the collection at once, while MongoDB keeps its sealed bytes in journal and oplog until
 * they roll over. `opensNothing` asks whether something is stored and no given key opens any of it; rejects with
 * StoreUnavailable.
 */
export function mongodbVault(
  connection: MongodbConnection,
  { keys, newId }: { keys: readonly Uint8Array[]; newId: () => string },
): CredentialVault & { calendars: CalendarDirectory; opensNothing(): Promise<boolean> } {
  const records = sealedRecords(keys)
  const opened = openOnce(connection, records)
  return {
    ...credentialsIn(opened, records),
    calendars: calendarsIn(opened, records, newId),
    opensNothing: () => opensNothing(opened, records),
  }
}

/**
 * A record that another process stores in between, maybe with an older one of the keys, is not taken for one that none
 * opens.
 */
function opensNothing({ credentials, calendars, use }: Opened, records: SealedRecords): Promise<boolean> {
  return use(async () => {
    const others = { keyId: { $ne: records.newest } }
    const credential = await credentials.findOne(others)
    const calendar = await calendars.findOne(others)
    if (credential === null && calendar === null) return false
    if (credential && records.resealCredential(credential._id, toSealed(credential))) return false
    if (calendar && records.resealAddress(calendar._id, toSealed(calendar))) return false
    const ours = { keyId: records.newest }
    return (await credentials.findOne(ours)) === null && (await calendars.findOne(ours)) === null
  })
}

function credentialsIn({ credentials, use }: Opened, records: SealedRecords): CredentialVault {
  return {
    async put(credentialId, credential) {
      const record = toRecord(records.sealCredential(credentialId, credential))
      const put = () => credentials.replaceOne({ _id: credentialId }, record, { upsert: true })
      // If two first calls come at once, one may find the other's record where it wanted to insert.
      await use(() =>
        put().catch((error: unknown) => (isDuplicateKey(error) ? put() : Promise.reject(error))),
      )
    },

    use: (credentialId) =>
      use(async () => {
        const record = await credentials.findOne({ _id: credentialId })
        return record === null ? undefined : records.openCredential(credentialId, toSealed(record))
      }),

    has: (credentialId) =>
      use(
        async () => (await credentials.findOne({ _id: credentialId }, { projection: { _id: 1 } })) !== null,
      ),

    shred: (credentialId) =>
      use(async () => (await credentials.deleteOne({ _id: credentialId })).deletedCount === 1),
  }
}

function calendarsIn(
  { calendars, use, rotate }: Opened,
  records: SealedRecords,
  newId: () => string,
): CalendarDirectory {
  async function byFingerprint(address: CalendarAddress): Promise<string | undefined> {
    const fingerprint = new Binary(records.fingerprintOf(address))
    return (await calendars.findOne({ fingerprint }, { projection: { _id: 1 } }))?._id
  }

  async function presentOf(calendarKey: string): Promise<string> {
    const record = await calendars.findOne({ _id: calendarKey }, { projection: { joinedTo: 1 } })
    return record?.joinedTo ?? calendarKey
  }

  async function byAnyCase(address: CalendarAddress): Promise<string | undefined> {
    const key =
      (await byFingerprint(address)) ??
      (isInOneCase(address) ? undefined : await byFingerprint(inOneCase(address)))
    return key === undefined ? undefined : presentOf(key)
  }

  const someSealedElsewhere = () =>
    calendars.findOne({ keyId: { $ne: records.newest } }, { projection: { _id: 1 } })

  async function find(address: CalendarAddress): Promise<string | undefined> {
    const known = await byAnyCase(address)
    if (known !== undefined || (await someSealedElsewhere()) === null) return known
    await rotate()
    const found = await byAnyCase(address)
    if (found === undefined && (await someSealedElsewhere()) !== null) throw keyUnknown()
    return found
  }

  async function make(address: CalendarAddress): Promise<string | undefined> {
    const _id = newCalendarKey(newId)
    const { fingerprint, ...sealed } = records.sealAddress(_id, address)
    try {
      await calendars.insertOne({
        _id,
        ...toRecord(sealed),
        fingerprint: new Binary(fingerprint),
        ...(isInOneCase(address) && { oneCase: true as const }),
      })
      return _id
    } catch (error) {
      if (isDuplicateKey(error)) return undefined
      throw error
    }
  }

  return {
    find: (address) => use(() => find(address)),

    keyOf: (address) =>
      use(async () => {
        // Not made where another first call came before; then it is found, unless it was forgotten again at once.
        for (;;) {
          const key = (await find(address)) ?? (await make(inOneCase(address)))
          if (key !== undefined) return key
        }
      }),

    keyOfCase: (address) =>
      use(async () => {
        for (;;) {
          const key = (await byFingerprint(address)) ?? (await make(address))
          if (key !== undefined) return key
        }
      }),

    namedTwice: () =>
      use(async () => {
        const inTheirCase = await calendars
          .find({ oneCase: { $exists: false }, joinedTo: { $exists: false } })
          .toArray()
        const twice: (readonly [string, string])[] = []
        for (const [key, address] of records.openAddresses(
          inTheirCase.map((record) => [record._id, toSealed(record)]),
        )) {
          const other = await byFingerprint(inOneCase(address))
          const present = other && (await presentOf(other))
          if (present !== undefined && present !== key) twice.push([key, present])
        }
        return twice
      }),

    join: (calendarKey, into) =>
      use(async () => {
        const present = await presentOf(into)
        if (present === (await presentOf(calendarKey))) return
        const names = { $or: [{ _id: calendarKey }, { joinedTo: calendarKey }] }
        await calendars.updateMany(names, { $set: { joinedTo: present } })
      }),

    joined: () =>
      use(async () => {
        const records = await calendars
          .find({ joinedTo: { $exists: true } }, { projection: { joinedTo: 1 } })
          .toArray()
        return records.map(({ _id, joinedTo = _id }) => [_id, joinedTo] as const)
      }),

    addressOf: (calendarKey) =>
      use(async () => {
        const record = await calendars.findOne({ _id: calendarKey })
        return record === null ? undefined : records.openAddress(calendarKey, toSealed(record))
      }),

    addressesOf: (calendarKeys) =>
      use(async () => {
        const found = await calendars.find({ _id: { $in: [...new Set(calendarKeys)] } }).toArray()
        return records.openAddresses(found.map((record) => [record._id, toSealed(record)]))
      }),

    forget: (calendarKey) =>
      use(async () => {
        const names = { $or: [{ _id: calendarKey }, { joinedTo: calendarKey }] }
        return (await calendars.deleteMany(names)).deletedCount > 0
      }),
  }
}

function openOnce(connection: MongodbConnection, records: SealedRecords): Opened {
  // Waiting for a majority would let a first call miss, again and again, what another has just inserted.
  const options = { readConcern: { level: 'local' } } as const
  const credentials = connection.vaultDatabase.collection<CredentialRecord>('credentials', options)
  const calendars = connection.vaultDatabase.collection<CalendarRecord>('calendars', options)
  let opening: Promise<void> | undefined

  async function rotate(): Promise<void> {
    const old = { keyId: { $ne: records.newest } }
    for await (const record of credentials.find(old)) {
      const anew = records.resealCredential(record._id, toSealed(record))
      // Only over what was read: a credential put meanwhile is newer.
      if (anew !== undefined) await credentials.updateOne(asRead(record), { $set: toRecord(anew) })
    }
    for await (const record of calendars.find(old)) {
      const anew = records.resealAddress(record._id, toSealed(record))
      if (anew === undefined) continue
      const { fingerprint, ...sealed } = anew
      const setTo = (found: Uint8Array) =>
        calendars.updateOne(asRead(record), { $set: { ...toRecord(sealed), fingerprint: new Binary(found) } })
      try {
        await setTo(fingerprint)
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        // Two processes with different newest keys met the calendar at once. Both its keys go on meaning it; from now
        // on it is found under one.
        await setTo(randomBytes(fingerprint.length))
      }
    }
  }

  /** A calendar whose shared name has a key already keeps its own. */
  async function bringIntoOneCase(): Promise<void> {
    for await (const record of calendars.find({ oneCase: { $exists: false } })) {
      const anew = records.resealInOneCase(record._id, toSealed(record))
      if (anew === undefined) continue
      const { fingerprint, ...sealed } = anew
      const set = { ...toRecord(sealed), fingerprint: new Binary(fingerprint), oneCase: true as const }
      await calendars.updateOne(asRead(record), { $set: set }).catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error
      })
    }
  }

  async function open(): Promise<void> {
    await declareIndexes(credentials, [{ key: { keyId: 1 } }])
    await declareIndexes(calendars, [
      { key: { fingerprint: 1 }, unique: true },
      { key: { keyId: 1 } },
      { key: { oneCase: 1 } },
      { key: { joinedTo: 1 } },
    ])
    await rotate()
    await bringIntoOneCase()
  }

  const use: Opened['use'] = (call) =>
    connection.use(async () => {
      opening ??= open()
      try {
        await opening
      } catch (error) {
        opening = undefined
        throw error
      }
      return await call()
    })

  // At once, for there may be no call for long. If it fails, the first call tries again, and tells.
  use(async () => {}).catch(() => {})
  return { credentials, calendars, rotate, use }
}

const asRead = ({ _id, keyId, sealed }: CredentialRecord) => ({ _id, keyId, sealed })

const toRecord = ({ keyId, sealed }: Sealed) => ({ keyId, sealed: new Binary(sealed) })

const toSealed = ({ keyId, sealed }: CredentialRecord): Sealed => ({ keyId, sealed: sealed.value() })
