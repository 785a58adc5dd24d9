/** The text of an error; of a value that is no Error, its text. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The `code` of an error of Node's, or of one that has a code as those do; undefined where there is none. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
