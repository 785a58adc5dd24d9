import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { deploymentAggregate } from '../../commands/aggregates.ts'
import { load } from '../../commands/execute.ts'
import {
  type DeploymentEvent,
  holdDeploymentIn,
  nameDeployment,
  publishDeploymentTo,
  THIS_DEPLOYMENT,
} from '../../domain/deployment.ts'
import { someEvent } from '../support/events.ts'
import { given } from '../support/given.ts'
import { openStores } from '../support/projected-events.ts'

const test = suite('deployment')

const named: DeploymentEvent = { type: 'DeploymentNamed', data: { deploymentId: 'd1' } }
const mine = { folderId: 'f1', path: '/data/one' }
const other = { folderId: 'f2', path: '/data/two' }

test('it is named once, by the first process', () => {
  given(deploymentAggregate)
    .when((state) => nameDeployment(state, 'd1'))
    .gives('DeploymentNamed')
    .saying({ deploymentId: 'd1' })
    .when((state) => nameDeployment(state, 'd2'))
    .gives()
})

test('it is held in one data folder, wherever that is moved, until another one takes over', () => {
  given(deploymentAggregate, [named])
    .when((state) => holdDeploymentIn(state, mine))
    .gives('DeploymentHeldIn')
    .saying(mine)
    .when((state) => holdDeploymentIn(state, { ...mine, path: '/moved' }))
    .gives()
    .when((state) => holdDeploymentIn(state, other))
    .by('DEPLOYMENT_HELD_ELSEWHERE')
    .when((state) => holdDeploymentIn(state, other, true))
    .gives('DeploymentHeldIn')
    .saying(other)
    .when((state) => holdDeploymentIn(state, mine))
    .by('DEPLOYMENT_HELD_ELSEWHERE')
})

test('it publishes to one topic, until a process takes over with another one', () => {
  given(deploymentAggregate, [named])
    .when((state) => publishDeploymentTo(state, 'old'))
    .gives('DeploymentPublishesTo')
    .saying({ topic: 'old' })
    .when((state) => publishDeploymentTo(state, 'old'))
    .gives()
    .when((state) => publishDeploymentTo(state, 'new'))
    .by('DEPLOYMENT_PUBLISHES_ELSEWHERE')
    .when((state) => publishDeploymentTo(state, 'new', true))
    .gives('DeploymentPublishesTo')
    .saying({ topic: 'new' })
})

test('a stream that was written before this was an aggregate folds', async () => {
  const { events, close } = openStores()
  try {
    await events.append('deployment-this', 'no-stream', [
      someEvent('DeploymentNamed', { deploymentId: 'd1' }),
      someEvent('DeploymentHeldIn', mine),
      someEvent('DeploymentPublishesTo', { topic: 'old' }),
      someEvent('DeploymentHeldIn', other),
    ])
    const { state } = await load(events, deploymentAggregate, THIS_DEPLOYMENT)
    assert.equal(state, { name: 'd1', folder: other, topic: 'old' })
  } finally {
    await close()
  }
})

test.run()
