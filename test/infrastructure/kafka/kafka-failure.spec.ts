import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { failureOf, isSettling, problemOf, unavailable } from '../../../infrastructure/kafka/kafka-failure.ts'

const test = suite('what errors of kafkajs mean')

/** As kafkajs makes them: with a type of the protocol, wrapped as a cause, or as one of several. */
const protocolError = (type: string) => Object.assign(new Error(type.toLowerCase()), { type })
const wrapped = (cause: Error) => new Error('It was tried often', { cause })
const several = (...errors: Error[]) => Object.assign(new Error('Topic creation errors'), { errors })

test('the problem is found inside what wraps it, or lists it', () => {
  const denied = protocolError('TOPIC_AUTHORIZATION_FAILED')
  for (const error of [denied, wrapped(denied), several(denied), several(wrapped(denied))])
    assert.is(problemOf(error), 'AUTHORIZATION')
  assert.is(problemOf(several()), 'OTHER')
  assert.is(problemOf('no error'), 'OTHER')
})

test('what passes by itself, soon after a topic was made, is told from what does not', () => {
  assert.ok(isSettling(wrapped(protocolError('NOT_LEADER_FOR_PARTITION'))))
  assert.ok(isSettling(protocolError('GROUP_COORDINATOR_NOT_AVAILABLE')))
  assert.not.ok(isSettling(protocolError('TOPIC_AUTHORIZATION_FAILED')))
})

test('a transactional id that the broker has forgotten is a reason to begin again, not another publisher', () => {
  for (const type of ['INVALID_PRODUCER_ID_MAPPING', 'UNKNOWN_PRODUCER_ID'])
    assert.is(failureOf(wrapped(protocolError(type)), 'publishing to t').error, 'UNAVAILABLE')
  assert.is(failureOf(protocolError('INVALID_PRODUCER_EPOCH'), 'publishing to t').error, 'FENCED')
})

test('a broker that closes the connection without a word may want TLS, or a user', () => {
  const { message } = unavailable(new Error('Closed connection'), 'taking over t')
  assert.match(message, /KAFKA_SSL.*KAFKA_SASL_MECHANISM/)
})

test.run()
