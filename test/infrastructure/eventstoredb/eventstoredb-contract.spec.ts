import { suite } from 'uvu'
import { eventStoreContract } from '../../ports/event-store/event-store.contract.ts'
import { HOW_TO_RUN, openEventStoreDb, realEventStoreDbs } from '../../support/eventstoredb.ts'
import { startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'

eventStoreContract('EventStoreDB, on its double', async () => {
  const double = await startEventStoreDbDouble()
  let store = openEventStoreDb(double.url)
  return {
    store,
    async close() {
      await store.close()
      await double.close()
    },
    async reopen() {
      await store.close()
      await double.kill()
      await double.start()
      store = openEventStoreDb(double.url)
      return store
    },
  }
})

const real = await realEventStoreDbs()
for (const { name, url } of real)
  eventStoreContract(`EventStoreDB, ${name}`, async () => {
    let store = openEventStoreDb(url)
    return {
      store,
      close: () => store.close(),
      async reopen() {
        await store.close()
        store = openEventStoreDb(url)
        return store
      },
    }
  })
if (real.length === 0) {
  console.log(`SKIP EventStoreDB, a real server: ${HOW_TO_RUN}`)
  const skipped = suite('EventStoreDB, a real server')
  skipped.skip('needs a server')
  skipped.run()
}
