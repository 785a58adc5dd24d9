import { z } from 'zod'
import { type NamedApiToken, parseApiTokens } from './api-tokens-file.ts'
import type { Problem } from './problem.ts'
import type { Settings, Variable } from './variables.ts'

/** The parts of a service account's key file that signing takes. */
export type ServiceAccount = {
  readonly clientEmail: string
  /** PEM. */
  readonly privateKey: string
  readonly privateKeyId: string | undefined
}

const ServiceAccountFile = z.object({
  client_email: z.string().min(1),
  private_key: z.string().includes('PRIVATE KEY'),
  private_key_id: z.string().optional(),
})
const ApiKeysFile = z.record(z.string(), z.string().min(1))

/** Reads the files that settings name. A problem says what is wrong with which file, never what is in it. */
export function readSettingsFiles(
  settings: Settings,
  readFile: (path: string) => string,
): {
  problems: Problem[]
  namedTokens: readonly NamedApiToken[]
  serviceAccount: ServiceAccount | undefined
} {
  const problems: Problem[] = []
  const content = (variable: Variable, path: string | undefined): string | undefined => {
    if (path === undefined) return undefined
    try {
      return readFile(path)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
      problems.push({ variable, problem: `names a file that cannot be read${code}` })
      return undefined
    }
  }

  const accountText = content('GOOGLE_SERVICE_ACCOUNT_FILE', settings.GOOGLE_SERVICE_ACCOUNT_FILE)
  let serviceAccount: ServiceAccount | undefined
  if (accountText !== undefined) {
    const read = ServiceAccountFile.safeParse(parseJson(accountText))
    if (read.success) {
      const { client_email: clientEmail, private_key: privateKey, private_key_id: privateKeyId } = read.data
      serviceAccount = { clientEmail, privateKey, privateKeyId }
    } else {
      problems.push({
        variable: 'GOOGLE_SERVICE_ACCOUNT_FILE',
        problem: "must name a service account's key file: JSON with client_email and private_key",
      })
    }
  }

  const keysText = content('CALCOM_API_KEYS_FILE', settings.CALCOM_API_KEYS_FILE)
  if (keysText !== undefined && !ApiKeysFile.safeParse(parseJson(keysText)).success) {
    problems.push({
      variable: 'CALCOM_API_KEYS_FILE',
      problem: 'must name a JSON file {"USER ID": "KEY", …}',
    })
  }

  const tokensText = content('API_TOKENS_FILE', settings.API_TOKENS_FILE)
  const tokens = tokensText === undefined ? undefined : parseApiTokens(tokensText)
  if (tokens?.ok === false) {
    problems.push({
      variable: 'API_TOKENS_FILE',
      problem: `names a file that is not usable: it ${tokens.problem}`,
    })
  }
  return { problems, namedTokens: tokens?.ok ? tokens.tokens : [], serviceAccount }
}

/** undefined where it is not JSON: the parser's own message would repeat the content. */
function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
