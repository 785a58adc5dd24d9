import { ApiError } from './http-json.ts'
import type { CalcomSettings } from './settings.ts'

const versions = ['2024-08-13', '2026-02-25', '2026-05-01'] as const
export type ApiVersion = (typeof versions)[number]

/** Version asked for; one that is not known falls back in silence. v1, and what the settings name, is answered 410. */
export function versionOf(request: Request, url: URL, settings: CalcomSettings): ApiVersion {
  const asked = request.headers.get('cal-api-version') ?? ''
  if (/^\/v1(\/|$)/.test(url.pathname))
    throw new ApiError(410, 'GoneException', 'API v1 is not there any more')
  if (settings.goneVersions.includes(asked)) {
    throw new ApiError(410, 'GoneException', `Version ${asked} of the API is not there any more`)
  }
  return versions.find((version) => version === asked) ?? '2024-08-13'
}
