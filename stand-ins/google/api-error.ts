/** What Google answers instead of a result. Thrown inside the core, turned into an answer in one place. */
export class ApiError extends Error {
  readonly status: number
  readonly reason: string
  readonly detail: ErrorDetail
  constructor(status: number, reason: string, message: string, detail: ErrorDetail = {}) {
    super(message)
    this.status = status
    this.reason = reason
    this.detail = detail
  }
}

/** `envelope: 'newer'` adds the status word that Google's gateway gives (401, project quotas). */
export type ErrorDetail = { domain?: string; location?: string; locationType?: string; envelope?: 'newer' }

type Known = { status: number; message: string; detail?: ErrorDetail }

const usage: ErrorDetail = { domain: 'usageLimits' }

/** Reasons with the status, message and place that Google was seen or documented to give with them. */
const known: { [reason: string]: Known } = {
  invalid: { status: 400, message: 'Invalid Value' },
  invalidParameter: { status: 400, message: 'Invalid field selection', detail: { location: 'fields' } },
  parseError: { status: 400, message: 'Parse Error' },
  required: { status: 400, message: 'Required' },
  timeRangeEmpty: {
    status: 400,
    message: 'The specified time range is empty.',
    detail: { domain: 'calendar', locationType: 'parameter', location: 'timeMax' },
  },
  pushNotSupportedForRequestedResource: {
    status: 400,
    message: 'Push notifications are not supported by this resource.',
    detail: { domain: 'calendar' },
  },
  channelIdNotUnique: { status: 400, message: 'Channel id not unique' },
  'push.webhookUrlNotHttps': { status: 400, message: 'WebHook callback must be HTTPS' },
  'push.webhookUrlUnauthorized': { status: 401, message: 'Unauthorized WebHook callback channel' },
  authError: {
    status: 401,
    message:
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    detail: { location: 'Authorization', locationType: 'header', envelope: 'newer' },
  },
  rateLimitExceeded: { status: 403, message: 'Rate Limit Exceeded', detail: usage },
  userRateLimitExceeded: { status: 403, message: 'User Rate Limit Exceeded', detail: usage },
  quotaExceeded: { status: 403, message: 'Calendar usage limits exceeded.', detail: usage },
  dailyLimitExceeded: { status: 403, message: 'Daily Limit Exceeded', detail: usage },
  forbidden: { status: 403, message: 'Forbidden' },
  notACalendarUser: {
    status: 403,
    message: 'The user must be signed up for Google Calendar.',
    detail: { domain: 'calendar' },
  },
  notFound: { status: 404, message: 'Not Found' },
  duplicate: { status: 409, message: 'The requested identifier already exists.' },
  fullSyncRequired: {
    status: 410,
    message: 'Sync token is no longer valid, a full sync is required.',
    detail: { domain: 'calendar', locationType: 'parameter', location: 'syncToken' },
  },
  updatedMinTooLongAgo: {
    status: 410,
    message: 'The requested minimum modification time lies too far in the past.',
    detail: { domain: 'calendar', locationType: 'parameter', location: 'updatedMin' },
  },
  deleted: { status: 410, message: 'Resource has been deleted' },
  conditionNotMet: {
    status: 412,
    message: 'Precondition Failed',
    detail: { locationType: 'header', location: 'If-Match' },
  },
  backendError: { status: 503, message: 'Backend Error' },
  internalError: { status: 500, message: 'Internal Error' },
}

const reasonOfStatus: { [status: number]: string } = {
  400: 'invalid',
  401: 'authError',
  403: 'rateLimitExceeded',
  404: 'notFound',
  409: 'duplicate',
  410: 'fullSyncRequired',
  412: 'conditionNotMet',
  429: 'rateLimitExceeded',
  500: 'backendError',
  502: 'backendError',
  503: 'backendError',
}

/** Google's error of that reason; status, message or place can be replaced. Unknown reasons are 400 unless told. */
export function refusal(
  reason: string,
  change: { status?: number; message?: string } & ErrorDetail = {},
): ApiError {
  const { status, message, ...detail } = change
  const base = known[reason] ?? { status: 400, message: reason }
  return new ApiError(status ?? base.status, reason, message ?? base.message, { ...base.detail, ...detail })
}

/** The error that Google usually gives with a status. */
export function refusalOfStatus(status: number, detail: ErrorDetail = {}): ApiError {
  return refusal(reasonOfStatus[status] ?? 'backendError', { status, ...detail })
}

const statusWords: { [status: number]: string } = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
}

/** The JSON body, in the older envelope or, where marked, the newer. */
export function errorBody(error: ApiError): unknown {
  const { domain = 'global', envelope, ...place } = error.detail
  const message = error.reason === 'authError' ? 'Invalid Credentials' : error.message
  const errors = [{ domain, reason: error.reason, message, ...place }]
  const newer = envelope === 'newer' ? { status: statusWords[error.status] ?? 'UNKNOWN' } : {}
  return { error: { errors, code: error.status, message: error.message, ...newer } }
}
