import Router from '@koa/router'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HttpProblem } from '../../../services/http/problem.ts'
import { httpFixture } from '../../support/http-fixture.ts'

const test = suite('requests that cannot be served now')

const refusing = new Router().get('/busy', () => {
  throw new HttpProblem({ status: 503, code: 'TOO_BUSY', detail: 'Too much is under way.' })
})

test('are told at the first, and then as a number each minute, until there are no more', async () => {
  const http = await httpFixture((deps) => ({ ...deps, open: [refusing] }))
  try {
    const refused = async (times: number) => {
      for (let time = 0; time < times; time++) assert.is((await http.ask('GET', '/busy')).status, 503)
    }
    const told = () =>
      http.logged.splice(0).flatMap(({ code, msg, more }) => (code === 'TOO_BUSY' ? [[msg, more]] : []))
    const first = ['request refused, cannot be served now', undefined]
    const further = (more: number) => ['more requests refused, could not be served', more]

    await refused(5)
    assert.equal(told(), [first])
    await http.clock.advance(60_000)
    assert.equal(told(), [further(4)])
    await refused(3)
    assert.equal(told(), [])
    await http.clock.advance(60_000)
    assert.equal(told(), [further(3)])
    await http.clock.advance(60_000)
    assert.equal(told(), [])
    await refused(1)
    assert.equal(told(), [first])
  } finally {
    await http.close()
  }
})

test.run()
