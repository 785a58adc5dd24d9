// Calls Google's client with as many descriptors left as the argument says, and again with all; prints what came of each.
import { closeSync, openSync } from 'node:fs'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { googleCalls } from '../../infrastructure/google/google-calls.ts'

const call = googleCalls({
  rootUrl: 'http://127.0.0.1:9',
  credentials: { bearer: async () => ({ ok: true, value: { accessToken: 'token' } }) },
  clock: systemClock,
  timeoutMs: 1_000,
})
const outcome = () =>
  call({ credentialId: 'credential' }, undefined, async (client) => ({
    data: typeof client.events.list,
  })).then(
    (answer) => (answer.ok ? answer.value : answer.code),
    () => 'failed',
  )

const held: number[] = []
try {
  for (;;) held.push(openSync('/dev/null', 'r'))
} catch {
  for (const descriptor of held.splice(0, Number(process.argv[2]))) closeSync(descriptor)
}
const first = await outcome()
for (const descriptor of held) closeSync(descriptor)
console.log(JSON.stringify([first, await outcome()]))
