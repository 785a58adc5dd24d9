import type { EngineProblem } from '../../ports/engine-problem.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../ports/store-unavailable.ts'

/** Why a server cannot be worked with. */
export type Trouble = EngineProblem

/** A failure of a call. `again`: the same call may succeed in a moment; `elsewhere`: rather on another connection. */
export type Failure = { trouble: Trouble; again: boolean; elsewhere: boolean; detail: string }

/** Thrown here where a call was not answered in time. */
export class NoAnswer extends Error {}

const UNAVAILABLE = 14
const PERMISSION_DENIED = 7
const UNAUTHENTICATED = 16

/**
 * The meaning of a failed call. The client's own classes do not tell. A server that is down gives plain gRPC errors
 * with a code, one that restarts code 13 ("RST_STREAM with code 0"), a follower `not-leader`. Undefined for other
 * errors, such as a mistake in the caller, that say nothing of the server or of the way to it.
 */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof NoAnswer)
    return { again: true, elsewhere: true, trouble: 'TIMEOUT', detail: error.message }
  if (!(error instanceof Error)) return undefined
  const { type, code } = marksOf(error)
  const detail = error.message || type || error.name
  if (type === 'access-denied' || code === PERMISSION_DENIED || code === UNAUTHENTICATED)
    return { ...PASSES, trouble: 'AUTHENTICATION', again: false, detail }
  // Esdb+discover and lists of hosts: the client tells only that it found no node.
  if (detail.startsWith('Failed to discover')) return { ...PASSES, trouble: 'REFUSED', detail }
  // A call that was about to begin on a connection that was given up in that moment.
  if (detail === 'Channel has been shut down') return { ...PASSES, trouble: 'REFUSED', detail }
  if (code === undefined && !(type !== undefined && RETRIED.has(type))) return undefined
  if (type !== undefined && NOT_RETRIED.has(type)) return undefined
  return {
    trouble: code === UNAVAILABLE || type === 'unavailable' ? wayTrouble(detail) : 'OTHER',
    again: true,
    elsewhere: isLeaderless(detail),
    detail,
  }
}

/** Whether the server says that a reading of all events was to begin at a place where no event is. */
export const isNoPlace = (error: unknown): error is Error =>
  error instanceof Error &&
  /invalid position|commit position cannot be less than the prepare position/i.test(error.message)

/** The words of grpc-js for a call that did not get as far as a connection. */
const NEVER_SENT =
  /^(\d+ UNAVAILABLE: )?(No connection established|Name resolution failed|Channel closed before call started|Channel has been shut down)/

/**
 * Whether an append that was sent may be stored, now or later, although it failed so. A node that refuses it, or that
 * knows no leader, stores nothing. One that answers Timeout has accepted it, and its cluster may take it over yet.
 */
export function mayBeStored(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof NoAnswer) return true
  const { type, code } = marksOf(error)
  if (type !== undefined && (NOT_RETRIED.has(type) || type === 'access-denied')) return false
  if (code === PERMISSION_DENIED || code === UNAUTHENTICATED) return false
  return !NEVER_SENT.test(error.message) && !isLeaderless(error.message)
}

const PASSES = { again: true, elsewhere: false } as const

/** The words of a node that knows no leader, be it starting, in an election, or cut off from its cluster. */
export const isLeaderless = (detail: string): boolean =>
  /No leader info available|Server Is Not Ready/.test(detail)

/** Errors of the client without a gRPC code that pass. */
const RETRIED = new Set(['unavailable', 'cancelled', 'unknown', 'timeout', 'deadline-exceeded', 'not-leader'])
const NOT_RETRIED = new Set([
  'invalid-argument',
  'stream-deleted',
  'maximum-append-size-exceeded',
  'unsupported',
])

function marksOf(error: Error): { type: string | undefined; code: number | undefined } {
  const type = 'type' in error && typeof error.type === 'string' ? error.type : undefined
  const code = 'code' in error && typeof error.code === 'number' ? error.code : undefined
  return { type, code }
}

function wayTrouble(detail: string): Trouble {
  if (/Name resolution failed|ENOTFOUND|EAI_AGAIN/.test(detail)) return 'DNS'
  if (/certificate|self.signed|SSL|TLS|ERR_TLS|wrong version number|altname|EPROTO/i.test(detail))
    return 'TLS'
  return 'REFUSED'
}

/** The error of the port for a failure. */
export const unavailable = (what: string, { detail }: Failure, cause: unknown): StoreUnavailable =>
  new StoreUnavailable(`the event store could not ${what}: ${detail}`, { cause })

/** The same where an append may be stored all the same. */
export const outcomeUnknown = ({ message, cause }: StoreUnavailable): OutcomeUnknown =>
  new OutcomeUnknown(`${message}; it may be stored`, { cause })
