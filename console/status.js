// The status page. It asks the same queries as everybody else, with the session's cookie, every few seconds while it is
// looked at. Everything shown is set as text, never as HTML.
const EVERY_MS = 4000
const SHOWN = 50

const $ = (id) => document.getElementById(id)

/** An element with attributes and children; texts become text nodes. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'onclick') element.addEventListener('click', value)
    else if (value !== undefined) element.setAttribute(key, value)
  }
  element.append(...children.filter((child) => child !== undefined && child !== null))
  return element
}

const row = (...cells) => make('tr', {}, ...cells.map((cell) => make('td', {}, cell)))
const nothing = (columns, text) =>
  make('tr', {}, make('td', { colspan: String(columns), class: 'muted' }, text))

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
function moment(instant) {
  if (!instant) return '–'
  return make('time', { datetime: instant, title: instant }, format.format(new Date(instant)))
}

function age(milliseconds) {
  if (milliseconds === null) return 'nothing waits'
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 90) return `oldest ${seconds} s`
  if (seconds < 5400) return `oldest ${Math.round(seconds / 60)} min`
  return `oldest ${Math.round(seconds / 3600)} h`
}

class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `The service answered ${status}.`)
    this.status = status
  }
}

async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: 'application/json' } })
  const body = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Refused(answer.status, body)
  return body
}

/** Replaces the content only where it differs, so that focus and selection stay where they are. */
function show(id, ...children) {
  const holder = $(id)
  const next = make(holder.tagName, {}, ...children)
  if (holder.innerHTML !== next.innerHTML) holder.replaceChildren(...next.childNodes)
}

const states = {
  OK: ['good', 'All is well'],
  NEEDS_PERSON: ['warn', 'Needs a person'],
  DEGRADED: ['bad', 'Something does not answer'],
}

function showStatus(status) {
  const [tone, text] = states[status.status] ?? ['', status.status]
  $('state').className = `state ${tone}`
  $('state').textContent = text
  $('stand-ins').hidden = !status.standIns
  $('mode').hidden = status.effectiveMode === 'apply'
  const setBy = status.everything === null ? 'SYNC_MODE' : 'SetSyncPolicy'
  $('mode').textContent =
    status.effectiveMode === 'off'
      ? `Switched off by ${setBy}: no booking follows its calendar.`
      : `Observing only, by ${setBy}: decisions are recorded, nothing is published.`

  const outages = status.outages.map(({ what, reason, since }) =>
    make(
      'li',
      {},
      make('p', {}, make('strong', {}, `The ${what} does not answer.`), ' Since ', moment(since)),
      make('p', { class: 'muted' }, reason),
    ),
  )
  const needs = status.needsPerson.map((one) =>
    make(
      'li',
      {},
      make(
        'p',
        {},
        make('strong', {}, one.sentence),
        ' ',
        one.bookingUid ? bookingButton(one.bookingUid) : make('span', { class: 'mono' }, one.externalCalendarId ?? ''),
      ),
      make('p', { class: 'next' }, one.next),
      make('p', { class: 'muted' }, make('code', {}, one.code), one.since ? ' since ' : '', one.since ? moment(one.since) : ''),
    ),
  )
  const all = [...outages, ...needs]
  show('needs', ...(all.length > 0 ? all : [make('li', { class: 'muted' }, 'Nothing.')]))
  const mentioned = new Set(status.needsPerson.map(({ next }) => next))
  const hints = status.next.filter((sentence) => !mentioned.has(sentence))
  $('hints').hidden = hints.length === 0
  show('hints-list', ...hints.map((sentence) => make('li', {}, sentence)))

  show(
    'stages',
    ...status.stages.map(({ stage, backlog, oldestAgeMs }) =>
      make(
        'li',
        {},
        make('p', {}, stage.replace('→', ' → ')),
        make('p', { class: 'count' }, backlog === null ? '?' : String(backlog)),
        make('p', { class: 'muted' }, backlog === null ? 'not known' : backlog === 0 ? 'nothing waits' : age(oldestAgeMs)),
      ),
    ),
    make(
      'li',
      {},
      make('p', {}, 'read models'),
      make('p', { class: 'count' }, String(status.projections.filter(({ state }) => state === 'LIVE').length)),
      make('p', { class: 'muted' }, `of ${status.projections.length} live`),
    ),
  )
}

function showCalendars(syncs, subscriptions) {
  const byCalendar = new Map(subscriptions.map((one) => [one.calendarKey, one]))
  const rows = syncs.map((sync) => {
    const subscription = byCalendar.get(sync.calendarKey)
    const push = subscription?.polledOnly ? 'polled: the provider never pushes' : (subscription?.status ?? 'none yet')
    const error = subscription?.lastError
    return row(
      make('span', { class: sync.externalCalendarId ? 'mono' : 'muted' }, sync.externalCalendarId ?? 'forgotten'),
      sync.userId,
      make(
        'span',
        { class: sync.waitingForCredential ? 'warn' : sync.status === 'ACTIVE' ? 'good' : 'muted' },
        sync.waitingForCredential ? 'waits for a credential' : sync.status,
      ),
      make('span', { class: push === 'ACTIVE' ? 'good' : error ? 'bad' : 'muted' }, error ? `${push} (${error})` : push),
      moment(sync.lastUsedAt),
    )
  })
  show('calendars', ...(rows.length > 0 ? rows : [nothing(5, 'No calendar is kept in step yet.')]))
}

const bookingButton = (uid) =>
  make('button', { type: 'button', class: 'link mono', onclick: () => openTimeline(uid) }, uid)

function showBookings(bookings) {
  const latest = bookings
    .toSorted((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt))
    .slice(0, SHOWN)
  const rows = latest.map((booking) => {
    const { lastDecision, attention, agreement } = booking
    const waits = agreement === 'AWAITING' && lastDecision?.eventId ? ' Not yet seen in Cal.com.' : ''
    return row(
      bookingButton(booking.bookingUid),
      moment(booking.start),
      make('span', { class: attention ? 'warn' : '' }, attention ? `${booking.status}, ${attention}` : booking.status),
      lastDecision ? lastDecision.sentence + waits : 'Nothing has been decided on it.',
      moment(lastDecision?.at ?? booking.updatedAt),
    )
  })
  show('bookings', ...(rows.length > 0 ? rows : [nothing(5, 'No booking ahead is known.')]))
}

let opened

async function openTimeline(uid) {
  opened = uid
  $('uid').value = uid
  await showTimeline()
  $('timeline').focus()
}

function causeText({ channelId, messageNumber, receivedAt, poll, reason, webhook, command, updated, etag }) {
  const parts = []
  if (channelId) parts.push(`push ${messageNumber} of channel ${channelId}, received ${receivedAt}`)
  else if (poll) parts.push(reason ? `looked by itself (${reason})` : 'looked by itself')
  else if (webhook) parts.push(`Cal.com's webhook ${webhook}, received ${receivedAt}`)
  else if (command) parts.push(`command ${command}`)
  if (updated) parts.push(`event last written ${updated}`)
  if (etag) parts.push(`version ${etag}`)
  return parts.join(' · ')
}

async function showTimeline() {
  if (opened === undefined) return
  const uid = opened
  $('timeline').hidden = false
  try {
    const { answer, entries } = await ask(`/bookings/${encodeURIComponent(uid)}/timeline`)
    if (uid !== opened) return
    $('timeline-title').textContent = `Timeline of ${uid}`
    $('answer').textContent = answer
    show(
      'entries',
      ...entries.map((entry) =>
        make(
          'li',
          {},
          make('p', {}, entry.sentence),
          make(
            'p',
            { class: 'muted' },
            moment(entry.time),
            ` · ${entry.type} · ${entry.actor}`,
            entry.bookingUid === uid ? '' : ` · booking ${entry.bookingUid}`,
          ),
          make('p', { class: 'muted mono' }, causeText(entry.cause)),
        ),
      ),
    )
  } catch (error) {
    if (!(error instanceof Refused) || error.status === 401) throw error
    $('timeline-title').textContent = `Timeline of ${uid}`
    $('answer').textContent = error.message
    show('entries')
  }
}

function signIn(needed) {
  $('sign-in').hidden = !needed
  $('content').hidden = needed
  $('sign-out').hidden = needed
  if (needed) {
    $('state').className = 'state'
    $('state').textContent = 'Signed out'
    $('updated').textContent = ''
  }
}

async function refresh() {
  try {
    const from = new Date(Date.now() - 24 * 3600 * 1000).toISOString()
    const [status, syncs, subscriptions, bookings] = await Promise.all([
      ask('/status'),
      ask('/calendar-syncs?limit=200'),
      ask('/subscriptions?limit=200'),
      ask(`/bookings?limit=200&from=${from}`),
    ])
    signIn(false)
    showStatus(status)
    showCalendars(syncs.items, subscriptions.items)
    showBookings(bookings.items)
    await showTimeline()
    $('offline').hidden = true
    $('updated').textContent = `As of ${format.format(new Date(status.now))}, refreshed every ${EVERY_MS / 1000} s.`
    return true
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      signIn(true)
      return false
    }
    $('offline').hidden = false
    $('offline').textContent =
      error instanceof Refused ? error.message : 'The service does not answer. This page asks again by itself.'
    return true
  }
}

let timer

/** Asks again and again, but not while nobody looks, nor while signed out. */
async function keepFresh() {
  clearTimeout(timer)
  if (document.hidden) return
  if (await refresh()) timer = setTimeout(keepFresh, EVERY_MS)
}

$('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault()
  const answer = await fetch('/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: $('token').value }),
  }).catch(() => undefined)
  $('sign-in-problem').textContent = answer?.ok ? '' : answer ? 'This token is not valid here.' : 'The service does not answer.'
  if (!answer?.ok) return
  $('token').value = ''
  await keepFresh()
})
$('sign-out').addEventListener('click', async () => {
  await fetch('/session', { method: 'DELETE' })
  clearTimeout(timer)
  signIn(true)
  $('token').focus()
})
$('find').addEventListener('submit', (event) => {
  event.preventDefault()
  void openTimeline($('uid').value.trim())
})
$('close-timeline').addEventListener('click', () => {
  opened = undefined
  $('timeline').hidden = true
  $('uid').focus()
})
document.addEventListener('visibilitychange', keepFresh)
await keepFresh()
