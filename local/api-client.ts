import { everyRow } from '../lib/model/page.js'

/**
 * A few lines over fetch for the start summary, the demo and the tests; errors carry the text of the problem document.
 */
export interface ApiClient {
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<T>
  /** Every row of `/api/v1/{path}`, page by page; `name`: where a page has them, when that is not the path. */
  list<T>(path: string, name?: string): Promise<T[]>
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: { code?: string; title?: string; detail?: string; requestId?: string },
  ) {
    super(`${status} ${problem.code ?? ''}: ${problem.title ?? ''} ${problem.detail ?? ''}`)
  }
}

export function apiClient(url: string, key: string, tenant?: string): ApiClient {
  const client: ApiClient = {
    async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
      const response = await fetch(`${url}/api/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new ApiError(response.status, parsed(text))
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
    list: <T>(path: string, name = path) =>
      everyRow(({ limit, after = '' }) => {
        const query = new URLSearchParams({ limit: String(limit), ...(after === '' ? {} : { after }) })
        return client.call<Record<string, T[]> & { next: string | null }>('GET', `v1/${path}?${query}`)
      }, name),
  }
  return client
}

function parsed(text: string): ApiError['problem'] {
  try {
    return JSON.parse(text) as ApiError['problem']
  } catch {
    return { title: text.slice(0, 200) }
  }
}
