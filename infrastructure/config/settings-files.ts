import { z } from 'zod'
import { parseServiceAccount, type ServiceAccount } from '../google/google-service-account.ts'
import { errorCode } from '../logging/error-facts.ts'
import { type NamedApiToken, parseApiTokens } from './api-tokens-file.ts'
import type { Problem } from './problem.ts'
import type { Settings, Variable } from './variables.ts'

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
      const code = errorCode(error)
      problems.push({ variable, problem: `names a file that cannot be read${code ? ` (${code})` : ''}` })
      return undefined
    }
  }

  for (const variable of ['EVENTSTORE_URL', 'MONGODB_URL'] as const)
    for (const file of filesOf(settings[variable])) content(variable, file)

  const accountText = content('GOOGLE_SERVICE_ACCOUNT_FILE', settings.GOOGLE_SERVICE_ACCOUNT_FILE)
  const serviceAccount = accountText === undefined ? undefined : parseServiceAccount(accountText)
  if (accountText !== undefined && serviceAccount === undefined)
    problems.push({
      variable: 'GOOGLE_SERVICE_ACCOUNT_FILE',
      problem:
        "must name a service account's key file as Google hands it out: JSON with client_email and private_key, an RSA key",
    })

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
      problem: `names a file that is not usable: ${tokens.problem}`,
    })
  }
  return { problems, namedTokens: tokens?.ok ? tokens.tokens : [], serviceAccount }
}

/** The files of certificates and keys that a connection string names. */
const filesOf = (url = ''): string[] =>
  Array.from(
    url.matchAll(/[?&](?:tlsCAFile|tlsCertificateKeyFile|tlsCRLFile|userCertFile|userKeyFile)=([^&]+)/gi),
    // Only MongoDB's client decodes what it is given.
    ([, file = '']) => (url.startsWith('mongodb') ? decodeURIComponent(file) : file),
  )

/** undefined where it is not JSON: the parser's own message would repeat the content. */
function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
