import type { HttpRequest, HttpResponseInit } from '@azure/functions'
import { GatewayError } from '../../errors.js'
import { indexPage, unknownPage } from '../../pages/index-page.js'
import { htmlResponse } from '../pages/html-response.js'
import type { Operation } from './operation.js'
import { operations } from './operations.js'
import { problem } from './problem.js'

/**
 * The answer where no function is: the index page at `/`, a page for a browser, and for a program a problem document
 * that says whether the path or only the method is wrong.
 */
export function answerUnknown({ method, url, headers }: HttpRequest, requestId: string): HttpResponseInit {
  const { pathname } = new URL(url)
  const isRead = method === 'GET' || method === 'HEAD'
  if (pathname === '/' && isRead) return htmlResponse(indexPage(), { requestId })
  const isApi = /^\/api(\/|$)/i.test(pathname)
  if (!isApi && headers.get('accept')?.includes('text/html'))
    return htmlResponse(unknownPage(requestId), { status: 404, requestId })
  const methods = methodsAt(pathname)
  if (methods.length === 0) return problem(unknownPath(), requestId)
  const refused = problem(methodNotAllowed(method, methods), requestId)
  return { ...refused, headers: { ...(refused.headers as Record<string, string>), allow: methods.join(', ') } }
}

/** Methods of the API at a path; paths are compared as the host does, without regard to capitals. */
function methodsAt(pathname: string): string[] {
  const parts = pathname.toLowerCase().split('/').slice(1)
  if (parts.at(-1) === '') parts.pop()
  return (Object.values(operations) as Operation[])
    .filter(({ route }) => {
      const pattern = route.toLowerCase().split('/')
      return pattern.length === parts.length && pattern.every((part, at) => part.startsWith('{') || part === parts[at])
    })
    .map(({ method }) => method)
}

const unknownPath = (): GatewayError =>
  new GatewayError('unknown_path', 'permanent', {
    status: 404,
    description: 'There is nothing at this address.',
    remedy: 'Check the path and the method; GET /api/openapi.json lists every call.',
  })

const methodNotAllowed = (method: string, methods: string[]): GatewayError =>
  new GatewayError('method_not_allowed', 'permanent', {
    status: 405,
    description: `This address does not accept ${method}.`,
    remedy: `Use ${methods.join(' or ')}; GET /api/openapi.json lists every call.`,
  })
