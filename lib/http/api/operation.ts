import type { HttpResponseInit } from '@azure/functions'
import type * as z from 'zod'
import type { Role } from '../../model/caller.js'
import type { ApiErrorCode } from './api-errors.js'

/** Bytes instead of JSON. */
export interface Download {
  /** Media type of the answer; a list when it depends on what is downloaded. */
  media: string
}

/**
 * One route of the API: drives the trigger, the check of the caller, the validation, the answer and the OpenAPI
 * document.
 */
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
  /** One sentence. */
  summary: string
  /** What a caller must know besides; the summary when there is nothing. */
  description?: string
  /** Loads the schema of the JSON body. */
  body?: () => Promise<z.ZodType>
  /** The flow judges the body itself, together with what only it knows: all that is wrong is one answer. */
  judgedByFlow?: true
  /** A call without a body is one with `{}`. */
  bodyOptional?: true
  /** Loads the schema of the query; each parameter is a boolean, a whole number, a word of a list or text. */
  query?: () => Promise<z.ZodObject>
  /**
   * Loads the schema of the JSON that success answers with, or names the media type of a download; left out for 204.
   */
  answer?: (() => Promise<z.ZodType>) | Download
  /** Counts against a limit of the tenant besides that of all requests. */
  limited?: 'mail' | 'connect'
  /** Largest accepted body in bytes; default 64 KiB. */
  maxBytes?: number
  /** Status and meaning of success. */
  success: readonly [status: number, description: string]
  /** Another status that comes with the same answer. */
  otherwise?: readonly [status: number, description: string]
  /** Error codes a caller should expect besides those every call can have. */
  errors?: readonly ApiErrorCode[]
  /** Request headers. */
  headers?: Record<string, string>
  /** Headers of success. */
  answerHeaders?: Record<string, string>
}

export type BodyOf<O> = O extends { judgedByFlow: true }
  ? unknown
  : O extends { body: () => Promise<infer S extends z.ZodType> }
    ? z.output<S>
    : undefined

export type QueryOf<O> = O extends { query: () => Promise<infer S extends z.ZodType> }
  ? z.output<S>
  : Record<never, never>

/**
 * What the function of an operation returns; `orNull` fields may be empty text. Without an answer it is not looked at.
 */
export type AnswerOf<O> = O extends { answer: () => Promise<infer S extends z.ZodType> }
  ? z.input<S>
  : O extends { answer: Download }
    ? HttpResponseInit
    : unknown

/** Names of fields that an answer has and its schema does not, at any depth; `never` when there are none. */
export type Unnamed<R, A> = R extends readonly (infer One)[]
  ? A extends readonly (infer Item)[]
    ? Unnamed<One, Item>
    : never
  : R extends object
    ? Exclude<keyof R, KeyOf<A>> | { [K in keyof R]-?: Unnamed<R[K], ValueOf<A, K>> }[keyof R]
    : never
type KeyOf<A> = A extends unknown ? keyof A : never
type ValueOf<A, K> = A extends unknown ? (K extends keyof A ? A[K] : never) : never

/** The names in braces of a route. */
export type ParamsOf<R extends string> = R extends `${string}{${infer Name}}${infer Rest}`
  ? Record<Name, string> & ParamsOf<Rest>
  : unknown
