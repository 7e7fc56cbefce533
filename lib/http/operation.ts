import type { ZodType } from 'zod'
import type { Role } from '../model/caller.js'

/** One route of the API: drives the trigger, the check of the caller, the validation and the OpenAPI document. */
export interface Operation {
  /** Function name and OpenAPI operationId: resource-verb. */
  name: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  route: string
  /** Empty: no credential needed. */
  roles: readonly Role[]
  /** The call works on one tenant: the caller's own; operators name it in the header `x-tenant`. */
  tenant: boolean
  /** An operator may name `~` instead: the deployment's own keys, registrations and log. */
  deployment?: boolean
  summary: string
  /** Loads the schema of the JSON body. */
  body?: () => Promise<ZodType>
  /** A call without a body is one with `{}`. */
  bodyOptional?: true
  /** Counts against a limit of the tenant besides that of all requests. */
  limited?: 'mail' | 'connect'
  /** Largest accepted body in bytes; default 64 KiB. */
  maxBytes?: number
  query?: Record<string, string>
  /** Status and meaning of success. */
  success: [status: number, description: string]
  /** Error codes a caller should expect besides those every call can have. */
  errors?: readonly string[]
  headers?: Record<string, string>
}
