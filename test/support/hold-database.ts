// Opens the file named by the first argument and holds it until this process is ended; says how that went.
import { DataFolderInUse, openDatabase } from '../../infrastructure/sqlite/database.ts'

try {
  openDatabase(process.argv[2] ?? '')
  console.log('held')
  process.stdin.resume()
} catch (error) {
  console.log(error instanceof DataFolderInUse ? error.code : String(error))
}
