import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoCompatibilityError,
  MongoError,
  MongoExpiredSessionError,
  MongoMissingCredentialsError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerClosedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoStalePrimaryError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb'

/** The server's code of a key that another document of a unique index has. */
export const DUPLICATE_KEY = 11_000

/** The server's codes of refused credentials: Unauthorized, AuthenticationFailed, and Atlas's own for both. */
const REFUSED_CREDENTIALS = new Set([13, 18, 8000])

const OUTAGE_ERRORS = [
  MongoNetworkError,
  MongoServerSelectionError,
  MongoServerClosedError,
  MongoTopologyClosedError,
  MongoNotConnectedError,
  MongoClientClosedError,
  MongoExpiredSessionError,
  MongoOperationTimeoutError,
  MongoStalePrimaryError,
  MongoWriteConcernError,
  MongoCompatibilityError,
  MongoMissingCredentialsError,
]

/** The driver's labels on errors of a server that cannot take the call now. */
const OUTAGE_LABELS = [
  'RetryableWriteError',
  'RetryableError',
  'HandshakeError',
  'ResetPool',
  'SystemOverloadedError',
]

/**
 * The server's codes (error_codes.yml) for: away, not or no longer the primary, shutting down, out of time, out of
 * space, no majority that confirms.
 */
const OUTAGE_CODES = new Set([
  6, 7, 50, 64, 79, 89, 91, 100, 133, 134, 189, 202, 262, 317, 318, 358, 365, 462, 9001, 10_058, 10_107,
  11_600, 11_601, 11_602, 13_388, 13_435, 13_436, 14_031,
])

/**
 * Whether an error of the driver tells of the server or of the way to it, refused credentials included. A mistake in
 * the call is not one. The call may then be tried again later.
 */
export function isOutage(error: unknown): boolean {
  if (isResolverError(error)) return true
  if (!(error instanceof MongoError)) return false
  if (OUTAGE_ERRORS.some((kind) => error instanceof kind)) return true
  if (OUTAGE_LABELS.some((label) => error.hasErrorLabel(label))) return true
  if (error instanceof MongoBulkWriteError && error.result.getWriteConcernError() !== undefined) return true
  // The driver does not export this one.
  if (error.name === 'MongoWaitQueueTimeoutError') return true
  return refusesCredentials(error) || (typeof error.code === 'number' && OUTAGE_CODES.has(error.code))
}

/** Failures before anything was sent: no server, no connection, no room for one. */
const NEVER_SENT = [
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoNotConnectedError,
  MongoClientClosedError,
  MongoCompatibilityError,
  MongoMissingCredentialsError,
]

/** The server's codes for: not or no longer the primary. Such a server has carried out nothing. */
const NOT_PRIMARY = new Set([10_058, 10_107, 13_435])

/** Whether a call that ended in this outage may have reached the server, and be carried out. */
export function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof MongoError) || refusesCredentials(error)) return false
  if (NEVER_SENT.some((kind) => error instanceof kind) || error.hasErrorLabel('HandshakeError')) return false
  // The driver does not export this one.
  if (error.name === 'MongoWaitQueueTimeoutError') return false
  return !(typeof error.code === 'number' && NOT_PRIMARY.has(error.code))
}

/** Whether the server does not let us in, or not do what we ask. */
export function refusesCredentials(error: unknown): boolean {
  if (error instanceof MongoMissingCredentialsError) return true
  if (!(error instanceof MongoServerError)) return false
  if (typeof error.code === 'number' && REFUSED_CREDENTIALS.has(error.code)) return true
  return error.message.includes('saslStart')
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}

/** Finding the servers of a `mongodb+srv` name gives the resolver's own errors. */
function isResolverError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'syscall' in error &&
    typeof error.syscall === 'string' &&
    error.syscall.startsWith('query')
  )
}
