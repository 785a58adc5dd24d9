import { randomUUID } from 'node:crypto'
import { mongodbVault } from '../../../infrastructure/mongodb/mongodb-vault.ts'
import { vaultContract } from '../../contract/vault.contract.ts'
import { mongodbForTests, skippedWithoutMongodb } from '../../support/mongodb.ts'

const server = await mongodbForTests()

if (server === undefined) skippedWithoutMongodb('MongoDB vault')
else {
  vaultContract('MongoDB', async (keys) => {
    const { connection, close } = await server.open()
    return {
      vault: mongodbVault(connection, { keys, newId: randomUUID }),
      async reopen(keys) {
        const again = mongodbVault(connection, { keys, newId: randomUUID })
        // An answer says that its keys have rotated.
        await again.has('any')
        return again
      },
      close,
    }
  })
}
