/** The admin site with two workers, as operator and as anybody with a key. */
import { afterAll, beforeAll, beforeEach, inject } from 'vitest'
import type { Gateway } from '../../../lib/gateway.js'
import { storageNames } from '../../../lib/model/names.js'
import { type AdminSite, startAdminSite } from './admin-site.js'
import { type ApiInput, callApi, type OperationKey } from './api-call.js'

export const connectionString = inject('azurite')
export let site: AdminSite
/** Another process on the same storage. */
export let other: Gateway

export type Of = Omit<ApiInput, 'key'>
export const as =
  (key: string) =>
  (name: OperationKey, input: Of = {}) =>
    callApi(name, { key, ...input })
export const names = () => storageNames(process.env['ENVIRONMENT_ID'] ?? '')

/** Starts the site for the file; each test begins with what the emulators do normally. */
export function useTwoWorkers(): void {
  beforeAll(async () => {
    site = await startAdminSite(connectionString)
    other = await site.worker()
  })
  afterAll(() => site.stop())
  beforeEach(() => {
    site.entra.control.reset()
    site.graph.control.reset()
  })
}
