/** What the type of an operation's function refuses; `npm run types` is red when one of these compiles. */
import { expect, test } from 'vitest'
import { apiHandler } from '../../../lib/http/api/api-handler.js'
import { operations } from '../../../lib/http/api/operations.js'

const gateway = async () => ({
  authenticate: async () => ({ role: 'app' as const, tenant: 'acme', keyId: 'k' }),
  readTenant: async () => ({}),
  admit: () => {},
  audit: async () => {},
})
const returnUrl = { id: 'u4x7mq2zkw5tn3hdrjfvbeuags', url: 'https://app.example.com/' }

test('D1: what is not in the route, the body, the query or the answer of an operation does not compile', () => {
  const { returnUrlList } = operations
  apiHandler(gateway, returnUrlList, async () => ({ returnUrls: [returnUrl], next: '' }))
  // @ts-expect-error a field is missing
  apiHandler(gateway, returnUrlList, async () => ({ returnUrls: [{ id: returnUrl.id }], next: '' }))
  const more = { ...returnUrl, secret: 'x' }
  // @ts-expect-error a field is not in the schema
  apiHandler(gateway, returnUrlList, async () => ({ returnUrls: [more], next: '' }))
  // @ts-expect-error the route has no such part
  apiHandler(gateway, operations.returnUrlRemove, async ({ params }) => params.mail)
  // @ts-expect-error the body has no such field
  apiHandler(gateway, operations.keyCreate, async ({ body }) => body.nickname)
  // @ts-expect-error the field of the body is a text
  apiHandler(gateway, operations.keyCreate, async ({ body }) => body.name satisfies number)
  // @ts-expect-error the query has no such parameter
  apiHandler(gateway, operations.mailboxRemove, async ({ query }) => query.forced)
  expect(returnUrlList.success[0]).toBe(200)
})
