/** What the tables of operations have in common: schemas, roles and the usual kinds of a route. */
import type { Operation } from '../operation.js'

/** Schemas load with the first request that brings a body: compiling them is no part of a cold start. */
export const adminBody = (name: keyof typeof import('../../model/admin-schemas.js')) => async () =>
  (await import('../../model/admin-schemas.js'))[name]
export const apiBody = (name: Exclude<keyof typeof import('../../model/api-schemas.js'), 'graphUser'>) => async () =>
  (await import('../../model/api-schemas.js'))[name]

export const all = ['operator', 'tenant-admin', 'app'] as const
export const admins = ['operator', 'tenant-admin'] as const
export const operator = ['operator'] as const

export const list = (
  name: string,
  route: string,
  roles: Operation['roles'],
  summary: string,
  query?: Record<string, string>,
): Operation => ({
  name,
  method: 'GET',
  route: `api/v1/${route}`,
  roles,
  tenant: true,
  summary,
  success: [200, 'The list.'],
  ...(query ? { query } : {}),
})

export const show = (name: string, route: string, summary: string): Operation => ({
  name,
  method: 'GET',
  route: `api/v1/${route}`,
  roles: all,
  tenant: true,
  summary,
  success: [200, 'Found.'],
  errors: ['not_found'],
})

export const remove = (name: string, route: string, roles: Operation['roles'], summary: string): Operation => ({
  name,
  method: 'DELETE',
  route: `api/v1/${route}`,
  roles,
  tenant: true,
  summary,
  success: [204, 'Removed.'],
  errors: ['not_found'],
})

export const act = (
  name: string,
  route: string,
  roles: Operation['roles'],
  summary: string,
  errors: string[] = [],
): Operation => ({
  name,
  method: 'POST',
  route: `api/v1/${route}`,
  roles,
  tenant: true,
  summary,
  success: [200, 'Done; the new state.'],
  errors: ['not_found', ...errors],
})

export const forced = { force: 'true: although it is in use.' }
export const limit = { limit: 'Rows to give, 1 to 200, default 50.' }
export const paging = { ...limit, after: '`next` of the previous page.' }
