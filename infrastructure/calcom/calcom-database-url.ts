import { parse } from 'pg-connection-string'

/** The problem of a connection string, in words that follow its name and do not repeat it; undefined: there is none. */
export function calcomDatabaseUrlProblem(url: string): string | undefined {
  if (!/^postgres(ql)?:\/\/\S+$/.test(url)) return 'must begin with postgres:// or postgresql://'
  try {
    const { database } = parse(url)
    return database ? undefined : 'names no database: postgresql://USER:PASSWORD@HOST:PORT/DATABASE'
  } catch {
    return 'cannot be read as postgresql://USER:PASSWORD@HOST:PORT/DATABASE: is the password percent-encoded, and a file that it names there?'
  }
}
