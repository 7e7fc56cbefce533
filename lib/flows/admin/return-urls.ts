/**
 * Return URLs a tenant allows: compared as whole registered strings, emitted from the register, never from input
 * (SEC-10).
 */
import type { Toolbox } from '../../ports/toolbox.js'
import { type ReturnUrl, saveReturnUrl } from '../../rows/return-urls.js'

export const addReturnUrl = (deps: Toolbox, tenant: string, url: string): Promise<ReturnUrl> =>
  saveReturnUrl(deps, tenant, new URL(url).href)
