import * as assert from 'uvu/assert'
import { ProblemDocument } from '../../services/http/problem.ts'
import type { Asked } from './http-fixture.ts'

/** Holds an answer to be a problem document (RFC 9457) of this status and code. */
export function assertProblem(asked: Asked, status: number, code: string): ProblemDocument {
  assert.is(asked.status, status, asked.text)
  assert.match(asked.headers.get('Content-Type') ?? '', /^application\/problem\+json/)
  const problem = ProblemDocument.parse(asked.body)
  assert.is(problem.status, status)
  assert.is(problem.code, code, asked.text)
  assert.is(problem.type, `urn:calendar-sync:problem:${code}`)
  assert.is(problem.correlationId, asked.headers.get('X-Correlation-Id'))
  return problem
}
