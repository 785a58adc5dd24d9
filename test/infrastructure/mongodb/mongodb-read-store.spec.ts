import { mongodbReadStore } from '../../../infrastructure/mongodb/mongodb-read-store.ts'
import { readStoreContract } from '../../contract/read-store.contract.ts'
import { mongodbForTests, skippedWithoutMongodb } from '../../support/mongodb.ts'

const server = await mongodbForTests()

/** Another server of the protocol may compare text as its language does. */
const ORDERED_BY_UTF_16 = {
  'orders text by its code points and bounds a prefix exactly':
    'this server orders by UTF-16 units; set MONGODB_URL to a MongoDB itself',
}

if (server === undefined) skippedWithoutMongodb('MongoDB read store')
else {
  readStoreContract(
    'MongoDB',
    async () => {
      const { connection, close } = await server.open()
      return { store: mongodbReadStore(connection), close }
    },
    server.itself ? {} : ORDERED_BY_UTF_16,
  )
}
