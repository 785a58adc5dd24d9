/** A sentence that says what an operator can do about a folder that cannot be used; undefined for other errors. */
export function folderRefusal(error: unknown, folder: string): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  if (error.code === 'DATA_FOLDER_IN_USE')
    return `The data folder ${folder} is in use by another process: stop that one.`
  if (typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)) return `${error.message}.`
  return undefined
}
