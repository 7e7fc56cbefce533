/** A few lines over fetch for the start summary, the demo and the tests; errors carry the problem document's own words. */
export interface ApiClient {
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<T>
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
  return {
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
  }
}

function parsed(text: string): ApiError['problem'] {
  try {
    return JSON.parse(text) as ApiError['problem']
  } catch {
    return { title: text.slice(0, 200) }
  }
}
