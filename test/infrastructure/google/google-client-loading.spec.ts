import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startChild } from '../../support/child.ts'

const test = suite("Loading Google's client")

async function outcomes(left: number): Promise<string[]> {
  const script = new URL('../../support/google-without-descriptors.ts', import.meta.url)
  const child = startChild(script, [String(left)], { openFiles: 64 })
  try {
    return JSON.parse(await child.nextLine())
  } finally {
    await child.kill()
  }
}

test('that failed for want of a descriptor is done anew at the next call', async () => {
  assert.equal(await outcomes(0), ['failed', 'function'])
})

test('that failed amid its files is done anew too', async () => {
  assert.is((await outcomes(1))[1], 'function')
})

test.run()
