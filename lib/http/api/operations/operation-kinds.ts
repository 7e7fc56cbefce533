/** What the tables of operations have in common: schemas, roles and the usual kinds of a route. */
import type * as z from 'zod'
import type { ApiErrorCode } from '../api-errors.js'
import type { Download } from '../operation.js'

type Load<S> = () => Promise<S>
type Answer = Load<z.ZodType> | Download

/**
 * Schemas load with the first call that needs them, one export of a module each: compiling them is no part of a cold
 * start.
 */
const from =
  <M>(load: () => Promise<M>) =>
  <K extends keyof M>(name: K): Load<M[K]> =>
  async () =>
    (await load())[name]

export const adminBody = from(() => import('../../../model/admin-schemas.js'))
export const registrationBody = from(() => import('../../../model/registration-schema.js'))
export const apiBody = from(() => import('../../../model/api-schemas.js'))
export const serverBody = from(() => import('../../../model/server-mailbox-schemas.js'))
export const reconnectBody = from(() => import('../../../model/reconnect-schemas.js'))
export const query = from(() => import('../../../model/api-queries.js'))
export const mailAnswer = from(() => import('../../../model/answers/mail-answers.js'))
export const receivedAnswer = from(() => import('../../../model/answers/received-answers.js'))
export const mailboxAnswer = from(() => import('../../../model/answers/mailbox-answers.js'))
export const connectAnswer = from(() => import('../../../model/answers/connect-answers.js'))
export const tenantAnswer = from(() => import('../../../model/answers/tenant-answers.js'))
export const watchAnswer = from(() => import('../../../model/answers/watch-answers.js'))

export const all = ['operator', 'tenant-admin', 'app'] as const
export const admins = ['operator', 'tenant-admin'] as const
export const operator = ['operator'] as const

type Roles = typeof all | typeof admins | typeof operator

export const list = <const R extends string, A extends Answer>(
  name: string,
  route: R,
  { roles, summary, answer }: { roles: Roles; summary: string; answer: A },
) => ({
  name,
  method: 'GET' as const,
  route: `api/v1/${route}` as const,
  roles,
  tenant: true,
  summary,
  query: query('pageQuery'),
  answer,
  success: [200, 'One page of the list.'] as const,
})

export const show = <const R extends string, A extends Answer>(
  name: string,
  route: R,
  { summary, answer }: { summary: string; answer: A },
) => ({
  name,
  method: 'GET' as const,
  route: `api/v1/${route}` as const,
  roles: all,
  tenant: true,
  summary,
  answer,
  success: [200, 'Found.'] as const,
  errors: ['not_found'] as readonly ApiErrorCode[],
})

export const remove = <const R extends string>(
  name: string,
  route: R,
  { roles, summary }: { roles: Roles; summary: string },
) => ({
  name,
  method: 'DELETE' as const,
  route: `api/v1/${route}` as const,
  roles,
  tenant: true,
  summary,
  success: [204, 'Removed.'] as const,
  errors: ['not_found'] as readonly ApiErrorCode[],
})

export const act = <const R extends string, A extends Answer>(
  name: string,
  route: R,
  { roles, summary, answer }: { roles: Roles; summary: string; answer: A },
) => ({
  name,
  method: 'POST' as const,
  route: `api/v1/${route}` as const,
  roles,
  tenant: true,
  summary,
  answer,
  success: [200, 'Done; the new state.'] as const,
  errors: ['not_found'] as readonly ApiErrorCode[],
})
