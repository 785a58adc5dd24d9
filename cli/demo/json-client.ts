import { defined, ifDefined } from '../../domain/optional-fields.ts'

/** JSON over HTTP below one root. Every method rejects where the answer is not one of success. */
export type JsonClient = {
  get<T>(path: string): Promise<T>
  /** As `get`; undefined for 404. */
  find<T>(path: string): Promise<T | undefined>
  post<T>(path: string, body?: object): Promise<T>
  put<T>(path: string, body: object): Promise<T>
  patch<T>(path: string, body: object): Promise<T>
  delete(path: string): Promise<void>
}

export function jsonClient(root: string, headers: Record<string, string> = {}): JsonClient {
  const send = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${root}${path}`, {
      method,
      headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
      ...defined({ body: ifDefined(body, JSON.stringify) }),
    })
    return { method, path, status: response.status, text: await response.text() }
  }
  type Sent = Awaited<ReturnType<typeof send>>
  const read = <T>({ method, path, status, text }: Sent): T => {
    if (status >= 300) throw new Error(`${method} ${root}${path} answered ${status}: ${text}`)
    // Asks this very version's own service and stand-ins only: their answers are typed where they are made.
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
  return {
    get: async (path) => read(await send('GET', path)),
    async find<T>(path: string) {
      const sent = await send('GET', path)
      return sent.status === 404 ? undefined : read<T>(sent)
    },
    post: async (path, body) => read(await send('POST', path, body)),
    put: async (path, body) => read(await send('PUT', path, body)),
    patch: async (path, body) => read(await send('PATCH', path, body)),
    delete: async (path) => read(await send('DELETE', path)),
  }
}
